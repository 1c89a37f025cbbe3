"""Pages of rows for lists that people filter, sort and leaf through. Decides how a list's SQL is put together.

A list is a block of ``store/lists/*.sql``::

    -- list: dag_runs
    -- Why it is as it is.
    -- base: dag_run r
    -- key: r.id
    -- column: run_after r.run_after
    -- condition: conf_contains r.conf::VARCHAR ILIKE $value
    SELECT … FROM {page} r JOIN …

``base`` is the one table that is filtered, sorted and counted; ``{page}`` the rows of it that are asked for, so that
whatever else is joined costs what the page costs, not what the table holds. Filters and sorting know the columns
and conditions named, nothing else: no text of a client's becomes SQL.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from queuack.errors import InvalidRequest, StoreError
from queuack.store.queries.rows import INSTANTS, Row, decode_rows
from queuack.store.reader import Reader

OPERATIONS = {
    "eq": "{column} = {value}",
    "ne": "{column} <> {value}",
    "in": "list_contains({value}, {column})",
    "gte": "{column} >= {value}",
    "gt": "{column} > {value}",
    "lte": "{column} <= {value}",
    "lt": "{column} < {value}",
    "like": "{column} ILIKE {value}",
    "prefix": "starts_with({column}, {value})",
}
"""What a column can be asked. ``in``: a list; ``like``, ``prefix``: alternatives, in ``like`` with SQL's % and _."""

ALTERNATIVES = frozenset({"like", "prefix"})
"""Operations whose value is a list, of which one has to hold."""

LONGEST_PAGE = 1000
"""Rows; more is cut."""

_BLOCK = re.compile(r"^-- list: (\w+)[ \t]*$", re.MULTILINE)
_HEAD = re.compile(r"^-- (base|key|column|condition): (.*)$")


@dataclass(frozen=True)
class Filter:
    """One thing that rows must fulfil: a column's name, an operation and a value; or a condition's name and a value.

    Values of instants are microseconds."""

    name: str
    value: Any
    operation: str = ""


@dataclass(frozen=True)
class Listing:
    """One list as its file declares it."""

    name: str
    why: str
    base: str
    key: str
    columns: dict[str, str]
    conditions: dict[str, str]
    text: str


@dataclass(frozen=True)
class Page:
    """``rows`` of one page; ``total``: how many there are without it; the cursors lead to the pages beside it."""

    rows: list[Row]
    total: int | None = None
    next: list[Any] | None = None
    previous: list[Any] | None = None


@dataclass
class _Parts:
    """Pieces of a statement and the values they name."""

    where: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)

    def hold(self, value: Any, *, instant: bool = False) -> str:
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise InvalidRequest("A number in a filter is beyond 64 bits.")
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f"make_timestamptz(${name}::BIGINT)" if instant else f"${name}"


def page(
    reader: Reader,
    name: str,
    filters: Iterable[Filter] = (),
    *,
    order: Sequence[str] = (),
    limit: int = 50,
    offset: int = 0,
    count: bool = True,
    after: Sequence[Any] | None = None,
    before: Sequence[Any] | None = None,
) -> Page:
    """One page of a list.

    ``order``: names of columns, a leading - for descending; rows without a value come last, the key decides among
    equals. ``after`` and ``before`` are what ``Page.next`` and ``Page.previous`` of another page with the same order
    were. Raises InvalidRequest for a name that the list does not have.
    """
    listing = load_lists()[name]
    parts = _Parts()
    for one in filters:
        parts.where.append(_condition(listing, one, parts))
    counted = _count(reader, listing, parts) if count else None
    if counted == 0:
        return Page(rows=[], total=0)
    terms = [*_order(listing, order), (listing.key, False)]
    if after is not None or before is not None:
        parts.where.append(_beyond(terms, after if after is not None else before or (), parts, before is not None))
    limit = max(0, min(limit, LONGEST_PAGE))
    found = _rows(reader, listing, terms, parts, limit + 1, offset, backwards=before is not None)
    more = len(found) > limit
    found = found[-limit:] if before is not None and more else found[:limit]
    marks = [msgspec.json.decode(row.pop("page_mark")) for row in found]
    beyond_end = more or before is not None
    beyond_start = offset > 0 or after is not None or (before is not None and more)
    return Page(
        rows=found,
        total=counted,
        next=marks[-1] if found and beyond_end else None,
        previous=marks[0] if found and beyond_start else None,
    )


def every(reader: Reader, name: str, filters: Sequence[Filter] = ()) -> list[Row]:
    """All rows of a list that pass the filters, in the order of its key."""
    found: list[Row] = []
    mark: list[Any] | None = None
    while True:
        part = page(reader, name, filters, limit=LONGEST_PAGE, count=False, after=mark)
        found += part.rows
        mark = part.next
        if mark is None:
            return found


def _condition(listing: Listing, one: Filter, parts: _Parts) -> str:
    if not one.operation:
        if one.name not in listing.conditions:
            raise InvalidRequest(f"{listing.name} cannot be filtered by {one.name!r}.")
        return f"({listing.conditions[one.name].replace('$value', parts.hold(one.value))})"
    column = listing.columns.get(one.name)
    if column is None or one.operation not in OPERATIONS:
        raise InvalidRequest(f"{listing.name} cannot be filtered by {one.name!r} ({one.operation}).")
    text = OPERATIONS[one.operation]
    if one.operation in ALTERNATIVES:
        if not isinstance(one.value, list) or not one.value:
            raise InvalidRequest(f"{listing.name}: {one.operation} takes a list of alternatives.")
        return "(" + " OR ".join(text.format(column=column, value=parts.hold(value)) for value in one.value) + ")"
    return text.format(column=column, value=parts.hold(one.value, instant=one.name in INSTANTS))


def _order(listing: Listing, order: Sequence[str]) -> list[tuple[str, bool]]:
    """(expression, descending) of each name."""
    terms = []
    for name in order:
        column = listing.columns.get(name.removeprefix("-"))
        if column is None:
            known = ", ".join(sorted(listing.columns))
            raise InvalidRequest(f"{listing.name} cannot be sorted by {name.removeprefix('-')!r}; by these: {known}.")
        terms.append((column, name.startswith("-")))
    return terms


def _count(reader: Reader, listing: Listing, parts: _Parts) -> int:
    reader.execute(f"SELECT count(*) FROM {listing.base}{_where(parts)}", parts.values)
    return int(reader.fetchone()[0])


def _where(parts: _Parts) -> str:
    return " WHERE " + " AND ".join(parts.where) if parts.where else ""


def _beyond(terms: list[tuple[str, bool]], mark: Sequence[Any], parts: _Parts, backwards: bool) -> str:
    """True of rows that come after ``mark`` (or before it) in the order of ``terms``."""
    if len(mark) != len(terms):
        raise InvalidRequest("The cursor belongs to another order.")
    ways: list[str] = []
    equal: list[str] = []
    for (column, descending), value in zip(terms, mark, strict=True):
        held = parts.hold(value) if value is not None else "NULL"
        column = f"({_marked(column)})"
        if value is None:
            further = f"{column} IS NOT NULL" if backwards else "false"
        elif backwards:
            further = f"{column} {'>' if descending else '<'} {held}"
        else:
            further = f"({column} {'<' if descending else '>'} {held} OR {column} IS NULL)"
        ways.append("(" + " AND ".join([*equal, further]) + ")")
        equal.append(f"{column} IS NOT DISTINCT FROM {held}")
    return "(" + " OR ".join(ways) + ")"


def _marked(column: str) -> str:
    """A column as a cursor holds it: instants as text, which sorts as they do."""
    return column if not _is_instant(column) else f"epoch_us({column})"


def _is_instant(column: str) -> bool:
    return column.rpartition(".")[2] in INSTANTS


def _rows(
    reader: Reader,
    listing: Listing,
    terms: list[tuple[str, bool]],
    parts: _Parts,
    limit: int,
    offset: int,
    *,
    backwards: bool,
) -> list[Row]:
    order = ", ".join(_direction(column, descending != backwards, backwards) for column, descending in terms)
    shown = ", ".join(_direction(column, descending, False) for column, descending in terms)
    rows = f"SELECT * FROM {listing.base}{_where(parts)} ORDER BY {order} LIMIT $limit OFFSET $offset"
    marks = ", ".join(f"({_marked(column)})" for column, _ in terms)
    head, _, rest = listing.text.partition("FROM {page}")
    text = f"{head.rstrip()}, json_array({marks}) AS page_mark FROM ({rows}){rest} ORDER BY {shown}"
    reader.execute(text, {**parts.values, "limit": limit, "offset": offset})
    return decode_rows(reader)


def _direction(column: str, descending: bool, nulls_first: bool) -> str:
    return f"{column} {'DESC' if descending else 'ASC'} NULLS {'FIRST' if nulls_first else 'LAST'}"


@cache
def load_lists() -> dict[str, Listing]:
    """Every list by name. Raises StoreError for a file that does not follow the form."""
    found: dict[str, Listing] = {}
    for entry in sorted(files("queuack.store").joinpath("lists").iterdir(), key=lambda item: item.name):
        if not entry.name.endswith(".sql"):
            continue
        for listing in parse_lists(entry.read_text(encoding="utf-8")):
            if listing.name in found:
                raise StoreError(f"Two lists are named {listing.name}.")
            found[listing.name] = listing
    return found


def parse_lists(text: str) -> list[Listing]:
    """The lists of one file."""
    marks = list(_BLOCK.finditer(text))
    return [
        _parse(mark.group(1), text[mark.end() : following.start() if following else len(text)])
        for mark, following in zip(marks, [*marks[1:], None], strict=True)
    ]


def _parse(name: str, block: str) -> Listing:
    said: dict[str, dict[str, str]] = {"column": {}, "condition": {}}
    single: dict[str, str] = {}
    why, body = [], []
    for line in block.strip().splitlines():
        if head := _HEAD.match(line):
            kind, rest = head.groups()
            if kind in said:
                key, _, expression = rest.strip().partition(" ")
                said[kind][key] = expression.strip()
            else:
                single[kind] = rest.strip()
        elif line.startswith("--"):
            why.append(line.removeprefix("--").strip())
        else:
            body.append(line)
    sql = "\n".join(body).strip().removesuffix(";")
    if not why or not single.keys() >= {"base", "key"} or "FROM {page}" not in sql:
        raise StoreError(f"The list {name} needs a comment, a base, a key and FROM {{page}}.")
    return Listing(name, " ".join(why), single["base"], single["key"], said["column"], said["condition"], sql)
