"""``@setup`` and ``@teardown``. Airflow page: howto/setup-and-teardown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from queuack.authoring.decorators.base import _TaskDecorator
from queuack.authoring.decorators.task import task
from queuack.authoring.decorators.task_group import _TaskGroupFactory
from queuack.authoring.exceptions import AirflowException


def setup(func: Callable[..., Any] | _TaskDecorator) -> _TaskDecorator:
    """``@setup``: a setup task of a function or an ``@task``."""
    decorated = _as_task(func, "Setup")
    decorated.is_setup = True
    return decorated


def teardown(_func: Callable[..., Any] | None = None, *, on_failure_fail_dagrun: bool = False) -> Any:
    """``@teardown``: a teardown task; its failure fails the run only with ``on_failure_fail_dagrun``."""

    def decorate(func: Callable[..., Any]) -> _TaskDecorator:
        decorated = _as_task(func, "Teardown")
        decorated.is_teardown = True
        decorated.on_failure_fail_dagrun = on_failure_fail_dagrun
        return decorated

    return decorate if _func is None else decorate(_func)


def _as_task(func: Any, kind: str) -> _TaskDecorator:
    if isinstance(func, _TaskGroupFactory):
        raise AirflowException(f"Task groups cannot be marked as setup or teardown ({kind.lower()}).")
    decorated: _TaskDecorator = func if isinstance(func, _TaskDecorator) else task(func)
    return decorated
