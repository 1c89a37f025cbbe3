"""The parser process: watches the dags and plugins folders, has changed files parsed, tells the daemon.

Decides when the disk is looked at and in which order files are parsed. It runs no user code itself, has no threads,
and ends with the daemon's connection: a restarted daemon starts a new one.
"""

from __future__ import annotations

import logging
import os
import selectors
import signal
import socket
import time
import zipfile
from typing import NoReturn

from queuack import plugins, protocol
from queuack.errors import DaemonUnreachable, QueuackError
from queuack.faults import reach
from queuack.home import Home, reachable_path
from queuack.parser.agenda import Agenda
from queuack.parser.files import DagFile, settings_of
from queuack.parser.lanes import Lanes
from queuack.parser.link import Link
from queuack.parser.pool import Pool
from queuack.parser.prober import Prober
from queuack.parser.report import Report, Work
from queuack.parser.runtime import read_token
from queuack.parser.tracker import Changes, Tracker
from queuack.parser.watcher import Watcher, identity_of
from queuack.plugins import Verdict

log = logging.getLogger("queuack.parser")

SETTLE_SECONDS = 0.05
"""A file that is missing or empty is looked at again after this: editors save in two steps."""
FOLDER_CHECK_SECONDS = 1.0
"""Between looks at whether the folders themselves have come, gone or been replaced."""
PATIENCE = 10
"""A file that is parsed at intervals takes at most one part in so many of a process."""


class _Stopped(Exception):
    """SIGTERM."""


def run(home: Home, name: str) -> None:
    """Parse for the daemon of ``home`` until it says Stop or its connection ends.

    Call it in a process of its own without threads. Raises DaemonUnreachable when no daemon listens, QueuackError
    when it refuses.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with reachable_path(home.socket) as address:
            connection.connect(address)
    except OSError as error:
        connection.close()
        raise DaemonUnreachable(f"No daemon answers at {home.socket}: {error}.") from None
    parser = _Parser(home, name, connection)
    before = signal.signal(signal.SIGTERM, _stop), signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        parser.run()
    except _Stopped:
        pass
    finally:
        signal.signal(signal.SIGTERM, before[0])
        signal.signal(signal.SIGINT, before[1])
        parser.close()


def _stop(*_: object) -> NoReturn:
    raise _Stopped


def _sooner(one: float | None, other: float | None) -> float | None:
    return min((each for each in (one, other) if each is not None), default=None)


class _Parser:
    def __init__(self, home: Home, name: str, connection: socket.socket) -> None:
        self._home = home
        self._settings = settings_of(home)
        self._folders = [self._settings.get_str("core", key) for key in ("dags_folder", "plugins_folder")]
        self._refresh = self._settings.get_float("dag_processor", "refresh_interval")
        self._interval = self._settings.get_float("dag_processor", "min_file_process_interval")
        self._selector = selectors.DefaultSelector()
        self._tracker = Tracker(home, self._settings)
        self._agenda = Agenda()
        self._watcher: Watcher | None = None
        self._pool = Pool(self._selector, self._settings, self._parsed, others=self._other_children)
        self._prober = Prober(self._selector, home, self._settings, self._judged)
        self._answerer = Lanes(self._selector, home, self._settings, lambda answer: self._link.send(answer))
        self._link = Link(self._selector, connection, self._heard)
        self._link.send(protocol.Hello(role="parser", name=name, pid=os.getpid(), token=read_token(home)))
        self._begun_at: dict[str, int] = {}
        self._doubtful: dict[str, float] = {}
        """Path → when to look again."""
        self._unscanned: set[str] | None = None
        """Files of the first scan still to be parsed; None = ScanDone has been said."""
        self._plugins: str | None = None
        """What the tracker said of the plugins when they were tried last; None = not yet."""
        self._judged_state = None if plugins.last_verdict(home).state else ""
        """Of the verdict that the daemon has been told of; None: it may know of one that has gone."""
        self._scan_at = 0.0
        self._check_folders_at = 0.0
        self._stopping = False
        self._refusal: str | None = None

    def run(self) -> None:
        self._watch()
        changes = self._tracker.scan()
        self._unscanned = {file.relative_fileloc for file in changes.parse}
        self._agenda.add(changes.parse, urgent=False)
        self._scan_at = time.monotonic() + self._refresh
        while not self._stopping and not self._link.closed:
            self._look(time.monotonic())
            self._try_plugins()
            self._start_parsing()
            timeout = _sooner(self._pool.tend(), self._answerer.tend())
            for key, _ in self._selector.select(self._until_next(timeout)):
                if key.fd in self._selector.get_map():
                    key.data()
        if self._refusal:
            raise QueuackError(f"The daemon refused the parser: {self._refusal}")

    def close(self) -> None:
        self._prober.close()
        self._answerer.close()
        self._pool.kill_all()
        if self._watcher is not None:
            self._watcher.close()
        self._link.close()
        self._selector.close()

    # ── when to look at the disk ─────────────────────────────────────────────────────────────────
    def _look(self, now: float) -> None:
        if now >= self._check_folders_at:
            self._check_folders_at = now + FOLDER_CHECK_SECONDS
            if self._watcher is not None and identity_of(self._folders) != self._watcher.identity:
                self._watch()
                self._scan_at = now
        if now >= self._scan_at:
            self._scan_at = now + self._refresh
            self._doubtful.clear()
            if self._watcher is None:
                self._watch()
            self._take(self._tracker.scan(), urgent=True)
        ripe = {path for path, due in self._doubtful.items() if due <= now}
        if ripe:
            for path in ripe:
                del self._doubtful[path]
            self._take(self._tracker.touched(ripe, certain=True), urgent=True)

    def _until_next(self, timeout: float | None) -> float:
        due = [self._check_folders_at, self._scan_at, *self._doubtful.values()]
        later = self._agenda.next_due()
        if later is not None and self._pool.has_room:
            due.append(later)
        wait = max(0.0, min(due) - time.monotonic())
        return wait if timeout is None else min(wait, timeout)

    def _watch(self) -> None:
        if self._watcher is not None:
            self._selector.unregister(self._watcher)
            self._watcher.close()
        self._watcher = Watcher(self._folders)
        self._selector.register(self._watcher, selectors.EVENT_READ, self._watcher_spoke)

    def _other_children(self) -> list[int]:
        watcher = [self._watcher.pid] if self._watcher is not None else []
        return [*watcher, *self._prober.pids, *self._answerer.pids]

    def _watcher_spoke(self) -> None:
        if self._watcher is None:
            return
        paths = self._watcher.changes()
        if paths is None:  # tried again at the next periodic scan
            self._selector.unregister(self._watcher)
            self._watcher.close()
            self._watcher = None
        elif paths:
            self._take(self._tracker.touched(paths), urgent=True)

    def _take(self, changes: Changes, *, urgent: bool) -> None:
        due = time.monotonic() + SETTLE_SECONDS
        for path in changes.doubtful:
            self._doubtful.setdefault(path, due)
        for name in changes.gone:
            self._gone(name)
        self._agenda.add(changes.parse, urgent=urgent)

    # ── plugins ──────────────────────────────────────────────────────────────────────────────────
    def _try_plugins(self) -> None:
        """When they have changed: nothing is parsed before it is known which ones harm."""
        state = self._tracker.plugins
        if state is not None and state != self._plugins:
            is_first, self._plugins = self._plugins is None, state
            self._prober.start(anew=is_first)

    def _judged(self, verdict: Verdict) -> None:
        if verdict.state == self._judged_state:
            return
        self._judged_state = verdict.state
        self._answerer.retire()
        errors = {**verdict.errors, **verdict.bad}
        self._link.send(protocol.PluginsFound(state=verdict.state, hooks=verdict.hooks, errors=errors))

    # ── parsing ──────────────────────────────────────────────────────────────────────────────────
    def _start_parsing(self) -> None:
        while self._pool.has_room and not self._link.is_congested and not self._prober.is_busy:
            file = self._agenda.next(time.monotonic())
            if file is None:
                break
            try:
                source, file_hash = file.read()
            except (OSError, KeyError, zipfile.BadZipFile, RuntimeError):  # gone or changed: looked at again below
                self._agenda.done(file.relative_fileloc)
                self._doubtful.setdefault(str(file.path), time.monotonic() + SETTLE_SECONDS)
                self._scanned(file.relative_fileloc)
                continue
            self._tracker.begun(file, file_hash)
            self._begun_at[file.relative_fileloc] = time.time_ns()
            before = self._tracker.has_failed(file.relative_fileloc)
            reach("parser.file_begun")
            self._pool.start(Work(file, source, file_hash, self._home, self._settings, before))
        self._say_scan_done()

    def _parsed(self, work: Work, report: Report) -> None:
        reach("parser.file_parsed")
        name = work.file.relative_fileloc
        self._agenda.done(name)
        if self._tracker.parsed(work.file, report, self._begun_at.pop(name, 0)):
            self._link.send(report.parsed)
        if self._tracker.file(name) is not None and (report.volatile or report.parsed.failures) and self._interval > 0:
            wait = max(self._interval, PATIENCE * report.parsed.duration)
            self._agenda.add_later(work.file, time.monotonic() + wait)
        self._scanned(name)

    def _gone(self, name: str) -> None:
        self._agenda.drop(name)
        self._link.send(protocol.Gone(name))
        self._scanned(name)

    def _scanned(self, name: str) -> None:
        if self._unscanned is not None:
            self._unscanned.discard(name)

    def _say_scan_done(self) -> None:
        if self._unscanned is not None and not self._unscanned:
            self._unscanned = None
            self._link.send(protocol.ScanDone(self._tracker.files))

    # ── what the daemon says ─────────────────────────────────────────────────────────────────────
    def _heard(self, body: bytes) -> None:
        message = protocol.decode_from_daemon(body)
        if isinstance(message, protocol.Stop):
            self._stopping = True
        elif isinstance(message, protocol.Refused):
            self._refusal, self._stopping = message.reason, True
        elif isinstance(message, protocol.TimetableQuestion):
            self._answerer.put(message)
        elif isinstance(message, protocol.Reparse):
            self._reparse(message.relative_fileloc)

    def _reparse(self, name: str | None) -> None:
        """Parse again and tell the outcome even when it is the same."""
        self._take(self._tracker.scan(), urgent=True)
        files: list[DagFile] = []
        for each in self._tracker.files if name is None else [name]:
            file = self._tracker.file(each)
            if file is not None:
                self._tracker.tell_again(each)
                files.append(file)
        self._agenda.add(files, urgent=True)
