"""Bodies about what is kept by task instances and for assets."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, JsonValue

from queuack.api.models.common import Answer, Body, GivenInstant, Instant


def _storable(value: JsonValue) -> JsonValue:
    if value is None:
        raise ValueError("value is null; delete the key instead")
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        raise ValueError("value has a number that JSON does not know: NaN or infinity") from None
    return value


Kept = Annotated[JsonValue, AfterValidator(_storable)]


class AssetStateStoreWriterKind(StrEnum):
    TASK = "task"
    WATCHER = "watcher"
    API = "api"


class AssetStateStoreLastUpdatedBy(Answer):
    kind: AssetStateStoreWriterKind
    dag_id: str | None = None
    run_id: str | None = None
    task_id: str | None = None
    map_index: int | None = None


class AssetStateStoreResponse(Answer):
    key: str
    value: JsonValue
    updated_at: Instant
    last_updated_by: AssetStateStoreLastUpdatedBy | None = None


class AssetStateStoreCollectionResponse(Answer):
    asset_state_store: list[AssetStateStoreResponse]
    total_entries: int


class AssetStateStoreBody(Body):
    value: Kept


class TaskStateStoreResponse(Answer):
    key: str
    value: JsonValue
    updated_at: Instant
    expires_at: Instant | None


class TaskStateStoreCollectionResponse(Answer):
    task_state_store: list[TaskStateStoreResponse]
    total_entries: int


class TaskStateStoreBody(Body):
    """``expires_at``: an instant, null for never, or ``default``: ``[state_store] default_retention_days`` from now."""

    value: Kept
    expires_at: GivenInstant | Literal["default"] | None = "default"


class TaskStateStorePatchBody(Body):
    value: Kept
