"""``dag``, ``task``, ``task_group``, ``setup``, ``teardown``. Airflow page: core-concepts/taskflow."""

from __future__ import annotations

from queuack.authoring.dag_decorator import dag
from queuack.authoring.decorators.result import result
from queuack.authoring.decorators.setup_teardown import setup, teardown
from queuack.authoring.decorators.task import TaskDecoratorCollection, task
from queuack.authoring.decorators.task_group import task_group

__all__ = ["TaskDecoratorCollection", "dag", "result", "setup", "task", "task_group", "teardown"]
