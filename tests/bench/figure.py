"""One line of what the benchmarks print."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Figure:
    """One line of the table."""

    name: str
    value: float | None
    unit: str
    budget: str = ""
    detail: str = ""
