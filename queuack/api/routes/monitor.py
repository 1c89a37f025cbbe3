"""Health and version; open to everybody, as in Airflow."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from queuack import __version__
from queuack.api.auth.people import BackendOf
from queuack.api.models.common import Answer
from queuack.errors import DaemonUnreachable

router = APIRouter(prefix="/api/v2", tags=["Monitor"])

AIRFLOW_VERSION = "3.3.2"
"""Whose API this is; clients compare it."""


class BaseInfoResponse(Answer):
    status: str | None


class SchedulerInfoResponse(BaseInfoResponse):
    latest_scheduler_heartbeat: str | None


class TriggererInfoResponse(BaseInfoResponse):
    latest_triggerer_heartbeat: str | None


class DagProcessorInfoResponse(BaseInfoResponse):
    latest_dag_processor_heartbeat: str | None


class HealthInfoResponse(Answer):
    metadatabase: BaseInfoResponse
    scheduler: SchedulerInfoResponse
    triggerer: TriggererInfoResponse
    dag_processor: DagProcessorInfoResponse | None = None


class VersionInfo(Answer):
    version: str
    git_version: str | None


@router.get("/version", response_model=VersionInfo)
async def get_version() -> dict[str, Any]:
    """The version of Airflow whose API this is; ``git_version`` names Queuack's."""
    return {"version": AIRFLOW_VERSION, "git_version": f"queuack {__version__}"}


@router.get("/monitor/health", response_model=HealthInfoResponse)
async def get_health(backend: BackendOf) -> dict[str, Any]:
    """State of each component, "healthy" or "unhealthy", with its last heartbeat."""
    try:
        said: dict[str, Any] = await backend.call("health")
    except DaemonUnreachable:
        dead = {"status": "unhealthy"}
        return {
            "metadatabase": dead,
            "scheduler": dead | {"latest_scheduler_heartbeat": None},
            "triggerer": dead | {"latest_triggerer_heartbeat": None},
            "dag_processor": dead | {"latest_dag_processor_heartbeat": None},
        }
    return said
