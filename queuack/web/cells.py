"""What became of tasks in runs, gathered for grids, graphs and charts: from rows of ``task_cells``. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from queuack.web.outline import foremost


@dataclass
class Cell:
    """One task (or group) in one run. Instants in microseconds."""

    counts: dict[str, int] = field(default_factory=dict)
    start: int | None = None
    end: int | None = None
    tries: int = 0
    last_map_index: int = -1
    longest: float | None = None
    """Seconds."""

    @property
    def state(self) -> str:
        return foremost(self.counts)

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def duration(self) -> float | None:
        """Seconds from the first start to the last end, of what has ended."""
        if self.start is None or self.end is None:
            return None
        return max(0, self.end - self.start) / 1e6

    def words(self) -> str:
        """``success``, or for several instances ``7 success, 2 running``."""
        if self.total <= 1:
            return self.state
        return ", ".join(f"{count} {state}" for state, count in self.counts.items())

    def add(self, other: Cell) -> None:
        for state, count in other.counts.items():
            self.counts[state] = self.counts.get(state, 0) + count
        self.start = min((at for at in (self.start, other.start) if at is not None), default=None)
        self.end = max((at for at in (self.end, other.end) if at is not None), default=None)
        self.tries = max(self.tries, other.tries)
        self.last_map_index = max(self.last_map_index, other.last_map_index)
        self.longest = max((length for length in (self.longest, other.longest) if length is not None), default=None)


Cells = dict[int, dict[str, Cell]]
"""Run key → task id → cell."""


def gathered(rows: Iterable[Sequence[Any]]) -> Cells:
    """The rows of ``task_cells`` by run and task."""
    found: Cells = {}
    for run_key, task_id, state, count, start, end, tries, last_map_index, longest in rows:
        cell = Cell({state: count}, start, end, tries or 0, last_map_index, longest)
        of_run = found.setdefault(run_key, {})
        if task_id in of_run:
            of_run[task_id].add(cell)
        else:
            of_run[task_id] = cell
    return found


def together(cells: dict[str, Cell], members: Iterable[str]) -> Cell:
    """One cell for all tasks of a group that are in the run."""
    whole = Cell()
    for task_id in members:
        if task_id in cells:
            whole.add(cells[task_id])
    return whole
