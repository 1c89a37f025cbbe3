"""``airflow.sdk.literal``: a template field's value that is taken as it stands. Airflow: core-concepts/operators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["LiteralValue", "literal"]


@dataclass(frozen=True)
class LiteralValue:
    """A value that rendering leaves alone."""

    value: Any

    def resolve(self, context: Mapping[str, Any]) -> Any:
        """What the field becomes: the value."""
        return self.value


def literal(value: Any) -> LiteralValue:
    """Keep a value in a template field from being rendered."""
    return LiteralValue(value)
