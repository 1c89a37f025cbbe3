"""Trigger rules: when a task may run, given how its upstream tasks ended. Airflow page.

Core-concepts/dags, "Trigger Rules".
"""

from __future__ import annotations

from enum import StrEnum


class TriggerRule(StrEnum):
    """Airflow's rules, plus ``dummy`` and ``none_failed_or_skipped`` under the names that replaced them."""

    ALL_SUCCESS = "all_success"
    ALL_FAILED = "all_failed"
    ALL_DONE = "all_done"
    ALL_DONE_MIN_ONE_SUCCESS = "all_done_min_one_success"
    ALL_DONE_SETUP_SUCCESS = "all_done_setup_success"
    ONE_SUCCESS = "one_success"
    ONE_FAILED = "one_failed"
    ONE_DONE = "one_done"
    NONE_FAILED = "none_failed"
    NONE_SKIPPED = "none_skipped"
    ALWAYS = "always"
    NONE_FAILED_MIN_ONE_SUCCESS = "none_failed_min_one_success"
    ALL_SKIPPED = "all_skipped"

    @classmethod
    def _missing_(cls, value: object) -> TriggerRule | None:
        """Spellings of 1.10 and 2.x."""
        return {
            "dummy": cls.ALWAYS,
            "none_failed_or_skipped": cls.NONE_FAILED_MIN_ONE_SUCCESS,
        }.get(str(value))

    @classmethod
    def is_valid(cls, trigger_rule: str) -> bool:
        try:
            cls(trigger_rule)
        except ValueError:
            return False
        return True

    @classmethod
    def all_triggers(cls) -> set[str]:
        return {rule.value for rule in cls}
