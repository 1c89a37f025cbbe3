"""``@task`` and ``@task.<kind>``: the table of kinds. Operators are imported when a kind is first used.

Airflow page: core-concepts/taskflow.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from queuack.authoring.decorators.base import task_decorator_factory

KINDS: dict[str, str] = {
    "python": "queuack.operators.decorated:_PythonDecoratedOperator",
    "branch": "queuack.operators.decorated:_BranchPythonDecoratedOperator",
    "short_circuit": "queuack.operators.decorated:_ShortCircuitDecoratedOperator",
    "bash": "queuack.operators.decorated:_BashDecoratedOperator",
    "duckdb": "queuack.operators.duckdb:_DuckDBDecoratedOperator",
    "sensor": "queuack.sensors.python:DecoratedSensorOperator",
    "virtualenv": "queuack.operators.decorated:_PythonVirtualenvDecoratedOperator",
    "external_python": "queuack.operators.decorated:_PythonExternalDecoratedOperator",
    "branch_virtualenv": "queuack.operators.decorated:_BranchPythonVirtualenvDecoratedOperator",
    "branch_external_python": "queuack.operators.decorated:_BranchExternalPythonDecoratedOperator",
    "stub": "queuack.operators.decorated:StubDecoratedOperator",
    "docker": "queuack.operators.decorated:UnbuiltDecoratedOperator",
    "kubernetes": "queuack.operators.decorated:UnbuiltDecoratedOperator",
    "kubernetes_cmd": "queuack.operators.decorated:UnbuiltDecoratedOperator",
    "pyspark": "queuack.operators.decorated:UnbuiltDecoratedOperator",
}
"""Kind → operator."""

_registered: dict[str, Callable[..., Any]] = {}


def register_task_decorator(name: str, factory: Callable[..., Any]) -> None:
    """Make ``@task.<name>`` what ``factory`` makes (providers announce theirs by entry point)."""
    _registered[name] = factory


class TaskDecoratorCollection:
    """``@task``: a task of a function; ``@task.bash``, ``@task.branch``, … for tasks of other kinds."""

    def __call__(
        self, python_callable: Callable[..., Any] | None = None, multiple_outputs: bool | None = None, **kwargs: Any
    ) -> Any:
        return _decorator("python", python_callable, multiple_outputs, kwargs)

    def __getattr__(self, name: str) -> Any:
        if name in _registered:
            return _registered[name]
        if name.startswith("__") or name not in KINDS:
            raise AttributeError(f"task decorator {name!r} not found")

        def decorator(
            python_callable: Callable[..., Any] | None = None, multiple_outputs: bool | None = None, **kwargs: Any
        ) -> Any:
            return _decorator(name, python_callable, multiple_outputs, kwargs)

        decorator.__name__ = name
        return decorator

    def run_if(self, condition: Callable[..., Any], skip_message: str | None = None) -> Callable[[Any], Any]:
        """Run the decorated task only when ``condition(context)`` holds; else it is skipped."""
        from queuack.authoring.decorators.condition import run_if  # start-up time: rarely used

        return run_if(condition, skip_message)

    def skip_if(self, condition: Callable[..., Any], skip_message: str | None = None) -> Callable[[Any], Any]:
        """Skip the decorated task when ``condition(context)`` holds."""
        from queuack.authoring.decorators.condition import skip_if  # start-up time: rarely used

        return skip_if(condition, skip_message)

    def __dir__(self) -> list[str]:
        return sorted({*KINDS, *_registered, "run_if", "skip_if"})


def _decorator(kind: str, function: Any, multiple_outputs: bool | None, kwargs: dict[str, Any]) -> Any:
    if function is not None and not callable(function):
        raise TypeError("No args allowed while using @task, use kwargs instead")
    module, _, name = KINDS[kind].partition(":")
    operator = getattr(import_module(module), name)
    if name in ("UnbuiltDecoratedOperator",):
        kwargs = {"kind": kind, "kind_arguments": kwargs, **_operator_arguments(kwargs)}
    return task_decorator_factory(
        function, multiple_outputs=multiple_outputs, decorated_operator_class=operator, **kwargs
    )


def _operator_arguments(kwargs: dict[str, Any]) -> dict[str, Any]:
    """The part that every operator takes."""
    import inspect

    from queuack.authoring.operator import BaseOperator

    known = inspect.signature(BaseOperator.__init__).parameters
    return {name: value for name, value in kwargs.items() if name in known}


task = TaskDecoratorCollection()
