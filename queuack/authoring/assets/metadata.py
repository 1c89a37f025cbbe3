"""What a task may yield about an asset it wrote. Airflow page: authoring-and-scheduling/assets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from queuack.authoring.assets.asset import Asset, AssetAlias


@dataclass
class Metadata:
    """``yield Metadata(asset, {"rows": 3})``: extra for the asset's event; with ``alias`` an event by that alias."""

    asset: Asset
    extra: dict[str, Any] = field(default_factory=dict)
    alias: AssetAlias | None = None

    def __post_init__(self) -> None:
        self.extra = self.extra or {}
