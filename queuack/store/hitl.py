"""Writes what tasks ask people, and the answers. Part of the writer's transaction."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from queuack.engine import effects as fx
from queuack.store.batch import Batch, columns

if TYPE_CHECKING:
    from queuack.store.database import Database


def write_hitl(database: Database, batch: Batch) -> None:
    """After the task instances are there."""
    for group in batch.hitl:
        rows: list[Any] = list(group.values())
        if isinstance(rows[0], fx.HitlDetailRow):
            _ask(database, rows)
        else:
            texts = _texts(rows, "responded_by", "chosen_options", "params_input")
            database.run("update_answers", {**columns(rows, "ti_id", "responded_at"), **texts})


def _ask(database: Database, rows: list[fx.HitlDetailRow]) -> None:
    places = columns(rows, "ti_id", "try_number")
    database.run("keep_old_questions", places)
    database.run("delete_questions", {"ti_id": places["ti_id"]})
    plain = columns(rows, "subject", "body", "multiple", "created_at")
    database.run("insert_questions", {**places, **plain, **_texts(rows, "options", "defaults", "params", "assignees")})


def _texts(rows: Iterable[Any], *names: str) -> dict[str, list[str | None]]:
    return {name: [_text(getattr(row, name)) for row in rows] for name in names}


def _text(value: Any) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()
