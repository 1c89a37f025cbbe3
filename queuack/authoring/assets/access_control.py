"""Which teams may produce and consume an asset's events. Kept and shown; enforced in deployments with teams only.

Airflow page: core-concepts/multi-team.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class AssetAccessControl:
    """Raises ValueError for a team without a name, TypeError when ``allow_global`` is no bool.

    ``producer_teams``: besides the consumer's own; ``consumer_teams``: None = every team; ``allow_global``: also DAGs
    of no team.
    """

    producer_teams: list[str] = field(default_factory=list)
    consumer_teams: list[str] | None = None
    allow_global: bool = True

    def __post_init__(self) -> None:
        for name in ("producer_teams", "consumer_teams"):
            for team in getattr(self, name) or ():
                if not isinstance(team, str) or not team.strip():
                    raise ValueError(f"Each entry in {name} must be a non-empty string")
        if not isinstance(self.allow_global, bool):
            raise TypeError(f"'allow_global' must be a bool, not {self.allow_global!r}")
