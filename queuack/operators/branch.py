"""Branching: a task that chooses which tasks after it run. Airflow page: core-concepts/dags, "Branching"."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from queuack.authoring.operator import BaseOperator
from queuack.operators.skipmixin import SkipMixin

if TYPE_CHECKING:
    from queuack.authoring.context import Context


class BranchMixIn(SkipMixin):
    """``do_branch(context, ids)``."""

    def do_branch(
        self, context: Context, branches_to_execute: str | Iterable[str] | None
    ) -> str | Iterable[str] | None:
        """Follow these task or group ids, skip the other tasks directly downstream; None skips all.

        Returns the choice.
        """
        self.log.info("Branch into %s", branches_to_execute)
        if branches_to_execute is not None and not isinstance(branches_to_execute, str):
            branches_to_execute = (
                list(branches_to_execute) if isinstance(branches_to_execute, Iterable) else (branches_to_execute)
            )
        self.skip_all_except(context["ti"], self._with_group_roots(context["ti"], branches_to_execute))
        return branches_to_execute

    @staticmethod
    def _with_group_roots(ti: Any, branches: Any) -> Any:
        """A group id stands for the group's first tasks."""
        if branches is None:
            return None
        groups = ti.task.dag.task_group_dict
        ids: list[Any] = []
        for branch in [branches] if isinstance(branches, str) or not isinstance(branches, Iterable) else branches:
            if isinstance(branch, str) and branch in groups:
                ids.extend(root.task_id for root in groups[branch].roots)
            else:
                ids.append(branch)
        return ids


class BaseBranchOperator(BaseOperator, BranchMixIn):
    """Subclasses define ``choose_branch(context)``, which returns task or group ids to follow."""

    _can_skip_downstream = True

    def choose_branch(self, context: Context) -> str | Iterable[str] | None:
        raise NotImplementedError(f"{self.task_type} does not define choose_branch(context)")

    def execute(self, context: Context) -> Any:
        return self.do_branch(context, self.choose_branch(context))
