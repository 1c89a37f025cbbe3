"""The settings the local executor works by."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from queuack import config

DEFAULT_WORKERS = 32
"""Where neither setting says."""


@dataclass(frozen=True)
class LocalSettings:
    """Numbers of ``[workers]`` and ``[core] parallelism``; times in seconds."""

    parallelism: int = 32
    max_workers: int = 32
    async_tasks_per_worker: int = 1000
    min_workers: int = 2
    idle_timeout: float = 60.0
    heartbeat_timeout: float = 300.0
    kill_grace: float = 5.0
    logs_folder: Path | None = None
    """Of the tasks; None: nothing is written there when a process dies."""

    @property
    def worker_limit(self) -> int:
        """Worker processes at most."""
        return min(self.max_workers, self.parallelism)

    @classmethod
    def from_config(cls) -> LocalSettings:
        workers = max_workers()
        return cls(
            parallelism=config.get_int("core", "parallelism"),
            max_workers=workers,
            async_tasks_per_worker=config.get_int("workers", "async_tasks_per_worker"),
            min_workers=min(config.get_int("workers", "min_workers"), workers),
            idle_timeout=config.get_float("workers", "idle_timeout"),
            heartbeat_timeout=config.get_float("workers", "heartbeat_timeout"),
            kill_grace=config.get_float("workers", "kill_grace"),
            logs_folder=config.current().get_path("logging", "base_log_folder"),
        )


def max_workers() -> int:
    """``[workers] max_workers``; who sets only ``[core] parallelism`` means that many tasks of any kind."""
    parallelism, source = config.value_and_source("core", "parallelism")
    assert isinstance(parallelism, int)
    given = config.get("workers", "max_workers")
    if isinstance(given, int):
        return min(given, parallelism)
    return min(DEFAULT_WORKERS, parallelism) if source == "default" else parallelism
