"""Changes by hand: marking, clearing, ending runs; on runs in memory and on runs recalled from the store."""

from __future__ import annotations

import pytest

from queuack.engine import effects as fx
from queuack.engine.events import BranchChoice, Choose, ClearTasks, SetNote, SetPool, SetRunState, SetTaskState
from queuack.engine.spec import DagDocument, Expansion, MapInput, TaskDocument
from queuack.errors import DagRunNotFound, InvalidRequest, TaskNotFound, TasksRunning
from tests.engine.driver import DAY, SECOND, START, Driver, dag, parsed, task


def chain(**options: object) -> Driver:
    return Driver(dag(task("a", "b"), task("b", "c"), task("c"), **options))


def mark(driver: Driver, task_id: str, state: str) -> None:
    driver.ask(SetTaskState(dag_id="d", run_id="one", task_id=task_id, state=state))


def test_marking_a_running_task_cancels_it_and_goes_on() -> None:
    driver = chain()
    key = driver.trigger(run_id="one")
    driver.start(key, "a")
    mark(driver, "a", "success")
    assert [c.reason for c in driver.taken(fx.Cancel)] == ["marked by hand"]
    assert driver.states(key) == {"a": "success", "b": "queued", "c": None}
    assert driver.engine.outstanding()[0][0] == driver.store.rows(key)["b"].id


def test_marking_failed_stops_what_follows() -> None:
    driver = chain()
    key = driver.trigger(run_id="one")
    mark(driver, "a", "failed")
    assert driver.states(key) == {"a": "failed", "b": "upstream_failed", "c": "upstream_failed"}
    assert driver.run_state(key) == "failed"


def test_marking_success_clears_what_failed_after_it() -> None:
    driver = chain()
    key = driver.trigger(run_id="one")
    driver.finish(key, {"a": "failed"})
    driver.engine.recall(driver.store.run_snapshot(driver.store.runs[key]))
    mark(driver, "a", "success")
    assert driver.states(key) == {"a": "success", "b": "queued", "c": None}
    assert driver.run_state(key) == "running"
    assert driver.store.runs[key].clear_number == 1
    driver.finish(key, {"b": "success", "c": "success"})
    assert driver.run_state(key) == "success"


@pytest.mark.parametrize("restart", [False, True])
def test_clearing_a_finished_run(restart: bool) -> None:
    driver = chain()
    driver.step()
    key = driver.trigger(run_id="one")
    driver.finish(key, {"a": "success", "b": "failed"})
    with pytest.raises(DagRunNotFound):
        driver.ask(ClearTasks(dag_id="d", run_id="one"))
    driver.engine.recall(driver.store.run_snapshot(driver.store.runs[key]))
    assert driver.ask(ClearTasks(dag_id="d", run_id="one", only_failed=True)) == ["b", "c"]
    row = driver.store.rows(key)["b"]
    assert (row.state, row.try_number, row.max_tries) == ("queued", 2, 1)
    assert [h.row.state for h in driver.store.history] == ["failed"]
    if restart:
        driver.restart()
    driver.finish(key, {"b": "success", "c": "success"})
    run = driver.store.runs[key]
    assert (run.state, run.clear_number) == ("success", 1)


def test_clearing_with_relatives_in_a_running_run() -> None:
    driver = chain()
    key = driver.trigger(run_id="one")
    driver.finish(key, {"a": "success", "b": "success"})
    driver.start(key, "c")
    reply = driver.ask(ClearTasks(dag_id="d", run_id="one", task_ids=("b",), downstream=True))
    assert reply == ["b", "c"]
    assert [c.reason for c in driver.taken(fx.Cancel)] == ["cleared"]
    assert driver.states(key) == {"a": "success", "b": "queued", "c": None}
    driver.finish(key, {"b": "success", "c": "success"})
    assert driver.run_state(key) == "success"
    assert driver.store.rows(key)["c"].try_number == 2
    driver.engine.recall(driver.store.run_snapshot(driver.store.runs[key]))
    with pytest.raises(TaskNotFound):
        driver.ask(ClearTasks(dag_id="d", run_id="one", task_ids=("ghost",)))
    assert not driver.engine.runs


def test_a_recalled_run_that_nothing_happens_to_is_dropped() -> None:
    driver = chain()
    key = driver.trigger(run_id="one")
    driver.finish(key, {"a": "failed"})
    driver.engine.recall(driver.store.run_snapshot(driver.store.runs[key]))
    assert driver.codes(key, "a") == ["task_finished"]
    driver.step()
    assert not driver.engine.runs


@pytest.mark.parametrize(("state", "running"), [("success", "success"), ("failed", "failed")])
def test_marking_a_run(state: str, running: str) -> None:
    driver = chain(has_on_success_callback=True, has_on_failure_callback=True)
    key = driver.trigger(run_id="one")
    driver.start(key, "a")
    driver.ask(SetRunState(dag_id="d", run_id="one", state=state))
    assert driver.states(key) == {"a": running, "b": "skipped", "c": "skipped"}
    assert driver.run_state(key) == state
    assert len(driver.taken(fx.Cancel)) == 1


def test_marking_a_run_lets_its_teardowns_run() -> None:
    driver = Driver(
        dag(task("setup", "work", "down", is_setup=True), task("work", "down"),
            task("down", is_teardown=True, trigger_rule="all_done_setup_success"))
    )  # fmt: skip
    key = driver.trigger(run_id="one")
    driver.finish(key, {"setup": "success"})
    driver.start(key, "work")
    driver.ask(SetRunState(dag_id="d", run_id="one", state="failed"))
    assert driver.states(key) == {"setup": "success", "work": "failed", "down": "queued"}
    driver.finish(key, {"down": "success"})
    assert driver.run_state(key) == "failed"


def test_queueing_a_finished_run_again() -> None:
    driver = chain()
    key = driver.trigger(run_id="one")
    driver.finish(key, {"a": "failed"})
    driver.engine.recall(driver.store.run_snapshot(driver.store.runs[key]))
    driver.ask(SetRunState(dag_id="d", run_id="one", state="queued"))
    assert driver.run_state(key) == "failed"
    assert not driver.engine.runs


def test_marking_a_queued_run() -> None:
    driver = chain(max_active_runs=1)
    driver.trigger(run_id="zero")
    key = driver.trigger(run_id="one")
    driver.ask(SetRunState(dag_id="d", run_id="one", state="failed"))
    assert driver.run_state(key) == "failed"
    assert driver.states(key) == {"a": "skipped", "b": "skipped", "c": "skipped"}


def test_marks_made_before_a_run_begins_count_when_it_does() -> None:
    driver = chain(max_active_runs=1)
    first = driver.trigger(run_id="zero")
    key = driver.trigger(run_id="one")
    mark(driver, "a", "success")
    driver.ask(SetRunState(dag_id="d", run_id="zero", state="success"))
    assert driver.run_state(first) == "success"
    assert driver.states(key) == {"a": "success", "b": "queued", "c": None}


def test_what_cannot_be_marked() -> None:
    driver = chain()
    driver.trigger(run_id="one")
    for event in (
        SetTaskState(dag_id="d", run_id="one", task_id="a", state="running"),
        SetRunState(dag_id="d", run_id="one", state="paused"),
    ):
        with pytest.raises(InvalidRequest):
            driver.ask(event)
    with pytest.raises(TaskNotFound):
        mark(driver, "ghost", "success")


def test_a_request_brings_the_finished_run_along() -> None:
    driver = chain()
    key = driver.trigger(run_id="one")
    driver.finish(key, {"a": "failed"})
    recall = driver.store.recall(key)
    assert driver.ask(ClearTasks(dag_id="d", run_id="one", only_failed=True, recall=recall)) == ["a", "b", "c"]
    assert driver.states(key) == {"a": "queued", "b": None, "c": None}
    driver.finish(key, {"a": "success", "b": "success", "c": "success"})
    assert (
        driver.ask(SetRunState(dag_id="d", run_id="one", state="failed", recall=driver.store.recall(key))) == "failed"
    )
    assert driver.run_state(key) == "failed"
    event = SetTaskState(dag_id="d", run_id="one", task_id="c", state="skipped", recall=driver.store.recall(key))
    assert driver.ask(event) == "skipped"
    assert driver.states(key)["c"] == "skipped"
    assert not driver.engine.runs


def test_a_finished_run_keeps_the_version_it_ran_with() -> None:
    driver = chain()
    key = driver.trigger(run_id="one")
    driver.finish(key, {"a": "failed"})
    driver.step(parsed(dag(task("other")), file_hash="2"))
    driver.ask(ClearTasks(dag_id="d", run_id="one", recall=driver.store.recall(key)))
    assert driver.states(key) == {"a": "queued", "b": None, "c": None}


def test_an_outdated_recall_is_refused() -> None:
    driver = chain()
    key = driver.trigger(run_id="one")
    driver.finish(key, {"a": "failed"})
    recall = driver.store.recall(key)
    driver.ask(ClearTasks(dag_id="d", run_id="one", recall=recall))
    driver.now += 1
    driver.finish(key, {"a": "failed"})
    with pytest.raises(DagRunNotFound):
        driver.ask(ClearTasks(dag_id="d", run_id="one", recall=recall))
    unfinished = driver.store.recall(driver.trigger(run_id="two"))
    driver.ask(SetRunState(dag_id="d", run_id="two", state="failed"))
    with pytest.raises(DagRunNotFound):
        driver.ask(ClearTasks(dag_id="d", run_id="two", recall=unfinished))
    assert driver.states(key)["a"] == "failed"
    assert not driver.engine.runs


def test_a_cleared_run_of_long_ago_looks_back_at_the_run_before_it() -> None:
    driver = Driver(dag(task("a", depends_on_past=True)))
    keys = [driver.trigger(run_id=f"r{n}", logical_date=START - (9 - n) * DAY) for n in range(4)]
    driver.finish(keys[0], {"a": "failed"})
    for n in (1, 2, 3):
        driver.ask(SetRunState(dag_id="d", run_id=f"r{n}", state="failed"))
    driver.restart()
    assert set(driver.engine.runs) == {keys[3]}
    driver.ask(ClearTasks(dag_id="d", run_id="r1", recall=driver.store.recall(keys[1], keys[0])))
    assert driver.states(keys[1]) == {"a": None}
    assert driver.codes(keys[1], "a") == ["depends_on_past"]
    assert set(driver.engine.runs) == {keys[0], keys[1], keys[3]}
    driver.ask(SetTaskState(dag_id="d", run_id="r0", task_id="a", state="success"))
    assert driver.states(keys[1]) == {"a": "queued"}
    driver.finish(keys[1], {"a": "success"})
    assert set(driver.engine.runs) == {keys[3]}


# ── what comes along ─────────────────────────────────────────────────────────────────────────────────
def with_setups() -> Driver:
    """make ≫ work ≫ drop, make ≫ drop; other stands beside; deep follows work."""
    return Driver(
        dag(task("make", "work", "drop", is_setup=True), task("work", "deep"), task("deep", "drop"), task("other"),
            task("drop", is_teardown=True, trigger_rule="all_done_setup_success"))
    )  # fmt: skip


@pytest.mark.parametrize(
    ("named", "downstream", "cleared"),
    [
        ("work", False, ["drop", "make", "work"]),
        ("work", True, ["deep", "drop", "make", "work"]),
        ("make", False, ["drop", "make"]),
        ("drop", False, ["drop"]),
        ("other", False, ["other"]),
    ],
)
def test_setups_and_teardowns_are_cleared_along(named: str, downstream: bool, cleared: list[str]) -> None:
    driver = with_setups()
    key = driver.trigger(run_id="one")
    driver.finish(key, dict.fromkeys(("other", "make", "work", "deep", "drop"), "success"))
    asked = ClearTasks(
        dag_id="d", run_id="one", task_ids=(named,), downstream=downstream, recall=driver.store.recall(key)
    )
    assert [one.task_id for one in driver.ask(Choose(of=asked))] == cleared
    assert driver.run_state(key) == "success"
    assert driver.ask(asked) == cleared


def branch() -> Driver:
    return Driver(dag(task("pick", "left", "right"), task("left", "join"), task("right", "join"),
                      task("join", trigger_rule="none_failed_min_one_success")))  # fmt: skip


PICKED = BranchChoice("pick", -1, ("left",))


@pytest.mark.parametrize("restart", [False, True])
def test_a_branch_that_is_not_cleared_has_still_decided(restart: bool) -> None:
    driver = branch()
    key = driver.trigger(run_id="one")
    driver.finish(key, {"pick": "success"}, skip_tasks=("right",))
    driver.finish(key, {"left": "success", "join": "success"})
    recall = driver.store.recall(key)
    driver.ask(
        ClearTasks(dag_id="d", run_id="one", task_ids=("left", "right", "join"), choices=(PICKED,), recall=recall)
    )
    if restart:
        driver.restart()
    assert driver.states(key) == {"pick": "success", "left": "queued", "right": "skipped", "join": None}
    driver.finish(key, {"left": "success", "join": "success"})
    assert driver.run_state(key) == "success"


def test_a_branch_that_is_cleared_decides_again() -> None:
    driver = branch()
    key = driver.trigger(run_id="one")
    driver.finish(key, {"pick": "success"}, skip_tasks=("right",))
    driver.ask(ClearTasks(dag_id="d", run_id="one", choices=(PICKED,)))
    assert driver.states(key) == {"pick": "queued", "left": None, "right": None, "join": None}
    driver.finish(key, {"pick": "success"}, skip_tasks=("left",))
    assert driver.states(key) == {"pick": "success", "left": "skipped", "right": "queued", "join": None}


# ── in the newest version ────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("restart", [False, True])
def test_a_finished_run_goes_on_in_the_newest_version(restart: bool) -> None:
    driver = chain()
    key = driver.trigger(run_id="one")
    driver.finish(key, {"a": "success", "b": "success", "c": "failed"})
    driver.step(parsed(dag(task("a", "c"), task("c", "new", pool="other"), task("new")), file_hash="2"))
    recall = driver.store.recall(key)
    asked = ClearTasks(dag_id="d", run_id="one", task_ids=("c",), on_latest_version=True, recall=recall)
    assert driver.ask(asked) == ["c"]
    if restart:
        driver.restart()
    assert driver.states(key) == {"a": "success", "b": "removed", "c": "scheduled", "new": None}
    latest = driver.engine.dags["d"].version.id
    assert driver.store.runs[key].dag_version_id == latest
    assert driver.store.revised == {driver.store.rows(key)["c"].id: latest}
    driver.ask(SetPool(pool="other", slots=1))
    driver.finish(key, {"c": "success", "new": "success"})
    assert driver.run_state(key) == "success"


def test_a_running_run_takes_the_newest_version_and_keeps_what_runs() -> None:
    driver = Driver(dag(task("a", "b"), task("b"), task("gone")))
    key = driver.trigger(run_id="one")
    driver.start(key, "a", "gone")
    driver.step(parsed(dag(task("a", "b"), task("b"), task("added")), file_hash="2"))
    assert driver.ask(ClearTasks(dag_id="d", run_id="one", only_new=True)) == ["added"]
    assert [c.ti_id for c in driver.taken(fx.Cancel)] == [driver.store.rows(key)["gone"].id]
    assert driver.states(key) == {"a": "running", "b": None, "added": "queued", "gone": "removed"}
    assert driver.engine._world.admission.active == 2
    driver.finish(key, {"a": "success", "b": "success", "added": "success"})
    assert driver.run_state(key) == "success"
    assert driver.engine._world.admission.active == 0


def test_a_mapped_task_keeps_its_instances_in_the_newest_version() -> None:
    def version(*more: TaskDocument) -> DagDocument:
        over = Expansion((MapInput(kind="xcom", task_id="source"),))
        return dag(task("source", "m"), task("m", expansion=over), *more)

    driver = Driver(version())
    key = driver.trigger(run_id="one")
    driver.finish(key, {"source": "success"}, map_length=2)
    driver.finish(key, {"m[0]": "success", "m[1]": "failed"})
    driver.step(parsed(version(task("new")), file_hash="2"))
    recall = driver.store.recall(key)
    driver.ask(ClearTasks(dag_id="d", run_id="one", only_failed=True, on_latest_version=True, recall=recall))
    driver.finish(key, {"m[1]": "success", "new": "success"})
    assert driver.states(key) == {"source": "success", "m[0]": "success", "m[1]": "success", "new": "success"}
    assert driver.run_state(key) == "success"


@pytest.mark.parametrize("another_is_mapped", [False, True])
def test_a_task_that_is_mapped_no_more_comes_back_as_one_instance(another_is_mapped: bool) -> None:
    """Its rows by map index stay in the file, removed; a start does not take them for instances."""
    driver = Driver(dag(task("m", expansion=Expansion((MapInput(kind="literal", length=2),)))))
    key = driver.trigger(run_id="one")
    driver.finish(key, {"m[0]": "success", "m[1]": "failed"})
    other = Expansion((MapInput(kind="literal", length=2),)) if another_is_mapped else None
    driver.step(parsed(dag(task("m"), task("n", expansion=other)), file_hash="2"))
    driver.ask(ClearTasks(dag_id="d", run_id="one", on_latest_version=True, recall=driver.store.recall(key)))
    driver.restart()
    run = driver.engine.runs[key]
    assert [run.name(i) for i in range(len(run.states)) if run.plan.task_ids[run.task_of[i]] == "m"] == ["m"]


# ── switches ─────────────────────────────────────────────────────────────────────────────────────────
def test_clearing_without_the_run_leaves_it_ended_until_it_is_queued() -> None:
    driver = chain()
    key = driver.trigger(run_id="one")
    driver.finish(key, {"a": "success", "b": "success", "c": "success"})
    driver.ask(ClearTasks(dag_id="d", run_id="one", task_ids=("c",), reopen=False, recall=driver.store.recall(key)))
    assert (driver.run_state(key), driver.states(key)["c"]) == ("success", None)
    driver.ask(SetRunState(dag_id="d", run_id="one", state="queued", recall=driver.store.recall(key)))
    assert (driver.run_state(key), driver.states(key)["c"]) == ("running", "queued")


def test_a_running_task_may_be_left_alone() -> None:
    driver = chain()
    key = driver.trigger(run_id="one")
    driver.start(key, "a")
    with pytest.raises(TasksRunning, match=r"Running: a\."):
        driver.ask(ClearTasks(dag_id="d", run_id="one", prevent_running=True))
    assert driver.states(key)["a"] == "running"
    assert driver.ask(ClearTasks(dag_id="d", run_id="one", only_running=True)) == ["a"]
    assert driver.store.rows(key)["a"].try_number == 2


def test_marking_reaches_up_and_down_but_not_to_teardowns() -> None:
    driver = with_setups()
    key = driver.trigger(run_id="one")
    driver.ask(
        SetTaskState(dag_id="d", run_id="one", task_id="work", state="success", upstream=True, downstream=True,
                     note="by hand", user="me")
    )  # fmt: skip
    assert driver.states(key) == {
        "make": "success", "work": "success", "deep": "success", "drop": "queued", "other": "queued",
    }  # fmt: skip
    assert set(driver.store.notes.values()) == {("by hand", "me")}
    assert [row.extra for row in driver.store.log if row.event == "patch_task_instance success"] == [
        '{"user": "me"}'
    ] * 3


def test_notes() -> None:
    driver = chain()
    key = driver.trigger(run_id="one", note="first")
    assert driver.store.notes["run", key] == ("first", None)
    driver.ask(SetNote(dag_id="d", run_id="one", note="seen", user="me"))
    assert (driver.store.runs[key].note, driver.store.notes["run", key]) == ("seen", ("seen", "me"))
    driver.ask(SetNote(dag_id="d", run_id="one", task_id="b", note="slow"))
    assert driver.store.notes["instance", driver.store.rows(key)["b"].id] == ("slow", None)
    with pytest.raises(InvalidRequest, match="at most 1000 characters"):
        driver.ask(SetNote(dag_id="d", run_id="one", note="x" * 1001))
    driver.ask(SetNote(dag_id="d", run_id="one", note=""))
    assert driver.store.runs[key].note is None


def test_a_skip_may_wait_for_the_past() -> None:
    waiting = {"depends_on_past": True, "wait_for_past_depends_before_skipping": True}
    driver = Driver(dag(task("a", "b"), task("b", **waiting)))
    first = driver.trigger(run_id="one", logical_date=START - DAY)
    driver.finish(first, {"a": "success"})
    second = driver.trigger(run_id="two", logical_date=START)
    driver.finish(second, {"a": "skipped"})
    assert driver.states(second) == {"a": "skipped", "b": None}
    assert driver.codes(second, "b") == ["depends_on_past"]
    driver.restart()
    driver.finish(first, {"b": "success"})
    assert driver.states(second) == {"a": "skipped", "b": "skipped"}


def test_a_try_that_has_looked_before_is_not_counted_back_by_a_clear() -> None:
    """Found by the simulation: it waited for a slot to look again, was cleared, and its number was used twice."""
    driver = Driver(dag(task("a", pool="p")))
    driver.ask(SetPool(pool="p", slots=1))
    key = driver.trigger()
    driver.ask(SetPool(pool="p", slots=0))
    driver.finish(key, {"a": "up_for_reschedule"}, reschedule_at=driver.now + SECOND)
    driver.advance(1)
    assert driver.states(key) == {"a": "scheduled"}
    driver.ask(ClearTasks(dag_id="d", run_id=driver.store.runs[key].run_id))
    driver.ask(SetPool(pool="p", slots=1))
    assert driver.store.rows(key)["a"].try_number == 2
