"""``with setup_task:`` and ``with teardown_task:``: work tasks made inside stand between setup and teardown.

Airflow page: howto/setup-and-teardown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from queuack.authoring.operator import BaseOperator


@dataclass
class _Scope:
    setups: list[BaseOperator]
    teardowns: list[BaseOperator]
    work: dict[str, BaseOperator] = field(default_factory=dict)


class SetupTeardownContext:
    """The stack of open setup and teardown scopes."""

    _stack: ClassVar[list[_Scope]] = []

    @classmethod
    def is_active(cls) -> bool:
        return bool(cls._stack)

    @classmethod
    def push(cls, *tasks: BaseOperator) -> type[SetupTeardownContext]:
        """Open the scope of setups (up to their teardowns) or of teardowns (from their setups).

        Raises ValueError for setups among teardowns, RuntimeError for tasks that are neither.
        """
        if all(task.is_setup for task in tasks):
            after = {one.task_id: one for task in tasks for one in task.downstream_list if one.is_teardown}
            scope = _Scope(list(tasks), list(after.values()))
        elif all(task.is_teardown for task in tasks):
            before = {one.task_id: one for task in tasks for one in task.upstream_list if one.is_setup}
            scope = _Scope(list(before.values()), list(tasks))
        elif any(task.is_setup or task.is_teardown for task in tasks):
            raise ValueError("All tasks in the list must be either setup or teardown tasks")
        else:
            raise RuntimeError("Only setup/teardown tasks can be used as context managers.")
        cls._stack.append(scope)
        return cls

    @classmethod
    def pop(cls) -> None:
        """Close the scope: setups before the work tasks that have nothing before them, teardowns after the last ones.

        The setups and teardowns of a scope inside another stand inside the outer ones.
        """
        scope = cls._stack.pop()
        work = [task for task in scope.work.values() if not (task.is_setup or task.is_teardown)]
        if work:
            first = [task for task in work if not task.upstream_task_ids] or work[:1]
            last = [task for task in work if not task.downstream_task_ids] or work[-1:]
            _link(scope.setups, first)
            _link(last, scope.teardowns)
        if cls._stack:
            outer = cls._stack[-1]
            _link(outer.setups, scope.setups)
            _link(scope.teardowns, outer.teardowns)

    @classmethod
    def add_task(cls, task: Any) -> None:
        """Count ``task`` (or what an XComArg points to) as work of the open scope."""
        operators = [operator for operator, _ in task.iter_references()] if hasattr(task, "iter_references") else [task]
        for operator in operators:
            cls._stack[-1].work[operator.task_id] = operator


class ContextWrapper(list[Any]):
    """``with context_wrapper([create_a, create_b]):``, the scope of several setups or several teardowns."""

    def __enter__(self) -> type[SetupTeardownContext]:
        return SetupTeardownContext.push(*(getattr(task, "operator", task) for task in self))

    def __exit__(self, *_: object) -> None:
        SetupTeardownContext.pop()


context_wrapper = ContextWrapper
"""Airflow's name for it."""


def _link(before: list[BaseOperator], after: list[BaseOperator]) -> None:
    for one in before:
        for other in after:
            if one is not other:
                one.set_downstream(other)
