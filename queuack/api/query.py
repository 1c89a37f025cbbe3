"""What the query string of a list says: filters, order, paging. Decides how Airflow's names become columns of a list.

Airflow's conventions: ``run_after_gte`` and its kin bound, ``…_pattern`` is a part of the text (any case, with
SQL's wildcards, alternatives between ``|``), ``…_prefix_pattern`` its beginning, a name given several times means any
of them, ``order_by=-start_date`` descends.
"""

from __future__ import annotations

import base64
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import Depends, Query
from pydantic import BaseModel, create_model

from queuack.clock import to_us
from queuack.errors import InvalidRequest

Where = list[list[Any]]
"""As ``services.lists.list_page`` takes it."""

BOUNDS = ("gte", "gt", "lte", "lt")
LIMIT, LARGEST = 50, 100
"""Rows of a page, where nothing is asked, and at most. Airflow: ``[api] fallback_page_limit, maximum_page_limit``."""


@dataclass(frozen=True)
class Filters:
    """The filters of one list. Names are those of the query string and, unless ``columns`` says otherwise, of columns.

    ``conditions`` maps a name to the type of its value; the list has a condition of that name.
    """

    instants: Sequence[str] = ()
    numbers: Sequence[str] = ()
    lists: Mapping[str, Any] = field(default_factory=dict)
    """Name → ``list[…]``."""
    equals: Mapping[str, Any] = field(default_factory=dict)
    patterns: Sequence[str] = ()
    conditions: Mapping[str, Any] = field(default_factory=dict)
    others: Mapping[str, tuple[Any, str, str]] = field(default_factory=dict)
    """Name → (type, column, operation), where the name says nothing of the operation."""
    columns: Mapping[str, str] = field(default_factory=dict)

    def fields(self) -> dict[str, tuple[Any, list[Any]]]:
        """Name in the query string → (type, [column or condition, operation])."""
        said: dict[str, tuple[Any, list[Any]]] = {}
        for names, kind in ((self.instants, datetime), (self.numbers, float)):
            for name in names:
                said |= {f"{name}_{bound}": (kind, [self._of(name), bound]) for bound in BOUNDS}
        said |= {name: (kind, [self._of(name), "in"]) for name, kind in self.lists.items()}
        said |= {name: (kind, [self._of(name), "eq"]) for name, kind in self.equals.items()}
        for name in self.patterns:
            said[f"{name}_pattern"] = (str, [self._of(name), "like"])
            said[f"{name}_prefix_pattern"] = (str, [self._of(name), "prefix"])
        said |= {name: (kind, [column, operation]) for name, (kind, column, operation) in self.others.items()}
        return said | {name: (kind, [self._of(name), ""]) for name, kind in self.conditions.items()}

    def _of(self, name: str) -> str:
        return self.columns.get(name, name)


def where(name: str, filters: Filters) -> Callable[..., Where]:
    """A dependency that reads ``filters``; ``name`` is its model's in error messages."""
    fields = filters.fields()
    model: type[BaseModel] = create_model(  # type: ignore[call-overload]  # fields come from a table
        name, **{field: (kind | None, None) for field, (kind, _) in fields.items()}
    )

    def dependency(said: BaseModel) -> Where:
        return conditions_of(said, fields)

    parameter = inspect.Parameter("said", inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[model, Query()])
    dependency.__signature__ = inspect.Signature([parameter], return_annotation=Any)  # type: ignore[attr-defined]
    return dependency


def conditions_of(said: BaseModel, fields: Mapping[str, tuple[Any, list[Any]]]) -> Where:
    """What was given of ``fields``, as ``list_page`` takes it."""
    found: Where = []
    for name in said.model_fields_set & fields.keys():
        value = getattr(said, name)
        if value is None or value == []:
            continue
        column, operation = fields[name][1]
        if isinstance(value, datetime):
            value = to_us(value)
        elif operation == "like":
            value = [f"%{part}%" for part in alternatives(value)]
        elif operation == "prefix":
            value = alternatives(value)
        found.append([column, operation, value])
    return found


def alternatives(text: str) -> list[str]:
    """What stands between the ``|`` of a pattern; ``~``, Airflow's sign for everything, is nothing in particular."""
    found = [part for part in (part.strip() for part in text.split("|")) if part]
    return ["" if part == "~" else part for part in found] or [text]


class Slice(BaseModel):
    """Which rows of a list, in an order that cannot be chosen."""

    limit: int = LIMIT
    offset: int = 0

    def params(self) -> dict[str, Any]:
        """What ``list_page`` takes."""
        if self.limit < 0 or self.offset < 0:
            raise InvalidRequest("limit and offset are 0 or more.")
        return {"limit": min(self.limit, LARGEST), "offset": self.offset}


class Paging(BaseModel):
    """Which page of a list."""

    limit: int = LIMIT
    offset: int = 0
    order_by: list[str] = []

    def params(self, default: str, names: Mapping[str, str] | None = None) -> dict[str, Any]:
        """What ``list_page`` takes; ``default`` is the order where none is asked, ``names`` maps those that differ."""
        if self.limit < 0 or self.offset < 0:
            raise InvalidRequest("limit and offset are 0 or more.")
        order = []
        for name in self.order_by or [default]:
            plain = name.removeprefix("-")
            order.append(("-" if name.startswith("-") else "") + (names or {}).get(plain, plain))
        return {"limit": min(self.limit, LARGEST), "offset": self.offset, "order": order}


class CursorPaging(Paging):
    """The same with cursors: an empty one starts, each answer says the next."""

    cursor: str | None = None

    def params(self, default: str, names: Mapping[str, str] | None = None) -> dict[str, Any]:
        said = super().params(default, names)
        if self.cursor:
            direction, mark = _read(self.cursor)
            said |= {direction: mark, "offset": 0, "count": False}
        return said

    def cursors(self, page: Mapping[str, Any]) -> dict[str, Any]:
        """``next_cursor`` and ``previous_cursor`` of an answer; both None where paging is by offset."""
        if self.cursor is None:
            return {"next_cursor": None, "previous_cursor": None}
        return {
            "next_cursor": _written("after", page["next"]),
            "previous_cursor": _written("before", page["previous"]),
        }


def _slice(said: Annotated[Slice, Query()]) -> Slice:
    return said


# Each in a dependency of its own: FastAPI reads a model of the query string only where it is alone.
def _paging(said: Annotated[Paging, Query()]) -> Paging:
    return said


def _cursor_paging(said: Annotated[CursorPaging, Query()]) -> CursorPaging:
    return said


SliceQuery = Annotated[Slice, Depends(_slice)]
PagingQuery = Annotated[Paging, Depends(_paging)]
CursorQuery = Annotated[CursorPaging, Depends(_cursor_paging)]


def _written(direction: str, mark: list[Any] | None) -> str | None:
    return None if mark is None else base64.urlsafe_b64encode(msgspec.json.encode([direction, *mark])).decode()


def _read(cursor: str) -> tuple[str, list[Any]]:
    try:
        direction, *mark = msgspec.json.decode(base64.urlsafe_b64decode(cursor), type=list[Any])
    except (ValueError, msgspec.MsgspecError):
        direction, mark = "", []
    if direction not in ("after", "before"):
        raise InvalidRequest("The cursor is none that this server made.")
    return direction, mark
