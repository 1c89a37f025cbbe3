"""The API's process as the daemon sees it: one is kept, started again when it ends; where it listens.

It must not know what the API answers.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable

from queuack import config
from queuack.errors import QueuackError
from queuack.executors.nursery import NurseryClient
from queuack.processes import describe_exit

log = logging.getLogger("queuack.daemon")

RESTART_SECONDS = 1.0
TAKEN_SECONDS = 30.0
"""Pause when the address was not to be had: another program has to go first."""

CANNOT_LISTEN = 3
"""Exit code of ``api_server/main.py``."""

HANDED_ON = (("api_auth", "jwt_secret"),)
"""Settings that child processes do not get, but this one."""


class Serving:
    """``on_listening(url)`` is called when the API answers, each time it does so at another address."""

    def __init__(self, nursery: NurseryClient, on_listening: Callable[[str], None] | None = None) -> None:
        self._nursery = nursery
        self._on_listening = on_listening
        self._started = 0
        self._complained = False
        self.url: str | None = None

    async def run(self) -> None:
        """Keep one process until cancelled."""
        while True:
            status = await self._one()
            if status is not None and os.WIFEXITED(status) and os.WEXITSTATUS(status) == CANNOT_LISTEN:
                await asyncio.sleep(TAKEN_SECONDS)
                continue
            log.warning("The API ended (%s); it is started again.", describe_exit(status))
            await asyncio.sleep(RESTART_SECONDS)

    def listens(self, host: str, port: int) -> None:
        """The API says where it is."""
        url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        if url != self.url and self._on_listening is not None:
            self._on_listening(url)
        self.url = url

    async def _one(self) -> int | None:
        self._started += 1
        ended: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()

        def on_exit(pid: int, status: int | None) -> None:
            if not ended.done():
                ended.set_result(status)

        try:
            name = f"api-{os.getpid()}-{self._started}"
            await self._nursery.fork("api_server", name, on_exit=on_exit, environ=_handed_on())
        except QueuackError as error:
            log.warning("The API could not be started: %s", error.message)
            return None
        return await ended


def _handed_on() -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for section, key in HANDED_ON:
        value = config.get_optional_str(section, key)
        if value:
            found[f"QUEUACK__{section.upper()}__{key.upper()}"] = value
    return found
