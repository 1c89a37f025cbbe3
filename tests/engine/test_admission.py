"""Limits, order, parking; and the reasons given."""

from __future__ import annotations

import pytest

from queuack.engine.engine import EngineSettings
from queuack.engine.events import DeletePool, SetPaused, SetPool
from queuack.engine.spec import DagDocument
from queuack.errors import InvalidRequest, NotFound, TaskNotFound
from tests.engine.driver import DAY, START, Driver, dag, parsed, task


def wide(count: int, **options: object) -> list[object]:
    return [task(f"t{i}", **options) for i in range(count)]


def test_pool_slots() -> None:
    driver = Driver(dag(*wide(4, pool="small", pool_slots=2)))  # type: ignore[arg-type]
    key = driver.trigger()
    assert not driver.dispatched()
    assert driver.codes(key, "t0") == ["pool_missing"]
    driver.ask(SetPool(pool="small", slots=1))
    assert driver.codes(key, "t0") == ["pool_too_small"]
    driver.ask(SetPool(pool="small", slots=5))
    assert sorted(driver.dispatched()) == ["t0", "t1"]
    assert driver.codes(key, "t2") == ["pool_full"]
    driver.finish(key, {"t1": "success"})
    assert sorted(driver.dispatched()) == ["t2"]
    driver.ask(SetPool(pool="small", slots=-1))
    assert sorted(driver.dispatched()) == ["t3"]


def test_a_big_task_does_not_block_a_small_one_behind_it() -> None:
    driver = Driver(
        dag(task("a", pool="p", pool_slots=2), task("big", pool="p", pool_slots=3, priority_weight=5),
            task("c", pool="p", pool_slots=2, priority_weight=9))
    )  # fmt: skip
    driver.ask(SetPool(pool="p", slots=4))
    key = driver.trigger()
    assert list(driver.dispatched()) == ["c", "a"]
    driver.finish(key, {"a": "success"})
    assert not driver.dispatched()
    driver.finish(key, {"c": "success"})
    assert list(driver.dispatched()) == ["big"]


def test_a_deleted_pool_refuses_until_it_is_created_again() -> None:
    driver = Driver(dag(task("a", pool="p")))
    driver.ask(SetPool(pool="p", slots=1))
    driver.ask(DeletePool(pool="p"))
    key = driver.trigger()
    assert driver.codes(key, "a") == ["pool_missing"]
    with pytest.raises(NotFound):
        driver.ask(DeletePool(pool="p"))
    with pytest.raises(InvalidRequest):
        driver.ask(DeletePool(pool="default_pool"))
    with pytest.raises(InvalidRequest):
        driver.ask(SetPool(pool="p", slots=-2))


def test_max_active_tasks_is_per_run() -> None:
    driver = Driver(dag(*wide(3), max_active_tasks=2))  # type: ignore[arg-type]
    one = driver.trigger(run_id="one")
    assert len(driver.dispatched()) == 2
    driver.trigger(run_id="two")
    assert len(driver.dispatched()) == 2
    assert driver.codes(one, "t2") == ["max_active_tasks"]
    driver.step(parsed(dag(*wide(3), max_active_tasks=3)))  # type: ignore[arg-type]
    assert sorted(driver.dispatched()) == ["t2"]


def test_limits_of_a_task_over_all_runs_and_in_one() -> None:
    driver = Driver(dag(task("a", max_active_tis_per_dag=1), task("b", max_active_tis_per_dagrun=1)))
    one = driver.trigger(run_id="one")
    two = driver.trigger(run_id="two")
    assert driver.states(one) == {"a": "queued", "b": "queued"}
    assert driver.states(two) == {"a": "scheduled", "b": "queued"}
    assert driver.codes(two, "a") == ["max_active_tis_per_dag"]
    driver.finish(one, {"a": "success"})
    assert driver.states(two) == {"a": "queued", "b": "queued"}


def test_parallelism() -> None:
    driver = Driver(dag(*wide(3)), settings=EngineSettings(parallelism=2))  # type: ignore[arg-type]
    key = driver.trigger()
    assert len(driver.dispatched()) == 2
    assert driver.codes(key, "t2") == ["parallelism"]
    driver.finish(key, {"t0": "success"})
    assert list(driver.dispatched()) == ["t2"]


def test_order_is_weight_then_date_then_task() -> None:
    document = dag(task("a"), task("b", priority_weight=3), task("c", priority_weight=2))
    driver = Driver(document, settings=EngineSettings(parallelism=0))
    late = driver.trigger(run_id="late", logical_date=START - DAY)
    early = driver.trigger(run_id="early", logical_date=START - 2 * DAY)
    driver.engine._world.admission.parallelism = driver.engine._world.admission.workers = 10
    driver.step()
    order = [(c.run_key, c.task_index) for c in driver.commands if hasattr(c, "task_index")]
    assert order == [(early, 1), (late, 1), (early, 2), (late, 2), (early, 0), (late, 0)]


def test_a_paused_dag_hands_out_nothing_new_and_goes_on_when_unpaused() -> None:
    driver = Driver(dag(task("a", "b"), task("b"), task("c"), max_active_tasks=1))
    key = driver.trigger()
    assert driver.ask(SetPaused(dag_id="d", paused=True)) is True
    assert driver.ask(SetPaused(dag_id="d", paused=True)) is False
    driver.finish(key, {"a": "success"})
    assert driver.states(key) == {"a": "success", "b": None, "c": "scheduled"}
    assert driver.codes(key, "c") == ["dag_paused"]
    driver.restart()
    assert driver.states(key) == {"a": "success", "b": None, "c": "scheduled"}
    driver.ask(SetPaused(dag_id="d", paused=False))
    assert driver.states(key) == {"a": "success", "b": "queued", "c": "scheduled"}
    assert driver.store.dags["d"].is_paused is False


def test_explain_answers_for_every_situation() -> None:
    driver = Driver(dag(task("a", "b", retries=1, retry_delay=60.0), task("b"), task("w"), max_active_runs=1))
    key = driver.trigger(run_id="one")
    waiting = driver.trigger(run_id="two")
    future = driver.trigger(run_id="three", run_after=START + DAY)
    assert driver.codes(key, "a") == []
    assert driver.codes(key, "b") == ["trigger_rule"]
    assert driver.codes(waiting, "a") == ["max_active_runs"]
    assert driver.codes(future, "a") == ["run_after", "max_active_runs"]
    driver.finish(key, {"a": "failed", "w": "success"})
    assert driver.codes(key, "a") == ["retry"]
    assert driver.codes(key, "w") == ["task_finished"]
    with pytest.raises(TaskNotFound):
        driver.codes(key, "nope")
    texts = driver.engine.explain("d", "one", "b", -1, driver.now)
    assert texts[0].text == "The trigger rule all_success is not met; upstream tasks: 1 unfinished."


def test_a_large_fan_out_is_spread_over_steps_and_loses_nothing() -> None:
    names = [f"t{i:04d}" for i in range(2_000)]
    document = dag(task("root", *names), *(task(n, "tail") for n in names), task("tail"), max_active_tasks=3_000)
    driver = Driver(
        document, settings=EngineSettings(parallelism=5_000, default_pool_slots=-1, evaluations_per_step=300)
    )
    key = driver.trigger()
    driver.finish(key, {"root": "success"})
    steps = 1
    while driver.engine.next_wakeup() is not None:
        assert driver.engine.next_wakeup() == driver.now
        driver.step()
        steps += 1
    assert steps >= 7
    assert set(driver.dispatched()) == {"root", *names}
    driver.restart()
    driver.finish(key, dict.fromkeys(names, "success"))
    assert driver.states(key)["tail"] == "queued"


def test_async_tasks_need_no_worker_of_their_own() -> None:
    tasks = [*wide(4), *(task(f"z{i}", is_async=True) for i in range(3))]
    driver = Driver(dag(*tasks), settings=EngineSettings(parallelism=5, max_workers=2))
    key = driver.trigger()
    assert sorted(driver.dispatched()) == ["t0", "t1", "z0", "z1", "z2"]
    assert driver.codes(key, "t2") == ["parallelism"]
    driver.finish(key, {"z0": "success"})
    assert driver.dispatched() == {}
    assert driver.codes(key, "t2") == ["workers"]
    driver.restart()
    assert driver.codes(key, "t2") == ["workers"]
    driver.finish(key, {"t0": "success"})
    assert sorted(driver.dispatched()) == ["t2"]


def test_async_tasks_take_a_worker_each_where_all_run_in_forks() -> None:
    tasks = [task(f"z{i}", is_async=True) for i in range(3)]
    settings = EngineSettings(parallelism=5, max_workers=2, has_coroutines=False)
    assert len(_dispatched(dag(*tasks), settings)) == 2
    forked = [task(f"z{i}", is_async=True, isolation="fork") for i in range(3)]
    assert len(_dispatched(dag(*forked), EngineSettings(parallelism=5, max_workers=2))) == 2


def _dispatched(document: DagDocument, settings: EngineSettings) -> list[str]:
    driver = Driver(document, settings=settings)
    driver.trigger()
    return sorted(driver.dispatched())


def test_what_a_limit_parked_comes_back_though_only_the_other_kind_has_room() -> None:
    """Its limit frees while no worker does: it must not be forgotten."""
    first = [task(name, priority_weight=5) for name in ("a1", "a2")]
    driver = Driver(
        dag(*first, task("a3", is_async=True), max_active_tasks=1, dag_id="a", file="a.py"),
        dag(task("b1"), task("b2"), dag_id="b", file="b.py"),
        settings=EngineSettings(parallelism=10, max_workers=1),
    )
    b = driver.trigger("b")
    a = driver.trigger("a")
    assert list(driver.dispatched()) == ["b1", "a3"]
    driver.finish(b, {"b1": "success"})
    assert list(driver.dispatched()) == ["b2"]
    driver.finish(a, {"a3": "success"})
    assert driver.codes(a, "a1") == ["workers"]
    driver.finish(b, {"b2": "success"})
    assert list(driver.dispatched()) == ["a1"]
    driver.finish(a, {"a1": "success"})
    assert list(driver.dispatched()) == ["a2"]
