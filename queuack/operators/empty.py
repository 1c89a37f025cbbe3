"""EmptyOperator: a task that does nothing; without callbacks the scheduler does it by itself. Airflow page.

Howto/operator/empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from queuack.authoring.operator import BaseOperator

if TYPE_CHECKING:
    from queuack.authoring.context import Context


class EmptyOperator(BaseOperator):
    """Does nothing. Groups and joins tasks."""

    ui_color = "#e8f7e4"
    _is_empty = True

    def execute(self, context: Context) -> None:
        """Nothing."""


DummyOperator = EmptyOperator
"""1.x and early 2.x name."""
