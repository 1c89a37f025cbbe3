"""How long tasks take, from experience: what prefetching is sized by. Pure."""

from __future__ import annotations

from queuack.protocol import Workload

WEIGHT = 0.2
"""Of the newest duration in the moving average."""
OUTLIER = 4.0
"""A duration counts as at most so many times the average: one hiccup of the machine says nothing of the task."""
LEAST_OUTLIER = 0.002
"""Seconds that are never an outlier."""
CAPACITY = 20_000
"""Tasks remembered; beyond, all is forgotten and learnt anew."""


class Durations:
    """Moving averages, in seconds, per task and per DAG."""

    def __init__(self) -> None:
        self._tasks: dict[tuple[str, str], float] = {}
        self._dags: dict[str, float] = {}

    def expect(self, workload: Workload) -> float | None:
        """Seconds ``workload`` will probably take; None when nothing like it was seen."""
        known = self._tasks.get((workload.run.dag_id, workload.task_id))
        if known is not None:
            return known
        if workload.expected_duration is not None:
            return workload.expected_duration
        return self._dags.get(workload.run.dag_id)

    def learn(self, workload: Workload, seconds: float) -> None:
        """``workload`` took ``seconds``."""
        if len(self._tasks) > CAPACITY:
            self._tasks.clear()
            self._dags.clear()
        key = (workload.run.dag_id, workload.task_id)
        self._tasks[key] = blend(self._tasks.get(key, workload.expected_duration), seconds)
        self._dags[key[0]] = blend(self._dags.get(key[0]), seconds)


def blend(average: float | None, seconds: float) -> float:
    """The moving average after one more duration."""
    if average is None:
        return seconds
    return average + WEIGHT * (min(seconds, max(OUTLIER * average, LEAST_OUTLIER)) - average)
