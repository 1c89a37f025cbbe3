"""Variables: settings of DAGs by name. Where one is looked for is ``secrets/search``'s business.

Airflow page: core-concepts/variables.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import Any, overload

from queuack.authoring import masking
from queuack.authoring.exceptions import VariableNotFound
from queuack.authoring.runtime import reachable_runtime
from queuack.authoring.secrets import search
from queuack.authoring.types import NOTSET, is_arg_set

log = logging.getLogger("queuack.variable")


class Variable:
    """``Variable.get("name")``; values are text, or JSON when asked for."""

    def __init__(
        self, key: str, value: Any = None, description: str | None = None, *, val: Any = None, **_: Any
    ) -> None:
        self.key, self.value, self.description = key, value if val is None else val, description

    @property
    def val(self) -> Any:
        """As ``value``, its name in Airflow 2."""
        return self.value

    @staticmethod
    def get(
        key: str,
        default: Any = NOTSET,
        deserialize_json: bool = False,
        default_var: Any = NOTSET,
        **_: Any,
    ) -> Any:
        """From the secrets backend, the environment (``AIRFLOW_VAR_*``, ``QUEUACK_VAR_*``) or the store; else
        ``default`` (2.x: ``default_var``). Raises VariableNotFound (a KeyError and an AirflowRuntimeError) when there
        is none."""
        value = search.find_variable(key)
        if value is None:
            for given in (default, default_var):
                if is_arg_set(given):
                    masking.mask_secret(given, key)
                    return given
            raise VariableNotFound(key)
        return json.loads(value) if deserialize_json else value

    @staticmethod
    def set(key: str, value: Any, description: str | None = None, serialize_json: bool = False, **_: Any) -> None:
        """Store text; anything else is stored as ``str(value)``, or as JSON with ``serialize_json``."""
        text = json.dumps(value, indent=2) if serialize_json else str(value)
        masking.current().mask_variable(key, text)
        above = search.where_shadowed(key)
        if above is not None:
            log.warning("Variable %s is stored, but %s has one of this name and is asked first.", key, above)
        reachable_runtime().variable_set(key, text, description)

    @staticmethod
    def delete(key: str, **_: Any) -> None:
        """From the store. Raises NotFound when it has none."""
        reachable_runtime().variable_delete(key)

    @staticmethod
    def keys(prefix: str | None = None) -> Sequence[str]:
        """The keys in the store, those that begin with ``prefix``; asked for when first used. Backends and the
        environment are not searched."""
        return StoredKeys(prefix)

    @classmethod
    def setdefault(cls, key: str, default: Any, description: str | None = None, deserialize_json: bool = False) -> Any:
        """The value; stores ``default`` when there is none. Raises ValueError when that is None."""
        found = cls.get(key, default=None, deserialize_json=deserialize_json)
        if found is not None:
            return found
        if default is None:
            raise ValueError("Default Value must be set")
        cls.set(key, default, description=description, serialize_json=deserialize_json)
        return default

    @classmethod
    def update(cls, key: str, value: Any, serialize_json: bool = False, **_: Any) -> None:
        """Raises VariableNotFound when there is no such variable."""
        cls.get(key)
        cls.set(key, value, serialize_json=serialize_json)

    def __repr__(self) -> str:
        return f"Variable({self.key!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Variable) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]


class StoredKeys(Sequence[str]):
    """A list of keys, fetched once when it is first looked at."""

    def __init__(self, prefix: str | None) -> None:
        self._prefix = prefix
        self._found: list[str] | None = None

    @property
    def _keys(self) -> list[str]:
        if self._found is None:
            self._found = reachable_runtime().variable_keys(self._prefix)
        return self._found

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        return self._keys[index]

    def __len__(self) -> int:
        return len(self._keys)

    def __eq__(self, other: object) -> bool:
        return self._keys == other if isinstance(other, list) else self is other

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(self._keys)
