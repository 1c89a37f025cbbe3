"""Drives an engine against a MemoryStore with a clock of its own; short words for DAGs, events and outcomes."""

from __future__ import annotations

from typing import Any

from queuack.engine import effects as fx
from queuack.engine.engine import Engine, EngineSettings
from queuack.engine.events import AttemptFinished, AttemptStarted, Event, FileParsed, ImportErrorInfo, TriggerRun
from queuack.engine.spec import DagDocument, TaskDocument
from tests.engine.memory_store import MemoryStore

SECOND = 1_000_000
DAY = 86_400 * SECOND
START = 1_767_225_600 * SECOND
"""2026-01-01T00:00:00Z."""


def task(task_id: str, *downstream: str, **options: Any) -> TaskDocument:
    return TaskDocument(
        task_id=task_id, task_type="PythonOperator", downstream_task_ids=tuple(sorted(downstream)), **options
    )


def dag(*tasks: TaskDocument, dag_id: str = "d", file: str = "d.py", **options: Any) -> DagDocument:
    return DagDocument(
        dag_id=dag_id,
        fileloc=f"/dags/{file}",
        relative_fileloc=file,
        tasks=tuple(sorted(tasks, key=lambda t: t.task_id)),
        **options,
    )


def parsed(
    *documents: DagDocument, file: str = "d.py", file_hash: str = "1", errors: list[ImportErrorInfo] | None = None
) -> FileParsed:
    return FileParsed(
        relative_fileloc=file, file_hash=file_hash, source=file_hash, documents=list(documents), errors=errors or []
    )


class Driver:
    """One engine, its store, and a clock."""

    def __init__(self, *documents: DagDocument, settings: EngineSettings | None = None, now: int = START) -> None:
        self.settings = settings or EngineSettings()
        self.engine = Engine(self.settings)
        self.store = MemoryStore()
        self.now = now
        self.commands: list[fx.Command] = []
        self._requests = 0
        for document in documents:
            self.step(parsed(document, file=document.relative_fileloc))

    def step(self, *events: Event) -> fx.Step:
        step = self.engine.step(events, self.now)
        self.store.apply(step.writes)
        self.commands.extend(step.commands)
        return step

    def ask(self, event: Event) -> Any:
        """The reply, or the refusal as an exception."""
        self._requests += 1
        event.request = self._requests
        reply = self.step(event).replies[self._requests]
        if isinstance(reply, Exception):
            raise reply
        return reply

    def trigger(self, dag_id: str = "d", **options: Any) -> int:
        """Returns the run's key."""
        run_id = self.ask(TriggerRun(dag_id=dag_id, **options))
        return next(key for key, run in self.store.runs.items() if run.run_id == run_id and run.dag_id == dag_id)

    def advance(self, seconds: float) -> fx.Step:
        self.now += round(seconds * SECOND)
        return self.step()

    def restart(self) -> None:
        """Lose all memory and rebuild it from what was written."""
        self.engine = Engine.restore(self.settings, self.store.snapshot(), self.now)
        self.step()

    def dispatched(self) -> dict[str, fx.Dispatch]:
        """Task id → dispatch, of what was handed out since the last call."""
        found = {}
        for command in self.commands:
            if isinstance(command, fx.Dispatch):
                _, task_id, map_index = self.store.places[command.ti_id]
                found[task_id if map_index < 0 else f"{task_id}[{map_index}]"] = command
        self.commands = [c for c in self.commands if not isinstance(c, fx.Dispatch)]
        return found

    def taken(self, kind: type[fx.Command]) -> list[Any]:
        found = [c for c in self.commands if isinstance(c, kind)]
        self.commands = [c for c in self.commands if not isinstance(c, kind)]
        return found

    def live(self, run_key: int, task_id: str) -> tuple[int, int]:
        row = self.store.rows(run_key)[task_id]
        return row.id, row.try_number

    def start(self, run_key: int, *task_ids: str) -> None:
        for task_id in task_ids:
            ti_id, number = self.live(run_key, task_id)
            self.step(AttemptStarted(ti_id=ti_id, try_number=number, at=self.now, pid=7, hostname="host"))

    def finish(self, run_key: int, outcomes: dict[str, str], **options: Any) -> None:
        """Report outcomes one after the other, in the order given."""
        for task_id, outcome in outcomes.items():
            ti_id, number = self.live(run_key, task_id)
            self.step(
                AttemptFinished(
                    ti_id=ti_id, try_number=number, at=self.now, outcome=outcome, started_at=self.now, pid=7, **options
                )
            )

    def states(self, run_key: int) -> dict[str, str | None]:
        return self.store.states(run_key)

    def run_state(self, run_key: int) -> str:
        return self.store.runs[run_key].state

    def codes(self, run_key: int, task_id: str) -> list[str]:
        run = self.store.runs[run_key]
        name, _, index = task_id.removesuffix("]").partition("[")
        reasons = self.engine.explain(run.dag_id, run.run_id, name, int(index or -1), self.now)
        return [reason.code for reason in reasons]

    def instances(self, run_key: int) -> list[tuple[str, int, str | None, int, int]]:
        """(task id, map index, state, id, try number) of every task instance of a run, as written."""
        found = []
        for ti_id, (key, task_id, map_index) in self.store.places.items():
            if key == run_key:
                row = self.store.instances[ti_id]
                found.append((task_id, map_index, row.state, ti_id, row.try_number))
        return found
