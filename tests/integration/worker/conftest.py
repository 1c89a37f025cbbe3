"""A small daemon around a real executor, a real nursery and real workers; DAG files live in the test's own folder."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from queuack import config
from queuack.errors import NotFound
from queuack.executors.connection import Connection, serve
from queuack.executors.local import LocalExecutor, LocalSettings
from queuack.executors.nursery import NurseryClient
from queuack.filehash import file_hash
from queuack.home import Home
from queuack.protocol import (
    Answer,
    Ask,
    Fact,
    Finished,
    Hello,
    RunInfo,
    Started,
    Welcome,
    Workload,
    XComClear,
    XComPush,
)

PRELUDE = """
import os, sys, time, logging, signal, subprocess
from datetime import datetime, timedelta, timezone
from queuack.authoring.dag import DAG
from queuack.authoring.operator import BaseOperator
from queuack.authoring.exceptions import *

class Call(BaseOperator):
    template_fields = ("word",)
    def __init__(self, *, function, word=None, **kwargs):
        super().__init__(**kwargs)
        self.function, self.word = function, word
    def execute(self, context):
        return self.function(self, context)
    def on_kill(self):
        print("on_kill was called")

def wait_for(path):
    while not os.path.exists(path):
        time.sleep(0.005)

def fail(error):
    raise error

HOME = os.environ["QUEUACK_HOME"]
"""

PATIENCE = 20.0
"""Seconds until a condition that does not come true fails the test."""


class Peer:
    def __init__(self, daemon: Daemon, connection: Connection) -> None:
        self.daemon = daemon
        self.connection = connection
        self.known = False

    def on_message(self, message: Any) -> None:
        if isinstance(message, Hello):
            self.known = True
            self.connection.send(Welcome())
            self.daemon.executor.attach(self.connection, message)
        elif isinstance(message, Ask):
            self.connection.send(self.daemon.answer(message))
        else:
            self.daemon.executor.on_message(self.connection, message)

    def on_disconnect(self) -> None:
        if self.known:
            self.daemon.executor.on_disconnect(self.connection)


class Daemon:
    """Acknowledges every fact at once, unless ``acknowledges`` is False."""

    def __init__(self, home: Home, settings: LocalSettings, environ: dict[str, str]) -> None:
        self.home = home
        self.settings = settings
        self.environ = environ
        self.facts: list[Fact] = []
        self.losses: dict[tuple[int, int], str] = {}
        self.returns: list[tuple[int, int]] = []
        self.xcoms: dict[tuple[str, str, str, int, str], dict[str, Any]] = {}
        self.variables: dict[str, str] = {}
        self.connections: dict[str, dict[str, Any]] = {}
        self.sources: dict[int, dict[str, Any]] = {}
        self.acknowledges = True
        self.on_fact: Callable[[Fact], None] = lambda fact: None
        self.happened = asyncio.Event()

    async def start(self, *, recover: float | None = None) -> None:
        self.nursery = NurseryClient(self.home, self.environ)
        await self.nursery.start()
        self.executor = LocalExecutor(self.home, self, self.nursery, self.settings)
        self.home.socket.unlink(missing_ok=True)
        self.server = await serve(self.home.socket, self._connected)
        self.recovered = set() if recover is None else await self.executor.recover(recover)
        await self.executor.start()

    def _connected(self, connection: Connection) -> Peer:
        self.peers.append(connection)
        return Peer(self, connection)

    @property
    def peers(self) -> list[Connection]:
        return self.__dict__.setdefault("_peers", [])

    async def stop(self, grace: float = 10.0) -> None:
        await self.executor.stop(grace)
        self.server.close()
        await self.nursery.stop()

    async def die(self) -> None:
        """As a killed daemon: every connection closes, nobody says goodbye."""
        self.server.close()
        self.executor._stopping = True
        if self.executor._chores:
            self.executor._chores.cancel()
        for connection in self.peers:
            if connection._transport is not None:
                connection._transport.abort()
        await self.nursery.stop()

    def answer(self, ask: Ask) -> Answer:
        params = ask.params
        match ask.method:
            case "xcom_get":
                names = ("dag_id", "run_id", "task_id", "map_index", "key")
                return Answer(id=ask.id, value=self.xcoms.get(tuple(params[name] for name in names)))
            case "variable_get":
                return Answer(id=ask.id, value=self.variables.get(params["key"]))
            case "connection_get":
                return Answer(id=ask.id, value=self.connections.get(params["conn_id"]))
            case "dag_source":
                return Answer(id=ask.id, value=self.sources.get(params["version_id"]))
            case "variable_set":
                self.variables[params["key"]] = params["value"]
                return Answer(id=ask.id)
        return Answer(id=ask.id, error=f"There is no {ask.method}.", error_type=NotFound.__name__)

    # ── executor's listener ──
    def deliver(self, worker_id: str, facts: Sequence[Fact]) -> None:
        for fact in facts:
            self.facts.append(fact)
            match fact:
                case XComPush():
                    key = (fact.dag_id, fact.run_id, fact.task_id, fact.map_index, fact.key)
                    self.xcoms[key] = {"encoding": fact.encoding, "value": fact.value}
                case XComClear():
                    for key in [key for key in self.xcoms if key[:3] == (fact.dag_id, fact.run_id, fact.task_id)]:
                        del self.xcoms[key]
            self.on_fact(fact)
        if self.acknowledges:
            self.executor.acknowledge(worker_id, facts[-1].seq)
        self.happened.set()

    def lost(self, ti_id: int, try_number: int, reason: str) -> None:
        self.losses[ti_id, try_number] = reason
        self.happened.set()

    def returned(self, ti_id: int, try_number: int) -> None:
        self.returns.append((ti_id, try_number))
        self.happened.set()

    # ── what tests ask ──
    def of(self, kind: type[Any], ti_id: int | None = None) -> list[Any]:
        return [fact for fact in self.facts if isinstance(fact, kind) and ti_id in (None, getattr(fact, "ti_id", None))]

    def xcom(self, task_id: str, key: str = "return_value", dag_id: str = "d") -> Any:
        found = self.xcoms.get((dag_id, "r", task_id, -1, key))
        return None if found is None else json.loads(found["value"])

    async def until(self, condition: Callable[[], Any]) -> Any:
        """Wait until ``condition()`` is true; its value."""
        loop = asyncio.get_running_loop()
        end = loop.time() + PATIENCE
        while not (value := condition()):
            if loop.time() > end:
                raise AssertionError(f"did not come true; facts: {self.facts[-10:]}, losses: {self.losses}")
            self.happened.clear()
            try:
                await asyncio.wait_for(self.happened.wait(), 0.02)
            except TimeoutError:
                pass
        return value

    async def finished(self, ti_id: int = 1) -> Finished:
        found = await self.until(lambda: self.of(Finished, ti_id))
        return found[-1]

    async def begun(self, ti_id: int = 1) -> Started:
        return (await self.until(lambda: self.of(Started, ti_id)))[-1]

    def write(self, text: str, name: str = "d.py") -> Path:
        """A file below the dags folder."""
        path = self.home.dags / name
        path.write_text(text)
        return path

    def dag(self, *tasks: str, before: str = "", arguments: str = "") -> Path:
        """A DAG file with the DAG ``d``; each of ``tasks`` is a statement inside it, ``before`` stands before it."""
        lines = "\n".join("    " + line for task in tasks for line in task.splitlines())
        head = f'with DAG("d", start_date=datetime(2024, 1, 1), schedule=None, {arguments}):'
        return self.write(f"{PRELUDE}\n{before}\n{head}\n{lines}\n")

    def workload(self, task_id: str, ti_id: int = 1, name: str = "d.py", **fields: Any) -> Workload:
        path = self.home.dags / name
        run = RunInfo(
            dag_id="d",
            run_id="r",
            run_type="manual",
            logical_date=1_700_000_000_000_000,
            data_interval_start=1_700_000_000_000_000,
            data_interval_end=1_700_000_000_000_000,
            run_after=1_700_000_000_000_000,
        )
        values: dict[str, Any] = {
            "ti_id": ti_id,
            "task_id": task_id,
            "fileloc": str(path),
            "relative_fileloc": name,
            "file_hash": file_hash(path) if path.exists() else "",
            "version_id": 1,
            "run": run,
        }
        return Workload(**{**values, **fields})

    def log(self, task_id: str, try_number: int = 1) -> list[dict[str, Any]]:
        path = self.home.logs / f"dag_id=d/run_id=r/task_id={task_id}/attempt={try_number}.log"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
def home() -> Iterator[Home]:
    # A socket's path may have 107 bytes; pytest's folders come close.
    folder = Path(tempfile.mkdtemp(prefix="q"))
    home = Home(folder)
    home.prepare()
    home.token_file.write_text("secret-token")
    yield home
    shutil.rmtree(folder)


@pytest.fixture
def run_with(home: Home) -> Any:
    """``run_with(scenario, **settings)``: run the coroutine function with a started daemon."""

    def run(scenario: Callable[[Daemon], Any], *, environ: dict[str, str] | None = None, **settings: Any) -> None:
        async def main() -> None:
            values: dict[str, Any] = {"min_workers": 1, "kill_grace": 0.5, "logs_folder": home.logs, **settings}
            daemon = Daemon(home, LocalSettings(**values), environ or {})
            await daemon.start()
            try:
                await scenario(daemon)
            finally:
                if not daemon.executor._stopping:
                    await daemon.stop()

        before = config.configure(config.load(home))
        try:
            asyncio.run(main())
        finally:
            config.configure(before)
        assert not list(home.workers.glob("*.json"))

    return run
