"""What a person sees in the terminal of a running daemon: one line when it is ready, one for each run that ends,
each DAG file that breaks or is mended.

Lines fit 80 columns. Colour only on a terminal, and not when ``NO_COLOR`` is set.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from queuack import __version__, clock
from queuack.engine.effects import DagRow, ImportErrorRows, RunRow, Write
from queuack.home import Home

if TYPE_CHECKING:
    from queuack.daemon.daemon import Daemon

COLOURS = {"success": "32", "failed": "31", "running": "34", "warning": "33", "dim": "2"}


def short_duration(microseconds: int) -> str:
    """``412 ms``, ``3.1 s``, ``18 min``, ``2.5 h``."""
    seconds = microseconds / clock.SECOND
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    if seconds < 3600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


class Console:
    def __init__(self, home: Home, *, standalone: bool, stream: TextIO | None = None) -> None:
        self._home = home
        self._standalone = standalone
        self._stream = stream or sys.stdout
        self._colour = self._stream.isatty() and "NO_COLOR" not in os.environ
        self._known: set[str] = set()
        self._broken: set[str] = set()

    def install_logging(self) -> None:
        """Send what the daemon's modules log to stderr, one short line each."""
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(asctime)s  %(levelname)-7s  %(message)s", "%H:%M:%S"))
        root = logging.getLogger("queuack")
        root.addHandler(handler)
        root.setLevel(logging.INFO)
        root.propagate = False

    def paint(self, text: str, colour: str) -> str:
        return f"\x1b[{COLOURS[colour]}m{text}\x1b[0m" if self._colour and colour in COLOURS else text

    def line(self, text: str) -> None:
        self._stream.write(text + "\n")
        self._stream.flush()

    def ready(self, daemon: Daemon) -> None:
        """The daemon answers on its socket."""
        self.line(f"Queuack {__version__} is running in {self._home.root} (pid {os.getpid()}).")
        if self._standalone:
            self.line("Put DAG files in dags/; see them with `queuack dags list`. Ctrl-C stops.")

    def listening(self, url: str, secret: str) -> None:
        """The API answers at ``url``; ``secret`` logs in once."""
        self.line(f"Open {url}/login?token={secret} (good for one login).")

    def committed(self, writes: Sequence[Write]) -> None:
        """Tell of what became durable: DAGs seen for the first time, files that broke or were mended, ended runs."""
        broken = len(self._broken)
        for write in writes:
            if isinstance(write, RunRow) and write.state in ("success", "failed"):
                self._run_ended(write)
            elif isinstance(write, ImportErrorRows):
                self._import_errors(write)
            elif isinstance(write, DagRow) and self._standalone and write.dag_id not in self._known:
                self._known.add(write.dag_id)
                schedule = write.timetable_summary
                self._event("dag", f"{write.dag_id}  ({schedule})" if schedule else write.dag_id)
        if len(self._broken) > broken:
            files = "1 file" if len(self._broken) == 1 else f"{len(self._broken)} files"
            self._event("warning", f"{files} cannot be imported: queuack dags list-import-errors")

    def _import_errors(self, write: ImportErrorRows) -> None:
        """The log has said in a line what is wrong; when it is mended, nobody else says so."""
        if write.errors:
            self._broken.add(write.relative_fileloc)
        elif write.relative_fileloc in self._broken:
            self._broken.discard(write.relative_fileloc)
            self._event("mended", f"{write.relative_fileloc} can be imported")

    def _run_ended(self, run: RunRow) -> None:
        took = short_duration((run.end_date or 0) - (run.start_date or run.end_date or 0))
        self._event(run.state, f"{run.dag_id}  {run.run_id}  {took}")

    def _event(self, word: str, text: str) -> None:
        self.line(f"{self.paint(time.strftime('%H:%M:%S'), 'dim')}  {self.paint(f'{word:<7}', word)}  {text}")

    def stopped(self) -> None:
        self.line("Stopped.")
