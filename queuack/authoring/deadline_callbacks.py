"""What is called when a deadline is missed: the function by its dotted path, and what it is given.

It calls nothing by itself. Airflow page: howto/deadline-alerts, "Callbacks".
"""

from __future__ import annotations

import inspect
import logging
import re
from abc import ABC
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

log = logging.getLogger(__name__)

_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*\Z")


class Callback(ABC):
    """A function, or its dotted path, and keyword arguments for it. Use AsyncCallback or SyncCallback.

    The function gets ``context`` besides, if it has such a parameter or ``**kwargs``: ``dag_run``, a dict of the run,
    and ``deadline``, its ``id`` and ``deadline_time``. Raises ValueError for a ``context`` among the arguments,
    ImportError for what is no path, AttributeError for what cannot be called.
    """

    path: str
    kwargs: dict[str, Any]

    def __init__(self, callback_callable: Callable[..., Any] | str, kwargs: dict[str, Any] | None = None) -> None:
        self.path = self.get_callback_path(callback_callable)
        if kwargs and "context" in kwargs:
            raise ValueError("context is a reserved kwarg for this class")
        self.kwargs = kwargs or {}

    @classmethod
    def get_callback_path(cls, given: Callable[..., Any] | str) -> str:
        """``module.function``; a path that can be imported here is checked."""
        if callable(given):
            cls.verify_callable(given)
            return f"{given.__module__}.{given.__qualname__}"
        path = given.strip() if isinstance(given, str) else ""
        if not _PATH.match(path):
            raise ImportError(f"`{given}` doesn't look like a valid dot path.")
        try:
            found = import_path(path)
        except ImportError as error:
            log.debug("The callback %s cannot be imported here, perhaps where it runs: %s", path, error)
            return path
        if not callable(found):
            raise AttributeError(f"Provided callback {found} is not callable.")
        cls.verify_callable(found)
        return path

    @classmethod  # noqa: B027 - subclasses may have nothing to verify
    def verify_callable(cls, callback: Callable[..., Any]) -> None:
        """Raises AttributeError for a function of the wrong kind."""

    @classmethod
    def serialized_fields(cls) -> tuple[str, ...]:
        return ("path", "kwargs")

    def serialize(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.serialized_fields()}

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return self.serialize() == other.serialize()

    def __hash__(self) -> int:
        return hash((type(self), self.path))


class AsyncCallback(Callback):
    """A coroutine function, run in the triggerer: it must be in a module that can be imported there."""

    @classmethod
    def verify_callable(cls, callback: Callable[..., Any]) -> None:
        if not (inspect.iscoroutinefunction(callback) or hasattr(callback, "__await__")):
            raise AttributeError(f"Provided callback {callback} is not awaitable.")


class SyncCallback(Callback):
    """A plain function, run in a worker. ``executor`` is kept and not used: there is one."""

    executor: str | None

    def __init__(
        self,
        callback_callable: Callable[..., Any] | str,
        kwargs: dict[str, Any] | None = None,
        executor: str | None = None,
    ) -> None:
        super().__init__(callback_callable, kwargs)
        self.executor = executor

    @classmethod
    def serialized_fields(cls) -> tuple[str, ...]:
        return (*super().serialized_fields(), "executor")


def import_path(path: str) -> Any:
    """What ``module.name`` (or ``module.Class.name``) names. Raises ImportError."""
    module_name, _, name = path.rpartition(".")
    if not module_name:
        raise ImportError(f"{path!r} names no module: write module.{path}.")
    try:
        return getattr(import_module(module_name), name)
    except AttributeError:
        raise ImportError(f"Module {module_name!r} has no {name!r}.") from None
    except ModuleNotFoundError as error:
        outer, _, kind = module_name.rpartition(".")
        if not outer or error.name != module_name:
            raise
        return getattr(getattr(import_module(outer), kind), name)


def arguments_for(function: Callable[..., Any], kwargs: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """``kwargs``, and ``context`` for a function that takes it."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return dict(kwargs)
    takes = any(one.name == "context" or one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters)
    return {**kwargs, "context": context} if takes else dict(kwargs)


def context_of(dag_run: dict[str, Any], deadline: Mapping[str, Any]) -> dict[str, Any]:
    """The ``context`` of a callback. ``deadline``: ``id``, and ``at`` in microseconds."""
    from queuack.authoring.timezone import from_timestamp  # pendulum: not where a DAG file is read

    time = from_timestamp(deadline["at"] / 1_000_000)
    return {"dag_run": dag_run, "deadline": {"id": str(deadline["id"]), "deadline_time": time}}
