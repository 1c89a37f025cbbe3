"""Random DAG documents, and what a task instance may become by itself. For tests that let chance decide."""

from __future__ import annotations

import random
from typing import Any

from msgspec.structs import replace

from queuack.engine import states
from queuack.engine.mapping import leaves
from queuack.engine.spec import DagDocument, Expansion, MapInput, StartTrigger, TaskGroupDocument
from queuack.engine.states import Move
from queuack.engine.trigger_rules import RULES
from queuack.schedule.timetables import CronDataIntervalTimetable
from tests.engine.driver import DAY, START, dag, task

DAILY = CronDataIntervalTimetable("0 0 * * *")
POOLS = {"p": 2, "q": 3}
BY_HAND = {Move.CLEAR, Move.MARK_SUCCESS, Move.MARK_FAILED, Move.MARK_SKIPPED}


def _reachable() -> dict[str | None, set[str | None]]:
    """What a state may have become within one step, by moves that are not a person's."""
    steps: dict[str | None, set[str | None]] = {}
    for (before, move), after in states.TRANSITIONS.items():
        if move not in BY_HAND:
            steps.setdefault(before, set()).add(after)
    found: dict[str | None, set[str | None]] = {}
    for start in states.NAMES[:-1]:
        seen: set[str | None] = {start}
        frontier: list[str | None] = [start]
        while frontier:
            for after in steps.get(frontier.pop(), ()):
                if after not in seen:
                    seen.add(after)
                    frontier.append(after)
        found[start] = seen
    return found


LEGAL = _reachable()


def random_dag(rng: random.Random) -> DagDocument:
    size = rng.randint(1, 9)
    names = [f"t{i}" for i in range(size)]
    past = rng.random() < 0.2
    tasks = []
    for i, name in enumerate(names):
        options: dict[str, Any] = {"trigger_rule": rng.choice(sorted(RULES) if rng.random() < 0.6 else ["all_success"])}
        kind = rng.random()
        if kind < 0.1:
            options |= {"is_setup": True, "trigger_rule": "all_success"}
        elif kind < 0.2:
            options |= {"is_teardown": True, "trigger_rule": "all_done_setup_success"}
            options["on_failure_fail_dagrun"] = rng.random() < 0.3
        elif kind < 0.3:
            options["is_empty"] = True
        if rng.random() < 0.4:
            options |= {"retries": rng.randint(1, 2), "retry_delay": rng.choice([0.0, 30.0])}
        if rng.random() < 0.3:
            options |= {"pool": rng.choice(sorted(POOLS)), "pool_slots": rng.randint(1, 2)}
        if rng.random() < 0.1 and "is_empty" not in options:
            options["start_trigger"] = StartTrigger(classpath="pkg.Trigger", next_method="go_on")
        if rng.random() < 0.2:
            options["max_active_tis_per_dag"] = 1
        if rng.random() < 0.3:
            options["is_async"] = True
        if rng.random() < 0.1:
            options["max_active_tis_per_dagrun"] = 1
        if rng.random() < 0.05:
            options["end_date"] = START + DAY
        if past and rng.random() < 0.5:
            options["depends_on_past"] = True
            options["wait_for_downstream"] = rng.random() < 0.3
        later = names[i + 1 :]
        tasks.append(
            task(name, *(n for n in later if rng.random() < 0.35), priority_weight=rng.randint(1, 3), **options)
        )
    return dag(
        *tasks,
        timetable=DAILY,
        start_date=START,
        catchup=True,
        max_active_runs=rng.randint(1, 3),
        max_active_tasks=rng.randint(1, 4),
        fail_fast=rng.random() < 0.15,
        dagrun_timeout=rng.choice([None, None, 7 * 86_400.0]),
        has_on_failure_callback=rng.random() < 0.3,
    )


def map_some(rng: random.Random, document: DagDocument) -> DagDocument:
    """The same with some tasks mapped, and some neighbours in a mapped group, with another in it."""
    names = [one.task_id for one in document.tasks]
    first, last = sorted(rng.choices(range(len(names)), k=2))
    groups: dict[str, range] = {}
    if rng.random() < 0.7:
        groups["g"] = range(first, last + 1)
        if rng.random() < 0.3:
            groups["g.h"] = range(rng.randint(first, last), last + 1)
    added: dict[str, set[str]] = {}

    def expansion(before: int, readers: range) -> Expansion:
        inputs = tuple(random_input(rng, names[:before]) for _ in range(rng.choice([1, 1, 2])))
        for leaf in leaves(inputs):
            added.setdefault(leaf.task_id, set()).update(names[i] for i in readers)
        return Expansion(inputs)

    grouped = tuple(
        TaskGroupDocument(
            group_id=group_id,
            parent="g" if group_id == "g.h" else None,
            expansion=None if group_id == "g.h" and rng.random() < 0.4 else expansion(first, inside),
        )
        for group_id, inside in groups.items()
    )
    home = {i: group_id for group_id, inside in groups.items() for i in inside}
    own = {i: expansion(first if i in home else i, range(i, i + 1)) for i in range(len(names)) if rng.random() < 0.4}
    tasks = [
        replace(
            one, expansion=own.get(i), task_group=home.get(i), start_trigger=None,
            downstream_task_ids=tuple(sorted({*one.downstream_task_ids, *added.get(one.task_id, ())})),
        )
        for i, one in enumerate(document.tasks)
    ]  # fmt: skip
    return replace(document, tasks=tuple(tasks), task_groups=grouped)


def random_input(rng: random.Random, before: list[str]) -> MapInput:
    roll = rng.random()
    if not before or roll < 0.3:
        return MapInput(kind="literal", length=rng.randint(0, 3))
    if roll < 0.85:
        return MapInput(kind="xcom", task_id=rng.choice(before))
    parts = tuple(MapInput(kind="xcom", task_id=rng.choice(before)) for _ in range(2))
    return MapInput(kind=rng.choice(["zip", "concat"]), parts=parts, fill=rng.random() < 0.3)
