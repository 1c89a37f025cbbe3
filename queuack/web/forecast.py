"""The forecast of the next 24 hours, kept for a minute: working it out may take the daemon a second with thousands of
DAGs, and many pages show it. Decides how old it may be; a page never waits for it longer than ``PATIENCE``.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from fastapi import Request
from markupsafe import Markup

from queuack.api.backend import Backend
from queuack.errors import QueuackError
from queuack.web import charts

MAX_AGE = 60.0
PATIENCE = 0.05
"""Seconds."""

Forecast = dict[str, Any]


class Forecasts:
    """One for the application."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._last: Forecast | None = None
        self._at = 0.0
        self._asking: asyncio.Task[None] | None = None

    async def current(self) -> Forecast | None:
        """As ``services.forecast``; None while the first one is being worked out."""
        if self._last is None or time.monotonic() - self._at > MAX_AGE:
            if self._asking is None or self._asking.done():
                self._asking = asyncio.get_running_loop().create_task(self._ask())
            await asyncio.wait([self._asking], timeout=PATIENCE)
        return self._last

    async def _ask(self) -> None:
        try:
            self._last = await self._backend.call("forecast")
        except QueuackError:
            return
        self._at = time.monotonic()


def chart(found: Forecast | None, height: float = 60) -> Markup:
    """By the hour: slots in use where durations are known, else runs. Nothing without a forecast."""
    if found is None:
        return Markup("")
    hours = found["hours"]
    known = any(hour["busy"] for hour in hours)
    words = [
        f"{'within the hour' if number == 0 else f'in {number} h'}: {round(hour['runs'])} runs"
        + (f", {hour['busy']:.2g} slots busy" if known else "")
        for number, hour in enumerate(hours)
    ]
    values = [hour["busy"] if known else hour["runs"] for hour in hours]
    total = round(sum(hour["runs"] for hour in hours))
    return charts.columns(values, words, f"Next 24 hours by the hour: {total} scheduled runs", height=height)


async def current(request: Request) -> Forecast | None:
    kept: Forecasts = request.app.state.forecasts
    return await kept.current()
