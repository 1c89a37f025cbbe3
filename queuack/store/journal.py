"""The journal: task instances change far more often than anyone looks, so their changes are made durable first, in one
narrow row a commit, and folded into their wide tables later, many at a time.

Decides which writes may wait and how they are kept; the writer decides when they are folded. See ADR 0006.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from queuack.engine import effects as fx
from queuack.store.batch import Batch, Place, TaskPlace
from queuack.store.database import Database

Waiting = (
    fx.InstancesExpanded
    | fx.TaskMapRow
    | fx.RenderedMapIndexRow
    | fx.InstanceRow
    | fx.InstanceHistoryRow
    | fx.RetryOverrideRow
    | fx.RescheduleRow
    | fx.DeferralRow
    | fx.TriggerRow
    | fx.TriggerDeleted
    | fx.LogRow
    | fx.XComRow
    | fx.XComsCleared
    | fx.RenderedFieldsRow
)
"""Writes that may wait: what happens once or more for every attempt."""

MAY_WAIT = frozenset(
    {
        fx.InstancesExpanded,
        fx.TaskMapRow,
        fx.RenderedMapIndexRow,
        fx.InstanceRow,
        fx.InstanceHistoryRow,
        fx.RetryOverrideRow,
        fx.RescheduleRow,
        fx.DeferralRow,
        fx.TriggerRow,
        fx.TriggerDeleted,
        fx.LogRow,
        fx.XComRow,
        fx.XComsCleared,
        fx.RenderedFieldsRow,
    }
)

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[Waiting])


class Journal:
    """Writes that are durable and not yet in their tables. For the writer's thread; ``xcom`` for any."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seq = 0
        self.writes: list[fx.Write] = []
        self._batch = Batch()
        for seq, body in database.run("read_journal"):
            self._seq = seq
            self._remember(_decoder.decode(body))

    def __bool__(self) -> bool:
        return bool(self.writes)

    def append(self, writes: Sequence[fx.Write]) -> None:
        """Make ``writes`` durable. Raises as ``Database.transaction``; then nothing has been kept."""
        with self._database.transaction():
            self._database.run("journal_writes", {"seq": self._seq + 1, "writes": _encoder.encode(list(writes))})
        self._seq += 1
        self._remember(writes)

    def empty(self) -> None:
        """Delete the rows: part of the transaction that writes what they say into the tables."""
        self._database.run("empty_journal")

    def forget(self) -> None:
        """That transaction is committed."""
        self.writes = []
        self._batch = Batch()

    def _remember(self, writes: Iterable[fx.Write]) -> None:
        for write in writes:
            self.writes.append(write)
            self._batch.add(write)

    def xcom(self, place: Place, key: str) -> fx.XComRow | bool | None:
        """What the journal says of an XCom: the row, None when it was deleted, False when the tables know."""
        batch = self._batch
        row = batch.xcoms.get(place, {}).get(key)
        if row is not None:
            return row
        return None if place in batch.cleared_places or (place, key) in batch.cleared_keys else False

    def xcoms(self, task: TaskPlace, key: str) -> dict[int, fx.XComRow | None]:
        """What the journal says of the XComs of a task's instances: map index → the row, None when it was deleted."""
        batch = self._batch
        found: dict[int, fx.XComRow | None] = {
            place[3]: None for place in list(batch.cleared_places) if place[:3] == task
        }
        found.update({place[3]: None for place, name in list(batch.cleared_keys) if place[:3] == task and name == key})
        for place, by_key in list(batch.xcoms.items()):
            if place[:3] == task and key in by_key:
                found[place[3]] = by_key[key]
        return found


def may_wait(writes: Iterable[fx.Write]) -> bool:
    """Whether all of ``writes`` may wait in the journal."""
    return all(type(write) in MAY_WAIT for write in writes)
