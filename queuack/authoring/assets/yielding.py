"""Functions that yield ``Metadata``: run to their end, what they yield goes to ``outlet_events``.

Airflow page: authoring-and-scheduling/assets, "Attaching extra information to an emitting asset event".
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import AsyncIterator, Callable, Generator
from typing import Any

from queuack.authoring.assets.events import OutletEventAccessors
from queuack.authoring.assets.metadata import Metadata

log = logging.getLogger("queuack.task")


def exhaust(generator: Generator[Any, Any, Any], outlet_events: OutletEventAccessors) -> Any:
    """Take in what ``generator`` yields; returns what it returns."""
    while True:
        try:
            said = next(generator)
        except StopIteration as end:
            return end.value
        if not take(said, outlet_events):
            log.warning("Ignoring unknown data of %r received from task", type(said))


async def exhaust_async(generator: AsyncIterator[Any], outlet_events: OutletEventAccessors) -> list[Any]:
    """As ``exhaust``; returns all that was yielded, as Airflow does."""
    said = []
    async for one in generator:
        take(one, outlet_events)
        said.append(one)
    return said


def take(said: Any, outlet_events: OutletEventAccessors) -> bool:
    """Whether it was Metadata."""
    if not isinstance(said, Metadata):
        return False
    outlet_events[said.asset].extra.update(said.extra)
    if said.alias:
        outlet_events[said.alias].add(said.asset, extra=said.extra)
    return True


def call(function: Callable[..., Any], context: Any, *args: Any, **kwargs: Any) -> Any:
    """Call a function; one that yields is run to its end."""
    result = function(*args, **kwargs)
    return exhaust(result, context["outlet_events"]) if inspect.isgeneratorfunction(function) else result
