"""What the engine is rebuilt from."""

from __future__ import annotations

from queuack.engine import effects as fx
from queuack.engine.spec import DagDocument, TaskDocument
from queuack.schedule.timetables import OnceTimetable
from queuack.store.database import Database
from queuack.store.queries import runs as run_queries
from queuack.store.snapshot import load_run, load_runs, load_snapshot
from queuack.store.writer import Writer
from tests.store import sample as make

PAST = DagDocument(
    dag_id="p",
    fileloc="/dags/p.py",
    relative_fileloc="p.py",
    tasks=(TaskDocument(task_id="t0", task_type="X", depends_on_past=True),),
)


def test_an_empty_store(database: Database) -> None:
    snapshot = load_snapshot(database)
    assert (snapshot.dags, snapshot.runs, [pool.pool for pool in snapshot.pools]) == ([], [], ["default_pool"])
    assert (snapshot.next_run_key, snapshot.next_ti_id, snapshot.pools[0].slots) == (1, 1, 128)


def test_unfinished_runs_come_back_as_they_were_written(database: Database, writer: Writer) -> None:
    open_run, done = make.run(1, state="queued", start_date=None), make.run(2, state="success", end_date=make.NOW)
    row = make.instance(2, "up_for_retry", retry_at=make.NOW + 7)
    writer.commit([make.dag(), make.version(), open_run, make.instances(1, 1, 2), done, make.instances(2, 3, 2), row])
    snapshot = load_snapshot(database)
    assert [run.row for run in snapshot.runs] == [open_run]
    untouched, retried = snapshot.runs[0].instances
    assert (untouched.id, untouched.state, untouched.try_number, untouched.hostname) == (1, None, 0, "")
    for name in row.__struct_fields__:
        if name != "updated_at":
            assert getattr(retried, name) == getattr(row, name)
    assert (snapshot.next_run_key, snapshot.next_ti_id, snapshot.next_version_id) == (3, 5, 2)


def test_the_last_run_is_the_latest_scheduled_one(database: Database, writer: Writer) -> None:
    late = make.run(1, logical_date=make.NOW + 100, state="success")
    manual = make.run(3, run_type="manual", logical_date=make.NOW + 500)
    writer.commit([make.dag(), make.version(), late, make.run(2), manual])
    assert load_snapshot(database).dags[0].last_run == late


def test_old_versions_of_unfinished_runs_come_along(database: Database, writer: Writer) -> None:
    writer.commit([make.dag(), make.version(1), make.version(2, number=2), make.run(1), make.run(2, dag_version_id=2)])
    snapshot = load_snapshot(database)
    assert [(dag.version_id, dag.version_number, dag.file_hash) for dag in snapshot.dags] == [(2, 2, "hash2")]
    assert [(version.version_id, version.file_hash) for version in snapshot.versions] == [(1, "hash1")]


def test_the_past_comes_along_where_a_task_depends_on_it(database: Database, writer: Writer) -> None:
    batch = [make.dag(), make.version(1), make.dag("p"), make.version(2, "p", document=PAST)]
    states = ["success", "success", "running", "failed", "success"]
    for key, state in enumerate(states, 1):
        batch += [make.run(key, "p", state, dag_version_id=2), make.instances(key, key, 1, "p")]
        batch += [make.run(key + 10, "d", state), make.instances(key + 10, key + 10, 1)]
    writer.commit(batch)
    found = {(run.row.dag_id, run.row.id): len(run.instances) for run in load_snapshot(database).runs}
    assert found == {("p", 2): 1, ("p", 3): 1, ("p", 5): 1, ("d", 13): 1}


def test_the_past_comes_along_of_an_unfinished_run_whose_old_version_depends_on_it(
    database: Database, writer: Writer
) -> None:
    """The newest version looks back at nothing; the run of the old one still does."""
    runs = [make.run(1, "p", "failed"), make.run(2, "p", "running"), make.run(3, "p", "queued", dag_version_id=2)]
    writer.commit([make.dag("p"), make.version(1, "p", document=PAST), make.version(2, "p", version_number=2), *runs])
    assert [run.row.id for run in load_snapshot(database).runs] == [1, 2, 3]


def test_runs_by_hand_do_not_hide_the_past(database: Database, writer: Writer) -> None:
    """Nobody looks back at a run without a date; a run of a DAG with catchup not at one that was made by hand either."""
    runs = [
        make.run(1, "p", "failed"),
        make.run(2, "p", "success", run_type="manual"),
        make.run(3, "p", "success", run_type="manual", logical_date=None),
        make.run(4, "p", "running"),
        make.run(5, "p", "success", run_type="manual", logical_date=None),
    ]
    writer.commit([make.dag("p"), make.version(1, "p", document=PAST), *runs])
    assert [run.row.id for run in load_snapshot(database).runs] == [1, 2, 4]


def test_consecutive_failures_count_back_to_the_last_success(database: Database, writer: Writer) -> None:
    states = ["failed", "success", "failed", "failed", "failed", "running"]
    runs = [make.run(key, state=state) for key, state in enumerate(states, 1)]
    writer.commit([make.dag(max_consecutive_failed_dag_runs=5), make.version(), *runs])
    assert load_snapshot(database).dags[0].consecutive_failures == 3
    writer.commit([make.dag(max_consecutive_failed_dag_runs=2)])
    assert load_snapshot(database).dags[0].consecutive_failures == 2
    writer.commit([make.dag(max_consecutive_failed_dag_runs=0)])
    assert load_snapshot(database).dags[0].consecutive_failures == 0


def test_finished_runs_come_along_while_a_callback_of_them_has_to_run(database: Database, writer: Writer) -> None:
    owed = fx.CallbackRow(
        id=1, dag_id="d", run_id="r1", task_id=None, map_index=-1, kind="failure", reason="x", created_at=make.NOW
    )
    ended = [make.run(key, state="failed", end_date=make.NOW) for key in (1, 2)]
    writer.commit([make.dag(), make.version(), *ended, make.instances(1, 1, 1), owed])
    snapshot = load_snapshot(database)
    assert [run.row.id for run in snapshot.runs] == [1]
    assert len(snapshot.runs[0].instances) == 1
    writer.commit([fx.CallbackDone(id=1)])
    assert load_snapshot(database).runs == []


def test_reschedules_are_counted_for_the_present_try(database: Database, writer: Writer) -> None:
    looks = [
        fx.RescheduleRow(ti_id=1, run_key=1, try_number=n, start_date=0, end_date=0, reschedule_date=0)
        for n in (1, 2, 2)
    ]
    row = make.instance(1, "up_for_reschedule", try_number=2)
    writer.commit([make.dag(), make.version(), make.run(1), make.instances(1, 1, 2), row, *looks])
    (run,) = load_snapshot(database).runs
    assert [instance.reschedules for instance in run.instances] == [2, 0]


def test_dates_that_the_schedule_may_come_to_and_that_are_taken(database: Database, writer: Writer) -> None:
    dates = {1: ("scheduled", 10), 2: ("manual", 5), 3: ("manual", 20), 4: ("manual", None), 5: ("manual", 15)}
    for dag_id in ("d", "n"):
        document = DagDocument(dag_id=dag_id, fileloc="a", relative_fileloc="a", timetable=OnceTimetable())
        kind = "OnceTimetable" if dag_id == "d" else "NullTimetable"
        number = 1 if dag_id == "d" else 2
        writer.commit([make.dag(dag_id, timetable_type=kind), make.version(number, dag_id, document=document)])
        for key, (run_type, date) in dates.items():
            writer.commit([make.run(key + number * 10, dag_id, run_type=run_type, logical_date=date)])
    assert {dag.dag_id: dag.taken_dates for dag in load_snapshot(database).dags} == {"d": [15, 20], "n": []}


def test_one_run_is_loaded_with_its_version_and_what_it_looks_back_at(database: Database, writer: Writer) -> None:
    writer.commit([make.dag(), make.version(1), make.dag("p"), make.version(2, "p", document=PAST)])
    for key in (1, 2):
        writer.commit([make.run(key, "p", "success", dag_version_id=2), make.instances(key, key, 1, "p")])
    writer.commit([make.run(3, state="failed"), make.instances(3, 3, 1), make.version(4, number=2)])
    with database.reader() as reader:
        assert load_run(reader, "d", "ghost") is None
        plain, dependent = load_run(reader, "d", "r3"), load_run(reader, "p", "r2")
    assert plain is not None
    assert (plain.run.row.id, plain.version.version_id, len(plain.run.instances), plain.before) == (3, 1, 1, None)
    assert dependent is not None
    assert dependent.before is not None
    assert (dependent.before.run.row.id, dependent.before.before) == (1, None)


def below(parent: int) -> dict[str, object]:
    """The link of a SubDAG's run."""
    return {"parent_dag_id": "d", "parent_run_id": f"r{parent}", "parent_task_id": "t0", "parent_map_index": -1}


def test_finished_runs_of_subdags_come_along_while_a_run_above_is_unfinished(
    database: Database, writer: Writer
) -> None:
    """Run 1 is above 2, 2 above 3; 4 is above 5 and knows no SubDAG today; 6 is alone."""
    runs = [make.run(1), *(make.run(key, state="failed", end_date=make.NOW) for key in (2, 3, 4, 5, 6))]
    for key, parent in ((2, 1), (3, 2), (5, 4)):
        runs[key - 1] = make.run(key, state="failed", end_date=make.NOW, **below(parent))
    writer.commit([make.dag(is_subdag=True, root_dag_id="x"), make.version(), *runs])
    assert [run.row for run in load_snapshot(database).runs] == runs[:3]
    with database.reader() as reader:
        assert reader.execute("SELECT is_subdag, root_dag_id FROM dag").fetchall() == [(True, "x")]
        assert [run["id"] for run in run_queries.list_children(reader, "d", "r1")] == [2]
        tree = run_queries.list_tree(reader, "d", "r1")
        assert [(run["id"], run["depth"], run["parent_run_id"]) for run in tree] == [
            (1, 0, None), (2, 1, "r1"), (3, 2, "r2"),
        ]  # fmt: skip
        for key, others in ((3, [2]), (5, [4]), (4, [])):
            found = load_run(reader, "d", f"r{key}")
            assert found is not None
            assert [one.run.row.id for one in found.family] == others
            assert load_runs(reader, [key])[key].family == found.family
