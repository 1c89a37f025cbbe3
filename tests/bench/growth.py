"""What the engine costs for each finished task, as DAGs and the number of active runs grow. Pure: no store, no worker.

Every task that is handed out comes back finished, 64 in a step, as under load in a daemon; what the engine says is
thrown away. Creating and starting the runs is not counted, but the longest step of all is told.
"""

from __future__ import annotations

import gc
import time
from collections import deque
from dataclasses import dataclass

from queuack.app import GC_THRESHOLD
from queuack.engine import effects
from queuack.engine.engine import Engine, EngineSettings
from queuack.engine.events import AttemptFinished, Event, FileParsed, TriggerRun
from queuack.engine.spec import DagDocument, TaskDocument
from tests.bench.figure import Figure

NOW = 1_767_225_600_000_000
BATCH = 64
FINISHED = 20_000
"""Tasks over which a cost is taken, or all there are."""
LENGTH = 10
"""The DAG is chains of so many tasks, side by side."""

SHAPES = (
    (1_000, 1), (10_000, 1), (100_000, 1),
    (100, 10), (100, 100), (100, 1_000),
    (1_000, 10), (1_000, 100),
)  # fmt: skip
"""(tasks of the DAG, active runs)."""


@dataclass(frozen=True)
class Cost:
    size: int
    runs: int
    finished: int
    microseconds: float
    """For each finished task: the median of its rounds."""
    worst: float
    """Milliseconds of the longest step, those that start the runs included."""


def document(size: int, runs: int) -> DagDocument:
    def task(number: int) -> TaskDocument:
        after = (f"t{number + 1:06}",) if (number + 1) % LENGTH and number + 1 < size else ()
        return TaskDocument(task_id=f"t{number:06}", task_type="PythonOperator", downstream_task_ids=after)

    tasks = tuple(task(number) for number in range(size))
    return DagDocument(
        dag_id="d",
        fileloc="/d.py",
        relative_fileloc="d.py",
        tasks=tasks,
        max_active_runs=runs,
        max_active_tasks=1 << 30,
    )


class Bench:
    """One engine, and how long its steps take."""

    def __init__(self) -> None:
        self._engine = Engine(EngineSettings(parallelism=256, default_pool_slots=-1))
        self.out: deque[effects.Dispatch] = deque()
        self.worst = 0.0
        self._requests = 0

    def step(self, events: list[Event]) -> float:
        """Seconds."""
        begin = time.perf_counter()
        step = self._engine.step(events, NOW)
        seconds = time.perf_counter() - begin
        self.worst = max(self.worst, seconds)
        self.out.extend(command for command in step.commands if isinstance(command, effects.Dispatch))
        return seconds

    def prepare(self, document: DagDocument, runs: int) -> None:
        self.step([FileParsed(relative_fileloc="d.py", file_hash="1", source="1", documents=[document], errors=[])])
        self.worst = 0.0
        for number in range(runs):
            self.step([TriggerRun(dag_id="d", run_id=f"r{number}", request=number + 1)])
        before = -1
        while len(self.out) > before:
            before = len(self.out)
            self.step([])

    def finish(self) -> tuple[int, float]:
        """One round: (tasks, seconds)."""
        count = min(BATCH, len(self.out))
        ended = [self.out.popleft() for _ in range(count)]
        events: list[Event] = [
            AttemptFinished(ti_id=one.ti_id, try_number=one.try_number, at=NOW, outcome="success", started_at=NOW)
            for one in ended
        ]
        return count, self.step(events)


def cost(size: int, runs: int, finished: int = FINISHED) -> Cost:
    gc.collect()
    gc.freeze()  # As the daemon does.
    gc.set_threshold(GC_THRESHOLD, 20, 50)
    bench = Bench()
    bench.prepare(document(size, runs), runs)
    rounds: list[float] = []
    total = 0
    try:
        while bench.out and total < finished:
            count, seconds = bench.finish()
            rounds.append(seconds / count)
            total += count
    finally:
        gc.unfreeze()
    return Cost(size, runs, total, 1e6 * sorted(rounds)[len(rounds) // 2], 1e3 * bench.worst)


def growth() -> list[Figure]:
    """A line for each shape."""
    figures = []
    for size, runs in SHAPES:
        found = cost(size, runs)
        name = f"engine, a finished task: {size:,} tasks × {runs:,} run{'s' if runs > 1 else ''}"
        detail = f"over {found.finished:,} tasks; longest step {found.worst:.1f} ms"
        figures.append(Figure(name, found.microseconds, "µs", "does not grow", detail))
    return figures
