"""Weight rules: how a task's effective priority follows from its neighbours'. Airflow page.

Administration-and-deployment/priority-weight.
"""

from __future__ import annotations

from enum import StrEnum

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


class PriorityWeightStrategy:
    """Base of custom weight rules (``get_weight(ti) -> int``)."""

    def get_weight(self, ti: object) -> int:
        raise NotImplementedError(f"{type(self).__name__} must define get_weight(ti)")

    def serialize(self) -> dict[str, object]:
        return {}


def clamp_priority(weight: int) -> int:
    return max(PRIORITY_MIN, min(PRIORITY_MAX, weight))
