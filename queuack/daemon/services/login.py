"""The login link that the daemon prints: good for one login as an administrator, by whoever sees its terminal."""

from __future__ import annotations

import hmac
import os
import secrets
from typing import Any

from queuack import config
from queuack.daemon.port import Port
from queuack.daemon.services.users import create_user, list_users
from queuack.home import Home

FIRST_USER = "admin"


def new_login_secret(port: Port, home: Home) -> str:
    """The secret of a new link; earlier ones no longer count. Makes the first administrator where there is none."""
    if administrator(port) is None:
        create_user(port, FIRST_USER, secrets.token_urlsafe(24), role="Admin")
    secret = secrets.token_urlsafe(24)
    home.login_file.unlink(missing_ok=True)
    descriptor = os.open(home.login_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(secret)
    return secret


def use_login_link(port: Port, secret: str) -> dict[str, Any] | None:
    """The administrator whom the link stands for; None when it is not the last one printed, or was used."""
    file = config.current().home.login_file
    try:
        kept = file.read_text(encoding="utf-8")
        if not hmac.compare_digest(kept.encode(), secret.encode()):
            return None
        file.unlink()
    except FileNotFoundError:
        return None
    return administrator(port)


def administrator(port: Port) -> dict[str, Any] | None:
    """The active administrator called admin, else the first of the active ones."""
    found = [row for row in list_users(port) if row["role"] == "Admin" and row["active"]]
    return next((row for row in found if row["username"] == FIRST_USER), found[0] if found else None)


METHODS = (use_login_link,)
