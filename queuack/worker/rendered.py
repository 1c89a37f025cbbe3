"""The rendered template fields of an attempt, as they are shown to people: JSON, short, without secrets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from queuack.worker.masking import Masker

ABSENT = object()


def template_values(task: Any) -> dict[str, Any]:
    """Field → value, as it stands."""
    return {name: getattr(task, name, None) for name in task.template_fields}


def encode_rendered(
    before: Mapping[str, Any], after: Mapping[str, Any], masker: Masker, max_length: int
) -> bytes | None:
    """The JSON object of all fields; None when rendering changed nothing."""
    if all(same(before.get(name, ABSENT), value) for name, value in after.items()):
        return None
    shown = {name: show(masker.redact(value, name), max_length) for name, value in after.items()}
    return json.dumps(shown, ensure_ascii=False).encode("utf-8", "replace")


def same(one: Any, other: Any) -> bool:
    """Equality that survives user objects (arrays whose ``==`` is an array)."""
    if one is other:
        return True
    try:
        return bool(one == other)
    except Exception:  # user code
        return False


def show(value: Any, max_length: int) -> Any:
    """``value`` if it is JSON and no longer than ``max_length`` characters, else its text, cut off with a remark."""
    try:
        text = value if isinstance(value, str) else json.dumps(value)
        kept = value
    except (TypeError, ValueError):
        text = kept = _text(value)
    if len(text) <= max_length:
        return kept
    return f"Truncated. You can change this behaviour in [core]max_templated_field_length. {text[:max_length]!r}... "


def _text(value: Any) -> str:
    try:
        return str(value)
    except Exception:  # user code
        return f"<{type(value).__name__}>"
