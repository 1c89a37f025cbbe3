"""At the daemon's start: which workers of an earlier daemon still live, and waiting for them to come back.

Decides who is waited for and who is killed; what they hold is said in their Hello.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from queuack.home import Home
from queuack.processes import WorkerFile, is_alive, kill, read_worker_file

log = logging.getLogger("queuack.executor")

LOOK_SECONDS = 0.1
"""Between two looks whether they still live."""


def surviving(home: Home) -> dict[str, WorkerFile]:
    """Worker id → its file, of those that live; the files of dead ones are removed."""
    found: dict[str, WorkerFile] = {}
    for path in sorted(home.workers.glob("*.json")):
        file = read_worker_file(path)
        if file is not None and is_alive(file):
            found[path.stem] = file
        else:
            path.unlink(missing_ok=True)
    return found


async def await_survivors(home: Home, is_back: Callable[[str], bool], changed: asyncio.Event, timeout: float) -> None:
    """Return when every survivor is back (``changed`` says that one may be) or dead; kill the others after ``timeout``
    seconds."""
    loop = asyncio.get_running_loop()
    until = loop.time() + timeout
    expected = surviving(home)
    while any(not is_back(worker_id) and is_alive(file) for worker_id, file in expected.items()):
        left = until - loop.time()
        if left <= 0:
            break
        changed.clear()
        try:
            await asyncio.wait_for(changed.wait(), min(LOOK_SECONDS, left))
        except TimeoutError:
            pass
    for worker_id, file in expected.items():
        if is_back(worker_id):
            continue
        if is_alive(file):
            log.warning("Worker %s (pid %d) did not come back; it is killed.", worker_id, file.pid)
            kill(file.pid)
        while is_alive(file):
            await asyncio.sleep(0.005)
        (home.workers / f"{worker_id}.json").unlink(missing_ok=True)
