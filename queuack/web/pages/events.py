"""Server-sent events (WHATWG HTML, section 9.2): every open page hears which subjects changed.

One question to the daemon is under way for all of them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from queuack.api.backend import Backend
from queuack.errors import QueuackError
from queuack.web.view import Person

router = APIRouter()

KEEP_ALIVE = 20.0
"""Seconds after which a line is sent to see whether the browser is still there."""

MADE_WITHIN = 10.0
"""Seconds between the making of a page and its listening; what changed in between is told to it when it begins."""

SUBJECTS = ("assets", "configuration", "dags", "pools", "runs", "users")

RETRY_PAUSE = 1.0


class Watchers:
    """The open pages, and the one who asks for them."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._queues: set[asyncio.Queue[list[str]]] = set()
        self._asking: asyncio.Task[None] | None = None
        self._heard = 0.0

    def enter(self) -> asyncio.Queue[list[str]]:
        queue: asyncio.Queue[list[str]] = asyncio.Queue(maxsize=16)
        self._queues.add(queue)
        if self._asking is None or self._asking.done():
            self._asking = asyncio.get_running_loop().create_task(self._ask())
            self._heard = time.monotonic()  # nobody listened until now
        if time.monotonic() - self._heard < MADE_WITHIN:
            queue.put_nowait(list(SUBJECTS))
        return queue

    def leave(self, queue: asyncio.Queue[list[str]]) -> None:
        self._queues.discard(queue)

    async def _ask(self) -> None:
        number = 0
        while self._queues:
            try:
                said = await self._backend.call("changes", since=number)
            except QueuackError:
                await asyncio.sleep(RETRY_PAUSE)
                continue
            number = said["number"]
            if said["subjects"]:
                self._heard = time.monotonic()
                for queue in self._queues:
                    if not queue.full():
                        queue.put_nowait(said["subjects"])


@router.get("/events")
async def events(request: Request, user: Person) -> StreamingResponse:
    """A stream of ``data: runs dags`` lines."""
    watchers: Watchers = request.app.state.watchers

    async def lines() -> AsyncIterator[str]:
        queue = watchers.enter()
        try:
            yield ": hello\n\n"
            while True:
                try:
                    subjects = await asyncio.wait_for(queue.get(), KEEP_ALIVE)
                except TimeoutError:
                    yield ": still here\n\n"
                else:
                    yield f"data: {' '.join(subjects)}\n\n"
        finally:
            watchers.leave(queue)

    return StreamingResponse(lines(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})
