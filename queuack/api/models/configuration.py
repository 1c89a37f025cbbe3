"""Bodies about pools, variables and connections."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import AfterValidator, Field, JsonValue

from queuack.api.models.common import Answer, Body, Instant
from queuack.connection_form import check_extra

LONGEST_TEAM = 50


def _no_team(value: str | None) -> str | None:
    if value is not None:
        raise ValueError("team_name cannot be set: there is one team.")
    return value


Team = Annotated[str | None, Field(max_length=LONGEST_TEAM), AfterValidator(_no_team)]
"""Airflow's multi-team mode is off, as it is by default."""

PoolSlots = Annotated[int, Field(ge=-1, description="Number of slots; -1: no limit.")]


class PoolResponse(Answer):
    name: str
    slots: PoolSlots
    description: str | None = None
    include_deferred: bool
    occupied_slots: int
    running_slots: int
    queued_slots: int
    scheduled_slots: int
    open_slots: int
    deferred_slots: int
    team_name: str | None


class PoolCollectionResponse(Answer):
    pools: list[PoolResponse]
    total_entries: int


class PoolBody(Body):
    name: str = Field(max_length=256)
    slots: PoolSlots
    description: str | None = None
    include_deferred: bool = False
    team_name: Team = None


class PoolPatchBody(Body):
    pool: str | None = None
    slots: PoolSlots | None = None
    description: str | None = None
    include_deferred: bool | None = None
    team_name: Team = None


def pool_of(row: dict[str, Any]) -> dict[str, Any]:
    """A pool as the list ``pools`` gives it."""
    return {**row, "team_name": None}


def _as_text(value: JsonValue) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=2)


class VariableResponse(Answer):
    key: str
    value: str | None = None
    description: str | None
    is_encrypted: bool
    team_name: str | None


class VariableCollectionResponse(Answer):
    variables: list[VariableResponse]
    total_entries: int


class VariableBody(Body):
    """A value that is no text is stored as JSON."""

    key: str = Field(max_length=250)
    value: Annotated[JsonValue, AfterValidator(_as_text)]
    description: str | None = None
    team_name: Team = None


def variable_of(row: dict[str, Any]) -> dict[str, Any]:
    """A variable as the service ``shown_variables`` gives it."""
    return {**row, "value": row["val"], "team_name": None}


def _object(extra: str | None) -> str | None:
    return "{}" if extra == "" else check_extra(extra)


class ConnectionResponse(Answer):
    connection_id: str
    conn_type: str
    description: str | None
    host: str | None
    login: str | None
    schema_: str | None = Field(alias="schema")
    port: int | None
    password: str | None
    extra: str | None
    team_name: str | None


class ConnectionCollectionResponse(Answer):
    connections: list[ConnectionResponse]
    total_entries: int


class ConnectionBody(Body):
    connection_id: str = Field(max_length=200, pattern=r"^[\w.-]+$")
    conn_type: str
    description: str | None = None
    host: str | None = None
    login: str | None = None
    schema_: str | None = Field(None, alias="schema")
    port: int | None = None
    password: str | None = None
    extra: Annotated[str | None, AfterValidator(_object)] = None
    team_name: Team = None

    def fields(self, *, given_only: bool) -> dict[str, Any]:
        """What services call fields of a connection, without its id; ``given_only``: those that the request has."""
        said = self.model_dump(by_alias=True, exclude_unset=given_only)
        return {name: value for name, value in said.items() if name not in NO_FIELDS}


NO_FIELDS = frozenset({"connection_id", "team_name", "commit_on_success", "executor", "queue"})


class ConnectionTestRequestBody(ConnectionBody):
    commit_on_success: bool = False
    executor: str | None = None
    queue: str | None = None


class ConnectionTestResponse(Answer):
    status: bool
    message: str


class ConnectionTestQueuedResponse(Answer):
    token: str
    connection_id: str
    state: str


class AsyncConnectionTestResponse(ConnectionTestQueuedResponse):
    result_message: str | None = None
    created_at: Instant


def connection_of(row: dict[str, Any]) -> dict[str, Any]:
    """A connection as the service ``shown_connections`` gives it."""
    return {**row, "connection_id": row["conn_id"], "team_name": None}
