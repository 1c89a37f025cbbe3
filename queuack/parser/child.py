"""What happens inside a parsing child, from the fork to its end: shed the parent, load the file, hand in a Report.

Decides what survives of a hostile file: whatever it did to builtins, signals, files or threads, the report is
written if that is possible at all, and the process ends by ``os._exit``. Nothing here runs in the parent.
"""

from __future__ import annotations

import builtins
import contextlib
import faulthandler
import logging
import os
import re
import signal
import socket
import struct
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from os import _exit, getpid, write
from typing import Any, NoReturn

from queuack import config, plugins, protocol
from queuack.authoring import masking
from queuack.authoring import runtime as authoring_runtime
from queuack.authoring.dagfile import load_dag_file
from queuack.authoring.listeners import notify
from queuack.authoring.policies import apply_policies, local_settings_file
from queuack.document.build import document_of
from queuack.engine import spec
from queuack.faults import reach
from queuack.parser import processes
from queuack.parser.failures import failure_of
from queuack.parser.observed import Observed
from queuack.parser.output import MaskedText
from queuack.parser.report import Report, Work, decode, encode, source_text
from queuack.parser.runtime import ParsingRuntime, connect_to_daemon

log = logging.getLogger("queuack.parser")

TRACEBACK_SIGNAL = signal.SIGRTMAX - 2
"""The child writes where it is to its crash file."""
WARMING = """
import datetime, pendulum
from airflow.sdk import DAG, task
from airflow.operators.bash import BashOperator
from airflow.operators.empty import EmptyOperator
from airflow.operators.python import PythonOperator
with DAG("warm", schedule="0 0 * * *", start_date=pendulum.datetime(2026, 1, 1, tz="UTC"), catchup=False) as dag:
    @task
    def one():
        return 1
    one() >> BashOperator(task_id="two", bash_command="true") >> EmptyOperator(task_id="three")
"""
"""What most DAG files import and use."""
_LINE = re.compile(r"^(?P<text>.*) \(line (?P<line>\d+)\)$", re.DOTALL)


@dataclass(frozen=True)
class Pipes:
    """File descriptors of one child. ``result`` is the number in the parent too."""

    result: int
    output: int
    crash: int
    questions: socket.socket | None
    """None: ask the daemon."""


def main(work: Work, pipes: Pipes, parent: int) -> NoReturn:
    """The whole life of a child, right after the fork."""
    me = getpid()
    try:
        shed_parent(pipes, parent)
        processes.limit_memory(work.settings.get_int("dag_processor", "max_file_memory_mb") * 1024 * 1024)
        observed = Observed(str(work.file.path), tuple(map(str, _folders(work))))
        _install_runtime(work, pipes, observed)
        before = dict(vars(builtins))
        report = _report(work, observed, before)
        reach("parser.mid_file")
        if getpid() != me:  # the file forked and this is the copy
            _exit(0)
        _flush()
        _hand_in(encode(report), pipes.result, parent)
        _exit(0)
    except BaseException:
        with contextlib.suppress(BaseException):
            traceback.print_exc()
            _flush()
        _exit(70)


def _report(work: Work, observed: Observed, before: dict[str, Any]) -> Report:
    started = time.monotonic()
    file = work.file
    parsed = protocol.Parsed(
        relative_fileloc=file.relative_fileloc, file_hash=work.file_hash, source="", documents=[], failures=[]
    )
    plugins.load_plugins(work.home)
    observed.start()
    dags: list[Any] = []
    try:
        loaded = load_dag_file(file.path, source=work.source, zip_member=file.zip_member)
        dags, parsed.warnings = loaded.dags, [_warning(line, file.relative_fileloc) for line in loaded.warnings]
    except BaseException as error:
        replaced = _regain_control(before, observed)
        failure = _failure(error, work)
        if replaced and failure.line is None:
            failure.message += f" (the file replaced built-in functions: {', '.join(replaced[:20])})"
        parsed.failures.append(failure)
    else:
        _regain_control(before, observed)
        _build(dags, work, parsed)
    parsed.source = work.text
    parsed.duration = time.monotonic() - started
    _tell_listeners(work, parsed)
    return Report(parsed, [*observed.files(), *_settings_read()], observed.folders(), observed.volatile)


def _settings_read() -> list[str]:
    """Policies are read before the file is watched."""
    file = local_settings_file()
    return [] if file is None else [file]


def _build(dags: Iterable[Any], work: Work, parsed: protocol.Parsed) -> None:
    """Each DAG on its own: one that cannot be built does not take the others along."""
    file, seen = work.file, set[str]()
    for dag in dags:
        try:
            if dag.dag_id in seen:
                parsed.failures.append(_duplicate(dag.dag_id, work))
                continue
            if not apply_policies(dag):
                continue
            document = document_of(dag, relative_fileloc=file.relative_fileloc, fileloc=file.fileloc)
            encoded = spec.encode(document)
        except BaseException as error:
            parsed.failures.append(_failure(error, work, f"DAG {getattr(dag, 'dag_id', '?')!r}: "))
        else:
            seen.add(dag.dag_id)
            parsed.documents.append(encoded)


def _tell_listeners(work: Work, parsed: protocol.Parsed) -> None:
    hook = "on_existing_dag_import_error" if work.failed_before else "on_new_dag_import_error"
    for failure in parsed.failures:
        with contextlib.suppress(BaseException):
            notify(hook, filename=failure.relative_fileloc, stacktrace=failure.stacktrace)


def _failure(error: BaseException, work: Work, prefix: str = "") -> protocol.ParseFailure:
    with contextlib.suppress(BaseException):
        traceback.print_exception(error, limit=-50)  # in full, for the log
    failure = failure_of(
        error,
        fileloc=work.file.fileloc,
        relative_fileloc=work.file.relative_fileloc,
        memory_mb=work.settings.get_int("dag_processor", "max_file_memory_mb"),
    )
    redact = masking.current().redact_text
    failure.message, failure.stacktrace = redact(prefix + failure.message), redact(failure.stacktrace)
    return failure


def _duplicate(dag_id: str, work: Work) -> protocol.ParseFailure:
    reason = f"AirflowDagDuplicatedIdException: the file defines the DAG {dag_id!r} twice; the first one is used."
    return protocol.ParseFailure(work.file.relative_fileloc, reason, None, reason)


def _warning(line: str, relative_fileloc: str) -> str:
    found = _LINE.match(line)
    return f"{relative_fileloc}:{found['line']}: {found['text']}" if found else f"{relative_fileloc}: {line}"


# ── before the file ──────────────────────────────────────────────────────────────────────────────
def shed_parent(pipes: Pipes, parent: int) -> None:
    """A session of its own, default signals, no file of the parent, output into the pipe."""
    os.setsid()
    processes.die_with(parent)
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals():
        with contextlib.suppress(OSError, ValueError, TypeError):
            default = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
            if signal.getsignal(number) != default:
                signal.signal(number, default)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    null = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((null, 0), (pipes.output, 1), (pipes.output, 2)):
        os.dup2(source, target)
    _close_all_but({0, 1, 2, pipes.result, pipes.crash, *([pipes.questions.fileno()] if pipes.questions else [])})
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.stdout, sys.stderr = MaskedText.on(1), MaskedText.on(2)
    vars(sys).update(__stdin__=sys.stdin, __stdout__=sys.stdout, __stderr__=sys.stderr)
    _log_to_stderr()
    faulthandler.enable(pipes.crash, all_threads=False)
    faulthandler.register(TRACEBACK_SIGNAL, pipes.crash, all_threads=False)


def _close_all_but(kept: set[int]) -> None:
    for name in os.listdir("/proc/self/fd"):
        if int(name) not in kept:
            with contextlib.suppress(OSError):
                os.close(int(name))


def _log_to_stderr() -> None:
    for logger in (logging.root, *logging.root.manager.loggerDict.values()):
        if isinstance(logger, logging.Logger):
            logger.handlers.clear()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("[%(asctime)s] %(levelname)s %(name)s: %(message)s"))
    logging.root.addHandler(handler)
    logging.root.setLevel(logging.INFO)


def _install_runtime(work: Work, pipes: Pipes, observed: Observed) -> None:
    config.configure(work.settings)
    install_airflow_names()
    connect: Callable[[], socket.socket]
    if pipes.questions is not None:
        pair = pipes.questions
        connect = lambda: pair  # noqa: E731
    else:
        connect = lambda: connect_to_daemon(work.home)  # noqa: E731
    authoring_runtime.set_runtime(ParsingRuntime(connect, observed.asked))


def install_airflow_names() -> None:
    """``import airflow`` reaches Queuack from here on."""
    from queuack import compat  # start-up time: only processes that run user code need it

    compat.install()


def warm() -> None:
    """Do once, before forking, what every child would do again: imports, tables of encoders, package metadata.

    The file it runs for that is Queuack's own; if that fails, children are slower and say why."""
    install_airflow_names()
    plugins.entry_points()
    source_text(b"")
    try:
        loaded = load_dag_file("warm.py", source=WARMING)
        documents = [spec.encode(document_of(dag, relative_fileloc="", fileloc="")) for dag in loaded.dags]
        parsed = protocol.Parsed(relative_fileloc="", file_hash="", source="", documents=documents, failures=[])
        decode(encode(Report(parsed)))
        sys.modules.pop(loaded.module_name, None)
    except Exception as error:
        log.debug("Warming up failed: %s", error)


def _folders(work: Work) -> tuple[Any, Any]:
    return work.settings.get_path("core", "dags_folder"), work.settings.get_path("core", "plugins_folder")


# ── after the file ───────────────────────────────────────────────────────────────────────────────
def _regain_control(before: dict[str, Any], observed: Observed) -> list[str]:
    """Undo what the file may have done to the interpreter; returns the names of the built-ins it replaced."""
    now = vars(builtins)
    replaced = [name for name in before if now.get(name) is not before[name] and name != "_"]
    now.update(before)
    observed.stop()
    sys.settrace(None)
    sys.setprofile(None)
    sys.setrecursionlimit(10_000)
    signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals() - {TRACEBACK_SIGNAL})
    processes.lift_memory_limit()
    return replaced


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(BaseException):
            stream.flush()


def _hand_in(report: bytes, number: int, parent: int) -> None:
    """Into the pipe; when the file has closed it, into the parent's end of it."""
    data = memoryview(struct.pack(">I", len(report)) + report)
    try:
        own = os.readlink(f"/proc/self/fd/{number}")
    except OSError:
        own = ""
    if own != os.readlink(f"/proc/{parent}/fd/{number}"):
        number = os.open(f"/proc/{parent}/fd/{number}", os.O_WRONLY)
    while data:
        data = data[write(number, data) :]
