"""``@result``: the task whose return value is the result of its DAG. Airflow page: core-concepts/taskflow."""

from __future__ import annotations

from typing import TypeVar

from queuack.authoring.decorators.base import _TaskDecorator

D = TypeVar("D")


def result(task: D) -> D:
    """Above ``@task``: what this task returns is what its DAG's run is said to have returned.

    Raises TypeError for anything but a ``@task`` function.
    """
    if not isinstance(task, _TaskDecorator):
        raise TypeError("@result must be used on top of a @task-decorated function")
    task.returns_dag_result = True
    return task
