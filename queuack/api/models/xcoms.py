"""Bodies about XComs."""

from __future__ import annotations

from typing import Any

from queuack.api.models.common import Answer, Body, Instant


class XComResponse(Answer):
    key: str
    timestamp: Instant
    logical_date: Instant | None
    map_index: int
    task_id: str
    dag_id: str
    run_id: str
    dag_display_name: str
    task_display_name: str
    run_after: Instant


class XComResponseNative(XComResponse):
    value: Any


class XComResponseString(XComResponse):
    value: str | None


class XComCollectionResponse(Answer):
    xcom_entries: list[XComResponse]
    total_entries: int


class XComCreateBody(Body):
    key: str
    value: Any
    map_index: int = -1


class XComUpdateBody(Body):
    value: Any
    map_index: int = -1
