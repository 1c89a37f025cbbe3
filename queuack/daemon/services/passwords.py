"""How passwords are kept: scrypt (RFC 7914) with a salt of each one's own. Knows no user."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from functools import cache

COST, BLOCK, PARALLEL = 2**14, 8, 1
"""16 MiB and some 50 ms for each try."""

SHORTEST = 8
"""Characters."""


def hashed(password: str) -> str:
    """``scrypt$n$r$p$salt$hash``, the last two in base64."""
    salt = secrets.token_bytes(16)
    digest = _digest(password, salt, COST, BLOCK, PARALLEL)
    return f"scrypt${COST}${BLOCK}${PARALLEL}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def fits(password: str, kept: str) -> bool:
    """Whether ``kept`` was made of ``password``; takes the same time either way."""
    try:
        _, cost, block, parallel, salt, digest = kept.split("$")
        made = _digest(password, base64.b64decode(salt), int(cost), int(block), int(parallel))
        return hmac.compare_digest(made, base64.b64decode(digest))
    except ValueError:
        return False


@cache
def nobodys() -> str:
    """Fits no password; compared with where a username does not exist, so that both answers take as long."""
    return hashed(secrets.token_hex(16))


def _digest(password: str, salt: bytes, cost: int, block: int, parallel: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=cost, r=block, p=parallel, maxmem=64 * 1024 * 1024, dklen=32)
