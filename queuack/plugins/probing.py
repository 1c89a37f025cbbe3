"""Trying plugins in a process of their own, so that one that hangs or crashes harms nobody.

Decides which plugins are left out: those during whose import the process did not come back in time
(``[core] plugin_timeout``) or ended. An ordinary exception is no reason, it harms nobody. The verdict is kept in the
``run`` folder while the plugins stay as they are, so that it is found out once and not by every process.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import fcntl
import os
import re
import select
import signal
import time
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import msgspec

from queuack import compat, config
from queuack.home import Home
from queuack.plugins.describing import describe, hooks_of
from queuack.plugins.loading import Loaded, load_into
from queuack.plugins.sources import Source, folders, sources, state_of
from queuack.processes import describe_exit

_PR_SET_PDEATHSIG = 1
_GRACE = 0.5
"""Seconds beyond the limit, in which the child says where it is."""
_DUMPED = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+) in ')


class Verdict(msgspec.Struct):
    """What trying the plugins has shown."""

    state: str = ""
    """Of the sources it is about; "" = there are none."""
    bad: dict[str, str] = {}
    """Source → why it must not be loaded."""
    errors: dict[str, str] = {}
    """Source → the exception it ended with."""
    hooks: list[str] = []
    """Names of the listener hooks that some plugin implements, sorted."""
    rows: list[dict[str, Any]] = []
    """One for each plugin, as ``queuack plugins`` shows them."""


class _Note(msgspec.Struct):
    """A line from the child: it begins with a source, or it is done."""

    begin: str | None = None
    """None: it is past the last."""
    done: Verdict | None = None


_encoder = msgspec.json.Encoder()
_notes = msgspec.json.Decoder(_Note)


def verdict_on(home: Home, found: list[Source] | None = None, *, anew: bool = False) -> Verdict:
    """The verdict on the plugins as they are now; they are tried when nobody has done so, or ``anew``.

    Of several processes that ask at once one tries and the others wait.
    """
    found = sources(home) if found is None else found
    state = state_of(found)
    if not state:
        _file(home).unlink(missing_ok=True)
        return Verdict()
    if not anew and (known := last_verdict(home)).state == state:
        return known
    with _lock(home):
        if not anew and (known := last_verdict(home)).state == state:
            return known
        verdict = _try_all(home, found)
        verdict.state = state
        _write(home, verdict)
        return verdict


def last_verdict(home: Home) -> Verdict:
    """The one that was kept; it may be about plugins that have changed since."""
    try:
        return msgspec.json.decode(_file(home).read_bytes(), type=Verdict)
    except (OSError, msgspec.MsgspecError):
        return Verdict()


def stamp(home: Home) -> tuple[int, int] | None:
    """Changes whenever a verdict is written, so when plugins have changed and a parser watches; None: there is none."""
    try:
        status = _file(home).stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino


def _file(home: Home) -> Path:
    return home.run / "plugins.json"


def _write(home: Home, verdict: Verdict) -> None:
    draft = _file(home).with_suffix(f".{os.getpid()}")
    with contextlib.suppress(OSError):  # no run folder: nobody else to tell
        draft.write_bytes(_encoder.encode(verdict))
        draft.replace(_file(home))


@contextlib.contextmanager
def _lock(home: Home) -> Iterator[None]:
    try:
        number = os.open(home.run / "plugins.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        yield
        return
    try:
        fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        os.close(number)


# ── the process that tries ───────────────────────────────────────────────────────────────────────────
def _try_all(home: Home, found: list[Source]) -> Verdict:
    """A child for all of them, and another one without those that it did not survive."""
    bad: dict[str, str] = {}
    while True:
        verdict, guilty, problem = _try(home, [source for source in found if source.name not in bad])
        if verdict is not None:
            verdict.bad = bad
            return verdict
        if guilty is None:  # before the first plugin, or after the last: none of them can be blamed
            return Verdict(bad=bad, errors={"plugins": problem})  # and all may be loaded
        bad[guilty] = problem


def _try(home: Home, found: list[Source]) -> tuple[Verdict | None, str | None, str]:
    """(verdict, None, "") or (None, the source at which it ended, how)."""
    limit = config.get_float("core", "plugin_timeout")
    notes, notes_in = os.pipe()
    crash = os.memfd_create("crash")
    parent = os.getpid()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # a fork beside threads: it touches nothing of theirs
        pid = os.fork()
    if pid == 0:
        _child(home, found, notes_in, crash, parent, limit)
    os.close(notes_in)
    at: str | None = None
    try:
        for note in _read(notes, limit + _GRACE):
            if note is None:
                where = _line(home, crash)
                return None, at, f"It took longer than {limit:g} s to import{where}: [core] plugin_timeout."
            if note.done is not None:
                return note.done, None, ""
            at = note.begin
        _, status = os.waitpid(pid, 0)
        return None, at, f"The process that imported it {describe_exit(status)}{_line(home, crash)}."
    finally:
        with contextlib.suppress(OSError):
            os.killpg(pid, signal.SIGKILL)
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)
        os.close(notes)
        os.close(crash)


def _read(notes: int, limit: float) -> Iterator[_Note | None]:
    """The child's notes; None when the next does not come in ``limit`` seconds."""
    pending = b""
    poll = select.poll()
    poll.register(notes, select.POLLIN)
    deadline = time.monotonic() + limit
    while True:
        if not poll.poll(max(0, int((deadline - time.monotonic()) * 1000))):
            yield None
        data = os.read(notes, 65536)
        if not data:
            return
        *lines, pending = (pending + data).split(b"\n")
        for line in lines:
            yield _notes.decode(line)
            deadline = time.monotonic() + limit


def _line(home: Home, crash: int) -> str:
    """Where it was, if it says so and that is in a plugin."""
    os.lseek(crash, 0, os.SEEK_SET)
    folder = folders(home)[1] + os.sep
    for found in _DUMPED.finditer(os.read(crash, 1 << 20).decode(errors="replace")):
        if found["file"].startswith(folder):
            return f" (line {found['line']} of {found['file'].removeprefix(folder)})"
    return ""


def _child(home: Home, found: list[Source], notes: int, crash: int, parent: int, limit: float) -> NoReturn:
    try:
        os.setsid()
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
        _shed(notes, crash)
        faulthandler.enable(crash, all_threads=False)
        compat.install()

        def begin(source: Source) -> None:
            os.write(notes, _encoder.encode(_Note(begin=source.name)) + b"\n")
            faulthandler.dump_traceback_later(limit, file=crash)

        loaded = Loaded()
        load_into(loaded, home, found, begin)
        faulthandler.cancel_dump_traceback_later()
        os.write(notes, _encoder.encode(_Note()) + b"\n")
        plugins = [known.plugin for known in loaded.plugins]
        verdict = Verdict(
            errors={error.file: error.message for error in loaded.errors},
            hooks=sorted({name for plugin in plugins for name in hooks_of(plugin)}),
            rows=[describe(plugin) for plugin in plugins],
        )
        data = memoryview(_encoder.encode(_Note(done=verdict)) + b"\n")
        while data:
            data = data[os.write(notes, data) :]
        os._exit(0)
    except BaseException:
        os.write(crash, traceback.format_exc().encode(errors="replace"))
    finally:
        os._exit(70)


def _shed(*kept: int) -> None:
    """Nothing of the parent stays open; what plugins print goes nowhere (they print it again where they are used)."""
    for each in signal.valid_signals():
        with contextlib.suppress(OSError, ValueError, TypeError):
            if callable(signal.getsignal(each)):
                signal.signal(each, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) not in kept:
            with contextlib.suppress(OSError):
                os.close(int(name))
