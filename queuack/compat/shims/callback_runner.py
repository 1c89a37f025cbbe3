"""``airflow.sdk.execution_time.callback_runner``: how the standard provider's operators call a user's function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from types import SimpleNamespace
from typing import Any

from queuack.authoring.assets.events import OutletEventAccessors
from queuack.authoring.assets.yielding import exhaust, exhaust_async

__all__ = ["context_get_outlet_events", "create_async_executable_runner", "create_executable_runner"]


def context_get_outlet_events(context: Mapping[str, Any]) -> Any:
    """What the task says of its outlets; an empty one where the context is a part of one only."""
    return context["outlet_events"] if "outlet_events" in context else OutletEventAccessors()


def create_executable_runner(func: Callable[..., Any], outlet_events: Any, *, logger: Any) -> Any:
    """What has a ``run`` that calls ``func``; one that yields is run to its end and its Metadata taken in."""
    return SimpleNamespace(run=partial(_call, func, outlet_events))


def create_async_executable_runner(func: Callable[..., Any], outlet_events: Any, *, logger: Any) -> Any:
    """As ``create_executable_runner``, for ``async def``."""
    return SimpleNamespace(run=partial(_await, func, outlet_events))


def _call(func: Callable[..., Any], outlet_events: Any, /, *args: Any, **kwargs: Any) -> Any:
    result = func(*args, **kwargs)
    return exhaust(result, outlet_events) if inspect.isgeneratorfunction(func) else result


async def _await(func: Callable[..., Any], outlet_events: Any, /, *args: Any, **kwargs: Any) -> Any:
    result = func(*args, **kwargs)
    return await exhaust_async(result, outlet_events) if inspect.isasyncgenfunction(func) else await result
