"""Bodies about tasks as DAG files define them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pydantic import Field

from queuack.api.models.common import Answer


class TimeDelta(Answer):
    type_: str = Field("TimeDelta", alias="__type")
    days: int
    seconds: int
    microseconds: int


class TaskResponse(Answer):
    task_id: str | None
    task_display_name: str | None
    owner: str | None
    start_date: datetime | None
    end_date: datetime | None
    trigger_rule: str | None
    depends_on_past: bool
    wait_for_downstream: bool
    retries: float | None
    queue: str | None
    pool: str | None
    pool_slots: float | None
    execution_timeout: TimeDelta | None
    retry_delay: TimeDelta | None
    retry_exponential_backoff: float
    priority_weight: float | None
    weight_rule: str | None
    ui_color: str | None
    ui_fgcolor: str | None
    template_fields: list[str] | None
    downstream_task_ids: list[str] | None
    doc_md: str | None
    operator_name: str | None
    params: dict[str, Any] | None
    class_ref: dict[str, Any] | None
    is_mapped: bool | None
    extra_links: list[str]


class TaskCollectionResponse(Answer):
    tasks: list[TaskResponse]
    total_entries: int


def task_of(row: dict[str, Any]) -> dict[str, Any]:
    """A task as the service ``defined_tasks`` gives it."""
    return {
        **row,
        "task_display_name": row["task_display_name"] or row["task_id"],
        "operator_name": row["operator_name"] or row["task_type"],
        "execution_timeout": _delta(row["execution_timeout"]),
        "retry_delay": _delta(row["retry_delay"]),
        "class_ref": {"module_path": row["task_module"] or None, "class_name": row["task_type"]},
        "is_mapped": row["expansion"] is not None,
        "extra_links": [name for name, _ in row["extra_links"]],
    }


def _delta(seconds: float | None) -> dict[str, Any] | None:
    if seconds is None:
        return None
    length = timedelta(seconds=seconds)
    return {"__type": "TimeDelta", "days": length.days, "seconds": length.seconds, "microseconds": length.microseconds}
