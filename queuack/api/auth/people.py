"""Dependencies of endpoints: who asks (bearer token or session cookie), and whether their role is enough.

A request that changes something and is known by its cookie alone must carry the session's CSRF token in a header
(double submit, OWASP Cross-Site Request Forgery Prevention): another site can make a browser send the cookie, but
cannot read it.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from queuack.api.auth.tokens import Tokens
from queuack.api.backend import Backend
from queuack.api.errors import Refusal
from queuack.errors import NotFound

SESSION, CSRF, CSRF_HEADER = "_token", "_csrf", "X-CSRF-Token"
ROLES = ("Viewer", "User", "Op", "Admin")
"""Each may what those before it may."""

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
REMEMBERED = 2.0
"""Seconds for which a user's role is believed without looking again."""

bearer = HTTPBearer(auto_error=False)


@dataclass(frozen=True)
class User:
    username: str
    role: str

    def may(self, role: str) -> bool:
        return ROLES.index(self.role) >= ROLES.index(role)


class People:
    """Looks users up, and remembers them for a moment."""

    def __init__(self, backend: Backend, tokens: Tokens) -> None:
        self._backend = backend
        self.tokens = tokens
        self._seen: dict[str, tuple[float, User | None]] = {}

    async def of(self, username: str) -> User | None:
        now = time.monotonic()
        at, user = self._seen.get(username, (0.0, None))
        if now - at > REMEMBERED or user is None:
            user = await self._look(username)
            if len(self._seen) > 1000:
                self._seen.clear()
            self._seen[username] = (now, user)
        return user

    async def _look(self, username: str) -> User | None:
        try:
            row = await self._backend.call("get_user", username=username)
        except NotFound:
            return None
        return User(row["username"], row["role"]) if row["active"] else None


def backend(request: Request) -> Backend:
    found: Backend = request.app.state.backend
    return found


async def current_user(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)] = None
) -> User:
    """Raises 401 without a valid token, 403 for a change by cookie without the CSRF token."""
    people: People = request.app.state.people
    token = credentials.credentials if credentials else request.cookies.get(SESSION)
    username = people.tokens.username(token) if token else None
    user = await people.of(username) if username else None
    if user is None:
        detail = "Invalid or expired token." if token else "Not authenticated."
        raise Refusal(401, detail, {"WWW-Authenticate": "Bearer"})
    if credentials is None and request.method not in SAFE:
        cookie, header = request.cookies.get(CSRF, ""), request.headers.get(CSRF_HEADER, "")
        if not cookie or not hmac.compare_digest(cookie.encode(), header.encode()):
            raise Refusal(403, "The CSRF token is missing or wrong.")
    return user


def role(least: str) -> Callable[..., Awaitable[User]]:
    """A dependency: the user, whose role is at least ``least``. Raises 403."""

    async def allowed(user: Annotated[User, Depends(current_user)]) -> User:
        if not user.may(least):
            raise Refusal(403, f"This needs the role {least}; {user.username} is {user.role}.")
        return user

    return allowed


BackendOf = Annotated[Backend, Depends(backend)]
Viewer = Annotated[User, Depends(role("Viewer"))]
Operator = Annotated[User, Depends(role("User"))]
Op = Annotated[User, Depends(role("Op"))]
Admin = Annotated[User, Depends(role("Admin"))]


async def audited(backend: Backend, event: str, user: User, **about: Any) -> None:
    """Write who does what into the audit log, before it is done. ``about``: as ``services.users.audit``."""
    await backend.call("audit", event=event, user=user.username, **about)
