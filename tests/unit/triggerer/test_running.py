"""Triggers in one event loop: what they fire, how they end, and what is said of it."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from queuack.authoring.masking import Masker
from queuack.authoring.trigger import (
    BaseEventTrigger,
    BaseTrigger,
    TaskFailedEvent,
    TaskSkippedEvent,
    TaskSuccessEvent,
    TriggerEvent,
)
from queuack.protocol import Fact, RunInfo, TriggerFailed, TriggerFired, TriggerWork, WaitingTask
from queuack.triggerer import running
from queuack.triggerer.logs import TriggerLogs
from queuack.triggerer.running import Running, Workshop
from queuack.triggerer.streams import Streams
from queuack.triggerer.watchdog import Watchdog

RUN = RunInfo(
    dag_id="d", run_id="r", run_type="manual", logical_date=None, data_interval_start=None, data_interval_end=None,
    run_after=0,
)  # fmt: skip
NOTES: list[str] = []


class Does(BaseTrigger):
    """Does what it is told."""

    def __init__(self, what: str, value: Any = None) -> None:
        super().__init__()
        self.what, self.value = what, value

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return "told.Does", {"what": self.what, "value": self.value}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        if self.what == "raise":
            raise ValueError("no")
        if self.what == "wait":
            await asyncio.sleep(3600)
        if self.what == "yield":
            yield TriggerEvent(self.value)
        if self.what == "object":
            yield TriggerEvent(object())
        if self.what == "text":
            yield "text"  # type: ignore[misc]
        if self.what == "end":
            yield TaskSuccessEvent(xcoms={"return_value": self.value})
        if self.what == "who":
            ti = self.task_instance
            yield TriggerEvent([ti.dag_id, ti.run_id, ti.task_id, ti.map_index, ti.try_number, self.trigger_id])

    async def cleanup(self) -> None:
        NOTES.append("cleaned")
        raise RuntimeError("is dropped")

    async def on_kill(self) -> None:
        NOTES.append("killed")


class Shares(BaseEventTrigger):
    opened = 0

    def __init__(self, word: str) -> None:
        super().__init__()
        self.word = word

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return "told.Shares", {"word": self.word}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        raise AssertionError("it shares a stream")
        yield TriggerEvent()

    def shared_stream_key(self) -> Any:
        return ("shares",)

    @classmethod
    async def open_shared_stream(cls, kwargs: dict[str, Any]) -> AsyncIterator[Any]:
        cls.opened += 1
        while True:
            for word in ("one", "two"):
                yield word
            await asyncio.sleep(0.005)

    async def filter_shared_stream(self, shared_stream: AsyncIterator[Any]) -> AsyncIterator[TriggerEvent]:
        async for word in shared_stream:
            if word == self.word:
                yield TriggerEvent(word)


class Bench:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.facts: list[Fact] = []
        self.logs = TriggerLogs(folder, "t1", Masker())
        self.running = Running(
            Workshop(
                emit=self.facts.append,
                logs=self.logs,
                streams=Streams(10),
                encode=lambda value: ("json", json.dumps(value).encode()),
                on_kill_timeout=1.0,
            )
        )

    async def until(self, condition: Callable[[], Any]) -> None:
        async with asyncio.timeout(20):
            while not condition():
                await asyncio.sleep(0.005)

    def log(self) -> str:
        return (self.folder / "a.log.trigger.t1.log").read_text()


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    module = ModuleType("told")
    module.Does, module.Shares, module.thing = Does, Shares, 1  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "told", module)
    monkeypatch.setattr(running, "FIRST_PAUSE", 0.01)
    NOTES.clear()
    return Bench(tmp_path)


def work(what: str, value: Any = None, number: int = 1, classpath: str = "told.Does") -> TriggerWork:
    task = WaitingTask(ti_id=5, task_id="a", run=RUN, log_path="a.log", try_number=2)
    kwargs = json.dumps({"what": what, "value": value}).encode()
    return TriggerWork(trigger_id=number, classpath=classpath, kwargs=kwargs, task=task)


def once(bench: Bench, one: TriggerWork) -> Fact:
    async def run() -> None:
        bench.running.start([one, one])
        await bench.until(lambda: not bench.running.ids())

    asyncio.run(run())
    (fact,) = bench.facts
    return fact


def test_an_event(bench: Bench) -> None:
    fact = once(bench, work("yield", {"n": 1}))
    assert isinstance(fact, TriggerFired)
    assert (fact.trigger_id, fact.payload, fact.ends) == (1, b'{"n": 1}', "")
    assert NOTES == ["cleaned"]
    assert "Trigger fired event" in bench.log()


def test_a_trigger_knows_its_task(bench: Bench) -> None:
    fact = once(bench, work("who", number=7))
    assert isinstance(fact, TriggerFired)
    assert json.loads(fact.payload) == ["d", "r", "a", -1, 2, 7]


def test_an_end(bench: Bench) -> None:
    fact = once(bench, work("end", 5))
    assert isinstance(fact, TriggerFired)
    assert (fact.ends, fact.xcoms) == ("success", [("return_value", "json", b"5")])
    assert TaskFailedEvent().task_instance_state == "failed"
    assert TaskSkippedEvent().payload == "skipped"


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("raise", "ValueError: no"),
        ("object", "cannot be serialized"),
        ("text", "A trigger yields TriggerEvents, not str"),
    ],
)
def test_a_failure(bench: Bench, what: str, says: str) -> None:
    fact = once(bench, work(what))
    assert isinstance(fact, TriggerFailed)
    assert says in "\n".join(fact.traceback)
    assert "exited with error" in bench.log()


def test_no_event_at_all(bench: Bench) -> None:
    fact = once(bench, work("nothing"))
    assert isinstance(fact, TriggerFailed)
    assert fact.traceback == []


@pytest.mark.parametrize(
    ("classpath", "says"),
    [
        ("told.Gone", "told.Gone cannot be imported"),
        ("no_such_module.X", "No module named 'no_such_module'"),
        ("unusual_prefix_1_dag.X", "put it into plugins/"),
        ("told.thing", "is not a class"),
    ],
)
def test_a_class_that_is_not_there(bench: Bench, classpath: str, says: str) -> None:
    fact = once(bench, work("yield", classpath=classpath))
    assert isinstance(fact, TriggerFailed)
    assert says in "\n".join(fact.traceback)


@pytest.mark.parametrize("killed", [True, False])
def test_cancelling(bench: Bench, killed: bool) -> None:
    async def run() -> None:
        bench.running.start([work("wait")])
        await bench.until(
            lambda: "starting" in (bench.log() if (bench.folder / "a.log.trigger.t1.log").exists() else "")
        )
        bench.running.cancel([1], [1] if killed else [])
        await bench.until(lambda: not bench.running.ids())

    asyncio.run(run())
    assert bench.facts == []
    assert (["killed", "cleaned"] if killed else ["cleaned"]) == NOTES


def test_a_stop_cleans_up(bench: Bench) -> None:
    async def run() -> None:
        bench.running.start([work("wait", number=n) for n in range(50)])
        await asyncio.sleep(0)
        await bench.running.stop(5.0)

    asyncio.run(run())
    assert bench.facts == []


def test_a_watcher_begins_anew(bench: Bench) -> None:
    async def run() -> None:
        one = work("yield", 1)
        one.task = None
        bench.running.start([one])
        await bench.until(lambda: len(bench.facts) >= 3)
        bench.running.cancel([1])
        await bench.until(lambda: not bench.running.ids())

    asyncio.run(run())
    assert (bench.folder / "triggerer" / "Does_1.log").exists()


def test_a_shared_stream_is_opened_once(bench: Bench) -> None:
    def heard() -> set[tuple[int, bytes]]:
        return {(fact.trigger_id, fact.payload) for fact in bench.facts if isinstance(fact, TriggerFired)}

    async def run() -> None:
        works = [
            TriggerWork(trigger_id=n, classpath="told.Shares", kwargs=json.dumps({"word": word}).encode())
            for n, word in enumerate(("one", "two"))
        ]
        bench.running.start(works)
        await bench.until(lambda: len(heard()) == 2)
        await bench.running.stop(5.0)

    asyncio.run(run())
    assert heard() == {(0, b'"one"'), (1, b'"two"')}
    assert Shares.opened == 1


def test_the_hash_of_an_event_trigger() -> None:
    one = BaseEventTrigger.hash("a.B", {"x": 1, "y": [2]})
    assert one == BaseEventTrigger.hash("a.B", {"y": [2], "x": 1})
    assert one != BaseEventTrigger.hash("a.C", {"x": 1, "y": [2]})


def test_the_watchdog_names_who_blocks(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    import time

    async def culprit() -> None:
        time.sleep(0.4)

    async def run() -> None:
        dog = Watchdog(bench.logs, 0.05)
        dog.start()
        await asyncio.sleep(0.01)
        await asyncio.create_task(culprit(), name="d/r/a/1 (ID 1)")
        await asyncio.sleep(0.3)
        dog.stop()

    bench.logs._terminal = sys.stderr
    asyncio.run(run())
    said = capsys.readouterr().err
    assert "The trigger d/r/a/1 (ID 1) blocked the event loop" in said
    assert "time.sleep(0.4)" in said
