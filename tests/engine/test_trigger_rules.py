"""Trigger rules as Airflow documents them, and as its scheduler decides early."""

from __future__ import annotations

import pytest

from queuack.engine.trigger_rules import REMOVE, RULES, RUN, SKIP, UPSTREAM_FAIL, WAIT, Counts, rule_named
from queuack.errors import InvalidRequest
from tests.engine.driver import Driver, dag, task

VERDICTS = {"run": RUN, "wait": WAIT, "skip": SKIP, "upstream_failed": UPSTREAM_FAIL, "removed": REMOVE}

TABLE = """
rule                         total succ skip fail upf rem  verdict
all_success                  2     2    0    0    0   0    run
all_success                  2     1    0    0    0   0    wait
all_success                  2     0    1    0    0   0    skip
all_success                  2     0    0    1    0   0    upstream_failed
all_success                  2     0    1    1    0   0    upstream_failed
all_success                  2     0    0    0    1   0    upstream_failed
all_success                  2     1    0    0    0   1    run
all_failed                   2     0    0    2    0   0    run
all_failed                   2     0    0    1    1   0    run
all_failed                   2     0    0    1    0   0    wait
all_failed                   2     1    0    0    0   0    skip
all_failed                   2     0    1    1    0   0    skip
all_done                     3     1    1    1    0   0    run
all_done                     3     1    1    0    0   0    wait
all_done                     3     0    0    0    3   0    run
all_skipped                  2     0    2    0    0   0    run
all_skipped                  2     0    1    0    0   0    wait
all_skipped                  2     1    0    0    0   0    skip
all_skipped                  2     0    0    1    0   0    skip
one_success                  3     1    0    0    0   0    run
one_success                  3     0    1    1    0   0    wait
one_success                  2     0    2    0    0   0    skip
one_success                  2     0    1    1    0   0    upstream_failed
one_success                  2     0    0    2    0   0    upstream_failed
one_failed                   3     0    0    1    0   0    run
one_failed                   3     0    0    0    1   0    run
one_failed                   3     2    0    0    0   0    wait
one_failed                   3     2    1    0    0   0    skip
one_done                     3     1    0    0    0   0    run
one_done                     3     0    0    1    0   0    run
one_done                     3     0    2    0    0   0    wait
one_done                     3     0    3    0    0   0    skip
one_done                     1     0    0    0    1   0    skip
none_failed                  2     1    1    0    0   0    run
none_failed                  2     0    2    0    0   0    run
none_failed                  2     1    0    0    0   0    wait
none_failed                  2     1    0    1    0   0    upstream_failed
none_failed                  3     0    0    0    1   0    upstream_failed
none_failed_min_one_success  2     1    1    0    0   0    run
none_failed_min_one_success  2     0    2    0    0   0    skip
none_failed_min_one_success  2     0    1    0    0   0    wait
none_failed_min_one_success  2     0    0    1    0   0    upstream_failed
none_failed_min_one_success  2     0    1    0    0   1    upstream_failed
none_skipped                 2     1    0    1    0   0    run
none_skipped                 2     1    0    0    0   0    wait
none_skipped                 2     0    1    0    0   0    skip
all_done_min_one_success     2     1    0    1    0   0    run
all_done_min_one_success     2     0    0    2    0   0    upstream_failed
all_done_min_one_success     2     1    0    0    0   0    wait
all_done_min_one_success     3     1    1    0    0   0    skip
all_done_setup_success       2     0    0    2    0   0    run
all_done_setup_success       2     1    0    0    0   0    wait
always                       2     0    0    0    0   0    run
dummy                        2     0    0    0    0   0    run
none_failed_or_skipped       2     0    2    0    0   0    skip
"""

ROWS = [line.split() for line in TABLE.strip().splitlines()[1:]]


@pytest.mark.parametrize("row", ROWS, ids=" ".join)
def test_verdict(row: list[str]) -> None:
    rule, *numbers, verdict = row
    total, success, skipped, failed, upstream_failed, removed = map(int, numbers)
    counts = Counts(total, success, skipped, failed, upstream_failed, removed)
    assert RULES[rule](counts) == VERDICTS[verdict]


@pytest.mark.parametrize(
    ("succeeded", "skipped", "verdict"), [(1, 0, "run"), (0, 2, "skip"), (0, 0, "upstream_failed"), (1, 1, "run")]
)
def test_all_done_setup_success_looks_at_setups(succeeded: int, skipped: int, verdict: str) -> None:
    counts = Counts(2, success=succeeded, skipped=skipped, failed=2 - succeeded - skipped)
    counts.setups, counts.success_setups, counts.skipped_setups = 2, succeeded, skipped
    assert RULES["all_done_setup_success"](counts) == VERDICTS[verdict]


def test_a_mapped_instance_whose_upstream_instance_was_removed_is_removed() -> None:
    assert RULES["all_success"](Counts(2, success=1, removed=1, map_index=1)) == REMOVE


def test_an_unknown_rule_is_refused_with_the_names_of_all() -> None:
    with pytest.raises(InvalidRequest, match=r"'all_sucess'.*all_success"):
        rule_named("all_sucess")


def states_after(rule: str, outcomes: dict[str, str]) -> str | None:
    upstream = [task(name, "join") for name in outcomes]
    driver = Driver(dag(*upstream, task("join", trigger_rule=rule)))
    key = driver.trigger()
    driver.finish(key, outcomes)
    return driver.states(key)["join"]


@pytest.mark.parametrize(
    ("rule", "outcomes", "state"),
    [
        ("all_success", {"a": "success", "b": "success"}, "queued"),
        ("all_success", {"a": "failed"}, "upstream_failed"),
        ("all_success", {"a": "skipped"}, "skipped"),
        ("one_failed", {"a": "failed", "b": "success"}, "queued"),
        ("none_failed_min_one_success", {"a": "skipped", "b": "success"}, "queued"),
        ("all_done", {"a": "failed", "b": "skipped"}, "queued"),
        ("none_skipped", {"a": "failed", "b": "success"}, "queued"),
    ],
)
def test_rules_in_a_run(rule: str, outcomes: dict[str, str], state: str) -> None:
    assert states_after(rule, outcomes) == state


def test_early_firing_does_not_wait_for_the_others() -> None:
    driver = Driver(dag(task("a", "join"), task("slow", "join"), task("join", trigger_rule="one_success")))
    key = driver.trigger()
    driver.start(key, "slow")
    driver.finish(key, {"a": "success"})
    assert driver.states(key) == {"a": "success", "slow": "running", "join": "queued"}
    driver.finish(key, {"slow": "failed", "join": "success"})
    assert driver.run_state(key) == "success"


def test_upstream_failure_travels_down_at_once() -> None:
    driver = Driver(dag(task("a", "b"), task("b", "c"), task("c", "d"), task("d", trigger_rule="all_done")))
    key = driver.trigger()
    driver.finish(key, {"a": "failed"})
    assert driver.states(key) == {"a": "failed", "b": "upstream_failed", "c": "upstream_failed", "d": "queued"}


def test_a_branch_skips_what_it_names_and_the_join_runs() -> None:
    driver = Driver(
        dag(
            task("branch", "left", "right"),
            task("left", "join"),
            task("right", "join"),
            task("join", trigger_rule="none_failed_min_one_success"),
        )
    )
    key = driver.trigger()
    driver.finish(key, {"branch": "success"}, skip_tasks=("right", "unknown"))
    assert driver.states(key) == {"branch": "success", "left": "queued", "right": "skipped", "join": None}
    driver.finish(key, {"left": "success"})
    assert driver.states(key)["join"] == "queued"


# ── setups and teardowns ─────────────────────────────────────────────────────────────────────────────
def cluster(**options: object) -> Driver:
    """setup → work → more → teardown, and setup → teardown."""
    return Driver(
        dag(
            task("setup", "work", "teardown", is_setup=True),
            task("work", "more"),
            task("more", "teardown", trigger_rule="all_done"),
            task("teardown", is_teardown=True, trigger_rule="all_done_setup_success", **options),
        )
    )


def test_a_teardown_runs_although_work_failed_and_does_not_decide_the_run() -> None:
    driver = cluster()
    key = driver.trigger()
    driver.finish(key, {"setup": "success", "work": "success", "more": "success", "teardown": "failed"})
    assert driver.run_state(key) == "success"


def test_a_teardown_that_fails_the_run_when_told_to() -> None:
    driver = cluster(on_failure_fail_dagrun=True)
    key = driver.trigger()
    driver.finish(key, {"setup": "success", "work": "success", "more": "success", "teardown": "failed"})
    assert driver.run_state(key) == "failed"


def test_a_failed_setup_fails_what_it_set_up_for_even_indirectly() -> None:
    driver = cluster()
    key = driver.trigger()
    driver.finish(key, {"setup": "failed"})
    assert driver.states(key) == {
        "setup": "failed", "work": "upstream_failed", "more": "upstream_failed", "teardown": "upstream_failed",
    }  # fmt: skip
    assert driver.run_state(key) == "failed"


def test_a_teardown_waits_for_everything_between() -> None:
    driver = Driver(
        dag(
            task("setup", "early", "slow", "teardown", is_setup=True),
            task("early", "teardown"),
            task("slow", "last"),
            task("last", "fast", trigger_rule="always"),
            task("fast", "teardown", trigger_rule="always"),
            task("teardown", is_teardown=True, trigger_rule="all_done_setup_success"),
        )
    )
    key = driver.trigger()
    driver.finish(key, {"setup": "success", "early": "success", "fast": "success"})
    assert driver.states(key)["teardown"] is None
    assert "teardown_scope" in driver.codes(key, "teardown")
    driver.finish(key, {"slow": "success", "last": "success"})
    assert driver.states(key)["teardown"] == "queued"
