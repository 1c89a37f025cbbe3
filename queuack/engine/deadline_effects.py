"""Writes about deadlines. A write is a whole row, as in ``effects``."""

from __future__ import annotations

from queuack.engine.deadline_spec import DeadlineDocument
from queuack.engine.effects import Write


class DeadlineAlertRow(Write, kw_only=True):
    """Insert into ``deadline_alert``: an alert of a DAG version."""

    id: int
    dag_version_id: int
    definition: DeadlineDocument
    created_at: int


class DeadlineRow(Write, kw_only=True):
    """Insert or replace a row of ``deadline``."""

    id: int
    dagrun_id: int
    deadline_time: int
    missed: bool
    callback_id: int | None
    """None until it is missed."""
    deadline_alert_id: int
    created_at: int
    last_updated_at: int


class DeadlineDeleted(Write, kw_only=True):
    """The run was done in time."""

    id: int
