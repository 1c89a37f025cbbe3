"""What 1.10 and 2.x offered operators and is of no effect or gone today: ``apply_defaults``, ``SubDagOperator``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from queuack.errors import NotBuilt

__all__ = ["SubDagOperator", "apply_defaults"]

F = TypeVar("F", bound=Callable[..., Any])


def apply_defaults(func: F) -> F:
    """Returns ``func``: ``default_args`` apply to every operator without a decorator since 2.1."""
    return func


class SubDagOperator:
    """A DAG in a task, 2.x. Not built yet: raises NotBuilt when made."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise NotBuilt(
            "SubDagOperator is not built in Queuack yet (it was removed in Airflow 3): "
            "write the child's tasks in a TaskGroup (from airflow.sdk import TaskGroup)."
        )
