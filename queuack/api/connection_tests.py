"""Trying connections: a hook, which is user code, tries each in a process of its own, the ``connections test`` command.

Tests that nobody waits for are kept in memory, the last ``KEPT`` of them; who has the token may ask what came of one.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from queuack import config
from queuack.api.errors import Refusal

PATIENCE = 60.0
"""Seconds a hook may take."""
KEPT = 100

Fields = dict[str, Any]


@dataclass
class Test:
    """One that nobody waits for."""

    connection_id: str
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    state: str = "queued"
    result_message: str | None = None
    created_at: str = field(default_factory=lambda: datetime.now(UTC).isoformat())


class Tests:
    def __init__(self) -> None:
        self._tests: OrderedDict[str, Test] = OrderedDict()
        self._running: set[asyncio.Task[None]] = set()
        self._gate = asyncio.Semaphore(2)

    def begin(self, connection_id: str, fields: Fields, if_it_works: Callable[[], Awaitable[None]]) -> Test:
        """Raises 409 while one of the same connection is under way."""
        if any(test.connection_id == connection_id and test.state in ("queued", "running") for test in self.all):
            raise Refusal(409, f"A test of connection `{connection_id}` is under way.")
        test = Test(connection_id)
        self._tests[test.token] = test
        while len(self._tests) > KEPT:
            self._tests.popitem(last=False)
        task = asyncio.create_task(self._run(test, fields, if_it_works))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return test

    @property
    def all(self) -> list[Test]:
        return list(self._tests.values())

    def find(self, token: str) -> Test:
        """Raises 404."""
        test = self._tests.get(token)
        if test is None:
            raise Refusal(404, "No connection test found for this token.")
        return test

    async def _run(self, test: Test, fields: Fields, if_it_works: Callable[[], Awaitable[None]]) -> None:
        async with self._gate:
            test.state = "running"
            works, test.result_message = await tried(test.connection_id, fields)
            if works:
                await if_it_works()
            test.state = "success" if works else "failed"


def check_allowed() -> None:
    """Raises 403 unless ``[core] test_connection`` allows tests."""
    if config.get_str("core", "test_connection") != "Enabled":
        raise Refusal(403, "Testing connections is disabled: [core] test_connection.")


async def tried(connection_id: str, fields: Fields) -> tuple[bool, str]:
    """Whether a connection with these fields works, and what its hook said."""
    name = f"tested_{secrets.token_hex(8)}"
    environ = {
        **config.for_children(os.environ),
        **config.current().environment(),
        f"AIRFLOW_CONN_{name.upper()}": json.dumps({key: value for key, value in fields.items() if value is not None}),
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "queuack", "connections", "test", name),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=environ,
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
    except TimeoutError:
        return False, f"The hook has not answered in {PATIENCE:g} s."
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode == 0, said.decode(errors="replace").strip().replace(name, connection_id)
