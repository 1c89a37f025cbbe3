"""``airflow.utils.strings``: truth in texts, random texts."""

from __future__ import annotations

import secrets
import string

__all__ = ["TRUE_LIKE_VALUES", "get_random_string", "to_boolean"]

TRUE_LIKE_VALUES = {"on", "t", "true", "y", "yes", "1"}


def to_boolean(astring: str | None) -> bool:
    """Whether a text means yes."""
    return astring is not None and str(astring).strip().lower() in TRUE_LIKE_VALUES


def get_random_string(length: int = 8, choices: str = string.ascii_letters + string.digits) -> str:
    """Random characters; fit for names, not for secrets' sake only."""
    return "".join(secrets.choice(choices) for _ in range(length))
