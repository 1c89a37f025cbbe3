"""Files and DAGs: versions, sources, errors, duplicates, staleness, deletion."""

from __future__ import annotations

import pytest

from queuack.engine import effects as fx
from queuack.engine.engine import EngineSettings
from queuack.engine.events import ClearTasks, DeleteDag, FileGone, ImportErrorInfo, SetPaused
from queuack.engine.spec import Expansion, MapInput
from queuack.errors import DagNotFound, DagRunNotFound, TasksRunning
from queuack.schedule.timetables import CronDataIntervalTimetable
from tests.engine.driver import DAY, START, Driver, dag, parsed, task

BAD = ImportErrorInfo(relative_fileloc="d.py", message="ImportError: no", line=3, stacktrace="...")


def kinds(step: fx.Step) -> list[str]:
    return [type(write).__name__ for write in step.writes]


def test_a_new_form_is_a_new_version_and_the_same_form_is_not() -> None:
    driver = Driver(dag(task("a")))
    assert kinds(driver.step(parsed(dag(task("a"))))) == ["DagRow"]
    assert kinds(driver.step(parsed(dag(task("a")), file_hash="2"))) == ["DagSourceRow", "DagRow"]
    assert driver.engine.dags["d"].version.plan.file_hash == "2"
    assert kinds(driver.step(parsed(dag(task("b")), file_hash="3"))) == ["DagVersionRow", "DagRow"]
    assert [(v.id, v.version_number, v.file_hash) for v in driver.store.versions.values()] == [(1, 1, "2"), (2, 2, "3")]
    assert driver.engine.files() == {"d.py": "3"}


def test_a_running_run_keeps_its_version_and_a_queued_one_takes_the_new() -> None:
    driver = Driver(dag(task("a"), max_active_runs=1))
    running = driver.trigger(run_id="running")
    queued = driver.trigger(run_id="queued")
    driver.step(parsed(dag(task("a"), task("b"), max_active_runs=1)))
    assert driver.states(running) == {"a": "queued"}
    assert driver.states(queued) == {"a": None, "b": None}
    assert driver.store.runs[queued].dag_version_id == 2
    driver.restart()
    driver.finish(running, {"a": "success"})
    assert driver.states(queued) == {"a": "queued", "b": "queued"}
    assert driver.engine.runs[queued].plan.version_number == 2


def test_paused_at_creation() -> None:
    settings = EngineSettings(dags_are_paused_at_creation=True)
    driver = Driver(dag(task("a")), dag(task("a"), dag_id="e", file="e.py", is_paused_upon_creation=False),
                    settings=settings)  # fmt: skip
    assert [(row.dag_id, row.is_paused) for row in driver.store.dags.values()] == [("d", True), ("e", False)]
    driver.ask(SetPaused(dag_id="d", paused=False))
    driver.step(parsed(dag(task("b"))))
    assert not driver.store.dags["d"].is_paused


def test_a_broken_file_keeps_its_dags_going() -> None:
    driver = Driver(dag(task("a")))
    driver.step(parsed(errors=[BAD]))
    row = driver.store.dags["d"]
    assert (row.has_import_errors, row.is_stale) == (True, False)
    assert driver.store.import_errors["d.py"].errors == (BAD,)
    assert driver.states(driver.trigger()) == {"a": "queued"}
    driver.restart()
    driver.step(parsed(dag(task("a")), file_hash="2"))
    assert not driver.store.import_errors
    assert not driver.store.dags["d"].has_import_errors


def test_a_dag_that_cannot_be_compiled_is_an_import_error_beside_good_ones() -> None:
    driver = Driver()
    driver.step(parsed(dag(task("a"), dag_id="good"), dag(task("a", "a"), dag_id="bad")))
    assert list(driver.store.dags) == ["good"]
    (error,) = driver.store.import_errors["d.py"].errors
    assert "cycle" in error.message


def test_a_dag_that_left_its_file_is_stale_and_resumes_when_it_returns() -> None:
    daily = CronDataIntervalTimetable("0 0 * * *")
    document = dag(task("a", "b"), task("b"), timetable=daily, start_date=START - DAY)
    driver = Driver(document)
    driver.step(parsed())
    assert driver.store.dags["d"].is_stale
    assert driver.engine.next_wakeup() is None
    driver.finish(1, {"a": "success"})
    assert driver.states(1) == {"a": "success", "b": None}
    assert driver.codes(1, "b") == ["dag_stale"]
    with pytest.raises(DagNotFound):
        driver.trigger()
    driver.now += 2 * DAY
    driver.restart()
    assert len(driver.store.runs) == 1
    driver.step(parsed(document))
    assert driver.states(1) == {"a": "success", "b": "queued"}
    assert [run.logical_date for run in driver.store.runs.values()] == [START - DAY, START + DAY]


def test_a_file_that_is_gone_takes_its_errors_along() -> None:
    driver = Driver(dag(task("a")))
    driver.step(parsed(errors=[BAD]))
    driver.step(FileGone(relative_fileloc="d.py"))
    assert driver.store.dags["d"].is_stale
    assert not driver.store.import_errors
    assert driver.engine.files() == {}
    assert not driver.step(FileGone(relative_fileloc="d.py")).writes


def test_of_two_files_with_the_same_dag_the_first_keeps_it_and_the_second_inherits() -> None:
    driver = Driver(dag(task("a")))
    driver.step(parsed(dag(task("x"), file="e.py"), dag(task("y"), dag_id="own", file="e.py"), file="e.py"))
    assert driver.store.dags["d"].relative_fileloc == "d.py"
    assert "own" in driver.store.dags
    (error,) = driver.store.import_errors["e.py"].errors
    assert "AirflowDagDuplicatedIdException" in error.message
    assert "d.py" in error.message
    driver.step(FileGone(relative_fileloc="d.py"))
    row = driver.store.dags["d"]
    assert (row.relative_fileloc, row.is_stale) == ("e.py", False)
    assert not driver.store.import_errors
    assert driver.engine.dags["d"].version.plan.task_ids == ("x",)


def test_deleting_forgets_everything_and_the_file_brings_it_back() -> None:
    driver = Driver(dag(task("a")))
    key = driver.trigger(run_id="one")
    driver.start(key, "a")
    with pytest.raises(TasksRunning, match="one/a"):
        driver.ask(DeleteDag(dag_id="d"))
    driver.finish(key, {"a": "success"})
    driver.trigger(run_id="two")
    assert driver.ask(DeleteDag(dag_id="d")) == 1
    assert (driver.store.dags, driver.store.runs, driver.engine.outstanding()) == ({}, {}, [])
    assert len(driver.taken(fx.Cancel)) == 1
    with pytest.raises(DagNotFound):
        driver.ask(DeleteDag(dag_id="d"))
    driver.step(parsed(dag(task("a"))))
    driver.trigger(run_id="one")
    assert len(driver.store.runs) == 1


def test_dag_row_says_what_the_document_says() -> None:
    driver = Driver(
        dag(task("a", owner="zoe"), task("b", owner="ann"), description="text", tags=("x",), max_active_runs=3)
    )
    row = driver.store.dags["d"]
    assert (row.owners, row.description, row.tags, row.max_active_runs) == ("ann, zoe", "text", ("x",), 3)
    assert (row.timetable_type, row.last_parsed_time) == ("NullTimetable", START)


def test_asking_about_a_run_that_is_not_there() -> None:
    driver = Driver(dag(task("a")))
    with pytest.raises(DagRunNotFound):
        driver.engine.explain("d", "ghost", "a", -1, START)


def test_a_deleted_dag_leaves_nothing_in_the_queue() -> None:
    """What waited for a slot, and instances of mapped tasks, are gone; slots are free."""
    mapped = task("m", expansion=Expansion((MapInput(kind="literal", length=3),)))
    driver = Driver(
        dag(mapped, task("other")), dag(task("x"), dag_id="e", file="e.py"), settings=EngineSettings(parallelism=2)
    )
    driver.trigger()
    assert len(driver.dispatched()) == 2
    driver.ask(DeleteDag(dag_id="d"))
    assert not driver.dispatched()
    assert not driver.engine.outstanding()
    driver.trigger("e")
    assert list(driver.dispatched()) == ["x"]


def test_a_run_that_is_cleared_later_has_the_limit_of_the_present_version() -> None:
    tasks = (task("a", depends_on_past=True), task("b"))
    driver = Driver(dag(*tasks, max_active_tasks=2))
    key = driver.trigger(logical_date=START)
    driver.finish(key, {"a": "success", "b": "success"})
    driver.step(parsed(dag(*tasks, max_active_tasks=1), file_hash="2"))
    driver.dispatched()
    driver.ask(ClearTasks(dag_id="d", run_id=driver.store.runs[key].run_id))
    assert len(driver.dispatched()) == 1


def test_a_deleted_dag_wakes_nobody_up() -> None:
    driver = Driver(dag(task("a")))
    driver.trigger(logical_date=START + DAY)
    assert driver.engine.next_wakeup() == START + DAY
    driver.ask(DeleteDag(dag_id="d"))
    assert driver.engine.next_wakeup() is None
