"""Columns of models in queries: comparing one makes a condition. Values only; nothing is fetched here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from queuack import clock

Wire = dict[str, Any]
"""A condition as it travels: {"column", "op", "value"} or {"op": "and" | "or" | "not", "parts": […]}."""


@dataclass(frozen=True)
class Condition:
    """What a row must satisfy; combined with ``&``, ``|`` and ``~``."""

    wire: Wire

    def __and__(self, other: Condition) -> Condition:
        return Condition({"op": "and", "parts": [self.wire, other.wire]})

    def __or__(self, other: Condition) -> Condition:
        return Condition({"op": "or", "parts": [self.wire, other.wire]})

    def __invert__(self) -> Condition:
        return Condition({"op": "not", "parts": [self.wire]})

    def __bool__(self) -> bool:
        raise TypeError("A condition of a query has no truth value: combine conditions with & and |, not `and`, `or`.")


@dataclass(frozen=True)
class Order:
    """By a column; ``descending``: the greatest first."""

    column: str
    descending: bool = False


class Column:
    """``Model.name``. ``stored`` is its name in the table; on an instance it is the row's value."""

    def __init__(self, stored: str = "") -> None:
        self.stored = stored

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        self.stored = self.stored or name

    def __get__(self, instance: Any, owner: type) -> Any:
        return self if instance is None else instance.row.get(self.stored)

    def _condition(self, op: str, value: Any) -> Condition:
        return Condition({"column": self.stored, "op": op, "value": plain(value)})

    def __eq__(self, other: object) -> Any:
        return self._condition("=", other)

    def __ne__(self, other: object) -> Any:
        return self._condition("!=", other)

    def __lt__(self, other: Any) -> Condition:
        return self._condition("<", other)

    def __le__(self, other: Any) -> Condition:
        return self._condition("<=", other)

    def __gt__(self, other: Any) -> Condition:
        return self._condition(">", other)

    def __ge__(self, other: Any) -> Condition:
        return self._condition(">=", other)

    __hash__ = object.__hash__

    def in_(self, values: Iterable[Any]) -> Condition:
        return self._condition("in", [plain(value) for value in values])

    def notin_(self, values: Iterable[Any]) -> Condition:
        return self._condition("not in", [plain(value) for value in values])

    not_in = notin_

    def is_(self, value: Any) -> Condition:
        return self._condition("=", value)

    def isnot(self, value: Any) -> Condition:
        return self._condition("!=", value)

    is_not = isnot

    def like(self, pattern: str) -> Condition:
        return self._condition("like", pattern)

    def ilike(self, pattern: str) -> Condition:
        return self._condition("ilike", pattern)

    def startswith(self, prefix: str) -> Condition:
        return self._condition("prefix", prefix)

    def between(self, low: Any, high: Any) -> Condition:
        return self._condition(">=", low) & self._condition("<=", high)

    def asc(self) -> Order:
        return Order(self.stored)

    def desc(self) -> Order:
        return Order(self.stored, descending=True)

    def __repr__(self) -> str:
        return f"<Column {self.name}>"


class Negated(Column):
    """A truth value that the table has the other way round: ``is_active`` for ``is_stale``."""

    def __get__(self, instance: Any, owner: type) -> Any:
        return self if instance is None else not instance.row[self.stored]

    def _condition(self, op: str, value: Any) -> Condition:
        return super()._condition(op, not value if isinstance(value, bool) else value)


def plain(value: Any) -> Any:
    """As it travels: instants in microseconds (naive ones are UTC), enum members as their text."""
    if isinstance(value, datetime):
        return clock.to_us(value)
    if isinstance(value, Enum):
        return value.value
    return value
