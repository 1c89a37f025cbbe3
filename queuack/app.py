"""Wiring: which parts a deployment consists of, and in which order they come to be."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import secrets
import time
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

from queuack import clock, config
from queuack.config import Config
from queuack.daemon import runtime_service, services, vault
from queuack.daemon.backfilling import RunFinder
from queuack.daemon.console import Console
from queuack.daemon.daemon import Daemon
from queuack.daemon.front import Front
from queuack.daemon.loop import DirectLoop, Loop
from queuack.daemon.parsing import Parsing, parsed_event, plugins_seen
from queuack.daemon.port import DirectPort
from queuack.daemon.server import Server
from queuack.daemon.services.login import new_login_secret
from queuack.daemon.serving import Serving
from queuack.daemon.triggering import TriggererSettings, Triggering
from queuack.engine.engine import Engine, EngineSettings
from queuack.engine.events import FileGone
from queuack.errors import QueuackError, StoreLocked
from queuack.executors.local import LocalExecutor
from queuack.executors.nursery import NurseryClient
from queuack.executors.settings import LocalSettings, max_workers
from queuack.home import Home
from queuack.protocol import TimetableAnswer, TimetableQuestion
from queuack.store.database import Database
from queuack.store.queries.durations import recent_durations
from queuack.store.snapshot import load_snapshot
from queuack.store.writer import Writer
from queuack.upkeep import advising, open_database, running_daemon

COMMAND_PATIENCE = 10.0
"""Seconds the daemon waits, at start, for a command that has the file open."""

GC_THRESHOLD = 50_000
"""New objects between two collections of the youngest generation; a step of the engine makes thousands that live on."""


def engine_settings(*, dormant: bool = False) -> EngineSettings:
    """The settings that scheduling depends on; ``dormant`` for a command that only asks and records."""
    return EngineSettings(
        dormant=dormant,
        parallelism=config.get_int("core", "parallelism"),
        max_workers=max_workers(),
        has_coroutines=config.get_str("workers", "isolation") == "warm",
        dags_are_paused_at_creation=config.get_boolean("core", "dags_are_paused_at_creation"),
        max_task_retry_delay=config.get_float("core", "max_task_retry_delay"),
        partition_mapper_max_downstream_keys=config.get_int("scheduler", "partition_mapper_max_downstream_keys"),
    )


def open_for_daemon(home: Home) -> Database:
    """As ``open_database``, patient with a command that has the file open for a moment."""
    deadline = time.monotonic() + COMMAND_PATIENCE
    while True:
        try:
            return open_database(home)
        except StoreLocked:
            if running_daemon(home) is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def run_daemon(home: Home, settings: Config, *, standalone: bool) -> int:
    """Run the daemon in the foreground until a signal. Returns the exit code."""
    config.configure(settings)
    home.prepare()
    console = Console(home, standalone=standalone)
    console.install_logging()
    database = open_for_daemon(home)
    home.pid_file.write_text(f"{os.getpid()}\n")
    token = secrets.token_hex(16)
    if home.token_file.exists():
        # Workers of the daemon before this one know its token.
        token = home.token_file.read_text().strip() or token
    home.token_file.touch(mode=0o600)
    home.token_file.write_text(token)
    writer, engine, means = _restored(home, database)
    # What has been loaded stays; collecting it again and again would stop the loop for tens of milliseconds.
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD, 20, 50)
    try:
        asyncio.run(_serve(home, database, writer, engine, means, token, console, standalone=standalone))
    except QueuackError as error:
        logging.getLogger("queuack.daemon").error("The daemon ended: %s", error.message)
        return 1
    except Exception:
        logging.getLogger("queuack.daemon").exception("The daemon ended by an error")
        return 1
    finally:
        gc.unfreeze()  # DuckDB reports what is never collected, on the terminal
    console.stopped()
    return 0


def run_api_server(home: Home, told: Callable[[str], None]) -> None:
    """Serve the API and the pages beside a running daemon until a signal; ``told`` hears the address.

    Raises DaemonUnreachable, CannotListen."""
    from queuack.api_server.main import serve  # start-up time: fastapi, for this command only

    asyncio.run(serve(home, told=told))


def _restored(home: Home, database: Database) -> tuple[Writer, Engine, dict[tuple[str, str], float]]:
    """What the file says, in memory. A file that turns out to be damaged is left as it is; raises StoreDamaged."""
    try:
        with advising(home):
            if database.wal_bytes():
                load_snapshot(database)  # after a crash: what cannot be read must show before anything is written
            # The writer first: it folds in what a daemon that died had left in the journal.
            writer = Writer(database)
            engine = Engine.restore(engine_settings(), load_snapshot(database), clock.now_us())
            with database.reader() as reader:
                return writer, engine, recent_durations(reader)
    except BaseException:
        database.close()
        home.pid_file.unlink(missing_ok=True)
        raise


async def _serve(
    home: Home,
    database: Database,
    writer: Writer,
    engine: Engine,
    means: dict[tuple[str, str], float],
    token: str,
    console: Console,
    *,
    standalone: bool,
) -> None:
    front = Front(isolation=config.get_str("workers", "isolation"), means=means)
    loop = Loop(engine, writer, front)
    nursery = NurseryClient(home, config.for_children(config.current().environment()))
    executor = LocalExecutor(home, front, nursery, LocalSettings.from_config())
    front.loop, front.executor = loop, executor
    front.watchers.append(console.committed)
    parsing = Parsing(loop)
    if (seen := plugins_seen(home)) is not None:
        loop.post(seen)
    front.asking = parsing.asking
    front.find_runs = RunFinder(database, loop)
    server = Server(home, loop, front, executor, parsing, token)
    triggering = Triggering(home, loop, front, nursery, _unseal, TriggererSettings.from_config())
    front.triggers = server.triggering = triggering
    front.seal = lambda text: vault.writing_vault(server.port).lock(text)
    daemon = Daemon(
        home,
        database,
        writer,
        loop,
        executor,
        nursery,
        parsing,
        server,
        triggering,
        Serving(nursery, partial(_announce, home, server, console)) if standalone else None,
        reconnect_timeout=config.get_float("workers", "adopt_timeout"),
        stop_timeout=config.get_float("core", "killed_task_cleanup_time"),
        on_ready=console.ready,
    )
    await daemon.run()


def _announce(home: Home, server: Server, console: Console, url: str) -> None:
    """Print the login link; in a thread, as services are for threads."""

    def announce() -> None:
        console.listening(url, new_login_secret(server.port, home))

    asyncio.get_running_loop().run_in_executor(None, announce)


def _unseal(token: str) -> str:
    """The arguments of a trigger, decrypted."""
    return vault.vault().unlock(token, "The arguments of a trigger")


class OfflineService:
    """The services on a file that no daemon has open."""

    def __init__(self, home: Home) -> None:
        home.prepare()
        self._home = home
        self._database = open_database(home)
        with advising(home):
            writer = Writer(self._database)
            engine = Engine.restore(engine_settings(dormant=True), load_snapshot(self._database), clock.now_us())
        self._port = DirectPort(DirectLoop(engine, writer), self._database, writer, self._ask)

    def call(self, method: str, params: dict[str, Any]) -> Any:
        if method == "sync":
            return self.sync(**params)
        if method in runtime_service.METHODS and method not in services.METHODS:
            return runtime_service.call(self._port, method, params)
        return services.call(self._port, method, params)

    def sync(self, anew: bool = False) -> int:
        """Parse what has changed under ``dags/`` since the file was written; ``anew``: everything. Returns how many
        files were parsed."""
        from queuack.parser.files import dag_files
        from queuack.parser.scan import scan  # the parser is needed for this method only

        engine = self._port.loop.engine
        files = {file.relative_fileloc: file for file in dag_files(self._home)}
        known = engine.files()
        changed = [file for name, file in files.items() if anew or known.get(name) != file.read()[1]]
        for message in scan(self._home, files=changed, runtime=self._answers()):
            self._port.loop.round([parsed_event(message)])
        gone = [FileGone(relative_fileloc=name) for name in known if name not in files]
        if gone:
            self._port.loop.round(gone)
        return len(changed)

    def _answers(self) -> Any:
        """What DAG files may ask while they are parsed, as a Runtime."""
        names = ("variable_get", "variable_set", "variable_delete", "variable_keys", "connection_get", "model_rows")
        return SimpleNamespace(**{name: partial(getattr(runtime_service, name), self._port) for name in names})

    def _ask(self, question: TimetableQuestion) -> TimetableAnswer:
        from queuack.parser.answerer import ask_once  # the parser is needed for DAGs with a custom timetable only

        return ask_once(self._home, config.current(), question)

    def close(self) -> None:
        self._database.close()


def offline_service(home: Home) -> OfflineService:
    """Open the deployment's file for one command."""
    return OfflineService(home)
