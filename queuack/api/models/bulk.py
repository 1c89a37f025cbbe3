"""Bodies that create, change and delete several things of a kind at once."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import Field

from queuack.api.models.common import Answer, Body

T = TypeVar("T")


class BulkActionOnExistence(StrEnum):
    FAIL = "fail"
    SKIP = "skip"
    OVERWRITE = "overwrite"


class BulkActionNotOnExistence(StrEnum):
    FAIL = "fail"
    SKIP = "skip"


class BulkCreateAction(Body, Generic[T]):
    action: Literal["create"]
    entities: list[T]
    action_on_existence: BulkActionOnExistence = BulkActionOnExistence.FAIL


class BulkUpdateAction(Body, Generic[T]):
    action: Literal["update"]
    entities: list[T]
    update_mask: list[str] | None = None
    action_on_non_existence: BulkActionNotOnExistence = BulkActionNotOnExistence.FAIL


class BulkDeleteAction(Body, Generic[T]):
    action: Literal["delete"]
    entities: list[str | T]
    action_on_non_existence: BulkActionNotOnExistence = BulkActionNotOnExistence.FAIL


class BulkBody(Body, Generic[T]):
    actions: list[
        Annotated[BulkCreateAction[T] | BulkUpdateAction[T] | BulkDeleteAction[T], Field(discriminator="action")]
    ]


class BulkActionResponse(Answer):
    success: list[str] = []
    errors: list[dict[str, Any]] = []


class BulkResponse(Answer):
    """What came of each kind of action that was asked for."""

    create: BulkActionResponse | None = None
    update: BulkActionResponse | None = None
    delete: BulkActionResponse | None = None
