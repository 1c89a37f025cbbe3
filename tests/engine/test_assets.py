"""Assets: events, what they queue, the runs that come of it, and that nothing of it is lost over a restart."""

from __future__ import annotations

import random
from typing import Any

import pytest

from queuack.engine.asset_spec import AliasDocument, AssetDocument, WatcherDocument
from queuack.engine.events import (
    AttemptFinished,
    CreateAssetEvent,
    DeleteDag,
    DequeueAssets,
    FileGone,
    SetPaused,
    TriggerFired,
)
from queuack.engine.spec import DagDocument
from queuack.errors import NotFound
from queuack.schedule.conditions import AliasRef, AllOf, AnyOf, AssetKey, Condition, Leaf, NameRef, UriRef, leaves
from queuack.schedule.outlet_events import OutletEvent
from queuack.schedule.timetables import AssetOrTimeTimetable, AssetTriggeredTimetable, CronTriggerTimetable
from tests.engine.driver import DAY, SECOND, START, Driver, dag, parsed, task

A, B, C = (AssetKey(name, name) for name in "abc")


def documents_of(*used: Leaf) -> dict[str, Any]:
    keys = {leaf for leaf in used if isinstance(leaf, AssetKey)}
    aliases = {leaf.name for leaf in used if isinstance(leaf, AliasRef)}
    return {
        "assets": tuple(AssetDocument(name=key.name, uri=key.uri) for key in sorted(keys)),
        "asset_aliases": tuple(AliasDocument(name=name) for name in sorted(aliases)),
    }


def consumer(dag_id: str, condition: Condition, **options: Any) -> DagDocument:
    options = {"timetable": AssetTriggeredTimetable(condition), **documents_of(*leaves(condition)), **options}
    return dag(task("t"), dag_id=dag_id, file=f"{dag_id}.py", **options)


def producer(dag_id: str, *outlets: Leaf, **options: Any) -> DagDocument:
    return dag(task("p", outlets=outlets), dag_id=dag_id, file=f"{dag_id}.py", **{**documents_of(*outlets), **options})


def update(driver: Driver, *keys: AssetKey, **options: Any) -> None:
    for key in keys:
        driver.now += SECOND
        driver.ask(CreateAssetEvent(name=key.name, uri=key.uri, **options))


def runs(driver: Driver, dag_id: str) -> list[int]:
    return [key for key, run in driver.store.runs.items() if run.dag_id == dag_id]


def succeed(driver: Driver, run_key: int, task_id: str = "t", **options: Any) -> None:
    driver.finish(run_key, {task_id: "success"}, **options)


def test_a_run_comes_in_the_step_in_which_its_asset_is_updated() -> None:
    driver = Driver(producer("up", A), consumer("down", A))
    key = driver.trigger("up")
    driver.now += SECOND
    driver.finish(key, {"p": "success"}, outlets=(A,))
    (made,) = runs(driver, "down")
    run = driver.store.runs[made]
    assert (run.run_type, run.triggered_by, run.logical_date, run.run_after) == (
        "asset_triggered",
        "asset",
        None,
        driver.now,
    )
    assert (run.data_interval_start, run.data_interval_end, run.state) == (None, None, "running")
    assert run.run_id.startswith("asset_triggered__2026-01-01T00:00:01+00:00_")
    assert driver.store.consumed == {made: [1]}
    assert not driver.store.queue
    event = driver.store.events[1]
    assert (event.source_dag_id, event.source_task_id, event.source_run_id) == (
        "up",
        "p",
        driver.store.runs[key].run_id,
    )
    assert (event.extra, event.source_map_index, event.timestamp) == ("{}", -1, driver.now)


@pytest.mark.parametrize("outcome", ["failed", "skipped", "up_for_reschedule"])
def test_only_a_success_updates_an_asset(outcome: str) -> None:
    driver = Driver(producer("up", A), consumer("down", A))
    key = driver.trigger("up")
    driver.finish(key, {"p": outcome}, outlets=(A,), reschedule_at=driver.now + SECOND)
    assert not driver.store.events


@pytest.mark.parametrize(
    ("condition", "updates", "made"),
    [
        (AllOf((A, B)), [A, A], 0),
        (AllOf((A, B)), [A, B], 1),
        (AllOf((A, B)), [A, A, B, B, A], 2),
        (AnyOf((A, B)), [A, B, A], 3),
        (AnyOf((A, AllOf((B, C)))), [B, A], 1),
        (AnyOf((A, AllOf((B, C)))), [B, C], 1),
        (AllOf((A, AnyOf((B, C)))), [C, A, C, C], 1),
    ],
)
def test_conditions(condition: Condition, updates: list[AssetKey], made: int) -> None:
    driver = Driver(consumer("down", condition))
    update(driver, *updates)
    assert len(runs(driver, "down")) == made


def test_a_run_consumes_all_events_since_the_last() -> None:
    driver = Driver(consumer("down", AllOf((A, B))))
    update(driver, A, A, B, A, B)
    assert list(driver.store.consumed.values()) == [[1, 2, 3], [4, 5]]


def test_what_happened_before_the_dag_came_is_not_its_business_without_catchup() -> None:
    driver = Driver(producer("up", A))
    update(driver, A)
    driver.step(parsed(consumer("down", A), file="down.py"), parsed(consumer("all", A, catchup=True), file="all.py"))
    update(driver, A)
    assert {driver.store.runs[key].dag_id: events for key, events in driver.store.consumed.items()} == {
        "down": [2],
        "all": [1, 2],
    }


def test_max_active_runs_makes_updates_wait_for_one_run() -> None:
    driver = Driver(consumer("down", A, max_active_runs=1))
    update(driver, A, A, A)
    (first,) = runs(driver, "down")
    assert list(driver.store.queue) == [("down", 1)]
    succeed(driver, first)
    _, second = runs(driver, "down")
    assert driver.store.consumed == {first: [1], second: [2, 3]}


def test_a_paused_dag_is_not_queued_and_consumes_what_it_missed_with_its_next_run() -> None:
    driver = Driver(consumer("down", A))
    driver.ask(SetPaused(dag_id="down", paused=True))
    update(driver, A)
    assert not driver.store.queue
    driver.ask(SetPaused(dag_id="down", paused=False))
    assert not runs(driver, "down")
    update(driver, A)
    assert list(driver.store.consumed.values()) == [[1, 2]]


def test_updates_that_were_queued_before_a_pause_make_a_run_after_it() -> None:
    driver = Driver(consumer("down", A, max_active_runs=1))
    update(driver, A, A)
    driver.ask(SetPaused(dag_id="down", paused=True))
    succeed(driver, 1)
    assert len(runs(driver, "down")) == 1
    driver.ask(SetPaused(dag_id="down", paused=False))
    assert len(runs(driver, "down")) == 2


def test_references_by_name_and_uri() -> None:
    asset = AssetKey("n", "x://u")
    named, located = (
        dag(task("t"), dag_id=dag_id, file=f"{dag_id}.py", timetable=AssetTriggeredTimetable(ref))
        for dag_id, ref in (("named", NameRef("n")), ("located", UriRef("x://u")))
    )
    driver = Driver(producer("up", asset), named, located)
    update(driver, asset)
    assert len(runs(driver, "named")) == len(runs(driver, "located")) == 1
    assert list(driver.store.consumed.values()) == [[1], [1]]
    assert driver.store.references["named"].names == ("n",)


def test_an_alias_brings_assets_into_being() -> None:
    driver = Driver(producer("up", AliasRef("x")), consumer("by_alias", AliasRef("x")), consumer("by_asset", A))
    key = driver.trigger("up")
    said = (
        OutletEvent(name="a", uri="a", alias="x", extra='{"n":1}'),
        OutletEvent(name="new", uri="new", alias="x", asset_extra='{"k":2}'),
        OutletEvent(name="b", uri="b", alias="not an outlet"),
    )
    driver.finish(key, {"p": "success"}, outlets=(AliasRef("x"),), asset_events=said)
    assert [(e.asset_id, e.extra, e.alias_ids) for e in driver.store.events.values()] == [
        (1, '{"n":1}', (1,)),
        (2, "{}", (1,)),
    ]
    new = driver.store.assets[2]
    assert (new.name, new.extra, new.is_active) == ("new", '{"k":2}', True)
    assert {driver.store.runs[key].dag_id: events for key, events in driver.store.consumed.items()} == {
        "by_alias": [1, 2],
        "by_asset": [1],
    }
    driver.restart()
    update(driver, AssetKey("new", "new"))
    assert len(runs(driver, "by_alias")) == 1, "an event that does not go by the alias does not count for it"


def test_extra_of_events_and_several_aliases_of_one() -> None:
    both = (A, AliasRef("x"), AliasRef("y"))
    driver = Driver(producer("up", *both))
    key = driver.trigger("up")
    said = (
        OutletEvent(name="a", uri="a", extra='{"rows":3}'),
        OutletEvent(name="b", uri="b", alias="x"),
        OutletEvent(name="b", uri="b", alias="y"),
        OutletEvent(name="c", uri="c"),
    )
    driver.finish(key, {"p": "success"}, outlets=both, asset_events=said)
    names = {asset.id: asset.name for asset in driver.store.assets.values()}
    assert [(names[e.asset_id], e.extra, e.alias_ids) for e in driver.store.events.values()] == [
        ("a", '{"rows":3}', ()),
        ("b", "{}", (1, 2)),
    ]


def test_the_first_of_two_assets_with_one_name_is_active() -> None:
    one, other = AssetKey("n", "x://1"), AssetKey("n", "x://2")
    driver = Driver(producer("first", one), producer("second", other))
    assert [driver.store.assets[1].is_active, driver.store.assets[2].is_active] == [True, False]
    second = driver.engine.dags["second"].document.tasks[0]
    assert driver.engine.inactive_assets(second) == [("n", "x://2")]
    driver.step(FileGone(relative_fileloc="first.py"))
    assert [driver.store.assets[1].is_active, driver.store.assets[2].is_active] == [False, True]
    assert driver.engine.inactive_assets(second) == []


def test_an_inactive_outlet_has_no_event() -> None:
    one, other = AssetKey("n", "x://1"), AssetKey("n", "x://2")
    driver = Driver(producer("first", one), producer("second", other))
    key = driver.trigger("second")
    driver.finish(key, {"p": "success"}, outlets=(other,))
    assert not driver.store.events


def test_a_dag_that_waits_for_assets_no_more() -> None:
    driver = Driver(consumer("down", AllOf((A, B))))
    update(driver, A)
    driver.step(parsed(dag(task("t"), dag_id="down", file="down.py"), file="down.py"))
    assert not driver.store.queue
    assert driver.store.references["down"].expression is None
    update_fails = CreateAssetEvent(name="nobody's")
    with pytest.raises(NotFound):
        driver.ask(update_fails)


def test_a_deleted_dag_leaves_nothing_behind() -> None:
    driver = Driver(consumer("down", AllOf((A, B))), producer("up", A))
    update(driver, A)
    driver.ask(DeleteDag(dag_id="down"))
    assert not driver.store.queue
    update(driver, A)
    driver.restart()
    assert not runs(driver, "down")


def test_assets_or_time() -> None:
    timetable = AssetOrTimeTimetable(A, CronTriggerTimetable("0 0 * * *"))
    driver = Driver(consumer("down", A, timetable=timetable, start_date=START - DAY), now=START + SECOND)
    assert [driver.store.runs[key].run_type for key in runs(driver, "down")] == ["scheduled"]
    update(driver, A)
    assert [driver.store.runs[key].run_type for key in runs(driver, "down")] == ["scheduled", "asset_triggered"]


def test_updates_that_wait_can_be_forgotten() -> None:
    driver = Driver(consumer("one", AllOf((A, B, C))), consumer("two", AllOf((A, B, C))))
    update(driver, A, B)
    (a, b) = sorted({asset_id for _, asset_id in driver.store.queue})
    assert driver.ask(DequeueAssets(asset_id=a, before=START)) == 0
    assert driver.ask(DequeueAssets(asset_id=a, dag_id="one")) == 1
    assert driver.ask(DequeueAssets(asset_id=a, dag_id="one")) == 0
    assert driver.ask(DequeueAssets(dag_id="two", before=driver.store.queue["two", b])) == 1
    driver.restart()
    assert set(driver.store.queue) == {("one", b), ("two", b)}
    assert driver.ask(DequeueAssets(asset_id=b)) == 2
    update(driver, A, C)
    assert not runs(driver, "one")
    update(driver, B)
    (made,) = runs(driver, "one")
    assert len(driver.store.consumed[made]) == 5  # what was forgotten of the queue is consumed all the same


def test_an_event_from_outside() -> None:
    driver = Driver(consumer("down", A))
    assert driver.ask(CreateAssetEvent(name="a", extra={"k": [1]})) == 1
    event = driver.store.events[1]
    assert (event.extra, event.source_dag_id) == ('{"k":[1]}', None)
    assert [row.event for row in driver.store.log if row.event == "create_asset_event"] == ["create_asset_event"]


def test_expressions_are_airflows() -> None:
    driver = Driver(consumer("down", AllOf((A, AnyOf((AliasRef("x"), B))))))
    assert driver.store.references["down"].expression == (
        '{"all":[{"asset":{"group":"asset","name":"a","uri":"a"}},{"any":[{"alias":{"group":"asset","name":"x"}},'
        '{"asset":{"group":"asset","name":"b","uri":"b"}}]}]}'
    )


@pytest.mark.parametrize("seed", range(20))
def test_restarts_lose_nothing(seed: int) -> None:
    """The same updates give the same runs and events, however often the engine is rebuilt in between."""
    rng = random.Random(seed)
    documents = [
        producer("up", A, B, C, AliasRef("x")),
        consumer("all", AllOf((A, B, C)), max_active_runs=2),
        consumer("any", AnyOf((A, AllOf((B, C)))), max_active_runs=1),
        consumer("alias", AllOf((AliasRef("x"), B))),
        consumer("ref", NameRef("c")),
    ]
    steady, restarted = (Driver(*documents) for _ in range(2))
    for _ in range(40):
        action, key, name = rng.choice("ueepr"), rng.choice([A, B, C]), rng.choice(["all", "any", "alias", "ref"])
        choice = rng.random()
        for driver in (steady, restarted):
            driver.now += SECOND
            _act(driver, action, key, name, choice)
        if rng.random() < 0.5:
            restarted.restart()
    assert restarted.store.queue == steady.store.queue
    assert restarted.store.floors == steady.store.floors
    described = [
        [(run.dag_id, run.run_after, driver.store.consumed.get(key)) for key, run in driver.store.runs.items()]
        for driver in (steady, restarted)
    ]
    assert described[0] == described[1]


def _act(driver: Driver, action: str, key: AssetKey, name: str, choice: float) -> None:
    if action == "u":
        driver.ask(CreateAssetEvent(name=key.name, uri=key.uri))
    elif action == "p":
        driver.ask(SetPaused(dag_id=name, paused=choice < 0.3))
    elif action == "r":
        run_key = driver.trigger("up", run_id=f"r{driver.now}")
        said = (OutletEvent(name=key.name, uri=key.uri, alias="x"),)
        driver.finish(run_key, {"p": "success"}, outlets=(key, AliasRef("x")), asset_events=said)
    else:
        active = [k for k in runs(driver, name) if driver.store.runs[k].state == "running"]
        if active and not driver.engine.dags[name].is_paused:
            ti_id, number = driver.live(active[0], "t")
            if number:
                driver.step(AttemptFinished(ti_id=ti_id, try_number=number, at=driver.now, outcome="success"))


# ── watchers ─────────────────────────────────────────────────────────────────────────────────────────
def watched(dag_id: str, *hashes: int) -> DagDocument:
    watchers = tuple(
        WatcherDocument(name=f"w{number}", classpath=f"t.T{number}", kwargs="{}", trigger_hash=number)
        for number in hashes
    )
    asset = AssetDocument(name="a", uri="a", watchers=watchers)
    return consumer(dag_id, A, assets=(asset,))


def classpaths(driver: Driver) -> list[str]:
    return sorted(trigger.row.classpath for trigger in driver.engine.triggers.values())


def test_a_watcher_runs_while_a_dag_waits_and_updates_its_asset() -> None:
    driver = Driver(watched("down", 1))
    assert classpaths(driver) == ["t.T1"]
    (trigger_id,) = driver.engine.triggers
    driver.step(TriggerFired(trigger_id=trigger_id, at=driver.now, payload=b'{"k":1}', source="s", seq=1))
    driver.restart()
    driver.step(TriggerFired(trigger_id=trigger_id, at=driver.now, payload=b'{"k":1}', source="s", seq=1))
    assert [event.extra for event in driver.store.events.values()] == ['{"from_trigger":true,"payload":{"k":1}}']
    driver.step(TriggerFired(trigger_id=trigger_id, at=driver.now, payload=b"2", source="s", seq=2))
    assert len(runs(driver, "down")) == 2
    driver.ask(SetPaused(dag_id="down", paused=True))
    assert (classpaths(driver), driver.store.watchers[1].watchers) == ([], ())
    driver.ask(SetPaused(dag_id="down", paused=False))
    assert classpaths(driver) == ["t.T1"]
    driver.step(FileGone(relative_fileloc="down.py"))
    assert classpaths(driver) == []


def test_triggers_that_watch_the_same_run_once() -> None:
    driver = Driver(watched("down", 1, 2), watched("other", 1))
    assert classpaths(driver) == ["t.T1", "t.T2"]
    driver.step(parsed(watched("down", 3), file="down.py"))
    assert classpaths(driver) == ["t.T1", "t.T3"]
    driver.restart()
    assert classpaths(driver) == ["t.T1", "t.T3"]
