"""Tokens: JSON Web Tokens (RFC 7519), signed with a key that stays on this machine. Decides what is in one.

A token says who somebody is, not what they may: the role is looked up at each request, so that taking it away works at
once.
"""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path

import jwt

ALGORITHM = "HS256"
ISSUER = "queuack"


class Tokens:
    """``lifetime``: seconds."""

    def __init__(self, key: str, lifetime: int) -> None:
        self._key = key
        self.lifetime = lifetime

    def issue(self, username: str, lifetime: int | None = None) -> str:
        now = int(time.time())
        claims = {"sub": username, "iss": ISSUER, "iat": now, "exp": now + (lifetime or self.lifetime)}
        return jwt.encode(claims, self._key, ALGORITHM)

    def username(self, token: str) -> str | None:
        """Whose token it is; None when it is forged, foreign or expired."""
        try:
            claims = jwt.decode(
                token, self._key, [ALGORITHM], issuer=ISSUER, options={"require": ["exp", "sub", "iss"]}
            )
        except jwt.PyJWTError:
            return None
        return str(claims["sub"])


def signing_key(file: Path, setting: str | None) -> str:
    """The setting, else the content of ``file``, which is made (mode 0600) where it is missing."""
    if setting:
        return setting
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text(encoding="utf-8").strip()
    key = secrets.token_urlsafe(48)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        handle.write(key + "\n")
    return key
