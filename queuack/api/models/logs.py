"""Bodies about task logs."""

from __future__ import annotations

from pydantic import ConfigDict

from queuack.api.models.common import Answer, Instant


class StructuredLogMessage(Answer):
    """One line of a log: what happened, when, and whatever else was said."""

    model_config = ConfigDict(extra="allow")

    timestamp: Instant = None  # type: ignore[assignment]  # may be left out, never null
    event: str


class TaskInstancesLogResponse(Answer):
    content: list[StructuredLogMessage] | list[str]
    continuation_token: str | None


class ExternalLogUrlResponse(Answer):
    url: str
