"""Weight rules: how a task's effective priority follows from its neighbours'. Airflow page.

Administration-and-deployment/priority-weight.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import StrEnum
from typing import Any

from queuack.authoring.registered import path_of, registered

PRIORITY_MIN, PRIORITY_MAX = -2147483648, 2147483647
"""Bounds of ``priority_weight``; what lies outside is cut."""


class WeightRule(StrEnum):
    """Whose weights are added to a task's own: those downstream (default), those upstream, or none."""

    DOWNSTREAM = "downstream"
    UPSTREAM = "upstream"
    ABSOLUTE = "absolute"

    @classmethod
    def is_valid(cls, weight_rule: str) -> bool:
        return weight_rule in {rule.value for rule in cls}

    @classmethod
    def all_weight_rules(cls) -> set[str]:
        return {rule.value for rule in cls}


class PriorityWeightStrategy(ABC):
    """Base of custom weight rules: list the class in ``priority_weight_strategies`` of a plugin. It has no state."""

    @abstractmethod
    def get_weight(self, ti: Any) -> int:
        """The effective weight of a task instance; see ``WeighedInstance``."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self))

    def __hash__(self) -> int:
        return hash(path_of(type(self)))


class PriorityWeightStrategyNotRegistered(ValueError):
    """A weight rule of a class that no plugin lists in ``priority_weight_strategies``."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.type_string = path

    def __str__(self) -> str:
        return (
            f"Priority weight strategy class {self.type_string!r} is not registered: list it in "
            "`priority_weight_strategies` of an AirflowPlugin in plugins/ (`queuack plugins` shows what is loaded)."
        )


def clamp_priority(weight: int) -> int:
    return max(PRIORITY_MIN, min(PRIORITY_MAX, weight))


class WeighedInstance:
    """What a strategy is given for ``ti``: a task instance that does not exist yet, before its first try."""

    def __init__(self, task: Any) -> None:
        self.task = task
        self.task_id: str = task.task_id
        self.dag_id: str = task.dag_id
        self.run_id: str | None = None
        self.map_index = -1
        self.try_number = 0
        self.max_tries: int = task.retries
        self.state: str | None = None
        self.pool: str = task.pool
        self.pool_slots: int = task.pool_slots
        self.queue: str = task.queue
        self.operator: str = task.task_type
        self.priority_weight: int = task.priority_weight


def custom_weight(task: Any) -> int:
    """What the custom strategy in ``task.weight_rule`` (instance, class or dotted path) gives the task.

    It is evaluated once, when the DAG file is parsed; Airflow evaluates it whenever it makes a task instance. Like
    Airflow it makes a fresh instance of the class that a plugin registered. Raises PriorityWeightStrategyNotRegistered.
    """
    rule = task.weight_rule
    path = rule if isinstance(rule, str) else path_of(rule if isinstance(rule, type) else type(rule))
    strategy = registered.find("priority_weight_strategies", path)
    if strategy is None:
        raise PriorityWeightStrategyNotRegistered(path)
    return clamp_priority(int(strategy().get_weight(WeighedInstance(task))))
