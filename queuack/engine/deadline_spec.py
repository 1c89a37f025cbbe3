"""What a DagDocument says of a deadline alert. JSON-able throughout."""

from __future__ import annotations

from typing import Any

import msgspec


class DeadlineDocument(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    reference: dict[str, Any]
    """``reference_type`` and what else the reference wrote down; ``__class_path`` of one that is not built in."""
    interval: float | None = None
    """Seconds; None = those in ``variable``."""
    variable: str | None = None
    callback: dict[str, Any]
    """``type`` (AsyncCallback, SyncCallback), ``path``, ``kwargs`` (as ``serialization.typed_json`` writes them),
    ``executor``."""
    name: str | None = None

    @property
    def kind(self) -> str:
        return str(self.reference["reference_type"])
