"""The settings the local executor works by."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from queuack import config


@dataclass(frozen=True)
class LocalSettings:
    """Numbers of ``[workers]`` and ``[core] parallelism``; times in seconds."""

    parallelism: int = 32
    min_workers: int = 2
    idle_timeout: float = 60.0
    heartbeat_timeout: float = 300.0
    kill_grace: float = 5.0
    logs_folder: Path | None = None
    """Of the tasks; None: nothing is written there when a process dies."""

    @classmethod
    def from_config(cls) -> LocalSettings:
        parallelism = config.get_int("core", "parallelism")
        return cls(
            parallelism=parallelism,
            min_workers=min(config.get_int("workers", "min_workers"), parallelism),
            idle_timeout=config.get_float("workers", "idle_timeout"),
            heartbeat_timeout=config.get_float("workers", "heartbeat_timeout"),
            kill_grace=config.get_float("workers", "kill_grace"),
            logs_folder=config.current().get_path("logging", "base_log_folder"),
        )
