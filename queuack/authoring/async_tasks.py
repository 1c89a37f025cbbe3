"""Async tasks: what makes an operator one, and how code that waits for the daemon keeps out of the event loop's way.

Decides nothing about where they run. Airflow pages: core-concepts/taskflow, howto/operator/python.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")


def is_async_callable(function: Any) -> bool:
    """Whether calling it gives a coroutine: ``async def``, also behind ``partial`` and decorators."""
    while isinstance(function, partial):
        function = function.func
    function = inspect.unwrap(function) if callable(function) else function
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__)


def runs_on_loop(task: Any) -> bool:
    """Whether a worker awaits ``aexecute`` of ``task`` (an operator, mapped or not) instead of calling ``execute``.

    Not for a subclass that defines ``execute`` anew: what it does there would be left out."""
    return bool(task.is_async) and _definer(task.operator_class, "execute") >= _definer(task.operator_class, "aexecute")


def _definer(kind: type, name: str) -> int:
    """How far up the class that defines ``name`` stands."""
    return next((place for place, one in enumerate(kind.__mro__) if name in vars(one)), len(kind.__mro__))


async def off_loop(function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Call ``function`` in a thread, in this context, while the event loop goes on."""
    return await asyncio.to_thread(function, *args, **kwargs)
