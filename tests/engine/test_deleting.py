"""Deleting runs and instances: memory afterwards is what a restore from the store gives."""

from __future__ import annotations

import pytest

from queuack.engine import effects as fx
from queuack.engine.events import DeleteInstance, DeleteRun, ForgetPartitions, SetRunState
from queuack.engine.spec import Expansion, MapInput
from queuack.errors import DagRunNotFound, InvalidRequest, TaskNotFound, TasksRunning
from queuack.schedule.assets import PartitionedAtRuntime
from queuack.schedule.timetables import CronDataIntervalTimetable
from tests.engine.driver import DAY, START, Driver, dag, task


def chain(**options: object) -> Driver:
    return Driver(dag(task("a", "b"), task("b", "c"), task("c"), **options))


def test_a_running_run_is_not_deleted() -> None:
    driver = chain()
    driver.trigger(run_id="one")
    with pytest.raises(TasksRunning, match="cannot be deleted in running state"):
        driver.ask(DeleteRun(dag_id="d", run_id="one"))


def test_a_deleted_run_leaves_nothing_and_its_id_is_free() -> None:
    driver = chain()
    key = driver.trigger(run_id="one", logical_date=DAY)
    driver.ask(SetRunState(dag_id="d", run_id="one", state="success"))
    driver.ask(DeleteRun(dag_id="d", run_id="one", recall=driver.store.recall(key)))
    assert not driver.store.runs
    assert not driver.store.instances
    with pytest.raises(DagRunNotFound):
        driver.ask(DeleteRun(dag_id="d", run_id="one"))
    assert driver.trigger(run_id="one", logical_date=DAY) != key


def test_a_queued_run_that_is_deleted_makes_room() -> None:
    driver = chain(max_active_runs=1)
    first = driver.trigger(run_id="one")
    second = driver.trigger(run_id="two")
    third = driver.trigger(run_id="three")
    assert driver.run_state(second) == "queued"
    driver.ask(DeleteRun(dag_id="d", run_id="two"))
    driver.ask(SetRunState(dag_id="d", run_id="one", state="success"))
    assert (driver.run_state(first), driver.run_state(third)) == ("success", "running")


def test_the_schedule_goes_on_before_a_deleted_latest_run_as_after_a_restart() -> None:
    timetable = CronDataIntervalTimetable("0 0 * * *")
    driver = Driver(dag(task("a"), timetable=timetable, start_date=START - 2 * DAY, catchup=True, max_active_runs=9))
    driver.step()
    first, last = sorted(driver.store.runs)
    for key in (first, last):
        driver.finish(key, {"a": "success"})
    row = driver.store.runs[last]
    before = driver.store.runs[first]
    assert (before.data_interval_start, before.data_interval_end) == (START - 2 * DAY, START - DAY)
    driver.ask(
        DeleteRun(
            dag_id="d",
            run_id=row.run_id,
            interval_before=(START - 2 * DAY, START - DAY),
            run_after_before=before.run_after,
            recall=driver.store.recall(last),
        )
    )
    driver.step()
    again = driver.store.runs[max(driver.store.runs)]
    assert (again.run_id, again.logical_date) == (row.run_id, row.logical_date)
    assert again.id > last


def test_a_deleted_instance_is_waited_for_no_more_than_after_a_restart() -> None:
    driver = chain()
    key = driver.trigger(run_id="one")
    driver.start(key, "a")
    driver.ask(DeleteInstance(dag_id="d", run_id="one", task_id="c"))
    assert driver.states(key) == {"a": "running", "b": None}
    driver.restart()
    driver.finish(key, {"a": "success", "b": "success"})
    assert (driver.run_state(key), driver.states(key)) == ("success", {"a": "success", "b": "success"})
    with pytest.raises(TaskNotFound, match="`c`"):
        driver.ask(DeleteInstance(dag_id="d", run_id="one", task_id="c", recall=driver.store.recall(key)))


def test_deleting_a_running_instance_cancels_it() -> None:
    driver = chain()
    key = driver.trigger(run_id="one")
    driver.start(key, "a")
    driver.ask(DeleteInstance(dag_id="d", run_id="one", task_id="a"))
    assert [command.reason for command in driver.taken(fx.Cancel)] == ["the task instance was deleted"]
    assert driver.engine.outstanding() == []
    assert driver.run_state(key) == "failed"  # nothing can run any more: b waits for a


def test_one_instance_of_a_mapped_task_is_not_deleted() -> None:
    inputs = (MapInput(kind="literal", length=2),)
    driver = Driver(dag(task("m", expansion=Expansion(inputs=inputs))))
    driver.trigger(run_id="one")
    with pytest.raises(InvalidRequest, match=r"m\[1\] is one of the instances"):
        driver.ask(DeleteInstance(dag_id="d", run_id="one", task_id="m", map_index=1))


def test_partitions_are_taken_off_runs_in_memory_too() -> None:
    timetable = PartitionedAtRuntime()
    driver = Driver(dag(task("a"), timetable=timetable))
    key = driver.trigger(run_id="one", partition_key="north")
    assert driver.ask(ForgetPartitions(dag_id="d", run_ids=("one",))) == 1
    driver.finish(key, {"a": "success"})
    assert driver.store.runs[key].partition_key is None
