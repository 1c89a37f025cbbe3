"""Instances of mapped tasks in the tables, and the lengths that they come from."""

from __future__ import annotations

from pathlib import Path

from queuack.engine import effects as fx
from queuack.store.database import Database
from queuack.store.queries import instances
from queuack.store.snapshot import load_snapshot
from queuack.store.writer import Writer
from tests.store import sample as make


def expanded(ti_id: int, first_id: int, count: int, first_index: int = 1) -> fx.InstancesExpanded:
    return fx.InstancesExpanded(
        ti_id=ti_id, first_id=first_id, count=count, first_index=first_index, max_tries=5, at=make.NOW
    )


def length(task_id: str, map_index: int, value: int | None) -> fx.TaskMapRow:
    return fx.TaskMapRow(run_key=1, dag_id="d", run_id="r1", task_id=task_id, map_index=map_index, length=value)


def rows(database: Database) -> dict[tuple[str, int], instances.Row]:
    with database.reader() as reader:
        found = instances.list_instances(reader, "d", "r1")
    return {(row["task_id"], row["map_index"]): row for row in found}


def test_the_first_instance_lends_the_others_everything(database: Database, writer: Writer) -> None:
    writer.commit([make.dag(), make.version(), make.run(1), make.instances(1, 1, 2)])
    writer.commit([expanded(2, 100, 3), make.instance(101, "running", start_date=make.NOW, end_date=None)])
    found = rows(database)
    assert sorted(found) == [("t0", -1), ("t1", 0), ("t1", 1), ("t1", 2), ("t1", 3)]
    assert [found["t1", k]["id"] for k in range(4)] == [2, 100, 101, 102]
    assert [found["t1", k]["state"] for k in range(4)] == [None, None, "running", None]
    assert (found["t1", 1]["max_tries"], found["t1", 1]["try_number"]) == (5, 0)
    same = (
        "dag_run_id",
        "dag_version_id",
        "pool",
        "pool_slots",
        "queue",
        "priority_weight",
        "operator",
        "operator_name",
    )
    assert all(found["t1", 3][name] == found["t1", 0][name] for name in same)
    with database.reader() as reader:
        assert instances.last_map_index(reader, "d", "r1", "t1") == 3
        assert instances.last_map_index(reader, "d", "r1", "t0") is None
        assert instances.last_map_index(reader, "d", "r1", "ghost") is None
        assert instances.last_map_index(reader, "d", "ghost", "t1") is None


def test_a_run_and_its_expansions_in_one_commit(database: Database, writer: Writer) -> None:
    first = [make.dag(), make.version(), make.run(1), make.instances(1, 1, 2), expanded(1, 3, 1), expanded(2, 4, 2)]
    again = [make.instances(1, 10, 2, replaces=True), expanded(10, 12, 1), expanded(10, 13, 2, first_index=2)]
    writer.commit(first + again)
    assert sorted(rows(database)) == [("t0", 0), ("t0", 1), ("t0", 2), ("t0", 3), ("t1", -1)]


def test_an_expansion_waits_in_the_journal(path: Path) -> None:
    with Database.open(path) as database:
        writer = Writer(database)
        writer.commit([make.dag(), make.version(), make.run(1), make.instances(1, 1, 1)], fold=True)
        writer.commit([expanded(1, 2, 2), make.instance(3, "running"), length("t0", 0, 1)])
        assert writer.waiting == 3
        assert list(rows(database)) == [("t0", -1)]
    with Database.open(path) as database:
        assert Writer(database).waiting == 0
        assert {place: row["state"] for place, row in rows(database).items()} == {
            ("t0", 0): None, ("t0", 1): None, ("t0", 2): "running",
        }  # fmt: skip
        (run,) = load_snapshot(database).runs
        assert [(one.task_id, one.map_index, one.state) for one in run.instances] == [
            ("t0", 0, None), ("t0", 1, None), ("t0", 2, "running"),
        ]  # fmt: skip
        assert run.lengths == [("t0", 0, 1)]


def test_lengths_are_replaced_and_taken_back(database: Database, writer: Writer) -> None:
    writer.commit([make.dag(), make.version(), make.run(1), length("a", -1, 3), length("m", 0, 1), length("m", 1, 1)])
    writer.commit([length("a", -1, 5), length("m", 1, None)])
    (run,) = load_snapshot(database).runs
    assert run.lengths == [("a", -1, 5), ("m", 0, 1)]
    writer.commit([fx.DagDeleted(dag_id="d")])
    assert database.run("snapshot_lengths", {"run_key": [1]}) == []


def test_the_name_of_an_instance(database: Database, writer: Writer) -> None:
    writer.commit([make.dag(), make.version(), make.run(1), make.instances(1, 1, 1)])
    writer.commit([make.instance(1), fx.RenderedMapIndexRow(id=1, rendered_map_index="the first")])
    assert rows(database)["t0", -1]["rendered_map_index"] == "the first"
