"""Trigger rules: what the states of a task's direct upstream tasks mean for it.

Each rule is a function from counts to a verdict, decided as early as the counts allow. It knows nothing of runs, time
or limits.
https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/dags.html#trigger-rules
"""

from __future__ import annotations

from collections.abc import Callable

from queuack.errors import InvalidRequest

RUN, WAIT, SKIP, UPSTREAM_FAIL, REMOVE = range(5)
"""Verdicts: run now, not decided yet, or the state the task gets without running."""


class Counts:
    """How many of the direct upstream instances are in which state. ``setups`` counts those that are setup tasks."""

    __slots__ = (
        "failed", "map_index", "removed", "setups", "skipped", "skipped_setups", "success", "success_setups",
        "total", "upstream_failed",
    )  # fmt: skip

    def __init__(
        self,
        total: int,
        success: int = 0,
        skipped: int = 0,
        failed: int = 0,
        upstream_failed: int = 0,
        removed: int = 0,
        setups: int = 0,
        success_setups: int = 0,
        skipped_setups: int = 0,
        map_index: int = -1,
    ) -> None:
        self.total = total
        self.success = success
        self.skipped = skipped
        self.failed = failed
        self.upstream_failed = upstream_failed
        self.removed = removed
        self.setups = setups
        self.success_setups = success_setups
        self.skipped_setups = skipped_setups
        self.map_index = map_index

    @property
    def done(self) -> int:
        return self.success + self.skipped + self.failed + self.upstream_failed + self.removed

    @property
    def all_done(self) -> bool:
        return self.done >= self.total

    def __str__(self) -> str:
        found = {
            "success": self.success, "skipped": self.skipped, "failed": self.failed,
            "upstream_failed": self.upstream_failed, "removed": self.removed,
            "unfinished": max(0, self.total - self.done),
        }  # fmt: skip
        return ", ".join(f"{count} {name}" for name, count in found.items() if count) or "none"


Rule = Callable[[Counts], int]


def all_success(c: Counts) -> int:
    if c.upstream_failed or c.failed:
        return UPSTREAM_FAIL
    if c.skipped:
        return SKIP
    if c.removed and c.success and c.map_index > -1 and c.map_index >= c.success:
        return REMOVE
    return RUN if c.total - c.success - c.removed <= 0 else WAIT


def all_failed(c: Counts) -> int:
    if c.success or c.skipped:
        return SKIP
    return RUN if c.total - c.failed - c.upstream_failed - c.removed <= 0 else WAIT


def all_done(c: Counts) -> int:
    return RUN if c.all_done else WAIT


def all_done_min_one_success(c: Counts) -> int:
    if c.skipped:
        return SKIP
    if not c.all_done:
        return WAIT
    return RUN if c.success else UPSTREAM_FAIL


def all_done_setup_success(c: Counts) -> int:
    if not c.all_done:
        return WAIT
    if c.setups and c.skipped_setups >= c.setups:
        return SKIP
    if c.setups and not c.success_setups:
        return UPSTREAM_FAIL
    return RUN


def all_skipped(c: Counts) -> int:
    if c.success or c.failed or c.upstream_failed:
        return SKIP
    return RUN if c.total - c.skipped <= 0 else WAIT


def one_success(c: Counts) -> int:
    if c.success:
        return RUN
    if not c.all_done:
        return WAIT
    return SKIP if c.done == c.skipped else UPSTREAM_FAIL


def one_failed(c: Counts) -> int:
    if c.failed or c.upstream_failed:
        return RUN
    return SKIP if c.all_done else WAIT


def one_done(c: Counts) -> int:
    if c.success or c.failed:
        return RUN
    return SKIP if c.all_done else WAIT


def none_failed(c: Counts) -> int:
    if c.upstream_failed or c.failed:
        return UPSTREAM_FAIL
    return RUN if c.total - c.success - c.skipped - c.removed <= 0 else WAIT


def none_failed_min_one_success(c: Counts) -> int:
    if c.upstream_failed or c.failed:
        return UPSTREAM_FAIL
    if c.skipped == c.total:
        return SKIP
    if not c.all_done:
        return WAIT
    return RUN if c.success else UPSTREAM_FAIL


def none_skipped(c: Counts) -> int:
    if c.skipped:
        return SKIP
    return RUN if c.all_done else WAIT


def always(c: Counts) -> int:
    return RUN


RULES: dict[str, Rule] = {
    "all_success": all_success,
    "all_failed": all_failed,
    "all_done": all_done,
    "all_done_min_one_success": all_done_min_one_success,
    "all_done_setup_success": all_done_setup_success,
    "all_skipped": all_skipped,
    "one_success": one_success,
    "one_failed": one_failed,
    "one_done": one_done,
    "none_failed": none_failed,
    "none_failed_min_one_success": none_failed_min_one_success,
    "none_skipped": none_skipped,
    "always": always,
    # Names of Airflow 1.10 and 2.x.
    "dummy": always,
    "none_failed_or_skipped": none_failed_min_one_success,
}


def rule_named(name: str) -> Rule:
    """Raises InvalidRequest for a rule that does not exist."""
    try:
        return RULES[name]
    except KeyError:
        raise InvalidRequest(f"There is no trigger rule {name!r}. Rules: {', '.join(sorted(RULES))}.") from None
