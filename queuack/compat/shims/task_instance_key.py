"""``TaskInstanceKey``: what names one attempt of a task instance."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["TaskInstanceKey"]


class TaskInstanceKey(NamedTuple):
    """``map_index`` is -1 for a task that is not mapped."""

    dag_id: str
    task_id: str
    run_id: str
    try_number: int = 1
    map_index: int = -1

    @property
    def primary(self) -> tuple[str, str, str, int]:
        """The task instance, without its attempt."""
        return self.dag_id, self.task_id, self.run_id, self.map_index

    @property
    def key(self) -> TaskInstanceKey:
        """Itself: keys and task instances are interchangeable where only ``key`` is read."""
        return self

    def with_try_number(self, try_number: int) -> TaskInstanceKey:
        """Another attempt."""
        return self._replace(try_number=try_number)
