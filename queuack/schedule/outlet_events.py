"""What a task that succeeded says of one of its outlets. A value, on its way from the worker to the engine."""

from __future__ import annotations

import msgspec


class OutletEvent(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An event of the asset with this name and URI."""

    name: str
    uri: str
    extra: str = "{}"
    """JSON object."""
    alias: str = ""
    """The alias it goes by; empty = none."""
    asset_extra: str = "{}"
    """JSON object: what the asset itself is made with, when it comes into being by an alias."""
    partition_key: str | None = None
