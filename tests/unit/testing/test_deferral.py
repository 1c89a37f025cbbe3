"""``dag.test()`` runs triggers inline."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import pytest

from queuack import DAG
from queuack.authoring.operator import BaseOperator
from queuack.authoring.trigger import BaseTrigger, StartTriggerArgs, TaskSuccessEvent, TriggerEvent
from queuack.testing import TestRun, test_dag
from queuack.testing.run import InProcessRun


class Pause(BaseTrigger):
    def __init__(self, seconds: float, how: str = "event") -> None:
        super().__init__()
        self.seconds, self.how = seconds, how

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return "pauses.Pause", {"seconds": self.seconds, "how": self.how}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        await asyncio.sleep(float(self.seconds))
        if self.how == "raise":
            raise ValueError("no")
        yield TaskSuccessEvent(xcoms={"return_value": 7}) if self.how == "end" else TriggerEvent({"s": self.seconds})


class Wait(BaseOperator):
    def __init__(self, seconds: float = 0.0, how: str = "event", patience: float | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seconds, self.how, self.patience = seconds, how, patience

    def execute(self, context: Any) -> Any:
        context["ti"].xcom_push(key="mine", value=1)
        self.defer(trigger=Pause(self.seconds, self.how), method_name="go_on", kwargs={"k": 2}, timeout=self.patience)

    def go_on(self, context: Any, event: Any, k: int) -> Any:
        if k == 2:
            self.defer(trigger=Pause(0), method_name="go_on", kwargs={"k": 3})
        return [event, k, context["ti"].xcom_pull(task_ids=self.task_id, key="mine")]


class Direct(BaseOperator):
    template_fields = ("seconds",)
    start_from_trigger = True

    def __init__(self, seconds: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seconds = seconds
        self.start_trigger_args = StartTriggerArgs(
            trigger_cls="pauses.Pause", trigger_kwargs={"seconds": seconds}, next_method="go_on", next_kwargs={"k": 1}
        )

    def go_on(self, context: Any, event: Any, k: int) -> Any:
        return [event, k]


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("pauses")
    module.Pause = Pause  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pauses", module)


def states(run: TestRun) -> dict[str, str | None]:
    return {task_id: state for (task_id, _), state in run.task_states.items()}


def test_tasks_wait_and_go_on(told: Any) -> None:
    with DAG("d", schedule=None) as dag:
        Wait(task_id="twice") >> Wait(task_id="end", how="end")
        Wait(task_id="bad", how="raise")
        Wait(task_id="late", seconds=3600, patience=0.05)
        Direct(task_id="direct", seconds="{{ 0 }}")
    run = test_dag(dag)
    assert states(run) == {"twice": "success", "end": "success", "bad": "failed", "late": "failed", "direct": "success"}
    assert run.xcoms["twice", -1, "return_value"] == [{"s": 0}, 3, 1]
    assert run.xcoms["end", -1, "return_value"] == 7
    assert run.xcoms["direct", -1, "return_value"] == [{"s": "0"}, 1]


def test_in_a_thread_with_a_loop_of_its_own(told: Any) -> None:
    with DAG("d", schedule=None) as dag:
        Wait(task_id="a")

    async def as_in_a_notebook() -> TestRun:
        return test_dag(dag)

    assert states(asyncio.run(as_in_a_notebook())) == {"a": "success"}


@pytest.mark.parametrize(("how", "outcome"), [("event", "success"), ("end", "success"), ("raise", "failed")])
def test_one_task_alone(told: Any, how: str, outcome: str) -> None:
    with DAG("d", schedule=None) as dag:
        Wait(task_id="a", how=how)
        Direct(task_id="direct", seconds="0")
    assert InProcessRun(dag).run_task("a", datetime.now(UTC), {}) == outcome
    assert InProcessRun(dag).run_task("direct", datetime.now(UTC), {}) == "success"


def test_a_callable_may_not_be_an_argument_of_the_first_trigger() -> None:
    with DAG("d", schedule=None) as dag:
        Direct(task_id="a", seconds=print)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="callable in trigger kwargs named 'seconds'"):
        test_dag(dag)
