"""What people see of variables and connections: names that stand for secrets hide their values. Decides what is hidden,
and puts it back where it comes in again unchanged.

Airflow page: security/secrets/mask-sensitive-values.
"""

from __future__ import annotations

import json
from typing import Any

from queuack import config
from queuack.connection_form import decoded
from queuack.sensitive import HIDDEN, is_sensitive, words_of


def shown(value: Any, name: str | None = None) -> Any:
    """``value`` with ``***`` where a sensitive name stands before something; ``name``: its own."""
    words = words_of(config.get_str("core", "sensitive_var_conn_names"))

    def look(item: Any, hide: bool) -> Any:
        if isinstance(item, dict):
            return {key: look(part, hide or is_sensitive(str(key), words)) for key, part in item.items()}
        if isinstance(item, list):
            return [look(part, hide) for part in item]
        return HIDDEN if hide and item not in (None, "") else item

    return look(value, name is not None and is_sensitive(name, words))


def shown_text(text: str | None, name: str | None = None) -> str | None:
    """The same of a text, which may be JSON."""
    if not text:
        return text
    value = decoded(text)
    hidden = shown(value, name)
    if hidden == value:
        return text
    return hidden if isinstance(hidden, str) else json.dumps(hidden)


def restored(new: Any, old: Any) -> Any:
    """``new`` with what is in ``old`` where it says ``***``: what was not changed comes in as it was shown."""
    if isinstance(new, dict) and isinstance(old, dict):
        return {key: restored(part, old.get(key)) for key, part in new.items()}
    if isinstance(new, list) and isinstance(old, list):
        return [restored(part, old[place] if place < len(old) else None) for place, part in enumerate(new)]
    return old if new == HIDDEN and old is not None else new


def restored_text(new: str | None, old: str | None) -> str | None:
    """The same of texts that may be JSON."""
    if not new or not old or HIDDEN not in new:
        return new
    value = restored(decoded(new), decoded(old))
    return value if isinstance(value, str) else json.dumps(value)
