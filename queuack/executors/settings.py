"""The numbers the local executor works by."""

from __future__ import annotations

from dataclasses import dataclass

from queuack import config


@dataclass(frozen=True)
class LocalSettings:
    """Numbers of ``[workers]`` and ``[core] parallelism``; times in seconds."""

    parallelism: int = 32
    min_workers: int = 2
    idle_timeout: float = 60.0
    heartbeat_timeout: float = 300.0
    kill_grace: float = 5.0

    @classmethod
    def from_config(cls) -> LocalSettings:
        parallelism = config.get_int("core", "parallelism")
        return cls(
            parallelism=parallelism,
            min_workers=min(config.get_int("workers", "min_workers"), parallelism),
            idle_timeout=config.get_float("workers", "idle_timeout"),
            heartbeat_timeout=config.get_float("workers", "heartbeat_timeout"),
            kill_grace=config.get_float("workers", "kill_grace"),
        )
