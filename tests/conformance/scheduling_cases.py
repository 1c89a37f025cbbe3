"""Small random DAGs, drawn from a seed, and how each of their task instances ends: cases for scheduling decisions.

A case is plain data. ``build`` makes the DAG of a case with the names of either ``airflow.sdk`` or ``queuack``, so the
same text reaches both. ``choose`` decides which of the ready instances ends next, so both sides tell the same story as
long as they agree. Must import neither Airflow nor Queuack.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

RULES = [
    "all_success", "all_failed", "all_done", "all_done_min_one_success", "all_skipped", "one_success", "one_failed",
    "one_done", "none_failed", "none_failed_min_one_success", "none_skipped", "always",
]  # fmt: skip

FAMILIES = {"plain": 1200, "setup": 700, "mapped": 1400, "group": 1200, "nested": 500, "deep": 400}
"""How many cases of each kind."""

Case = dict[str, Any]


def cases() -> Iterator[Case]:
    """All cases, always the same."""
    for family, count in FAMILIES.items():
        for number in range(count):
            rng = random.Random(f"{family}-{number}")
            yield {"dag_id": f"{family}_{number}", "seed": rng.randrange(1 << 30), **_DRAW[family](rng)}


def choose(case: Case, step: int, ready: list[tuple[str, int]]) -> tuple[str, int]:
    """Which of the ready instances ends at this step."""
    return random.Random(f"{case['seed']}-{step}").choice(sorted(ready))


def outcome(case: Case, task_id: str, map_index: int) -> str:
    """success, failed or skipped."""
    found = next(task for task in case["tasks"] if task["id"] == task_id)["outcomes"]
    return str(found[(map_index + 1) % len(found)])


def returned(case: Case, task_id: str, map_index: int) -> int:
    """The length of the list that an instance returns when it succeeds; -1: it returns nothing."""
    found = next(task for task in case["tasks"] if task["id"] == task_id).get("lengths", [1])
    return int(found[(map_index + 1) % len(found)])


# ── drawing ──────────────────────────────────────────────────────────────────────────────────────
def _outcomes(rng: random.Random, width: int = 1) -> list[str]:
    mood = rng.choice([(1, 0, 0), (3, 1, 1), (1, 1, 1), (2, 0, 1), (2, 1, 0)])
    return rng.choices(["success", "failed", "skipped"], mood, k=width)


def _rule(rng: random.Random, *, always: bool = True) -> str:
    if rng.random() < 0.3:
        return "all_success"
    return rng.choice(RULES if always else RULES[:-1])


def _tasks(rng: random.Random, count: int, names: str = "t", before: list[str] | None = None) -> list[dict[str, Any]]:
    """Tasks in a random graph; ``before``: earlier tasks that they may come after."""
    tasks: list[dict[str, Any]] = []
    earlier = list(before or [])
    for number in range(count):
        most = min(len(earlier), 3)
        chosen = rng.sample(earlier, rng.randint(1 if earlier and rng.random() < 0.85 else 0, most)) if most else []
        tasks.append(
            {"id": f"{names}{number}", "rule": _rule(rng), "after": sorted(chosen), "outcomes": _outcomes(rng)}
        )
        earlier.append(tasks[-1]["id"])
    return tasks


def _plain(rng: random.Random) -> Case:
    return {"tasks": _tasks(rng, rng.randint(2, 6))}


def _setup(rng: random.Random) -> Case:
    tasks = _tasks(rng, rng.randint(3, 6))
    for task in tasks:
        task["rule"] = _rule(rng) if rng.random() < 0.3 else "all_success"
    pairs = rng.randint(1, 2)
    for number in range(pairs):
        inside = sorted(rng.sample([task["id"] for task in tasks if "kind" not in task], rng.randint(1, 2)))
        setup = {"id": f"a{number}", "kind": "setup", "rule": "all_success", "after": [], "outcomes": _outcomes(rng)}
        for task in tasks:
            if task["id"] in inside:
                task["after"] = sorted({*task["after"], setup["id"]})
                task["rule"] = "all_success"  # required of what comes right after a setup
        teardown = {
            "id": f"z{number}", "kind": "teardown", "after": inside, "setups": [setup["id"]], "rule": None,
            "fails_run": rng.random() < 0.3, "outcomes": _outcomes(rng),
        }  # fmt: skip
        tasks = [setup, *tasks, teardown]
    return {"tasks": tasks}


def _source(rng: random.Random, tasks: list[dict[str, Any]]) -> dict[str, Any]:
    kind = rng.random()
    if kind < 0.3 or not tasks:
        return {"literal": rng.choice([0, 1, 2, 2, 3, 3])}
    if kind < 0.85:
        return {"xcom": _sound(rng, rng.choice(tasks))}
    parts = [{"xcom": _sound(rng, rng.choice(tasks))} for _ in range(2)]
    return {rng.choice(["zip", "concat"]): parts}


def _sound(rng: random.Random, task: dict[str, Any]) -> str:
    """Most of the tasks that others expand over succeed, or there would be little to see."""
    if rng.random() < 0.6:
        task["outcomes"] = ["success"]
    return str(task["id"])


def _map(rng: random.Random, task: dict[str, Any], tasks: list[dict[str, Any]]) -> None:
    task["map"] = _source(rng, tasks)
    task["outcomes"] = _outcomes(rng, rng.randint(1, 4))


def _lengths(rng: random.Random) -> list[int]:
    return [rng.choice([0, 1, 2, 2, 3, 3]) for _ in range(rng.randint(1, 3))]


def _mapped(rng: random.Random) -> Case:
    tasks = _tasks(rng, rng.randint(2, 5))
    for at, task in enumerate(tasks):
        task["lengths"] = _lengths(rng)
        if (at and rng.random() < 0.6) or at == 1:
            _map(rng, task, tasks[:at])
    return {"tasks": tasks}


def _group(rng: random.Random) -> Case:
    """Tasks before, a mapped group, tasks after."""
    before = _tasks(rng, rng.randint(1, 2), "b")
    for task in before:
        task["lengths"] = _lengths(rng)
    if len(before) > 1 and rng.random() < 0.4:
        _map(rng, before[1], before[:1])
    source = _source(rng, before)
    inside = _tasks(rng, rng.randint(1, 4), "g")
    for task in inside:
        task["group"] = "g"
        task["rule"] = _rule(rng, always=False)
        task["outcomes"] = _outcomes(rng, rng.randint(1, 4))
        if rng.random() < 0.25:
            task["after"] = sorted({*task["after"], rng.choice(before)["id"]})
    after = _tasks(rng, rng.randint(1, 2), "z", [task["id"] for task in (*before, *inside)])
    for task in after:
        if rng.random() < 0.3:
            _map(rng, task, before)
    return {"tasks": [*before, *inside, *after], "groups": {"g": {"map": source}}}


def _deep(rng: random.Random) -> Case:
    """A mapped group in a mapped one."""
    case = _group(rng)
    before = [task for task in case["tasks"] if task["id"].startswith("b")]
    inside = [task for task in case["tasks"] if task.get("group") == "g"]
    for task in inside[-rng.randint(1, len(inside)) :]:
        task["group"] = "g.h"
    case["groups"]["g.h"] = {"map": _source(rng, before)}
    return case


def _nested(rng: random.Random) -> Case:
    """A plain group in a mapped one."""
    case = _group(rng)
    inside = [task for task in case["tasks"] if task.get("group") == "g"]
    for task in inside[-rng.randint(1, len(inside)) :]:
        task["group"] = "g.h"
    case["groups"]["g.h"] = {}
    return case


_DRAW = {"plain": _plain, "setup": _setup, "mapped": _mapped, "group": _group, "nested": _nested, "deep": _deep}


# ── building ─────────────────────────────────────────────────────────────────────────────────────
def build(case: Case, api: SimpleNamespace) -> Any:
    """The DAG. ``api`` has DAG, TaskGroup, task_group and Step: an operator with an argument ``x``."""
    made: dict[str, Any] = {}
    groups = case.get("groups", {})
    with api.DAG(case["dag_id"], schedule=None, start_date=api.start_date) as dag:
        for task in case["tasks"]:
            if "group" not in task:
                _make(case, task, api, made)
            elif "g" not in made:
                made["g"] = True
                _mapped_group(case, groups, api, made)
        for task in case["tasks"]:
            for before in task["after"]:
                made[before] >> made[task["id"]]
    return dag


def _mapped_group(case: Case, groups: dict[str, Any], api: SimpleNamespace, made: dict[str, Any]) -> None:
    inner = [task for task in case["tasks"] if task.get("group") == "g.h"]

    @api.task_group(group_id="h", prefix_group_id=False)
    def nested(x: Any = None) -> None:
        for task in inner:
            _make(case, task, api, made)

    @api.task_group(group_id="g", prefix_group_id=False)
    def body(x: Any) -> None:
        for task in case["tasks"]:
            if task.get("group") == "g":
                _make(case, task, api, made)
        if "map" in groups.get("g.h", {}):
            nested.expand(x=_value(groups["g.h"]["map"], made))
        elif inner:
            nested()

    body.expand(x=_value(groups["g"]["map"], made))


def _make(case: Case, task: dict[str, Any], api: SimpleNamespace, made: dict[str, Any]) -> None:
    options = {} if task["rule"] is None else {"trigger_rule": task["rule"]}
    if "map" in task:
        made[task["id"]] = api.Step.partial(task_id=task["id"], **options).expand(x=_value(task["map"], made))
        return
    step = made[task["id"]] = api.Step(task_id=task["id"], **options)
    if task.get("kind") == "setup":
        step.as_setup()
    elif task.get("kind") == "teardown":
        step.as_teardown(setups=[made[name] for name in task["setups"]], on_failure_fail_dagrun=task["fails_run"])


def _value(source: dict[str, Any], made: dict[str, Any]) -> Any:
    if "literal" in source:
        return list(range(source["literal"]))
    if "xcom" in source:
        return made[source["xcom"]].output
    kind = "zip" if "zip" in source else "concat"
    first, second = (_value(part, made) for part in source[kind])
    return getattr(first, kind)(second)
