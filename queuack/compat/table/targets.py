"""How the table spells a target: ``"module:attribute"``, or ``"module"`` for the module itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

Names: TypeAlias = Mapping[str, str]
"""Name in an ``airflow`` module → target. The name ``*`` passes every other public name on to a module."""

Served: TypeAlias = Mapping[str, Names]
"""An ``airflow`` module → its names."""

Reasons: TypeAlias = Mapping[str, Mapping[str, str]]
"""An ``airflow`` module → name → why it is not there and what to use instead."""


def at(module: str, names: str, **renamed: str) -> dict[str, str]:
    """Targets of names that live in one module: ``at("m", "A B", C="D")`` is A → m:A, B → m:B, C → m:D."""
    same = {name: f"{module}:{name}" for name in names.split()}
    return same | {name: f"{module}:{attribute}" for name, attribute in renamed.items()}


def reason(text: str, names: str) -> dict[str, str]:
    """One reason for several names."""
    return dict.fromkeys(names.split(), text)
