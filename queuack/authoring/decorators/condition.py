"""``@task.run_if`` and ``@task.skip_if``. Airflow page: core-concepts/taskflow, "Conditional tasks"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from queuack.authoring.decorators.base import _TaskDecorator
from queuack.authoring.exceptions import AirflowSkipException

DEFAULT_MESSAGE = "Task was skipped due to condition."


def run_if(condition: Callable[..., Any], skip_message: str | None = None) -> Callable[[Any], Any]:
    """``condition(context)`` gives a bool, or a bool and a message."""
    return _conditional("run_if", condition, skip_message, wanted=True)


def skip_if(condition: Callable[..., Any], skip_message: str | None = None) -> Callable[[Any], Any]:
    """As ``run_if``, the other way round."""
    return _conditional("skip_if", condition, skip_message, wanted=False)


def _conditional(
    name: str, condition: Callable[..., Any], message: str | None, *, wanted: bool
) -> Callable[[Any], Any]:
    def decorator(task: Any) -> Any:
        if not isinstance(task, _TaskDecorator):
            raise TypeError(f"{name} can only be used with task. decorate with @task before @{name}.")
        before = task.kwargs.get("pre_execute")

        def pre_execute(context: Any) -> None:
            if before is not None:
                before(context)
            answer = condition(context)
            holds, said = answer if isinstance(answer, tuple) else (answer, None)
            if bool(holds) is not wanted:
                raise AirflowSkipException(said or message or DEFAULT_MESSAGE)

        task.kwargs["pre_execute"] = pre_execute
        return task

    return decorator
