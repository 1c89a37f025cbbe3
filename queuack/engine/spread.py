"""Spread: which instances a run has of its mapped tasks, and how long what they are mapped over is.

It keeps and counts. When a task is expanded ``expansion`` decides; what an instance looks at, ``relevance``.
https://airflow.apache.org/docs/apache-airflow/stable/authoring-and-scheduling/dynamic-task-mapping.html
"""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import TYPE_CHECKING

from queuack.engine import states
from queuack.engine.spec import Expansion, MapInput

if TYPE_CHECKING:
    from queuack.engine.mapping import Mapping
    from queuack.engine.run import Run
    from queuack.engine.world import Work


class Spread:
    """Of one run whose plan has mapped tasks. Tasks by index, instances by position."""

    __slots__ = (
        "counts",
        "expanded_to",
        "lengths",
        "looks",
        "mapping",
        "overdue",
        "positions",
        "returned",
        "run",
        "tally",
    )

    def __init__(self, run: Run, mapping: Mapping) -> None:
        self.run = run
        self.mapping = mapping
        self.positions: dict[int, list[int]] = {}
        """Expanded task → positions of its instances, by map index."""
        self.tally: dict[int, list[int]] = {}
        """Expanded task → its instances by state."""
        self.expanded_to: dict[int, int] = {}
        """Expanded task → how many instances it was found to need when it was last looked at; -1: look again."""
        self.overdue: dict[int, set[int]] = {}
        """Task → instances whose retry or next look has come, and waits for something upstream that runs again."""
        self.looks: dict[int, Work] = {}
        """Expanded task → the last work that all its instances are part of."""
        self.lengths: dict[int, int] = {}
        """Task → the length of what it returned."""
        self.returned: dict[int, set[int]] = {}
        """Mapped task → map indexes of the instances that returned something."""
        self.counts: dict[int | str, int | None] = {}
        """Task or group → number of instances, as far as it was asked for; forgotten when something changes."""

    # ── counting ─────────────────────────────────────────────────────────────────────────────────
    def count_of(self, task: int) -> int | None:
        """How many instances the task has to have; None = cannot be told yet."""
        return self._count(task, self.mapping.expansions[task])

    def count_of_group(self, group_id: str) -> int | None:
        """How many times a mapped group is there, those around it counted in."""
        return self._count(group_id, self.mapping.group_expansions[group_id])

    def _count(self, key: int | str, expansions: Iterable[Expansion]) -> int | None:
        if key not in self.counts:
            lengths = [self._length(one) for expansion in expansions for one in expansion.inputs or _NOTHING]
            self.counts[key] = None if None in lengths else prod(lengths)  # type: ignore[arg-type]
        return self.counts[key]

    def _length(self, one: MapInput) -> int | None:
        if one.kind == "literal":
            return one.length
        if one.kind == "xcom":
            return self._length_of_xcom(self.run.plan.index[one.task_id])
        lengths = [length for part in one.parts if (length := self._length(part)) is not None]
        if len(lengths) != len(one.parts):
            return None
        if one.kind == "concat":
            return sum(lengths)
        return max(lengths) if one.fill else min(lengths)

    def _length_of_xcom(self, task: int) -> int | None:
        if not self.mapping.is_mapped(task):
            return self.lengths.get(task)
        if self.unfinished(task):
            return None
        return len(self.returned.get(task, ()))

    def unfinished(self, task: int) -> int:
        """How many instances of a task have not reached a finished state."""
        tally = self.tally.get(task)
        if tally is None:
            state = self.run.states[task]
            return 0 if states.IS_FINISHED[state] or state == states.ABSENT else 1
        return len(self.positions[task]) - sum(tally[state] for state in states.FINISHED)

    def has_look(self, task: int, epoch: int) -> bool:
        """Whether all instances of a task are left to be looked at already, and nobody has begun."""
        look = self.looks.get(task)
        return look is not None and look.at == 0 and look.epoch == epoch

    # ── changing ─────────────────────────────────────────────────────────────────────────────────
    def moved(self, task: int, before: int, after: int) -> None:
        """An instance of ``task`` changed its state."""
        tally = self.tally.get(task)
        if tally is not None:
            tally[before] -= 1
            tally[after] += 1
        if task in self.mapping.readers:
            self.counts.clear()

    def take_length(self, task: int, map_index: int, length: int) -> None:
        """An instance returned something that long."""
        if map_index < 0:
            self.lengths[task] = length
        else:
            self.returned.setdefault(task, set()).add(map_index)
        self.counts.clear()

    def drop_length(self, task: int, map_index: int) -> bool:
        """What an instance of a mapped task returned is gone: it runs again. Returns whether there was anything."""
        returned = self.returned.get(task)
        if returned is None or map_index not in returned:
            return False
        returned.discard(map_index)
        self.counts.clear()
        return True

    def add(self, task: int, positions: Iterable[int]) -> None:
        """The task has these instances besides those it had; all without state."""
        found = self.positions.setdefault(task, [])
        tally = self.tally.setdefault(task, [0] * len(states.NAMES))
        before = len(found)
        found.extend(positions)
        tally[states.NONE] += len(found) - before
        self.counts.clear()


_NOTHING = (MapInput(kind="literal"),)
"""``expand()`` without anything to expand over makes no instances."""
