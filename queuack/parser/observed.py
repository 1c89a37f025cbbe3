"""What a DAG file looked at while it was imported, learnt by an audit hook.

Decides which opened files and listed folders make a DAG file worth parsing again when they change, and whether it is
volatile. It must be cheap: the hook sees every audited event of the child. A hook cannot be removed, so it belongs
in children only.
"""

from __future__ import annotations

import os
import sys
from typing import Any

MAX_PATHS = 500
VOLATILE_EVENTS = frozenset({"socket.connect", "subprocess.Popen", "os.system", "os.posix_spawn", "os.exec"})
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_ELSEWHERE = ("/proc/", "/dev/", "/sys/", "/etc/", "/usr/")


class Observed:
    """The record of one import; ``start`` it just before."""

    def __init__(self, skip: str, inside: tuple[str, ...] = ()) -> None:
        """``skip``: the DAG file itself. ``inside``: folders whose files count wherever they lie."""
        self.read: set[str] = set()
        self.written: set[str] = set()
        self.listed: set[str] = set()
        self.volatile = False
        self._watching = False
        self._skip = skip
        package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        folders = {sys.prefix, sys.base_prefix, sys.exec_prefix, package}
        self._inside = tuple(folder.rstrip("/") + "/" for folder in inside)
        self._outside = (*_ELSEWHERE, *(folder.rstrip("/") + "/" for folder in folders))

    def start(self) -> None:
        self._watching = True
        sys.addaudithook(self._hook)

    def stop(self) -> None:
        self._watching = False

    def asked(self) -> None:
        """The file asked the runtime for a value."""
        self.volatile = True

    def files(self) -> list[str]:
        return sorted(self.read - self.written - {self._skip})

    def folders(self) -> list[str]:
        """Without those it wrote into."""
        return sorted(self.listed - {os.path.dirname(path) for path in self.written})

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._watching:
            return
        if event == "open":
            self._opened(*arguments)
        elif event in {"os.listdir", "os.scandir"}:
            self._folder(arguments[0])
        elif event in VOLATILE_EVENTS:
            self.volatile = True

    def _opened(self, path: Any, mode: Any, flags: Any) -> None:
        name = self._path(path)
        if name is None:
            return
        into = self.written if flags & _WRITING else self.read
        if len(into) < MAX_PATHS:
            into.add(name)

    def _folder(self, path: Any) -> None:
        name = self._path(path if path is not None else ".")
        caller = sys._getframe(2).f_code.co_filename  # the import system lists every folder of sys.path
        if name is not None and not caller.startswith("<frozen importlib") and len(self.listed) < MAX_PATHS:
            self.listed.add(name)

    def _path(self, path: Any) -> str | None:
        if isinstance(path, bytes):
            path = os.fsdecode(path)
        if not isinstance(path, str):
            return None
        name = os.path.abspath(path)
        if name.endswith(".pyc") or (name.startswith(self._outside) and not name.startswith(self._inside)):
            return None
        return name
