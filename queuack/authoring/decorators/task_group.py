"""``@task_group``: a function whose call makes a task group. Airflow page: core-concepts/dags, "TaskGroups"."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, update_wrapper
from typing import Any, NoReturn

from queuack.authoring.taskgroup import TaskGroup
from queuack.errors import NotBuilt


class _TaskGroupFactory:
    """A decorated function. Its call returns what the function returns, else the group."""

    def __init__(self, function: Callable[..., Any], tg_kwargs: dict[str, Any] | None = None) -> None:
        if not callable(function):
            raise TypeError(f"@task_group decorates functions, got {type(function).__name__}")
        self.function = function
        self.tg_kwargs = dict(tg_kwargs or {})
        self.tg_kwargs.setdefault("group_id", function.__name__)
        update_wrapper(self, function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with TaskGroup(**{"add_suffix_on_collision": True, **self.tg_kwargs}) as group:
            if self.function.__doc__:
                group.tooltip = group.tooltip or self.function.__doc__
                group.doc_md = group.doc_md or self.function.__doc__
            result = self.function(*args, **kwargs)
        return group if result is None else result

    def override(self, **kwargs: Any) -> _TaskGroupFactory:
        return _TaskGroupFactory(self.function, {**self.tg_kwargs, **kwargs})

    def partial(self, **kwargs: Any) -> NoReturn:
        raise NotBuilt("Mapped task groups (partial) are not built yet.")

    def expand(self, **kwargs: Any) -> NoReturn:
        raise NotBuilt("Mapped task groups (expand) are not built yet.")

    def expand_kwargs(self, kwargs: Any) -> NoReturn:
        raise NotBuilt("Mapped task groups (expand_kwargs) are not built yet.")


def task_group(python_callable: Callable[..., Any] | None = None, **tg_kwargs: Any) -> Any:
    """``@task_group``: the tasks that the function makes are in a group; takes what ``TaskGroup`` takes."""
    if python_callable is not None and callable(python_callable):
        return _TaskGroupFactory(python_callable, tg_kwargs)
    return partial(_TaskGroupFactory, tg_kwargs=tg_kwargs)
