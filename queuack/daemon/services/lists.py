"""Lists that people filter, sort and leaf through: one method for all; ``store/lists/*.sql`` says which there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from queuack.daemon.port import Port
from queuack.errors import InvalidRequest
from queuack.store import listing

Row = dict[str, Any]


def list_page(
    port: Port,
    name: str,
    where: Sequence[Sequence[Any]] = (),
    order: Sequence[str] = (),
    limit: int = 50,
    offset: int = 0,
    count: bool = True,
    after: list[Any] | None = None,
    before: list[Any] | None = None,
) -> Row:
    """One page: {"rows", "total", "next", "previous"}.

    ``where``: [column, operation, value] or [condition, "", value]; instants in microseconds. ``order``: names, a
    leading - for descending. ``after``/``before``: what ``next``/``previous`` of the page beside it were.
    """
    if name not in listing.load_lists():
        raise InvalidRequest(f"There is no list {name!r}.")
    with port.reader() as reader:
        found = listing.page(
            reader,
            name,
            [listing.Filter(column, value, operation) for column, operation, value in where],
            order=order,
            limit=limit,
            offset=offset,
            count=count,
            after=after,
            before=before,
        )
    return {"rows": found.rows, "total": found.total, "next": found.next, "previous": found.previous}


METHODS = (list_page,)
