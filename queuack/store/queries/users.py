"""Reads users and what they marked."""

from __future__ import annotations

from queuack.store.queries.rows import Row, raw_rows
from queuack.store.reader import Reader, fetch


def list_users(reader: Reader) -> list[Row]:
    """All columns of ``ab_user``, by username; instants in microseconds. ``password`` is the hash."""
    return raw_rows(reader, "list_users")


def favorites_of(reader: Reader, username: str) -> list[str]:
    """Ids of the DAGs that somebody marked."""
    return [str(row[0]) for row in fetch(reader, "favorites_of", {"username": username})]
