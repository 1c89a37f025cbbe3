"""Secrets are not written: which values have been seen, and how a text is redacted.

A Masker knows values only for the life of its process. What is sensitive by its name is ``queuack/sensitive.py``'s
business; connections tell their password and extra when they are made, variables their value when they are looked up,
and a worker masks what its environment holds from its start. ``current()`` is the masker of this process.
Airflow page: security/secrets/mask-sensitive-values.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any
from urllib.parse import quote, quote_plus

from queuack import config
from queuack.sensitive import HIDDEN, is_sensitive, words_of

NAMES_KEPT = 10_000
MAX_DEPTH = 5
"""Levels of nested containers in which ``redact`` replaces values; names count at any depth."""
LONG_LINE = 16
"""Characters from which on a line of a secret of several lines is a secret by itself."""
NOT_SECRET = frozenset({"airflow"})
"""Values that say nothing, and would be missed in logs."""


class Masker:
    """The secrets of one process."""

    def __init__(self, *, extra_names: Iterable[str] = (), min_length: int = 5) -> None:
        """``extra_names``: words, in lower case, beside those every deployment has. ``min_length``: in characters."""
        self._names = frozenset(name.strip().lower() for name in extra_names if name.strip())
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
            known = self._sensitive[name] = is_sensitive(name, self._names)
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
        """The password, and ``extra`` as ``mask_json``."""
        if password:
            self._add(password)
        if extra:
            self.mask_json(extra)

    def mask_json(self, text: str) -> None:
        """A JSON text, as a whole and what has a sensitive name in it. ``{}`` is no secret."""
        try:
            values = json.loads(text)
        except ValueError:
            values = None
        if values != {}:
            self._add(text)
            self.mask_secret(values if isinstance(values, Mapping) else None)

    def _add(self, value: str) -> None:
        known = len(self._secrets)
        for form in _forms(value):
            if len(form) >= self._min_length and form.strip("*") and form.lower() not in NOT_SECRET:
                self._secrets.add(form)
        if len(self._secrets) > known:
            longest_first = sorted(self._secrets, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def redact_text(self, text: str, replacement: str = HIDDEN) -> str:
        return text if self._pattern is None else self._pattern.sub(lambda _: replacement, text)

    def redact(self, value: Any, name: str | None = None, depth: int = 0, replacement: str = HIDDEN) -> Any:
        """``value`` with secrets replaced, by name and by value; containers are copied, other objects kept."""
        if name is not None and self.is_sensitive(name):
            return _redact_all(value, depth, replacement)
        if isinstance(value, Enum):
            return self.redact(value.value, name, depth, replacement)
        if isinstance(value, str):
            return value if depth > MAX_DEPTH else self.redact_text(value, replacement)
        if isinstance(value, Mapping):
            return {key: self.redact(inner, key, depth + 1, replacement) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.redact(inner, None, depth + 1, replacement) for inner in value]
        if type(value) in (tuple, set, frozenset):
            return type(value)(self.redact(inner, None, depth + 1, replacement) for inner in value)
        return value


def _redact_all(value: Any, depth: int, replacement: str) -> Any:
    if value is None or isinstance(value, bool) or value == "":
        return value
    if isinstance(value, Mapping) and depth <= MAX_DEPTH:
        return {key: _redact_all(inner, depth + 1, replacement) for key, inner in value.items()}
    if isinstance(value, list | tuple) and depth <= MAX_DEPTH:
        return [_redact_all(inner, depth + 1, replacement) for inner in value]
    return replacement


def _forms(value: str) -> set[str]:
    """How a secret may look where it is written: as it is, in a URI, a form, quotes of Python or JSON, by line."""
    lines = [line for line in value.splitlines() if len(line) >= LONG_LINE] if "\n" in value else []
    return {value, quote(value, safe=""), quote_plus(value), repr(value)[1:-1], json.dumps(value)[1:-1], *lines}


_current: Masker | None = None


def current() -> Masker:
    """The masker of this process; made from the settings when it is first asked for."""
    global _current
    if _current is None:
        _current = Masker(
            extra_names=words_of(config.get_str("core", "sensitive_var_conn_names")),
            min_length=config.get_int("logging", "min_length_masked_secret"),
        )
    return _current


def install(masker: Masker | None) -> Masker | None:
    """Make ``masker`` that of this process; returns the one before."""
    global _current
    before, _current = _current, masker
    return before


def mask_secret(secret: Any, name: str | None = None) -> None:
    """Keep ``secret`` out of logs and rendered fields; with ``name`` only when that names a secret.

    A mapping is searched for sensitive names, a list is masked entry by entry."""
    if secret:
        current().mask_secret(secret, name)


async def amask_secret(secret: Any, name: str | None = None) -> None:
    """As ``mask_secret``; nothing waits."""
    mask_secret(secret, name)


def redact(value: Any, name: str | None = None, max_depth: int | None = None, replacement: str = HIDDEN) -> Any:
    """``value`` without secrets: those told to ``mask_secret`` and those that a sensitive name marks.

    ``max_depth`` is accepted and changes nothing."""
    return current().redact(value, name, replacement=replacement)


def should_hide_value_for_key(name: Any) -> bool:
    """Whether something called ``name`` is a secret."""
    return current().is_sensitive(name)
