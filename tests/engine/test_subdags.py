"""SubDAGs: a task that runs another DAG and waits for it without a worker, to any depth; and what people do to either."""

from __future__ import annotations

from typing import Any

import pytest

from queuack.engine import effects as fx
from queuack.engine.events import (
    AttemptFinished,
    BranchChoice,
    CancelBackfill,
    Choose,
    ClearTasks,
    DeleteDag,
    SetPaused,
    SetPool,
    SetRunState,
    SetTaskState,
)
from queuack.engine.spec import (
    CallbackFlags,
    DagDocument,
    Expansion,
    MapInput,
    SubDagDocument,
    TaskDocument,
    TaskGroupDocument,
)
from queuack.errors import InvalidRequest, TasksRunning
from tests.engine.driver import Driver, dag, parsed, task
from tests.engine.test_backfill import Backfiller, daily, request
from tests.engine.test_deadlines import QUEUED, alert


def sub(task_id: str, *downstream: str, dag_id: str = "d", **options: Any) -> TaskDocument:
    """A SubDagOperator; what is about its child goes into ``SubDagDocument``."""
    of_child = {key: options.pop(key) for key in ("conf", "propagate_skipped_state", "timeout") if key in options}
    return task(task_id, *downstream, subdag=SubDagDocument(dag_id=f"{dag_id}.{task_id}", **of_child), **options)


def family(*, depth: int = 1, **options: Any) -> list[DagDocument]:
    """a → s → z, where s is a SubDAG x → y; with more depth it is x → s → y again."""
    documents, dag_id = [], "d"
    first, last = "a", "z"
    for _ in range(depth):
        documents.append(
            dag(task(first, "s", **options), sub("s", last, dag_id=dag_id), task(last, **options), dag_id=dag_id,
                parent_dag_id=dag_id.rpartition(".")[0] or None)
        )  # fmt: skip
        dag_id, first, last = f"{dag_id}.s", "x", "y"
    leaf = dag(task("x", "y", **options), task("y", **options), dag_id=dag_id, parent_dag_id=dag_id.rpartition(".")[0])
    return [*documents, leaf]


def driver_of(*documents: DagDocument) -> Driver:
    driver = Driver()
    driver.step(parsed(*documents))
    return driver


def run_of(driver: Driver, dag_id: str) -> fx.RunRow:
    """The latest run of a DAG."""
    return [run for run in driver.store.runs.values() if run.dag_id == dag_id][-1]


def finish_all(driver: Driver, outcome: str = "success") -> list[str]:
    """Finish what was handed out, again and again; what it was, in order."""
    order = []
    while outstanding := driver.engine.outstanding():
        for ti_id, number, _ in outstanding:
            key, task_id, _ = driver.store.places[ti_id]
            order.append(f"{driver.store.runs[key].dag_id}:{task_id}")
            driver.step(
                AttemptFinished(
                    ti_id=ti_id, try_number=number, at=driver.now, outcome=outcome, started_at=driver.now, pid=7
                )
            )
    return order


def test_a_child_runs_between_what_is_before_and_after_it() -> None:
    driver = driver_of(*family())
    key = driver.trigger(run_id="one", conf={"n": 1})
    driver.finish(key, {"a": "success"})
    assert driver.states(key) == {"a": "success", "s": "deferred", "z": None}
    child = run_of(driver, "d.s")
    assert (child.run_id, child.state, child.conf, child.run_type) == ("one", "running", {"n": 1}, "manual")
    assert (child.parent_dag_id, child.parent_run_id, child.parent_task_id) == ("d", "one", "s")
    assert driver.codes(key, "s") == ["subdag"]
    assert finish_all(driver) == ["d.s:x", "d.s:y", "d:z"]
    assert (driver.run_state(key), driver.run_state(child.id)) == ("success", "success")
    assert driver.engine.runs == {}


def test_dates_and_conf_go_down() -> None:
    documents = family()
    documents[0] = dag(sub("s", conf={"own": 2}))
    driver = driver_of(*documents)
    date = driver.now - 1
    driver.trigger(run_id="one", logical_date=date, data_interval_start=date - 5, data_interval_end=date, conf={"n": 1})
    child = run_of(driver, "d.s")
    assert (child.logical_date, child.data_interval_start, child.data_interval_end) == (date, date - 5, date)
    assert child.conf == {"n": 1, "own": 2}


def test_three_levels_in_a_pool_of_one_slot_restarted_at_every_step() -> None:
    driver = driver_of(*family(depth=3, pool="narrow"))
    driver.ask(SetPool(pool="narrow", slots=1, include_deferred=True))
    key = driver.trigger(run_id="one")
    order = []
    while driver.engine.outstanding():
        (attempt,) = driver.engine.outstanding()
        run_key, task_id, _ = driver.store.places[attempt[0]]
        order.append(f"{driver.store.runs[run_key].dag_id}:{task_id}")
        driver.finish(run_key, {task_id: "success"})
        driver.restart()
    assert order == ["d:a", "d.s:x", "d.s.s:x", "d.s.s.s:x", "d.s.s.s:y", "d.s.s:y", "d.s:y", "d:z"]
    assert driver.run_state(key) == "success"
    assert len(driver.store.runs) == 4
    driver.restart()
    assert driver.engine.runs == {}


def test_a_failure_goes_up() -> None:
    driver = driver_of(*family(depth=2))
    key = driver.trigger(run_id="one")
    driver.finish(key, {"a": "success"})
    finish_all(driver, "failed")
    assert driver.states(key) == {"a": "success", "s": "failed", "z": "upstream_failed"}
    assert driver.states(run_of(driver, "d.s").id) == {"x": "failed", "s": "upstream_failed", "y": "upstream_failed"}
    assert [run for run in driver.store.runs.values() if run.dag_id == "d.s.s"] == []


@pytest.mark.parametrize("restart", [False, True])
def test_a_retry_runs_again_what_failed_in_the_child(restart: bool) -> None:
    documents = family()
    flags = CallbackFlags(success=True, failure=True, retry=True, execute=True)
    documents[0] = dag(sub("s", retries=1, retry_delay=60.0, callbacks=flags))
    driver = driver_of(*documents)
    key = driver.trigger(run_id="one")
    child = run_of(driver, "d.s").id
    driver.finish(child, {"x": "success", "y": "failed"})
    assert driver.states(key) == {"s": "up_for_retry"}
    if restart:
        driver.restart()
    driver.advance(60)
    assert driver.states(child) == {"x": "success", "y": "queued"}
    driver.finish(child, {"y": "success"})
    assert (driver.states(key), driver.run_state(key)) == ({"s": "success"}, "success")
    row = driver.store.rows(key)["s"]
    assert (row.try_number, driver.store.runs[child].clear_number, len(driver.store.runs)) == (2, 1, 2)
    kinds = [command.callback.kind for command in driver.taken(fx.RunCallback)]
    assert kinds == (["execute", "retry", "execute", "success"])


def test_a_child_that_timed_out_runs_again_whole() -> None:
    documents = family()
    documents[0] = dag(sub("s", retries=1, retry_delay=60.0))
    documents[1] = dag(task("x", "y"), task("y"), dag_id="d.s", parent_dag_id="d", dagrun_timeout=30.0)
    driver = driver_of(*documents)
    key = driver.trigger(run_id="one")
    child = run_of(driver, "d.s").id
    driver.advance(30)
    assert (driver.run_state(child), driver.states(key)) == ("failed", {"s": "up_for_retry"})
    driver.advance(60)
    assert driver.states(child) == {"x": "queued", "y": None}


@pytest.mark.parametrize("option", ["execution_timeout", "timeout"])
def test_the_time_of_the_task_ends_its_child(option: str) -> None:
    documents = family()
    documents[0] = dag(sub("s", **{option: 30.0}))
    driver = driver_of(*documents)
    key = driver.trigger(run_id="one")
    driver.start(run_of(driver, "d.s").id, "x")
    driver.restart()
    driver.advance(30)
    assert (driver.run_state(key), driver.run_state(run_of(driver, "d.s").id)) == ("failed", "failed")
    assert len(driver.taken(fx.Cancel)) == 1


@pytest.mark.parametrize(
    ("option", "x", "z"),
    [
        ("any_leaf", "skipped", "skipped"),
        ("all_leaves", "skipped", "queued"),
        (None, "skipped", "queued"),
        ("all_leaves", "success", "queued"),
    ],
)
def test_skipped_leaves(option: str | None, x: str, z: str) -> None:
    driver = driver_of(
        dag(sub("s", "z", propagate_skipped_state=option), task("z")),
        dag(task("x"), task("y"), dag_id="d.s", parent_dag_id="d"),
    )
    key = driver.trigger(run_id="one")
    driver.finish(run_of(driver, "d.s").id, {"x": x, "y": "success"})
    assert driver.states(key) == {"s": "success", "z": z}


def finished(depth: int = 2) -> tuple[Driver, int, list[int]]:
    """A tree of successful runs that memory has forgotten; its root and all its keys."""
    driver = driver_of(*family(depth=depth))
    key = driver.trigger(run_id="one")
    finish_all(driver)
    assert driver.engine.runs == {}
    return driver, key, sorted(driver.store.runs)


def clear(driver: Driver, dag_id: str, keys: list[int], **options: Any) -> list[str]:
    first = run_of(driver, dag_id)
    family = tuple(key for key in keys if key != first.id)
    recall = driver.store.recall(first.id, family=family) if first.state in ("success", "failed") else None
    return driver.ask(ClearTasks(dag_id=dag_id, run_id="one", recall=recall, **options))


def test_clearing_goes_down_and_waits_for_what_is_before() -> None:
    driver, _, keys = finished()
    assert clear(driver, "d", keys) == ["a", "s", "z"]
    assert [driver.run_state(k) for k in keys] == ["running", "queued", "queued"]
    assert driver.states(keys[1]) == {"x": None, "s": None, "y": None}
    assert driver.codes(keys[1], "x") == ["parent_task"]
    driver.restart()
    assert finish_all(driver) == ["d:a", "d.s:x", "d.s.s:x", "d.s.s:y", "d.s:y", "d:z"]
    assert [driver.run_state(k) for k in keys] == ["success"] * 3
    assert len(driver.store.runs) == 3
    assert driver.engine.runs == {}


def test_clearing_without_what_is_below() -> None:
    driver, _, keys = finished()
    clear(driver, "d", keys, task_ids=("s",), downstream=True, include_subdags=False)
    assert driver.run_state(keys[1]) == "success"
    assert finish_all(driver) == ["d:z"]


def test_clearing_goes_up_to_the_root() -> None:
    driver, key, keys = finished()
    clear(driver, "d.s.s", keys, task_ids=("y",))
    assert finish_all(driver) == ["d.s.s:y", "d.s:y", "d:z"]
    assert [driver.run_state(k) for k in keys] == ["success"] * 3
    assert driver.store.rows(key)["s"].try_number == 2
    assert driver.store.rows(key)["a"].try_number == 1


def test_clearing_without_what_is_above() -> None:
    driver, key, keys = finished()
    clear(driver, "d.s.s", keys, task_ids=("y",), include_parentdag=False)
    assert finish_all(driver) == ["d.s.s:y"]
    assert driver.store.rows(key)["s"].try_number == 1
    assert driver.engine.runs == {}


def test_clearing_in_a_running_child_leaves_the_waiting_parent() -> None:
    driver = driver_of(*family())
    key = driver.trigger(run_id="one")
    driver.finish(key, {"a": "success"})
    child = run_of(driver, "d.s").id
    driver.finish(child, {"x": "success"})
    clear(driver, "d.s", [], task_ids=("x",))
    assert driver.states(key) == {"a": "success", "s": "deferred", "z": None}
    assert finish_all(driver) == ["d.s:y", "d.s:x", "d:z"]


def test_clearing_the_whole_of_a_running_tree_stops_the_child_until_its_turn() -> None:
    driver = driver_of(*family())
    key = driver.trigger(run_id="one")
    driver.finish(key, {"a": "success"})
    child = run_of(driver, "d.s").id
    driver.start(child, "x")
    clear(driver, "d", [])
    assert (driver.run_state(child), driver.states(child)) == ("queued", {"x": None, "y": None})
    driver.restart()
    assert finish_all(driver) == ["d:a", "d.s:x", "d.s:y", "d:z"]
    assert (driver.run_state(key), len(driver.store.runs)) == ("success", 2)


def test_only_failed_goes_down_too() -> None:
    driver = driver_of(*family())
    key = driver.trigger(run_id="one")
    driver.finish(key, {"a": "success"})
    child = run_of(driver, "d.s").id
    driver.finish(child, {"x": "success", "y": "failed"})
    assert driver.run_state(key) == "failed"
    assert clear(driver, "d", [key, child], only_failed=True) == ["s", "z"]
    assert finish_all(driver) == ["d.s:y", "d:z"]
    assert (driver.run_state(key), driver.run_state(child)) == ("success", "success")


@pytest.mark.parametrize(("state", "run_state"), [("success", "success"), ("failed", "failed"), ("skipped", "success")])
def test_marking_the_task_marks_all_below(state: str, run_state: str) -> None:
    driver = driver_of(*family(depth=2))
    key = driver.trigger(run_id="one")
    driver.finish(key, {"a": "success"})
    middle = run_of(driver, "d.s").id
    driver.finish(middle, {"x": "success"})
    inner = run_of(driver, "d.s.s").id
    driver.ask(SetTaskState(dag_id="d", run_id="one", task_id="s", state=state))
    assert driver.states(key)["s"] == state
    assert driver.states(middle) == {"x": state, "s": state, "y": state}
    assert driver.states(inner) == {"x": state, "y": state}
    assert (driver.run_state(middle), driver.run_state(inner)) == (run_state, run_state)


@pytest.mark.parametrize("state", ["success", "failed"])
def test_marking_the_run_ends_all_below(state: str) -> None:
    driver = driver_of(*family(depth=2))
    key = driver.trigger(run_id="one")
    driver.finish(key, {"a": "success"})
    middle = run_of(driver, "d.s").id
    driver.start(middle, "x")
    driver.ask(SetRunState(dag_id="d", run_id="one", state=state))
    assert (driver.run_state(key), driver.run_state(middle)) == (state, state)
    assert driver.states(middle) == {"x": state, "s": "skipped", "y": "skipped"}
    assert driver.engine.outstanding() == []
    assert driver.engine.runs == {}


def test_marking_the_child_ends_the_task_above() -> None:
    driver = driver_of(*family())
    key = driver.trigger(run_id="one")
    driver.finish(key, {"a": "success"})
    driver.ask(SetRunState(dag_id="d.s", run_id="one", state="success"))
    assert driver.states(key) == {"a": "success", "s": "success", "z": "queued"}


def test_fail_fast_and_the_runs_timeout_end_the_child() -> None:
    for options, event in (({"fail_fast": True}, "failed"), ({"dagrun_timeout": 30.0}, "success")):
        documents = family()
        documents[0] = dag(sub("s"), task("t"), **options)
        driver = driver_of(*documents)
        key = driver.trigger(run_id="one")
        driver.finish(key, {"t": event})
        driver.advance(30)
        assert driver.run_state(key) == "failed"
        assert driver.run_state(run_of(driver, "d.s").id) == "failed"
        assert driver.engine.runs == {}


def test_pausing_goes_down() -> None:
    driver = driver_of(*family(depth=2))
    key = driver.trigger(run_id="one")
    driver.finish(key, {"a": "success"})
    driver.ask(SetPaused(dag_id="d", paused=True))
    assert [driver.store.dags[dag_id].is_paused for dag_id in ("d", "d.s", "d.s.s")] == [True] * 3
    child = run_of(driver, "d.s").id
    driver.finish(child, {"x": "success"})
    assert driver.states(child) == {"x": "success", "s": None, "y": None}
    driver.restart()
    driver.ask(SetPaused(dag_id="d", paused=False))
    assert finish_all(driver) == ["d.s.s:x", "d.s.s:y", "d.s:y", "d:z"]


def test_a_new_subdag_of_a_paused_dag_is_paused() -> None:
    documents = family()
    driver = driver_of(dag(task("a")))
    driver.ask(SetPaused(dag_id="d", paused=True))
    driver.step(parsed(*documents, file_hash="2"))
    assert driver.store.dags["d.s"].is_paused


def test_a_child_that_is_in_no_file_fails_the_task() -> None:
    driver = driver_of(family()[0])
    key = driver.trigger(run_id="one")
    driver.finish(key, {"a": "success"})
    assert driver.run_state(key) == "failed"
    assert any(row.extra and "in no file" in row.extra for row in driver.store.log)


def test_a_subdag_is_neither_triggered_nor_deleted_by_itself() -> None:
    driver = driver_of(*family())
    with pytest.raises(InvalidRequest, match="is a SubDAG"):
        driver.trigger("d.s")
    with pytest.raises(InvalidRequest, match="deleted with its parent 'd'"):
        driver.ask(DeleteDag(dag_id="d.s"))
    driver.trigger(run_id="one")
    driver.ask(DeleteDag(dag_id="d"))
    assert (driver.store.dags, driver.store.runs, driver.engine.runs) == ({}, {}, {})


def test_a_mapped_subdag_has_a_run_for_each_index() -> None:
    over = Expansion((MapInput(kind="literal", length=2),))
    driver = driver_of(
        dag(
            sub("s", "z", task_group="g"), task("z", task_group="g"),
            task_groups=(TaskGroupDocument(group_id="g", children=("s", "z"), expansion=over),),
        ),
        dag(task("x"), dag_id="d.s", parent_dag_id="d"),
    )  # fmt: skip
    key = driver.trigger(run_id="one")
    children = [run for run in driver.store.runs.values() if run.dag_id == "d.s"]
    assert [(run.run_id, run.parent_map_index) for run in children] == [("one__map0", 0), ("one__map1", 1)]
    driver.restart()
    driver.finish(children[1].id, {"x": "success"})
    assert driver.states(key) == {"s[0]": "deferred", "s[1]": "success", "z[0]": None, "z[1]": "queued"}
    driver.finish(children[0].id, {"x": "failed"})
    assert driver.states(key)["z[0]"] == "upstream_failed"


def test_memory_holds_no_run_that_is_over() -> None:
    """Ten trees one after the other leave nothing behind."""
    driver = driver_of(*family(depth=2))
    for number in range(10):
        driver.trigger(run_id=f"r{number}")
        finish_all(driver)
    world = driver.engine._world
    assert (world.runs, world.by_id, world.children) == ({}, {}, {})


# ── run control ──────────────────────────────────────────────────────────────────────────────────────
def chosen(driver: Driver, asked: ClearTasks | SetTaskState) -> list[str]:
    return [f"{one.dag_id}:{one.task_id}" for one in driver.ask(Choose(of=asked))]


def test_what_is_asked_first_is_the_whole_tree() -> None:
    driver, key, keys = finished()
    before = [driver.states(k) for k in keys]
    recall = driver.store.recall(keys[1], family=(keys[0], keys[2]))
    asked = ClearTasks(dag_id="d.s", run_id="one", task_ids=("s",), recall=recall)
    assert chosen(driver, asked) == ["d.s:s", "d.s.s:x", "d.s.s:y", "d:s", "d:z"]
    alone = ClearTasks(
        dag_id="d.s", run_id="one", task_ids=("s",), recall=recall, include_subdags=False, include_parentdag=False
    )
    assert chosen(driver, alone) == ["d.s:s"]
    recall = driver.store.recall(key, family=tuple(keys[1:]))
    mark = SetTaskState(dag_id="d", run_id="one", task_id="s", state="skipped", recall=recall)
    assert chosen(driver, mark) == ["d:s", "d.s:s", "d.s:x", "d.s:y", "d.s.s:x", "d.s.s:y"]
    assert [driver.states(k) for k in keys] == before
    assert driver.engine.runs == {}


def test_what_runs_below_prevents_clearing() -> None:
    driver = driver_of(*family())
    key = driver.trigger(run_id="one")
    driver.finish(key, {"a": "success"})
    driver.start(run_of(driver, "d.s").id, "x")
    with pytest.raises(TasksRunning, match=r"d\.s/x"):
        clear(driver, "d", [], prevent_running=True)
    assert driver.states(key)["a"] == "success"


def test_what_failed_below_a_task_that_waits_is_cleared_and_the_task_waits_on() -> None:
    documents = family()
    documents[1] = dag(task("x"), task("y"), dag_id="d.s", parent_dag_id="d")
    driver = driver_of(*documents)
    key = driver.trigger(run_id="one")
    driver.finish(key, {"a": "success"})
    child = run_of(driver, "d.s").id
    driver.finish(child, {"x": "failed"})
    assert clear(driver, "d", [], only_failed=True) == []
    assert driver.states(child) == {"x": "queued", "y": "queued"}
    assert (driver.states(key)["s"], driver.store.runs[key].clear_number) == ("deferred", 0)
    driver.restart()
    assert sorted(finish_all(driver)) == ["d.s:x", "d.s:y", "d:z"]


def test_a_tree_cleared_and_left_ended_runs_what_was_cleared_when_it_is_queued() -> None:
    driver, key, keys = finished()
    clear(driver, "d", keys, task_ids=("s",), reopen=False, note="why")
    assert [driver.run_state(k) for k in keys] == ["success"] * 3
    assert driver.states(keys[2]) == {"x": None, "y": None}
    recall = driver.store.recall(key, family=tuple(keys[1:]))
    driver.ask(SetRunState(dag_id="d", run_id="one", state="queued", recall=recall))
    driver.restart()
    assert finish_all(driver) == ["d.s:x", "d.s.s:x", "d.s.s:y", "d.s:y"]
    assert [driver.run_state(k) for k in keys] == ["success"] * 3
    assert driver.engine.runs == {}


@pytest.mark.parametrize("option", ["only_new", "on_latest_version"])
def test_the_newest_version_goes_down(option: str) -> None:
    driver, key, keys = finished(depth=1)
    documents = family()
    documents[1] = dag(task("x", "y"), task("y", "new"), task("new"), dag_id="d.s", parent_dag_id="d")
    driver.step(parsed(*documents, file_hash="2"))
    clear(driver, "d", keys, **{option: True})
    driver.restart()
    again = ["d.s:new"] if option == "only_new" else ["d:a", "d.s:x", "d.s:y", "d.s:new", "d:z"]
    assert finish_all(driver) == again
    assert (driver.run_state(key), driver.states(keys[1])["new"]) == ("success", "success")
    assert driver.engine.runs == {}


def test_what_a_branch_above_had_skipped_stays_skipped() -> None:
    documents = family()
    documents[0] = dag(task("pick", "s", "z"), sub("s", "z"), task("z"))
    driver = driver_of(*documents)
    key = driver.trigger(run_id="one")
    driver.finish(key, {"pick": "success"})
    finish_all(driver)
    choice = BranchChoice("pick", -1, ("s",), (), "d", "one")
    clear(driver, "d.s", sorted(driver.store.runs), task_ids=("y",), choices=(choice,))
    assert finish_all(driver) == ["d.s:y"]
    assert driver.states(key) == {"pick": "success", "s": "success", "z": "skipped"}


def test_a_run_with_a_deadline_yet_to_miss_takes_its_tree_along_when_it_goes() -> None:
    documents = family()
    documents[1] = dag(task("x"), dag_id="d.s", parent_dag_id="d", deadlines=(alert(QUEUED, 60.0),))
    driver = driver_of(*documents)
    key = driver.trigger(run_id="one")
    driver.finish(key, {"a": "success"})
    child = run_of(driver, "d.s")
    finish_all(driver, "failed")
    assert [run.key for run in driver.engine.runs.values()] == [child.id]
    driver.restart()
    assert [run.key for run in driver.engine.runs.values()] == [child.id]
    assert clear(driver, "d", [key], only_failed=True) == ["s", "z"]
    finish_all(driver)
    assert (driver.engine.runs, driver.store.deadlines) == ({}, {})


# ── backfill ─────────────────────────────────────────────────────────────────────────────────────────
def backfiller() -> Backfiller:
    driver = Backfiller()
    driver.step(parsed(daily(sub("s")), dag(task("x"), dag_id="d.s", parent_dag_id="d")))
    return driver


def test_a_backfill_takes_its_trees_along() -> None:
    driver = backfiller()
    first = driver.backfill(3, max_active_runs=2)
    children = [run for run in driver.store.runs.values() if run.parent_run_id and run.run_type == "backfill"]
    assert [(run.state, run.backfill_id) for run in children] == [("running", None)] * 2
    finish_all(driver)
    assert driver.store.backfills[first].completed_at is not None
    count = len(driver.store.runs)
    driver.backfill(3, max_active_runs=1, reprocess_behavior="completed", dag_run_conf={"n": 2})
    driver.restart()
    driver.look()
    assert finish_all(driver) == ["d.s:x"] * 3
    assert len(driver.store.runs) == count
    again = [run for run in driver.store.runs.values() if run.run_type == "backfill"]
    assert [(run.clear_number, run.conf) for run in again] == [(1, {"n": 2})] * 6


def test_a_backfill_that_is_cancelled_ends_what_waits_below() -> None:
    driver = backfiller()
    driver.backfill(2, max_active_runs=2)
    finish_all(driver)
    again = driver.backfill(2, max_active_runs=1, reprocess_behavior="completed")
    waiting = [run for run in driver.store.runs.values() if run.state == "queued"]
    assert {run.dag_id for run in waiting} == {"d", "d.s"}
    driver.ask(CancelBackfill(backfill_id=again))
    assert {run.state for run in waiting if driver.run_state(run.id) != "failed"} == set()
    driver.restart()
    assert finish_all(driver) == ["d.s:x"]
    assert driver.engine.runs == {}


def test_a_subdag_is_not_backfilled_by_itself() -> None:
    asked = request()
    asked.dag_id = "d.s"
    with pytest.raises(InvalidRequest, match="Backfill that DAG"):
        backfiller().ask(asked)
