"""Scheduling decisions beside Airflow's, recorded step by step (``record_scheduling.py``), for every case.

Each case's DAG is written with Queuack's own names, becomes a document, and runs on the engine; after every ended
instance the states of all must be those that Airflow gave.
"""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from queuack.authoring.dag import DAG
from queuack.authoring.decorators.task_group import task_group
from queuack.authoring.operator import BaseOperator
from queuack.authoring.taskgroup import TaskGroup
from queuack.document.build import document_of
from queuack.engine.engine import EngineSettings
from queuack.engine.events import AttemptFinished
from tests.conformance.scheduling_cases import FAMILIES, Case, build, cases, choose, outcome, returned
from tests.engine.driver import Driver

RECORDED = Path(__file__).parent / "recordings" / "scheduling.json.gz"
SETTINGS = EngineSettings(parallelism=10_000, default_pool_slots=-1)
SCHEDULED = ("scheduled", "queued")
"""Airflow's recorder stops at ``scheduled``; here what is scheduled is queued in the same step."""

DIFFERENCES: dict[str, str] = {
    "deep_335": "Airflow ends the run while two instances that it has just made of a mapped group are scheduled.",
}
"""Case → why it differs from Airflow."""


class Step(BaseOperator):
    def __init__(self, *, x: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.x = x


API = SimpleNamespace(
    DAG=DAG, TaskGroup=TaskGroup, task_group=task_group, Step=Step, start_date=datetime(2026, 1, 1, tzinfo=UTC)
)


@pytest.fixture(scope="module")
def recorded() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(gzip.decompress(RECORDED.read_bytes()))
    return found


@pytest.mark.parametrize("family", FAMILIES)
def test_every_decision_is_airflows(family: str, recorded: dict[str, Any]) -> None:
    wrong = {}
    drawn = [case for case in cases() if case["dag_id"].startswith(f"{family}_")]
    assert len(drawn) == FAMILIES[family]
    for case in drawn:
        expected = recorded[case["dag_id"]]
        assert "refused" not in expected, expected
        found = story_of(case)
        if found != expected and case["dag_id"] not in DIFFERENCES:
            wrong[case["dag_id"]] = (case, expected, found)
    assert not wrong, report(wrong)


def report(wrong: dict[str, Any]) -> str:
    """The shortest stories that differ, and the first step at which they do."""
    lines = [f"{len(wrong)} cases differ: {', '.join(list(wrong)[:20])}"]
    for name in sorted(wrong, key=lambda n: len(json.dumps(wrong[n][1])))[:3]:
        case, expected, found = wrong[name]
        lines += ["", name, *(f"  {task}" for task in case["tasks"]), f"  groups {case.get('groups')}"]
        for step, (theirs, ours) in enumerate(zip(expected["story"], found["story"], strict=False)):
            lines.append(f"  {step}: Airflow {theirs}")
            if theirs != ours:
                lines.append(f"  {step}: Queuack {ours}")
                break
        lines.append(f"  run: Airflow {expected['state']}, Queuack {found['state']}")
    return "\n".join(lines)


def story_of(case: Case) -> dict[str, Any]:
    document = document_of(build(case, API), relative_fileloc="d.py", fileloc="/dags/d.py")
    driver = Driver(msgspec.structs.replace(document, max_active_tasks=10_000), settings=SETTINGS)
    key = driver.trigger(case["dag_id"])
    seen: dict[str, Any] = {}
    story: list[dict[str, Any]] = []
    step = 0
    while True:
        now = snapshot(driver, key)
        changed = {at: state for at, (state, _, _) in now.items() if seen.get(at, "-") != state}
        changed |= {at: "gone" for at in seen if at not in now}
        story.append(changed)
        seen = {at: state for at, (state, _, _) in now.items()}
        ready = [place(at) for at, state in seen.items() if state == "scheduled"]
        if driver.run_state(key) != "running" or not ready:
            return {"story": story, "state": driver.run_state(key)}
        task_id, map_index = choose(case, step, ready)
        _, ti_id, try_number = now[f"{task_id}[{map_index}]"]
        end(driver, case, task_id, map_index, ti_id, try_number)
        step += 1


def snapshot(driver: Driver, key: int) -> dict[str, tuple[str | None, int, int]]:
    """``task_id[map_index]`` → state, id, try number; what is written, not what the engine remembers."""
    return {
        f"{task_id}[{map_index}]": ("scheduled" if state in SCHEDULED else state, ti_id, try_number)
        for task_id, map_index, state, ti_id, try_number in driver.instances(key)
    }


def place(at: str) -> tuple[str, int]:
    task_id, _, index = at[:-1].partition("[")
    return task_id, int(index)


def end(driver: Driver, case: Case, task_id: str, map_index: int, ti_id: int, try_number: int) -> None:
    how = outcome(case, task_id, map_index)
    length = returned(case, task_id, map_index)
    driver.step(
        AttemptFinished(
            ti_id=ti_id, try_number=try_number, at=driver.now, outcome=how, started_at=driver.now, pid=7,
            map_length=length if how == "success" and length >= 0 else None,
        )
    )  # fmt: skip
