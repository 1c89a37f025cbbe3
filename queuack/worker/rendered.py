"""The rendered template fields of an attempt, as they are shown to people: JSON, short, without secrets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from queuack.authoring.masking import Masker

ABSENT = object()
_DEEPEST = 50
"""Containers in one another that are looked into: some refer to themselves."""


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
    """``value`` in JSON's types, what it holds of others as text; beyond ``max_length`` characters cut off, with a
    remark."""
    try:
        text = value if isinstance(value, str) else json.dumps(value)
        kept = value
    except (TypeError, ValueError):
        kept = _in_json(value)
        text = kept if isinstance(kept, str) else json.dumps(kept)
    if len(text) <= max_length:
        return kept
    return f"Truncated. You can change this behaviour in [core]max_templated_field_length. {text[:max_length]!r}... "


def _in_json(value: Any, depth: int = 0) -> Any:
    if value is None or type(value) in (bool, int, float, str):
        return value
    if depth > _DEEPEST:
        return _text(value)
    if isinstance(value, dict):
        return {_text(key): _in_json(one, depth + 1) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_in_json(one, depth + 1) for one in value]
    if isinstance(value, (set, frozenset)):
        return sorted((_in_json(one, depth + 1) for one in value), key=str)
    return _text(value)


def _text(value: Any) -> str:
    try:
        return str(value)
    except Exception:  # user code
        return f"<{type(value).__name__}>"
