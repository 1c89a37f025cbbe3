"""Bodies about what tasks ask people."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from queuack.api.models.common import Answer, Instant
from queuack.api.models.instances import TaskInstanceHistoryResponse, TaskInstanceResponse

PARAM = frozenset({"value", "description", "schema"})


class HITLUser(Answer):
    id: str
    name: str


class UpdateHITLDetailPayload(BaseModel):
    """An answer. Params that are left out have their default."""

    chosen_options: list[str] = Field(min_length=1)
    params_input: dict[str, Any] = Field(default_factory=dict)


class HITLDetailResponse(Answer):
    responded_by: HITLUser
    responded_at: Instant
    chosen_options: list[str]
    params_input: dict[str, Any] = {}


class _Question(Answer):
    options: list[str]
    subject: str
    body: str | None = None
    defaults: list[str] | None = None
    multiple: bool = False
    params: dict[str, Any] = {}
    assigned_users: list[HITLUser] = []
    created_at: Instant
    responded_by_user: HITLUser | None = None
    responded_at: Instant | None = None
    chosen_options: list[str] | None = None
    params_input: dict[str, Any] = {}
    response_received: bool = False


class HITLDetail(_Question):
    task_instance: TaskInstanceResponse


class HITLDetailHistory(_Question):
    task_instance: TaskInstanceHistoryResponse


class HITLDetailCollection(Answer):
    hitl_details: list[HITLDetail]
    total_entries: int


def question_of(row: dict[str, Any], instance: dict[str, Any]) -> dict[str, Any]:
    """A question as the services give it; ``instance``: its task instance, or try, in Airflow's names."""
    return {
        **row,
        "multiple": bool(row["multiple"]),
        "params": {name: _param(value) for name, value in (row["params"] or {}).items()},
        "assigned_users": row["assigned_users"] or [],
        "params_input": row["params_input"] or {},
        "task_instance": instance,
    }


def _param(value: Any) -> Any:
    if isinstance(value, dict) and value.keys() >= PARAM:
        return value
    return {"value": value, "description": None, "schema": {}}
