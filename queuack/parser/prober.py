"""The prober: a child process that has the plugins tried, so that the parser need not wait for one that hangs.

Decides nothing: the verdict is ``queuack.plugins``' and lies in the ``run`` folder when the child has ended.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
from collections.abc import Callable
from typing import NoReturn

from queuack import config, plugins
from queuack.config import Config
from queuack.home import Home
from queuack.parser import processes
from queuack.plugins import Verdict


class Prober:
    """Registers its child in the owner's selector. ``on_verdict`` is called once for each ``start``."""

    def __init__(
        self, selector: selectors.BaseSelector, home: Home, settings: Config, on_verdict: Callable[[Verdict], None]
    ) -> None:
        self._selector = selector
        self._home = home
        self._settings = settings
        self._on_verdict = on_verdict
        self._pid = 0
        self._pidfd = -1

    @property
    def is_busy(self) -> bool:
        return bool(self._pid)

    @property
    def pids(self) -> list[int]:
        return [self._pid] if self._pid else []

    def start(self, *, anew: bool) -> None:
        """Find the verdict on the plugins as they are. ``anew``: try again those that were left out."""
        self.close()
        found = plugins.sources(self._home)
        known = plugins.last_verdict(self._home)
        state = plugins.state_of(found)
        if not state:
            self._on_verdict(plugins.verdict_on(self._home, found))
            return
        if known.state == state and not (anew and known.bad):
            self._on_verdict(known)
            return
        parent = os.getpid()
        self._pid = os.fork()
        if self._pid == 0:
            _probe(self._home, self._settings, parent, anew)
        self._pidfd = os.pidfd_open(self._pid)
        self._selector.register(self._pidfd, selectors.EVENT_READ, self._ended)

    def _ended(self) -> None:
        self.close()
        self._on_verdict(plugins.last_verdict(self._home))

    def close(self) -> None:
        """End the child, if there is one; no verdict is told."""
        if not self._pid:
            return
        self._selector.unregister(self._pidfd)
        os.close(self._pidfd)
        processes.kill_tree(self._pid)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._pid, 0)
        self._pid, self._pidfd = 0, -1


def _probe(home: Home, settings: Config, parent: int, anew: bool) -> NoReturn:
    try:
        os.setsid()
        processes.die_with(parent)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        config.configure(settings)
        plugins.verdict_on(home, anew=anew)
    finally:
        os._exit(0)
