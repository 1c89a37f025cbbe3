"""The writer against a model: any sequence of batches leaves the last value of every key, whatever was grouped."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from queuack.engine import effects as fx
from queuack.store.database import Database
from queuack.store.writer import Writer
from tests.store import sample as make

IDS = st.integers(1, 4)
TASKS = st.sampled_from(["t0", "t1"])
KEYS = st.sampled_from(["k", "l"])
RUNS = st.integers(1, 3)
VALUES = st.integers(0, 99).map(lambda number: str(number).encode())
STATES = st.sampled_from([None, "queued", "running", "success"])

WRITES = st.one_of(
    st.builds(make.instance, IDS, STATES, try_number=st.integers(0, 3)),
    st.builds(make.run, RUNS, state=st.sampled_from(["queued", "running", "success"]), end_date=st.none() | st.just(5)),
    st.builds(make.xcom, RUNS, TASKS, KEYS, VALUES),
    st.builds(make.cleared, RUNS, TASKS, st.none() | KEYS),
    st.builds(lambda key, val: fx.VariableRow(key=key, val=val), KEYS, st.text(max_size=3)),
    st.builds(lambda key: fx.VariableDeleted(key=key), KEYS),
)


@dataclass
class Model:
    """What the tables should hold, one dict a table."""

    instances: dict[int, tuple[Any, ...]] = field(default_factory=lambda: dict.fromkeys(range(1, 5), (None, 0)))
    runs: dict[int, str] = field(default_factory=dict)
    xcoms: dict[tuple[str, str, str], bytes] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)

    def apply(self, write: fx.Write) -> None:
        match write:
            case fx.InstanceRow():
                self.instances[write.id] = (write.state, write.try_number)
            case fx.RunRow():
                self.runs[write.id] = write.state
            case fx.XComRow() if int(write.run_id[1:]) in self.runs:
                self.xcoms[write.run_id, write.task_id, write.key] = write.value
            case fx.XComsCleared():
                for place in list(self.xcoms):
                    if place[:2] == (write.run_id, write.task_id) and write.key in (None, place[2]):
                        del self.xcoms[place]
            case fx.VariableRow():
                self.variables[write.key] = write.val
            case fx.VariableDeleted():
                self.variables.pop(write.key, None)


def stored(database: Database) -> Model:
    with database.reader() as reader:

        def rows(query: str) -> list[tuple[Any, ...]]:
            return list(reader.execute(query).fetchall())

        instances = {id: tuple(rest) for id, *rest in rows("SELECT id, state, try_number FROM task_instance")}
        xcoms = rows("SELECT run_id, task_id, key, value FROM xcom")
        variables = rows("SELECT key, val FROM variable")
        runs = rows("SELECT id, state FROM dag_run")
    assert len({row[:3] for row in xcoms}) == len(xcoms)
    assert len(dict(variables)) == len(variables)
    assert len(dict(runs)) == len(runs)
    return Model(instances, dict(runs), {row[:3]: row[3].encode() for row in xcoms}, dict(variables))


def in_order(batches: list[list[fx.Write]]) -> list[list[fx.Write]]:
    """Runs get their ids in the order in which they appear, as from the engine."""
    numbers: dict[int, int] = {}
    for batch in batches:
        for write in batch:
            if isinstance(write, fx.RunRow):
                write.id = numbers.setdefault(write.id, len(numbers) + 1)
                write.run_id = f"r{write.id}"
    return batches


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.lists(WRITES, max_size=8), max_size=6).map(in_order), st.booleans(), st.lists(st.booleans(), min_size=6)
)
def test_any_batches_leave_the_last_value_of_every_key(
    batches: list[list[fx.Write]], restart: bool, folds: list[bool]
) -> None:
    with Database.open() as database:
        writer, model = Writer(database), Model()
        writer.commit([make.instances(99, 1, 4)])
        for batch, fold in zip(batches, folds, strict=False):
            writer.commit(batch, fold=fold)
            for write in sorted(batch, key=lambda write: not isinstance(write, fx.RunRow)):
                model.apply(write)
            if restart:
                writer = Writer(database)
        writer.commit((), fold=True)
        assert stored(database) == model
