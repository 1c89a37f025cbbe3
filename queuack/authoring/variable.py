"""Variables: settings of DAGs by name. Reads ``QUEUACK_VAR_*`` and ``AIRFLOW_VAR_*``, then asks the runtime.

Airflow page: core-concepts/variables.
"""

from __future__ import annotations

import json
import os
from typing import Any

from queuack.authoring.runtime import current_runtime, has_runtime
from queuack.authoring.types import NOTSET, is_arg_set


class Variable:
    """``Variable.get("name")``; values are text, or JSON when asked for."""

    def __init__(self, key: str, value: str | None = None, description: str | None = None) -> None:
        self.key, self.value, self.description = key, value, description

    @property
    def val(self) -> str | None:
        return self.value

    @staticmethod
    def get(
        key: str,
        default: Any = NOTSET,
        deserialize_json: bool = False,
        default_var: Any = NOTSET,
        **_: Any,
    ) -> Any:
        """The value, else ``default`` (2.x: ``default_var``). Raises KeyError when there is neither."""
        value = _lookup(key)
        if value is None:
            for given in (default, default_var):
                if is_arg_set(given):
                    return given
            raise KeyError(f"Variable {key} does not exist")
        return json.loads(value) if deserialize_json else value

    @staticmethod
    def set(key: str, value: Any, description: str | None = None, serialize_json: bool = False, **_: Any) -> None:
        """Store text; anything else is stored as ``str(value)``, or as JSON with ``serialize_json``."""
        text = json.dumps(value, indent=2) if serialize_json else str(value)
        current_runtime().variable_set(key, text, description)

    @staticmethod
    def delete(key: str, **_: Any) -> None:
        current_runtime().variable_delete(key)

    @classmethod
    def setdefault(cls, key: str, default: Any, description: str | None = None, deserialize_json: bool = False) -> Any:
        """The value; stores ``default`` when there is none."""
        found = cls.get(key, default=None, deserialize_json=deserialize_json)
        if found is not None:
            return found
        if default is None:
            raise ValueError("Default Value must be set")
        cls.set(key, default, description=description, serialize_json=deserialize_json)
        return default

    @classmethod
    def update(cls, key: str, value: Any, serialize_json: bool = False, **_: Any) -> None:
        """Raises KeyError when there is no such variable."""
        cls.get(key)
        cls.set(key, value, serialize_json=serialize_json)


def _lookup(key: str) -> str | None:
    for prefix in ("QUEUACK_VAR_", "AIRFLOW_VAR_"):
        value = os.environ.get(prefix + key.upper())
        if value is not None:
            return value
    return current_runtime().variable_get(key) if has_runtime() else None
