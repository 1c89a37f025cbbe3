"""What several bodies share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict


class Answer(BaseModel):
    """An answer's body."""


class Body(BaseModel):
    """A request's body: nothing but what is declared."""

    model_config = ConfigDict(extra="forbid")


def _aware(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value


Instant = Annotated[datetime, BeforeValidator(_aware)]
GivenInstant = AwareDatetime


def uuid_of(key: int | None) -> UUID | None:
    """Ids of rows that are UUIDs in Airflow and numbers here: the number, written as a UUID."""
    return None if key is None else UUID(int=key)


def key_of(value: UUID | str) -> int:
    """The number in such a UUID."""
    return UUID(str(value)).int


class DagVersionResponse(Answer):
    id: UUID
    version_number: int
    dag_id: str
    bundle_name: str | None
    bundle_version: str | None
    created_at: Instant
    dag_display_name: str
    bundle_url: str | None


def version_of(row: dict[str, Any]) -> dict[str, Any] | None:
    """The version that a run or a task instance was made of, from the columns that their lists add."""
    if row.get("version_number") is None:
        return None
    return {
        "id": uuid_of(row.get("dag_version_id") or row.get("created_dag_version_id")),
        "version_number": row["version_number"],
        "dag_id": row["dag_id"],
        "bundle_name": row["bundle_name"],
        "bundle_version": None,
        "created_at": row["version_created_at"],
        "dag_display_name": row["dag_display_name"],
        "bundle_url": None,
    }
