"""Asking a person: what operators use to ask and to look for the answer. Airflow: ``airflow.sdk.execution_time.hitl``.

Nothing here waits: a task that has asked raises TaskAwaitingInput.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict

from queuack.authoring.runtime import current_runtime


class HITLUser(TypedDict):
    """Somebody who may answer, or has: ``{"id": "1", "name": "airflow"}``."""

    id: str
    name: str


@dataclass(frozen=True)
class HITLDetailResponse:
    """The answer as far as there is one."""

    response_received: bool
    responded_by_user: HITLUser | None
    responded_at: datetime | None
    chosen_options: list[str] | None
    params_input: dict[str, Any]


def upsert_hitl_detail(
    ti_id: int,
    options: list[str],
    subject: str,
    body: str | None = None,
    defaults: list[str] | None = None,
    multiple: bool = False,
    params: dict[str, Any] | None = None,
    assigned_users: list[HITLUser] | None = None,
) -> None:
    """Ask on behalf of the running task instance ``ti_id``. What it asked before, and the answer to that, is void.

    ``params``: name → ``{"value", "description", "schema"}``. Raises InvalidRequest when no attempt of it runs."""
    current_runtime().hitl_ask(
        ti_id=ti_id,
        options=list(options),
        subject=subject,
        body=body,
        defaults=None if defaults is None else list(defaults),
        multiple=multiple,
        params=params or {},
        assignees=[{"id": str(user["id"]), "name": str(user["name"])} for user in assigned_users or []],
    )


def update_hitl_detail_response(
    ti_id: int, chosen_options: list[str], params_input: dict[str, Any]
) -> HITLDetailResponse:
    """Answer in nobody's name, as when the time is over. Raises AlreadyExists when somebody has answered."""
    current_runtime().hitl_answer_by_default(ti_id=ti_id, chosen_options=chosen_options, params_input=params_input)
    return get_hitl_detail_content_detail(ti_id)


def get_hitl_detail_content_detail(ti_id: int) -> HITLDetailResponse:
    """The answer. Raises LookupError when the task instance has asked nothing."""
    found = current_runtime().hitl_answer(ti_id)
    if found is None:
        raise LookupError(f"Task instance {ti_id} has asked nothing.")
    user, at = found["responded_by_user"], found["responded_at"]
    return HITLDetailResponse(
        response_received=found["response_received"],
        responded_by_user=None if user is None else HITLUser(id=user["id"], name=user["name"]),
        responded_at=None if at is None else datetime.fromisoformat(at),
        chosen_options=found["chosen_options"],
        params_input=found["params_input"] or {},
    )
