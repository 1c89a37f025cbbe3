"""``@task_group``: a function whose call makes a task group, and ``expand`` a mapped one.

Airflow pages: core-concepts/dags, "TaskGroups"; dynamic-task-mapping, "Mapping over a task group".
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from functools import partial, update_wrapper
from typing import Any

from queuack.authoring.expand_input import (
    DictOfListsExpandInput,
    ExpandInput,
    ListOfDictsExpandInput,
    MappedArgument,
    check_function_arguments,
    check_kwargs_list,
    check_return_keys,
    prevent_duplicates,
)
from queuack.authoring.mapped_group import MappedTaskGroup
from queuack.authoring.taskgroup import TaskGroup


class _TaskGroupFactory:
    """A decorated function. Its call returns what the function returns, else the group."""

    partial_kwargs: dict[str, Any] = {}
    _created = False

    def __init__(
        self,
        function: Callable[..., Any],
        tg_kwargs: dict[str, Any] | None = None,
        partial_kwargs: dict[str, Any] | None = None,
    ) -> None:
        if not callable(function):
            raise TypeError(f"@task_group decorates functions, got {type(function).__name__}")
        self.function = function
        self.tg_kwargs = dict(tg_kwargs or {})
        self.tg_kwargs.setdefault("group_id", function.__name__)
        self.partial_kwargs = dict(partial_kwargs or {})
        update_wrapper(self, function)

    def __del__(self) -> None:
        if self.partial_kwargs and not self._created:
            group_id = repr(self.tg_kwargs.get("group_id"))
            warnings.warn(f"Partial task group {group_id} was never mapped!", UserWarning, stacklevel=1)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._create(TaskGroup, *args, **kwargs)

    def _create(self, factory: Callable[..., TaskGroup], *args: Any, **kwargs: Any) -> Any:
        with factory(**{"add_suffix_on_collision": True, **self.tg_kwargs}) as group:
            if self.function.__doc__:
                group.tooltip = group.tooltip or self.function.__doc__
                group.doc_md = group.doc_md or self.function.__doc__
            result = self.function(*args, **kwargs)
        self._created = True
        return group if result is None else result

    def override(self, **kwargs: Any) -> _TaskGroupFactory:
        other = _TaskGroupFactory(self.function, {**self.tg_kwargs, **kwargs}, self.partial_kwargs)
        self._created = True  # the other one is to be mapped
        return other

    def partial(self, **kwargs: Any) -> _TaskGroupFactory:
        """The same function with arguments that all instances share."""
        check_function_arguments(self.function, "partial", kwargs)
        prevent_duplicates(self.partial_kwargs, kwargs, fail_reason="duplicate partial")
        self._created = True
        return _TaskGroupFactory(self.function, self.tg_kwargs, {**kwargs, **self.partial_kwargs})

    def expand(self, **kwargs: Any) -> Any:
        """A mapped group with an instance for each combination of the elements.

        Raises TypeError and ValueError for what cannot be mapped over.
        """
        if not kwargs:
            raise TypeError("no arguments to expand against")
        check_function_arguments(self.function, "expand", kwargs)
        prevent_duplicates(self.partial_kwargs, kwargs, fail_reason="mapping already partial")
        return self._map(DictOfListsExpandInput(kwargs), list(kwargs))

    def expand_kwargs(self, kwargs: Any) -> Any:
        """A mapped group with an instance for each dict. Raises TypeError for functions with ``*`` or ``**``."""
        check_kwargs_list(kwargs)
        parameters = inspect.signature(self.function).parameters
        if any(one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD) for one in parameters.values()):
            raise TypeError("calling expand_kwargs() on task group function with * or ** is not supported")
        return self._map(
            ListOfDictsExpandInput(kwargs), [name for name in parameters if name not in self.partial_kwargs]
        )

    def _map(self, expand_input: ExpandInput, names: list[str]) -> Any:
        check_return_keys(expand_input.value)
        return self._create(
            partial(MappedTaskGroup, expand_input=expand_input),
            **self.partial_kwargs,
            **{name: MappedArgument(input=expand_input, key=name) for name in names},
        )


def task_group(python_callable: Callable[..., Any] | None = None, **tg_kwargs: Any) -> Any:
    """``@task_group``: the tasks that the function makes are in a group; takes what ``TaskGroup`` takes."""
    if python_callable is not None and callable(python_callable):
        return _TaskGroupFactory(python_callable, tg_kwargs)
    return partial(_TaskGroupFactory, tg_kwargs=tg_kwargs)
