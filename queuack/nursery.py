"""The nursery: a warm, single-threaded process that forks workers and parsers for the daemon on request.

It decides nothing: it forks when told, reaps what ends and reports it. It imports once what its children need, so a
child is ready within milliseconds and shares that memory. It must never start a thread, import user code or touch the
database.

Over the one inherited socket (``--fd``), JSON lines:

* daemon → nursery: Fork; SignalChild
* nursery → daemon: Ready once; Forked; ForkFailed; Exited (``status`` as ``waitpid`` gives it)

When the daemon is gone (end of file), the parser and the API are killed, workers are left alone (they outlive the
daemon), and the nursery leaves.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import os
import select
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from queuack.errors import QueuackError
from queuack.processes import set_name
from queuack.protocol import Exited, Fork, Forked, ForkFailed, NurseryReady, NurseryReport, NurseryRequest, SignalChild

WARM_MODULES = (
    "queuack.authoring.context",
    "queuack.authoring.dagfile",
    "queuack.authoring.execution",
    "queuack.authoring.templating",
    "queuack.operators",
    "queuack.compat",
    "queuack.worker.main",
    "queuack.parser.main",
    "jinja2",
    "pendulum",
)
"""Imported before the first fork."""


_encoder = msgspec.json.Encoder()
_requests = msgspec.json.Decoder(NurseryRequest)


class Nursery:
    """Its loop and its children."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._children: dict[int, Fork] = {}
        self._wake_read, self._wake_write = os.pipe()
        for fd in (self._wake_read, self._wake_write):
            os.set_blocking(fd, False)

    def run(self) -> Callable[[], None]:
        """Serve until the daemon is gone. Returns in each child too: what the returned function does is its life."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake_write)
        self._report(NurseryReady(os.getpid()))
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        poll.register(self._wake_read, select.POLLIN)
        pending = b""
        while True:
            ready = {fd for fd, _ in poll.poll()}
            if self._wake_read in ready:
                os.read(self._wake_read, 4096)
                self._reap()
            if self._control.fileno() not in ready:
                continue
            data = self._receive()
            if not data:
                return self._abandoned
            *lines, pending = (pending + data).split(b"\n")
            for line in lines:
                life = self._obey(_requests.decode(line))
                if life is not None:
                    return life

    def _receive(self) -> bytes:
        try:
            return self._control.recv(65536)
        except ConnectionError:
            return b""

    def _obey(self, request: NurseryRequest) -> Callable[[], None] | None:
        if isinstance(request, SignalChild):
            if request.pid in self._children:
                os.kill(request.pid, request.signal)
            return None
        try:
            pid = os.fork()
        except OSError as error:
            self._report(ForkFailed(request.name, str(error)))
            return None
        if pid == 0:
            self._leave_parent_behind()
            return lambda: live(request)
        self._children[pid] = request
        self._report(Forked(request.name, pid))
        return None

    def _leave_parent_behind(self) -> None:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        self._control.close()
        os.close(self._wake_read)
        os.close(self._wake_write)
        os.setsid()

    def _reap(self) -> None:
        while self._children:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            child = self._children.pop(pid, None)
            if child is not None:
                self._report(Exited(child.name, pid, status))

    def _report(self, report: NurseryReport) -> None:
        try:
            self._control.sendall(_encoder.encode(report) + b"\n")
        except OSError:
            pass  # The daemon is gone; the next read says so.

    def _abandoned(self) -> None:
        for pid, child in self._children.items():
            if child.role in ("parser", "api_server"):
                os.kill(pid, signal.SIGKILL)


def live(request: Fork) -> None:
    """The life of a child: its environment, then its main function."""
    for variable, value in request.environ.items():
        if value is None:
            os.environ.pop(variable, None)
        else:
            os.environ[variable] = value
    if request.environ:
        importlib.import_module("queuack.config").configure(None)
    set_name(f"queuack-{request.role}")
    home = importlib.import_module("queuack.home").Home(Path(request.home))
    importlib.import_module(f"queuack.{request.role}.main").run(home, request.name)


def warm_up() -> None:
    """Import what children need and put it where the garbage collector does not copy it."""
    for name in WARM_MODULES:
        try:
            importlib.import_module(name)
        except ImportError as error:
            # The child that needs it meets the same error and reports it; the others can do without.
            sys.stderr.write(f"queuack.nursery: {name} cannot be imported: {error}\n")
    gc.collect()
    gc.freeze()


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the daemon decides.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # blocked by who started this process
    arguments = argparse.ArgumentParser(prog="python -m queuack.nursery", description=__doc__)
    arguments.add_argument("--fd", type=int, required=True, help="the inherited socket to the daemon")
    control = socket.socket(fileno=arguments.parse_args().fd)
    control.set_inheritable(False)
    set_name("queuack-nursery")
    warm_up()
    life = Nursery(control).run()
    try:
        life()
    except QueuackError as error:
        sys.exit(f"{error.message}")
    finally:
        sys.stdout.flush()


if __name__ == "__main__":
    main()
