"""What one client may take of the server: the size of a body, the number of requests at once. Plain ASGI."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from fastapi.responses import JSONResponse

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

STREAMS = ("/events", "/wait", "/logs")
"""Endings of paths whose answers take long and are not counted among the requests at once; they have a limit of
their own."""


class Limits:
    """Refuses bodies above ``body_bytes`` with 413, more than ``at_once`` requests (``streams`` long ones) with 503."""

    def __init__(self, app: App, *, body_bytes: int, at_once: int, streams: int) -> None:
        self._app = app
        self._body_bytes = body_bytes
        self._free = {False: at_once, True: streams}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        kind = scope["path"].endswith(STREAMS)
        if self._free[kind] <= 0:
            refusal = JSONResponse({"detail": "Too many requests at once."}, 503, headers={"Retry-After": "1"})
            await refusal(scope, receive, send)
            return
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if not length.isdigit() or int(length) > self._body_bytes:
            await JSONResponse({"detail": f"A body has at most {self._body_bytes} bytes."}, 413)(scope, receive, send)
            return
        self._free[kind] -= 1
        try:
            await self._app(scope, self._counted(receive), send)
        finally:
            self._free[kind] += 1

    def _counted(self, receive: Receive) -> Receive:
        """A body without a length ends, for the application, where the limit is."""
        left = self._body_bytes

        async def bounded() -> MutableMapping[str, Any]:
            nonlocal left
            message = await receive()
            if message["type"] == "http.request":
                left -= len(message.get("body", b""))
                if left < 0:
                    return {"type": "http.disconnect"}
            return message

        return bounded
