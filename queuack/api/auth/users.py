"""People, for administrators: Queuack's own endpoints beside Airflow's API, as its auth managers have theirs."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter, Response
from pydantic import Field

from queuack.api.auth.people import Admin, BackendOf, audited
from queuack.api.errors import Refusal
from queuack.api.models.common import Answer, Body

router = APIRouter(prefix="/auth/users", tags=["Users"])

Role = Literal["Viewer", "User", "Op", "Admin"]


class UserResponse(Answer):
    username: str
    role: str
    first_name: str
    last_name: str
    email: str
    active: bool
    created_on: datetime
    changed_on: datetime


class UserCollectionResponse(Answer):
    users: list[UserResponse]
    total_entries: int


class UserPostBody(Body):
    username: str = Field(min_length=1, max_length=256)
    password: str
    role: Role = "Viewer"
    first_name: str = ""
    last_name: str = ""
    email: str = ""


class UserPatchBody(Body):
    password: str | None = None
    role: Role | None = None
    active: bool | None = None


@router.get("", response_model=UserCollectionResponse)
async def get_users(backend: BackendOf, user: Admin) -> dict[str, Any]:
    """Everybody, by name."""
    rows = await backend.call("list_users")
    return {"users": rows, "total_entries": len(rows)}


@router.post("", status_code=201, response_model=UserResponse)
async def post_user(body: UserPostBody, backend: BackendOf, user: Admin) -> dict[str, Any]:
    """A new user."""
    await audited(backend, "post_user", user, extra=body.username)
    made: dict[str, Any] = await backend.call("create_user", **body.model_dump())
    return made


@router.patch("/{username:path}", response_model=UserResponse)
async def patch_user(username: str, body: UserPatchBody, backend: BackendOf, user: Admin) -> dict[str, Any]:
    """Change what is given. Nobody takes their own role or access: somebody must stay who can give it back."""
    if username == user.username and (body.active is False or body.role not in (None, user.role)):
        raise Refusal(400, "You cannot take your own role or access; another administrator can.")
    await audited(backend, "patch_user", user, extra=username)
    changed: dict[str, Any] = await backend.call("update_user", username=username, **body.model_dump(exclude_none=True))
    return changed


@router.delete("/{username:path}", status_code=204)
async def delete_user(username: str, backend: BackendOf, user: Admin) -> Response:
    """Forget a user; what they did stays in the audit log."""
    if username == user.username:
        raise Refusal(400, "You cannot delete yourself; another administrator can.")
    await audited(backend, "delete_user", user, extra=username)
    await backend.call("delete_user", username=username)
    return Response(status_code=204)
