"""Compiling a document: structure, weights, refusals."""

from __future__ import annotations

import random

import pytest

from queuack.engine import weights
from queuack.engine.plan import compile_plan, reachable, topological_order
from queuack.errors import InvalidRequest
from tests.engine.driver import dag, task


def test_weights_by_rule() -> None:
    def plan(rule: str) -> dict[str, int]:
        compiled = compile_plan(
            dag(
                task("a", "b", "c", weight_rule=rule, priority_weight=1),
                task("b", "d", weight_rule=rule, priority_weight=10),
                task("c", "d", weight_rule=rule, priority_weight=100),
                task("d", weight_rule=rule, priority_weight=1000),
            )
        )
        return dict(zip(compiled.task_ids, compiled.weights, strict=True))

    assert plan("downstream") == {"a": 1111, "b": 1010, "c": 1100, "d": 1000}
    assert plan("upstream") == {"a": 1, "b": 11, "c": 101, "d": 1111}
    assert plan("absolute") == {"a": 1, "b": 10, "c": 100, "d": 1000}


def test_weights_are_clamped_to_what_the_column_holds() -> None:
    assert compile_plan(dag(task("a", priority_weight=10**12))).weights == [2_147_483_647]


@pytest.mark.parametrize("block", [3, 64])
@pytest.mark.parametrize("budget", [0, 10**9], ids=["blocks", "search"])
def test_closure_sums_agree_with_the_definition(monkeypatch: pytest.MonkeyPatch, block: int, budget: int) -> None:
    monkeypatch.setattr(weights, "_BLOCK", block)
    monkeypatch.setattr(weights, "_SEARCH_BUDGET", budget)
    rng = random.Random(1)
    for size in range(1, 25):
        names = [f"t{i:02d}" for i in range(size)]
        tasks = [
            task(
                name,
                *(later for later in names[i + 1 :] if rng.random() < 2.0 / size),
                priority_weight=rng.choice([1, 2, 7]),
                weight_rule=rng.choice(["downstream", "upstream"]),
            )
            for i, name in enumerate(names)
        ]
        plan = compile_plan(dag(*tasks))
        for i, one in enumerate(plan.document.tasks):
            edges = plan.downstream if one.weight_rule == "downstream" else plan.upstream
            expected = one.priority_weight + sum(plan.task(j).priority_weight for j in reachable([i], edges))
            assert plan.weights[i] == expected


def test_order_is_topological() -> None:
    plan = compile_plan(dag(task("c", "a"), task("a", "b"), task("b")))
    assert [plan.task_ids[i] for i in topological_order(plan)] == ["c", "a", "b"]


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        ([task("a", "b"), task("b", "a")], "cycle among: a, b"),
        ([task("a", "ghost")], "'ghost' that does not exist"),
        ([task("a", trigger_rule="some_success")], "no trigger rule 'some_success'"),
        ([task("a", weight_rule="heavy")], "no weight rule 'heavy'"),
    ],
)
def test_what_cannot_be_compiled_is_refused(tasks: list[object], message: str) -> None:
    with pytest.raises(InvalidRequest, match=message):
        compile_plan(dag(*tasks))  # type: ignore[arg-type]


def test_leaves_leave_teardowns_out() -> None:
    plan = compile_plan(dag(task("a", "b"), task("b", "down"), task("down", is_teardown=True)))
    assert [plan.task_ids[i] for i in plan.leaves] == ["b"]
    only = compile_plan(dag(task("down", is_teardown=True)))
    assert only.leaves == (0,)


def test_large_plans_compile_without_a_closure_in_memory() -> None:
    size = 20_000
    names = [f"t{i:06d}" for i in range(size)]
    chain = compile_plan(dag(*(task(n, *names[i + 1 : i + 2]) for i, n in enumerate(names))))
    assert chain.weights[0] == size
    fan = compile_plan(dag(task(names[0], *names[1:-1]), *(task(n, names[-1]) for n in names[1:-1]), task(names[-1])))
    assert fan.weights[0] == size
