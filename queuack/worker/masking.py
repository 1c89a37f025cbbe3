"""Secrets are not written: which names are sensitive, which values have been seen, and how a text is redacted.

It knows values only for the life of the process. Passwords of connections and sensitive variables are registered at
the worker's start when they are in its environment, and by the runtime when they are fetched from the store.
Airflow page: "Masking sensitive data".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

SENSITIVE_NAMES = frozenset(
    {
        "access_key",
        "access_token",
        "api_key",
        "apikey",
        "authorization",
        "keyfile_dict",
        "passphrase",
        "passwd",
        "password",
        "private_key",
        "proxies",
        "proxy",
        "secret",
        "service_account",
        "token",
    }
)
"""A name that contains one of these, in any case, names a secret."""

NAMES_KEPT = 10_000
REPLACEMENT = "***"
MAX_DEPTH = 5
"""Levels of nested containers that ``redact`` looks into."""


class Masker:
    """The secrets of one process."""

    def __init__(self, *, extra_names: Iterable[str] = (), min_length: int = 5) -> None:
        self._names = SENSITIVE_NAMES | {name.strip().lower() for name in extra_names if name.strip()}
        self._min_length = min_length
        self._sensitive: dict[str, bool] = {}
        """Names asked about before."""
        self._secrets: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def is_sensitive(self, name: Any) -> bool:
        """Whether something called ``name`` is a secret."""
        if not isinstance(name, str):
            return False
        known = self._sensitive.get(name)
        if known is None:
            if len(self._sensitive) >= NAMES_KEPT:
                self._sensitive.clear()
            lowered = name.strip().lower()
            known = self._sensitive[name] = any(word in lowered for word in self._names)
        return known

    def mask_secret(self, value: Any, name: str | None = None) -> None:
        """From now on ``value`` is written as ``***``.

        Of a mapping, what has a sensitive name (all of it when ``name`` is sensitive); of a list, every entry."""
        if isinstance(value, Mapping):
            for key, inner in value.items():
                if name is not None and self.is_sensitive(name):
                    self.mask_secret(inner)
                elif self.is_sensitive(key) or isinstance(inner, Mapping):
                    self.mask_secret(inner, key if isinstance(inner, Mapping) else None)
        elif isinstance(value, str):
            if name is None or self.is_sensitive(name):
                self._add(value)
        elif isinstance(value, list | tuple | set | frozenset):
            for inner in value:
                self.mask_secret(inner, name)

    def mask_variable(self, key: str, value: str) -> None:
        """All of it when ``key`` is sensitive; of JSON, what it holds by itself too."""
        self.mask_secret(value, key)
        if value.lstrip()[:1] in ("{", "["):
            try:
                self.mask_secret(json.loads(value), key)
            except ValueError:
                pass

    def mask_connection(self, password: str | None, extra: str | None) -> None:
        """The password, and what has a sensitive name in the JSON text ``extra``."""
        if password:
            self._add(password)
        if extra:
            try:
                self.mask_secret(json.loads(extra))
            except ValueError:
                pass

    def _add(self, value: str) -> None:
        if len(value) < self._min_length or value in self._secrets or value.strip("*") == "":
            return
        self._secrets |= {value, quote(value, safe=""), repr(value)[1:-1]}
        longest_first = sorted(self._secrets, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def redact_text(self, text: str) -> str:
        return text if self._pattern is None else self._pattern.sub(REPLACEMENT, text)

    def redact(self, value: Any, name: str | None = None, depth: int = 0) -> Any:
        """``value`` with secrets replaced, by name and by value; containers are copied, other objects kept."""
        if name is not None and self.is_sensitive(name):
            return self._redact_all(value, depth)
        if isinstance(value, str):
            return self.redact_text(value)
        if depth > MAX_DEPTH:
            return value
        if isinstance(value, Mapping):
            return {key: self.redact(inner, key, depth + 1) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.redact(inner, None, depth + 1) for inner in value]
        if type(value) in (tuple, set, frozenset):
            return type(value)(self.redact(inner, None, depth + 1) for inner in value)
        return value

    def _redact_all(self, value: Any, depth: int) -> Any:
        if value is None or isinstance(value, bool) or value == "":
            return value
        if isinstance(value, Mapping) and depth <= MAX_DEPTH:
            return {key: self._redact_all(inner, depth + 1) for key, inner in value.items()}
        if isinstance(value, list | tuple) and depth <= MAX_DEPTH:
            return [self._redact_all(inner, depth + 1) for inner in value]
        return REPLACEMENT
