"""A task group that is mapped: made by ``expand`` on a ``@task_group`` function.

Decides what may be in one and what it waits for; how many instances it has is known when a run gets there.
Airflow page: dynamic-task-mapping, "Mapping over a task group".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from queuack.authoring.expand_input import ExpandInput
from queuack.authoring.taskgroup import TaskGroup
from queuack.authoring.trigger_rule import TriggerRule

if TYPE_CHECKING:
    from queuack.authoring.operator import BaseOperator


class MappedTaskGroup(TaskGroup):
    """Each task inside has one instance for each combination of ``expand_input``."""

    is_mapped = True

    def __init__(self, *, expand_input: ExpandInput, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.expand_input = expand_input

    @property
    def _expand_input(self) -> ExpandInput:
        """Airflow's name for it."""
        return self.expand_input

    def __iter__(self) -> Iterator[BaseOperator]:
        for child in self.children.values():
            if getattr(child, "trigger_rule", None) == TriggerRule.ALWAYS:
                raise ValueError(
                    "Task-generated mapping within a mapped task group is not allowed with trigger rule 'always'"
                )
        yield from super().__iter__()

    iter_tasks = __iter__

    def __exit__(self, *error: object) -> None:
        if error[0] is None:
            for operator, _ in self.expand_input.iter_references():
                self.set_upstream(operator)
        super().__exit__(*error)

    def iter_mapped_dependencies(self) -> Iterator[BaseOperator]:
        """The tasks whose results it is mapped over."""
        return (operator for operator, _ in self.expand_input.iter_references())
