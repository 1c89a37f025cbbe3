"""The order in which files are parsed: what somebody waits for first, each file once, none too often.

Decides from the queue alone; the clock is an argument (seconds, monotonic).
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable

from queuack.parser.files import DagFile

BURST = 25
"""So often may one file be parsed within ``BURST_SECONDS``; a file that rewrites itself has to wait then."""
BURST_SECONDS = 10.0


class Agenda:
    """Files waiting to be parsed, and those to be looked at again at a later time."""

    def __init__(self) -> None:
        self._urgent: dict[str, DagFile] = {}
        self._patient: dict[str, DagFile] = {}
        self._later: dict[str, tuple[float, DagFile]] = {}
        self._running: set[str] = set()
        self._begun: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=BURST))

    def add(self, files: Iterable[DagFile], *, urgent: bool) -> None:
        """``urgent``: before those that are there already."""
        for file in files:
            name = file.relative_fileloc
            self._later.pop(name, None)
            if urgent:
                self._patient.pop(name, None)
                self._urgent[name] = file
            elif name not in self._urgent:
                self._patient[name] = file

    def add_later(self, file: DagFile, due: float) -> None:
        self._later[file.relative_fileloc] = (due, file)

    def drop(self, name: str) -> None:
        for waiting in (self._urgent, self._patient, self._later):
            waiting.pop(name, None)
        self._begun.pop(name, None)

    def next(self, now: float) -> DagFile | None:
        """Take the file to parse now; it counts as running until ``done``."""
        for due, file in list(self._later.values()):
            if due <= now:
                self.add([file], urgent=False)
        for waiting in (self._urgent, self._patient):
            for name, file in waiting.items():
                if name in self._running:
                    continue
                del waiting[name]
                begun = self._begun[name]
                if len(begun) == BURST and now - begun[0] < BURST_SECONDS:
                    self._later[name] = (begun[0] + BURST_SECONDS, file)
                    return self.next(now)
                begun.append(now)
                self._running.add(name)
                return file
        return None

    def done(self, name: str) -> None:
        self._running.discard(name)

    def next_due(self) -> float | None:
        """When something put off becomes due."""
        return min((due for due, _ in self._later.values()), default=None)

    @property
    def is_empty(self) -> bool:
        """Nothing waits for its turn."""
        return not self._urgent and not self._patient
