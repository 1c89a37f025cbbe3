"""What the writer leaves in the tables."""

from __future__ import annotations

from typing import Any

import pytest

from queuack import errors
from queuack.engine import effects as fx
from queuack.engine.spec import DagDocument, TaskDocument, TaskGroupDocument
from queuack.store.database import Database
from queuack.store.queries import dags, import_errors, instances, log, pools, runs, variables, versions, xcoms
from queuack.store.queries.durations import recent_durations
from queuack.store.queries.sql import run_sql
from queuack.store.snapshot import load_snapshot
from queuack.store.writer import Writer
from tests.store import sample as make
from tests.store.sample import NOW, NOW_ISO


def ask(database: Database, question: Any, *arguments: Any, **named: Any) -> Any:
    with database.reader() as reader:
        return question(reader, *arguments, **named)


def test_a_dag_is_inserted_and_replaced_without_its_next_run(database: Database, writer: Writer) -> None:
    next_run = fx.NextRunRow(
        dag_id="d", next_dagrun=NOW, next_dagrun_data_interval_start=NOW, next_dagrun_data_interval_end=NOW + 1,
        next_dagrun_create_after=NOW + 2,
    )  # fmt: skip
    writer.commit([make.dag(), make.dag("e"), next_run])
    writer.commit([make.dag(description="new", tags=("c",), is_paused=True)])
    row = ask(database, dags.get_dag, "d")
    assert (row["description"], row["tags"], row["is_paused"]) == ("new", ["c"], True)
    assert (row["next_dagrun"], row["last_parsed_time"]) == (NOW_ISO, NOW_ISO)
    assert row["next_dagrun_create_after"] == "2023-11-14T22:13:20.000002+00:00"
    assert ask(database, dags.get_dag, "e")["tags"] == ["a", "b"]


def test_versions_keep_document_and_source_byte_for_byte(database: Database, writer: Writer) -> None:
    first, second = make.version(1, source="# one\n'é\x00'"), make.version(2, number=2)
    writer.commit(
        [make.dag(), first, second, fx.DagSourceRow(version_id=2, file_hash="h", source="# 3", updated_at=NOW)]
    )
    assert ask(database, versions.dag_document, "d", 1) == first.document
    assert ask(database, versions.dag_document, "d") == second.document
    assert ask(database, versions.version_source, 1)["source_code"] == first.source
    assert ask(database, versions.version_source, 2)["source_code"] == "# 3"
    assert ask(database, versions.version_source, 2)["fileloc"] == "/dags/a.py"
    assert ask(database, versions.source_by_hash, "h") == "# 3"


def test_instances_of_a_new_run_and_their_first_change_fit_in_one_batch(database: Database, writer: Writer) -> None:
    writer.commit([make.instance(2, "queued"), make.run(1), make.instances(1, 1, 3), make.instance(2, "failed")])
    rows = ask(database, instances.list_instances, "d", "r1")
    assert [(row["id"], row["state"], row["try_number"]) for row in rows] == [
        (1, None, 0),
        (2, "failed", 1),
        (3, None, 0),
    ]
    assert [row["priority_weight"] for row in rows] == [0, 1, 2]
    assert (rows[1]["duration"], rows[0]["duration"]) == (2.5, None)
    assert (rows[1]["operator"], rows[1]["operator_name"]) == ("PythonOperator", "@task")


def test_one_change_and_many_changes_write_the_same(database: Database, writer: Writer) -> None:
    writer.commit([make.run(1), make.instances(1, 1, 3)])
    change = {"retry_at": NOW + 5, "end_date": None, "pid": None, "state": "up_for_retry"}
    writer.commit([make.instance(1, **change)])
    writer.commit([make.instance(2, **change), make.instance(3, **change)])
    rows = ask(database, instances.list_instances, "d", "r1")
    assert {(row["next_try_at"], row["end_date"], row["pid"], row["duration"]) for row in rows} == {
        ("2023-11-14T22:13:20.000005+00:00", None, None, None)
    }


@pytest.mark.parametrize("sizes", [(4, 4), (2, 5), (1,)])
def test_runs_of_equal_and_of_different_plans(database: Database, writer: Writer, sizes: tuple[int, ...]) -> None:
    first, batch = 10, []
    for key, size in enumerate(sizes, 1):
        batch += [make.run(key), make.instances(key, first, size)]
        first += size
    writer.commit(batch)
    expected = [(10 + index, f"t{index}") for index in range(sizes[0])]
    assert [(row["id"], row["task_id"]) for row in ask(database, instances.list_instances, "d", "r1")] == expected
    assert sum(len(ask(database, instances.list_instances, "d", f"r{key}")) for key in range(1, len(sizes) + 1)) == sum(
        sizes
    )


def test_history_takes_the_fixed_columns_from_the_instance(database: Database, writer: Writer) -> None:
    writer.commit([make.run(1), make.instances(1, 1, 1)])
    writer.commit([fx.InstanceHistoryRow(row=make.instance(1, "failed")), make.instance(1, "queued", try_number=2)])
    (old,) = ask(database, instances.list_history, "d", "r1", "t0")
    assert (old["state"], old["try_number"], old["pool"], old["duration"], old["task_id"]) == (
        "failed", 1, "default_pool", 2.5, "t0",
    )  # fmt: skip
    assert ask(database, instances.get_instance, "d", "r1", "t0")["try_number"] == 2


def test_a_run_is_inserted_once_and_then_updated(database: Database, writer: Writer) -> None:
    writer.commit([make.run(1, state="queued"), make.run(1)])
    writer.commit([make.run(1, state="success", end_date=NOW + 1_500_000, note="done")])
    again = Writer(database)
    again.commit([make.run(1, state="failed", end_date=NOW + 1_500_000, note="done", clear_number=1)])
    (row,) = ask(database, runs.list_runs, "d")
    assert (row["state"], row["note"], row["clear_number"], row["duration"]) == ("failed", "done", 1, 1.5)
    assert row["conf"] == {"n": 1}


def test_xcoms_replace_each_other(database: Database, writer: Writer) -> None:
    writer.commit([make.run(1), make.xcom(1, "a"), make.xcom(1, "a", value=b"2"), make.xcom(1, "a", "k", b"3")])
    assert ask(database, xcoms.get_xcom, "d", "r1", "a")["value"] == b"2"
    writer.commit([make.xcom(1, "a", value=b"4")])
    Writer(database).commit([make.xcom(1, "a", "k", b"5")], fold=True)
    assert [(row["key"], row["value"]) for row in ask(database, xcoms.list_xcoms, "d", "r1")] == [
        ("k", b"5"), ("return_value", b"4"),
    ]  # fmt: skip


def test_xcoms_are_cleared_by_instance_and_by_key_in_order(database: Database, writer: Writer) -> None:
    writer.commit([make.run(1), *[make.xcom(1, task, key) for task in "ab" for key in "xy"]])
    writer.commit([make.xcom(1, "a", "z"), make.cleared(1, "a"), make.xcom(1, "a", "w"), make.cleared(1, "b", "x")])
    kept = [(row["task_id"], row["key"]) for row in ask(database, xcoms.list_xcoms, "d", "r1")]
    assert kept == [("a", "w"), ("b", "y")]


def test_xcoms_keep_bytes_of_every_encoding(database: Database, writer: Writer) -> None:
    values = [("json", b'{"a": NaN}'), ("json", b"\xff"), ("pickle", b"\x00\x01"), ("parquet", b"")]
    writer.commit([make.run(1), *[make.xcom(1, f"t{n}", value=v, encoding=kind) for n, (kind, v) in enumerate(values)]])
    found = ask(database, xcoms.list_xcoms, "d", "r1")
    assert [(row["encoding"], row["value"]) for row in found] == values


def test_what_a_worker_says_of_a_run_that_is_gone_is_dropped(database: Database, writer: Writer) -> None:
    rendered = fx.RenderedFieldsRow(dag_id="d", run_id="r1", task_id="a", map_index=-1, rendered=b"{}")
    writer.commit([make.xcom(1, "a"), make.cleared(1, "a"), make.cleared(1, "b", "k"), make.xcom(1, "b"), rendered])
    writer.commit([make.run(1)])
    assert ask(database, xcoms.list_xcoms, "d", "r1") == []
    assert ask(database, instances.rendered_fields, "d", "r1", "a") is None


def test_xcom_of_prior_dates(database: Database, writer: Writer) -> None:
    writer.commit([make.run(1), make.run(2), make.run(3), make.xcom(1, "a", value=b"1"), make.xcom(3, "a", value=b"3")])
    assert ask(database, xcoms.get_xcom, "d", "r2", "a") is None
    assert ask(database, xcoms.get_xcom, "d", "r2", "a", include_prior_dates=True)["value"] == b"1"
    assert ask(database, xcoms.get_xcom, "d", "r3", "a", include_prior_dates=True)["value"] == b"3"


def test_rendered_fields_replace_each_other(database: Database, writer: Writer) -> None:
    def rendered(text: bytes) -> fx.RenderedFieldsRow:
        return fx.RenderedFieldsRow(dag_id="d", run_id="r1", task_id="a", map_index=-1, rendered=text)

    writer.commit([make.run(1), rendered(b'{"x": 1}')])
    writer.commit([rendered(b'{"x": 2}')])
    assert ask(database, instances.rendered_fields, "d", "r1", "a") == {"x": 2}


def test_import_errors_are_replaced_by_file(database: Database, writer: Writer) -> None:
    writer.commit([make.import_errors("a.py", "one", "two"), make.import_errors("b.py", "three")])
    writer.commit([make.import_errors("a.py", "four")])
    assert [(row["filename"], row["message"]) for row in ask(database, import_errors.list_import_errors)] == [
        ("a.py", "four"), ("b.py", "three"),
    ]  # fmt: skip
    writer.commit([make.import_errors("a.py")])
    assert load_snapshot(database).failed_files == ["b.py"]


def test_configuration_comes_and_goes(database: Database, writer: Writer) -> None:
    pool = fx.PoolRow(pool="p", slots=3, description="", include_deferred=True)
    writer.commit(
        [pool, fx.VariableRow(key="k", val="1"), fx.VariableRow(key="k", val="2"), fx.VariableRow(key="l", val="")]
    )
    writer.commit([fx.VariableDeleted(key="l"), fx.PoolDeleted(pool="q")])
    kept = {"key": "k", "val": "2", "description": None, "is_encrypted": False}
    assert ask(database, variables.list_variables) == [kept]
    assert ask(database, variables.get_variable, "l") is None
    assert ask(database, pools.get_pool, "p")["open_slots"] == 3
    writer.commit([fx.PoolDeleted(pool="p")])
    assert ask(database, pools.get_pool, "p") is None


def test_connections_come_and_go(database: Database, writer: Writer) -> None:
    first = fx.ConnectionRow(conn_id="a", conn_type="http", password="token", is_encrypted=True, extra='{"x": 1}')
    writer.commit([first, fx.ConnectionRow(conn_id="b", conn_type="", host="h", port=80)])
    writer.commit([fx.ConnectionDeleted(conn_id="b"), fx.ConnectionRow(conn_id="c", conn_type="z")])
    assert [row["conn_id"] for row in ask(database, variables.list_connections)] == ["a", "c"]
    found = ask(database, variables.get_connection, "a")
    assert (found["password"], found["is_encrypted"], found["extra"]) == ("token", True, '{"x": 1}')
    assert found["is_extra_encrypted"] is False
    assert ask(database, variables.get_connection, "b") is None
    assert ask(database, variables.count_encrypted) == 1


def test_values_from_before_there_was_encryption_are_read(database: Database) -> None:
    with database.transaction(), database.reader() as reader:
        reader.execute("INSERT INTO variable (key, val) VALUES ('old', 'plain')")
        reader.execute("UPDATE variable SET is_encrypted = NULL")
    assert ask(database, variables.get_variable, "old")["is_encrypted"] is False
    assert ask(database, variables.variable_keys, "ol") == ["old"]
    assert ask(database, variables.variable_keys, "x") == []


def test_pools_count_what_is_in_them(database: Database, writer: Writer) -> None:
    states = ["running", "queued", "scheduled", "deferred", "success"]
    writer.commit([make.run(1), make.instances(1, 1, 5), *[make.instance(i, s) for i, s in enumerate(states, 1)]])
    row = ask(database, pools.get_pool, "default_pool")
    counted = [row[f"{name}_slots"] for name in ("running", "queued", "scheduled", "deferred", "occupied", "open")]
    assert counted == [1, 1, 1, 1, 2, 126]


def test_log_and_callbacks(database: Database, writer: Writer) -> None:
    callback = fx.CallbackRow(
        id=1, dag_id="d", run_id="r1", task_id=None, map_index=-1, kind="failure", reason="timed_out", created_at=NOW
    )
    writer.commit([fx.LogRow(event="paused", at=NOW, dag_id="d", logical_date=NOW), callback])
    Writer(database).commit([fx.LogRow(event="unpaused", at=NOW, dag_id="d")], fold=True)
    assert [(row["id"], row["event"]) for row in ask(database, log.list_log)] == [(2, "unpaused"), (1, "paused")]
    assert load_snapshot(database).callbacks == [callback]
    writer.commit([fx.CallbackDone(id=1)])
    assert load_snapshot(database).callbacks == []
    assert load_snapshot(database).next_callback_id == 2


def test_a_deleted_dag_leaves_nothing_but_its_ids_and_the_log(database: Database, writer: Writer) -> None:
    everything = [
        make.dag(), make.version(), make.run(1), make.instances(1, 1, 2), make.xcom(1, "t0"),
        fx.InstanceHistoryRow(row=make.instance(1)), fx.LogRow(event="x", at=NOW, dag_id="d"),
    ]  # fmt: skip
    writer.commit([*everything, make.dag("other")])
    writer.commit([fx.DagDeleted(dag_id="d"), make.dag(description="reborn"), make.version(2)])
    snapshot = load_snapshot(database)
    assert (snapshot.next_run_key, snapshot.next_ti_id, snapshot.next_version_id) == (2, 3, 3)
    assert [dag.version_id for dag in snapshot.dags] == [2]
    with database.reader() as reader:
        counts = {
            table: reader.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("dag", "dag_run", "task_instance", "task_instance_history", "xcom", "log", "dag_version")
        }
    assert counts == {
        "dag": 2, "dag_run": 0, "task_instance": 0, "task_instance_history": 0, "xcom": 0, "log": 1, "dag_version": 1,
    }  # fmt: skip
    Writer(database).commit([make.run(2)])
    assert ask(database, runs.get_run, "d", "r2")


def test_a_batch_that_fails_changes_nothing_and_can_be_repeated(database: Database, writer: Writer) -> None:
    bad = make.instances(1, 1, 2, pools=(None, "default_pool"))
    with pytest.raises(errors.StoreError):
        writer.commit([make.run(1), bad])
    assert ask(database, runs.list_runs) == []
    writer.commit([make.run(1), make.instances(1, 1, 2)])
    assert ask(database, runs.get_run, "d", "r1")["id"] == 1


def test_an_unknown_write_is_refused(writer: Writer) -> None:
    with pytest.raises(errors.StoreError, match="does not know the write Write"):
        writer.commit([fx.Write()])


def test_durations_look_at_the_latest_rows(database: Database, writer: Writer) -> None:
    writer.commit([make.run(1), make.instances(1, 1, 2), make.run(2), make.instances(2, 3, 2)])
    ends = {1: 8, 2: 1, 3: 2, 4: 4}
    writer.commit([make.instance(id, end_date=NOW + seconds * 1_000_000) for id, seconds in ends.items()])
    assert ask(database, recent_durations) == {("d", "t0"): 5.0, ("d", "t1"): 2.5}
    assert ask(database, recent_durations, latest=2) == {("d", "t0"): 2.0, ("d", "t1"): 4.0}


def test_task_states_of_a_group(database: Database, writer: Writer) -> None:
    document = DagDocument(
        dag_id="d", fileloc="/dags/a.py", relative_fileloc="a.py",
        tasks=(
            TaskDocument(task_id="t0", task_type="X", task_group="inner"), TaskDocument(task_id="t1", task_type="X"),
        ),
        task_groups=(TaskGroupDocument(group_id="inner", parent="outer"), TaskGroupDocument(group_id="outer")),
    )  # fmt: skip
    writer.commit([make.dag(), make.version(document=document), make.run(1), make.instances(1, 1, 2), make.instance(1)])
    found = ask(database, instances.task_states, "d", group_id="outer", logical_dates=[NOW + 1])
    assert found == [
        {"run_id": "r1", "logical_date": NOW + 1, "task_id": "t0", "map_index": -1, "state": "success", "try_number": 1}
    ]
    assert ask(database, instances.task_states, "d", group_id="nothing") == []


def test_previous_run_by_date_state_and_run_after(database: Database, writer: Writer) -> None:
    writer.commit([make.run(1, state="success"), make.run(2, state="failed"), make.run(3, logical_date=None)])
    before = {"logical_date": NOW + 9, "run_after": NOW + 9}
    assert ask(database, runs.previous_run, "d", **before)["run_id"] == "r2"
    assert ask(database, runs.previous_run, "d", **before, state="success")["run_id"] == "r1"
    assert ask(database, runs.previous_run, "d", logical_date=None, run_after=NOW + 9)["run_id"] == "r3"
    assert ask(database, runs.previous_run, "d", logical_date=NOW + 1, run_after=NOW) is None
    assert [row["run_id"] for row in ask(database, runs.runs_by, "d", states=["failed", "running"])] == ["r2", "r3"]


def test_runs_are_filtered_by_state_and_date(database: Database, writer: Writer) -> None:
    writer.commit([make.run(key, state="success" if key % 2 else "failed") for key in range(1, 7)])
    listed = ask(database, runs.list_runs, "d", state="success", start=NOW + 2, end=NOW + 5)
    assert [row["run_id"] for row in listed] == ["r5", "r3"]
    assert [row["run_id"] for row in ask(database, runs.list_runs, limit=1, offset=1)] == ["r5"]
    assert [row["run_id"] for row in ask(database, runs.recent_runs, ["d"], 2)] == ["r6", "r5"]
    assert ask(database, runs.get_run, "d", logical_date=NOW + 4)["run_id"] == "r4"
    assert ask(database, runs.count_runs, "d") == [
        {"dag_id": "d", "state": "failed", "count": 3}, {"dag_id": "d", "state": "success", "count": 3},
    ]  # fmt: skip


def tasks_of(database: Database, run_key: int) -> list[tuple[int, str, int]]:
    rows = ask(database, instances.list_instances, "d", f"r{run_key}")
    return [(row["id"], row["task_id"], row["dag_version_id"]) for row in rows]


def test_a_run_that_moves_to_a_newer_version_gets_other_instances(database: Database, writer: Writer) -> None:
    writer.commit([make.run(1), make.instances(1, 1, 2), make.run(2), make.instances(2, 3, 1)])
    moved = make.instances(1, 4, 1, task_ids=("new",), dag_version_id=2, replaces=True)
    writer.commit([moved, make.instance(4, "queued")])
    assert tasks_of(database, 1) == [(4, "new", 2)]
    assert ask(database, instances.get_instance, "d", "r1", "new")["state"] == "queued"
    assert tasks_of(database, 2) == [(3, "t0", 1)]


def test_a_run_may_move_in_the_batch_that_makes_it_and_more_than_once(database: Database, writer: Writer) -> None:
    second = make.instances(1, 3, 1, dag_version_id=2, replaces=True)
    third = make.instances(1, 4, 2, dag_version_id=3, replaces=True)
    writer.commit([make.run(1), make.instances(1, 1, 2), second, make.run(2), make.instances(2, 6, 1), third])
    assert tasks_of(database, 1) == [(4, "t0", 3), (5, "t1", 3)]
    assert tasks_of(database, 2) == [(6, "t0", 1)]


def test_a_newer_version_may_leave_a_run_without_tasks(database: Database, writer: Writer) -> None:
    writer.commit([make.run(1), make.instances(1, 1, 2)])
    writer.commit([make.instances(1, 3, 0, dag_version_id=2, replaces=True)])
    assert tasks_of(database, 1) == []


def test_reschedules_are_rows_and_go_with_their_dag(database: Database, writer: Writer) -> None:
    look = fx.RescheduleRow(
        ti_id=1, run_key=1, try_number=1, start_date=NOW, end_date=NOW + 500_000, reschedule_date=NOW + 60_000_000
    )
    writer.commit([make.dag(), make.run(1), make.instances(1, 1, 1), look, look])
    query = "SELECT count(*), sum(duration), max(reschedule_date)::VARCHAR FROM task_reschedule"
    assert ask(database, run_sql, query).rows == [[2, 1.0, "2023-11-14 22:14:20+00"]]
    writer.commit([fx.DagDeleted(dag_id="d")])
    assert ask(database, run_sql, query).rows[0][0] == 0
