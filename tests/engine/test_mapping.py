"""Mapped tasks and groups: when they are expanded, into how many, who looks at whom, and what a second run changes.

Airflow's own decisions over thousands of generated cases are in ``tests/conformance/test_scheduling.py``.
"""

from __future__ import annotations

from typing import Any

import pytest

from queuack.engine import effects as fx
from queuack.engine.engine import EngineSettings
from queuack.engine.events import AttemptFinished, ClearTasks, SetTaskState
from queuack.engine.relevance import is_mapped_over, upstream_map_indexes
from queuack.engine.spec import DagDocument, Expansion, MapInput, TaskGroupDocument
from queuack.errors import InvalidRequest, TaskNotFound
from tests.engine.driver import DAY, START, Driver, dag, parsed, task


def xcom(task_id: str) -> MapInput:
    return MapInput(kind="xcom", task_id=task_id)


def literal(length: int) -> MapInput:
    return MapInput(kind="literal", length=length)


def over(*inputs: MapInput) -> Expansion:
    return Expansion(inputs)


def group(group_id: str, *inputs: MapInput, parent: str | None = None) -> TaskGroupDocument:
    return TaskGroupDocument(group_id=group_id, parent=parent, expansion=over(*inputs) if inputs else None)


def names(task_id: str, count: int) -> list[str]:
    return [f"{task_id}[{k}]" for k in range(count)]


def mapped_over_source(*after: Any, rule: str = "all_success", **options: Any) -> DagDocument:
    """source → m (mapped over it) → after."""
    ids = [one.task_id for one in after]
    return dag(
        task("source", "m"), task("m", *ids, expansion=over(xcom("source")), trigger_rule=rule), *after, **options
    )


# ── expansion ────────────────────────────────────────────────────────────────────────────────────────
def test_a_mapped_task_has_one_instance_until_its_input_is_there() -> None:
    driver = Driver(mapped_over_source(task("last")))
    key = driver.trigger()
    assert driver.states(key) == {"source": "queued", "m": None, "last": None}
    before = driver.store.rows(key)["m"].id
    driver.finish(key, {"source": "success"}, map_length=3)
    assert driver.states(key) == {
        "source": "success", "m[0]": "queued", "m[1]": "queued", "m[2]": "queued", "last": None,
    }  # fmt: skip
    assert driver.store.rows(key)["m[0]"].id == before
    assert [d.map_index for name, d in sorted(driver.dispatched().items()) if name.startswith("m")] == [0, 1, 2]
    driver.finish(key, {"m[0]": "success", "m[2]": "success"})
    assert driver.states(key)["last"] is None
    driver.finish(key, {"m[1]": "success", "last": "success"})
    assert driver.run_state(key) == "success"
    assert {row.map_index for row in driver.store.log if row.task_id == "m"} == {0, 1, 2}


def test_literals_are_expanded_when_the_run_is_made() -> None:
    driver = Driver(dag(task("m", "n", expansion=over(literal(2))), task("n", expansion=over(literal(0)))))
    key = driver.trigger()
    assert driver.states(key) == {"m[0]": "queued", "m[1]": "queued", "n": None}
    driver.finish(key, {"m[0]": "success", "m[1]": "success"})
    assert driver.states(key)["n"] == "skipped"
    assert driver.run_state(key) == "success"


@pytest.mark.parametrize(
    ("inputs", "count"),
    [
        ((xcom("a"), xcom("b")), 6),
        ((xcom("a"), literal(4)), 8),
        ((MapInput(kind="zip", parts=(xcom("a"), xcom("b"))),), 2),
        ((MapInput(kind="zip", parts=(xcom("a"), xcom("b")), fill=True),), 3),
        ((MapInput(kind="concat", parts=(xcom("a"), xcom("b"))),), 5),
        ((MapInput(kind="concat", parts=(literal(1), MapInput(kind="zip", parts=(xcom("a"), xcom("b"))))),), 3),
    ],
)
def test_the_number_of_instances(inputs: tuple[MapInput, ...], count: int) -> None:
    driver = Driver(dag(task("a", "m"), task("b", "m"), task("m", expansion=over(*inputs))))
    key = driver.trigger()
    driver.finish(key, {"a": "success"}, map_length=2)
    assert driver.states(key)["m"] is None
    driver.finish(key, {"b": "success"}, map_length=3)
    assert [name for name in driver.states(key) if name.startswith("m")] == names("m", count)


def test_over_a_mapped_task_only_what_was_returned_counts() -> None:
    document = dag(
        task("m", "n", expansion=over(literal(4)), retries=0),
        task("n", expansion=over(xcom("m")), trigger_rule="all_done"),
    )
    driver = Driver(document)
    key = driver.trigger()
    driver.finish(key, {"m[0]": "success", "m[3]": "success"}, map_length=1)
    driver.finish(key, {"m[1]": "failed"})
    driver.finish(key, {"m[2]": "success"})
    assert [name for name in driver.states(key) if name.startswith("n")] == names("n", 2)


@pytest.mark.parametrize(
    ("outcome", "length", "rule", "expected"),
    [
        ("success", 0, "all_success", "skipped"),
        ("success", 0, "all_done", "skipped"),
        ("success", None, "all_success", "upstream_failed"),
        ("failed", None, "all_success", "upstream_failed"),
        ("failed", None, "all_done", "upstream_failed"),
        ("failed", None, "one_failed", "upstream_failed"),
        ("skipped", None, "all_success", "skipped"),
        ("skipped", None, "all_done", "skipped"),
        ("skipped", None, "none_failed", "skipped"),
    ],
)
def test_without_elements_there_is_one_instance_and_it_does_not_run(
    outcome: str, length: int | None, rule: str, expected: str
) -> None:
    driver = Driver(mapped_over_source(rule=rule))
    key = driver.trigger()
    driver.finish(key, {"source": outcome}, map_length=length)
    assert driver.states(key)["m"] == expected


def test_a_rule_that_does_not_wait_for_the_input_fails_the_expansion() -> None:
    driver = Driver(mapped_over_source(rule="always"))
    assert driver.states(driver.trigger())["m"] == "upstream_failed"


def test_the_story_of_an_expansion_survives_a_restart() -> None:
    driver = Driver(mapped_over_source(task("n", expansion=over(xcom("m")))))
    key = driver.trigger()
    driver.finish(key, {"source": "success"}, map_length=3)
    driver.finish(key, {"m[0]": "success"}, map_length=7)
    driver.restart()
    driver.finish(key, {"m[1]": "success", "m[2]": "success"}, map_length=1)
    assert [name for name in driver.states(key) if name.startswith("n")] == names("n", 3)


def test_a_wide_expansion_is_spread_over_steps() -> None:
    driver = Driver(
        mapped_over_source(max_active_tasks=10_000),
        settings=EngineSettings(evaluations_per_step=100, parallelism=10_000, default_pool_slots=-1),
    )
    key = driver.trigger()
    driver.finish(key, {"source": "success"}, map_length=450)
    steps = 0
    while driver.engine.next_wakeup() == driver.now:
        driver.step()
        steps += 1
    assert 4 <= steps <= 6
    assert list(driver.states(key).values()).count("queued") == 450


def test_limits_and_pools_count_instances() -> None:
    driver = Driver(dag(task("m", expansion=over(literal(4)), max_active_tis_per_dagrun=2)))
    key = driver.trigger()
    assert sorted(driver.dispatched()) == ["m[0]", "m[1]"]
    assert driver.codes(key, "m[3]") == ["max_active_tis_per_dagrun"]
    driver.finish(key, {"m[1]": "success"})
    assert sorted(driver.dispatched()) == ["m[2]"]


def test_an_input_that_does_not_exist_is_refused() -> None:
    driver = Driver()
    driver.step(parsed(dag(task("m", expansion=over(xcom("nobody"))))))
    (error,) = driver.store.import_errors["d.py"].errors
    assert InvalidRequest.__name__ in error.message
    assert "'nobody'" in error.message


# ── trigger rules over mapped upstream tasks ─────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("rule", "outcomes", "expected"),
    [
        ("all_success", "sss", "queued"), ("all_success", "sfs", "upstream_failed"), ("all_success", "sks", "skipped"),
        ("all_failed", "fff", "queued"), ("all_failed", "ffs", "skipped"),
        ("all_done", "sfk", "queued"), ("all_done", "ss", None),
        ("all_done_min_one_success", "sff", "queued"), ("all_done_min_one_success", "fff", "upstream_failed"),
        ("all_done_min_one_success", "sk", "skipped"),
        ("all_skipped", "kkk", "queued"), ("all_skipped", "s", "skipped"),
        ("one_success", "s", "queued"), ("one_success", "fff", "upstream_failed"), ("one_success", "kkk", "skipped"),
        ("one_failed", "f", "queued"), ("one_failed", "sss", "skipped"),
        ("one_done", "f", "queued"), ("one_done", "kkk", "skipped"),
        ("none_failed", "sks", "queued"), ("none_failed", "f", "upstream_failed"),
        ("none_failed_min_one_success", "kks", "queued"), ("none_failed_min_one_success", "kkk", "skipped"),
        ("none_failed_min_one_success", "f", "upstream_failed"),
        ("none_skipped", "sfs", "queued"), ("none_skipped", "k", "skipped"),
        ("always", "", "queued"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("mapped", [False, True], ids=["one", "mapped"])
def test_rules_look_at_all_instances(rule: str, outcomes: str, expected: str | None, mapped: bool) -> None:
    options: dict[str, Any] = {"expansion": over(literal(2))} if mapped else {}
    driver = Driver(dag(task("m", "last", expansion=over(literal(3))), task("last", trigger_rule=rule, **options)))
    key = driver.trigger()
    words = {"s": "success", "f": "failed", "k": "skipped"}
    for k, letter in enumerate(outcomes):
        driver.finish(key, {f"m[{k}]": words[letter]})
    for name in names("last", 2) if mapped else ["last"]:
        assert driver.states(key)[name] == expected


def test_removed_instances_upstream() -> None:
    """all_success does not count what is removed; instances beyond what has succeeded by then are removed, too."""
    document = dag(
        task("source", "m"), task("m", "n", "one", expansion=over(xcom("source"))),
        task("n", expansion=over(literal(3))), task("one"),
    )  # fmt: skip
    driver = Driver(document)
    key = driver.trigger()
    driver.finish(key, {"source": "success"}, map_length=3)
    for k in range(3):
        driver.finish(key, {f"m[{k}]": "success"})
    driver.ask(ClearTasks(dag_id="d", run_id=driver.store.runs[key].run_id, task_ids=("source",), downstream=True))
    driver.finish(key, {"source": "success"}, map_length=2)
    assert driver.states(key)["m[2]"] == "removed"
    live = [driver.live(key, name) for name in names("m", 2)]
    driver.step(
        *(AttemptFinished(ti_id=ti, try_number=number, at=driver.now, outcome="success") for ti, number in live)
    )
    states = driver.states(key)
    assert [states[name] for name in (*names("n", 3), "one")] == ["queued", "queued", "removed", "queued"]


# ── groups ───────────────────────────────────────────────────────────────────────────────────────────
def in_group(rule: str = "all_success", **options: Any) -> DagDocument:
    """source → g (mapped over it): a → b; g → last."""
    return dag(
        task("source", "g.a"), task("g.a", "g.b", task_group="g"),
        task("g.b", "last", task_group="g", trigger_rule=rule), task("last", trigger_rule="all_done"),
        task_groups=(group("g", xcom("source")),), **options,
    )  # fmt: skip


def test_an_instance_in_a_mapped_group_follows_its_own_index() -> None:
    driver = Driver(in_group())
    key = driver.trigger()
    driver.finish(key, {"source": "success"}, map_length=3)
    assert driver.states(key)["g.b[2]"] is None
    driver.finish(key, {"g.a[1]": "success", "g.a[0]": "failed"})
    states = driver.states(key)
    assert [states[name] for name in names("g.b", 3)] == ["upstream_failed", "queued", None]
    driver.restart()
    driver.finish(key, {"g.a[2]": "skipped", "g.b[1]": "success"})
    assert driver.states(key)["g.b[2]"] == "skipped"
    assert driver.states(key)["last"] == "queued"


@pytest.mark.parametrize(
    ("length", "outcome", "expected"),
    [(0, "success", "skipped"), (None, "failed", "upstream_failed"), (None, "skipped", "skipped")],
)
def test_a_group_without_elements(length: int | None, outcome: str, expected: str) -> None:
    driver = Driver(in_group("all_done"))
    key = driver.trigger()
    driver.finish(key, {"source": outcome}, map_length=length)
    states = driver.states(key)
    assert (states["g.a"], states["g.b"]) == (expected, expected)
    assert states["last"] == "queued"


def test_a_group_of_literals_is_there_from_the_start() -> None:
    document = dag(
        task("g.a", "g.b", task_group="g"), task("g.b", task_group="g"), task_groups=(group("g", literal(2)),)
    )
    driver = Driver(document)
    key = driver.trigger()
    assert driver.states(key) == {"g.a[0]": "queued", "g.a[1]": "queued", "g.b[0]": None, "g.b[1]": None}


def test_a_plain_group_inside_a_mapped_one() -> None:
    document = dag(
        task("g.a", "g.h.b", task_group="g"), task("g.h.b", task_group="g.h"),
        task_groups=(group("g", literal(2)), group("g.h", parent="g")),
    )  # fmt: skip
    driver = Driver(document)
    key = driver.trigger()
    driver.finish(key, {"g.a[1]": "success"})
    assert driver.states(key)["g.h.b[1]"] == "queued"
    assert driver.states(key)["g.h.b[0]"] is None


def nested() -> DagDocument:
    """A mapped group (2) with a mapped group (3) in it: a → (h: b → c) → z."""
    return dag(
        task("g.a", "g.h.b", task_group="g"), task("g.h.b", "g.h.c", task_group="g.h"),
        task("g.h.c", "g.z", task_group="g.h"), task("g.z", task_group="g"),
        task_groups=(group("g", literal(2)), group("g.h", literal(3), parent="g")),
    )  # fmt: skip


def test_a_mapped_group_inside_a_mapped_one() -> None:
    driver = Driver(nested())
    key = driver.trigger()
    assert list(driver.states(key).values()).count(None) == 6 + 6 + 2
    driver.finish(key, {"g.a[1]": "success"})
    states = driver.states(key)
    assert [states[name] for name in names("g.h.b", 6)] == [None] * 3 + ["queued"] * 3
    driver.finish(key, {"g.h.b[3]": "success", "g.h.b[4]": "success", "g.h.b[5]": "success"})
    driver.finish(key, {"g.h.c[3]": "success", "g.h.c[4]": "success"})
    assert driver.states(key)["g.z[1]"] is None
    driver.finish(key, {"g.h.c[5]": "success"})
    assert driver.states(key)["g.z[1]"] == "queued"
    assert driver.states(key)["g.z[0]"] is None


def test_what_a_worker_is_told_of_its_group() -> None:
    driver = Driver(nested())
    run = driver.engine.runs[driver.trigger()]
    index = run.plan.index
    assert upstream_map_indexes(run, index["g.h.b"], 4) == {"g.a": [1]}
    assert upstream_map_indexes(run, index["g.h.c"], 4) == {"g.h.b": [4]}
    assert upstream_map_indexes(run, index["g.z"], 1) == {"g.h.c": [3, 4, 5]}
    assert upstream_map_indexes(run, index["g.a"], 1) == {}
    assert not is_mapped_over(run, index["g.a"])


def test_a_branch_in_a_mapped_group_skips_in_its_own_index() -> None:
    document = dag(
        task("g.branch", "g.left", "g.right", task_group="g"), task("g.left", task_group="g"),
        task("g.right", task_group="g", trigger_rule="one_success"), task_groups=(group("g", literal(2)),),
    )  # fmt: skip
    driver = Driver(document)
    key = driver.trigger()
    driver.finish(key, {"g.branch[0]": "success"}, skip_instances=(("g.left", 0),))
    driver.finish(key, {"g.branch[1]": "success"}, skip_instances=(("g.right", 1),))
    states = driver.states(key)
    assert [states[name] for name in names("g.left", 2)] == ["skipped", "queued"]
    assert [states[name] for name in names("g.right", 2)] == ["queued", "skipped"]


def test_a_branch_skips_a_task_that_is_not_expanded_yet() -> None:
    document = dag(
        task("source", "g.branch"), task("g.branch", "g.late", task_group="g"),
        task("g.late", task_group="g", trigger_rule="one_success"), task_groups=(group("g", xcom("source")),),
    )  # fmt: skip
    driver = Driver(document)
    key = driver.trigger()
    driver.finish(key, {"source": "success"}, map_length=2)
    assert driver.states(key)["g.late"] is None
    driver.finish(key, {"g.branch[1]": "success"}, skip_instances=(("g.late", 1),))
    assert driver.states(key)["g.late[1]"] == "skipped"
    driver.finish(key, {"g.branch[0]": "success"})
    assert driver.states(key)["g.late[0]"] == "queued"


def test_setup_and_teardown_in_a_mapped_group() -> None:
    document = dag(
        task("g.s", "g.t", "g.w", task_group="g", is_setup=True), task("g.w", "g.v", task_group="g"),
        task("g.v", "g.t", task_group="g"),
        task("g.t", task_group="g", is_teardown=True, trigger_rule="all_done_setup_success"),
        task_groups=(group("g", literal(2)),),
    )  # fmt: skip
    driver = Driver(document)
    key = driver.trigger()
    driver.finish(key, {"g.s[0]": "success", "g.s[1]": "failed", "g.w[0]": "failed"})
    states = driver.states(key)
    assert states["g.t[0]"] == "queued"
    assert (states["g.w[1]"], states["g.v[1]"], states["g.t[1]"]) == ("upstream_failed",) * 3


# ── again ────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("length", [1, 2, 4, 0])
def test_a_second_run_of_the_source_changes_the_number(length: int, restart: bool) -> None:
    driver = Driver(mapped_over_source(task("last", trigger_rule="all_done")))
    key = driver.trigger()
    driver.finish(key, {"source": "success"}, map_length=2)
    driver.finish(key, {"m[0]": "success", "m[1]": "failed", "last": "success"})
    run_id = driver.store.runs[key].run_id
    recall = driver.store.recall(key)
    driver.ask(ClearTasks(dag_id="d", run_id=run_id, task_ids=("source",), downstream=True, recall=recall))
    if restart:
        driver.restart()
    driver.finish(key, {"source": "success"}, map_length=length)
    states = driver.states(key)
    assert [states[name] for name in names("m", length)] == ["queued"] * length
    assert [states[name] for name in names("m", 2)[length:]] == ["removed"] * max(0, 2 - length)
    driver.finish(key, dict.fromkeys(names("m", length), "success"))
    assert driver.states(key)["last"] == "queued"


def test_what_an_instance_returned_is_forgotten_when_it_runs_again() -> None:
    driver = Driver(dag(task("m", "n", expansion=over(literal(2))), task("n", expansion=over(xcom("m")))))
    key = driver.trigger()
    driver.finish(key, {"m[0]": "success", "m[1]": "success"}, map_length=1)
    assert driver.states(key)["n[1]"] == "queued"
    run_id = driver.store.runs[key].run_id
    driver.ask(ClearTasks(dag_id="d", run_id=run_id, instances=(("m", 1),), downstream=True))
    assert [driver.states(key)[name] for name in ("m[0]", "m[1]", "n[0]")] == ["success", "queued", None]
    assert (key, "m", 1) not in driver.store.lengths
    assert any((c.task_id, c.map_index) == ("m", 1) for c in driver.store.cleared)
    driver.finish(key, {"m[1]": "success"})
    assert [driver.states(key)[name] for name in names("n", 2)] == ["queued", "removed"]


def test_one_instance_in_a_group_is_cleared_with_what_follows_it() -> None:
    driver = Driver(in_group())
    key = driver.trigger()
    driver.finish(key, {"source": "success"}, map_length=2)
    driver.finish(key, {"g.a[0]": "success", "g.a[1]": "success", "g.b[0]": "success", "g.b[1]": "success"})
    run_id = driver.store.runs[key].run_id
    cleared = driver.ask(ClearTasks(dag_id="d", run_id=run_id, instances=(("g.a", 1),), downstream=True))
    assert cleared == ["g.a", "g.b", "last"]
    states = driver.states(key)
    assert [states[name] for name in ("g.a[0]", "g.b[0]", "g.a[1]", "g.b[1]", "last")] == [
        "success", "success", "queued", None, None,
    ]  # fmt: skip


def test_marks_go_to_one_instance_or_to_all() -> None:
    driver = Driver(mapped_over_source(task("last")))
    key = driver.trigger()
    driver.finish(key, {"source": "success"}, map_length=3)
    run_id = driver.store.runs[key].run_id
    driver.ask(SetTaskState(dag_id="d", run_id=run_id, task_id="m", map_index=1, state="failed"))
    assert [driver.states(key)[name] for name in (*names("m", 3), "last")] == [
        "queued", "failed", "queued", "upstream_failed",
    ]  # fmt: skip
    driver.ask(SetTaskState(dag_id="d", run_id=run_id, task_id="m", state="success"))
    assert [driver.states(key)[name] for name in (*names("m", 3), "last")] == ["success"] * 3 + ["queued"]
    assert len(driver.taken(fx.Cancel)) == 3
    with pytest.raises(TaskNotFound):
        driver.ask(SetTaskState(dag_id="d", run_id=run_id, task_id="m", map_index=3, state="success"))


# ── telling ──────────────────────────────────────────────────────────────────────────────────────────
def test_what_holds_an_instance() -> None:
    driver = Driver(in_group())
    key = driver.trigger()
    assert driver.codes(key, "g.a") == ["trigger_rule"]
    driver.finish(key, {"source": "success"}, map_length=2)
    assert driver.codes(key, "g.b[1]") == ["trigger_rule"]
    with pytest.raises(TaskNotFound):
        driver.codes(key, "g.b[2]")


def test_what_the_template_called_an_instance() -> None:
    driver = Driver(dag(task("m", expansion=over(literal(1)))))
    key = driver.trigger()
    driver.finish(key, {"m[0]": "success"}, rendered_map_index="first")
    assert driver.store.rendered_map_indexes == {driver.store.rows(key)["m[0]"].id: "first"}


def test_who_fails_fast_stops_the_other_instances() -> None:
    driver = Driver(dag(task("m", expansion=over(literal(3))), fail_fast=True))
    key = driver.trigger()
    driver.start(key, "m[0]", "m[1]")
    driver.finish(key, {"m[0]": "failed"})
    assert driver.states(key) == {"m[0]": "failed", "m[1]": "failed", "m[2]": "skipped"}
    assert driver.run_state(key) == "failed"


def test_what_follows_a_mapped_task_that_is_not_in_the_run_does_not_wait_for_it() -> None:
    """Found by the simulation: it waited until a restart looked at everything."""
    gone = task("a", "b", expansion=Expansion((MapInput(kind="literal", length=2),)), end_date=START - DAY)
    driver = Driver(dag(gone, task("b", trigger_rule="none_skipped"), task("c")))
    driver.trigger(logical_date=START)
    assert set(driver.dispatched()) == {"b", "c"}
