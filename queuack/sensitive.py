"""Which names stand for secrets. Decides by the name alone; knows no value.

Airflow page: security/secrets/mask-sensitive-values, "Sensitive field names".
"""

from __future__ import annotations

import re
from collections.abc import Iterable

SENSITIVE_NAMES = frozenset(
    {
        "access_key",
        "access_token",
        "api_key",
        "apikey",
        "auth_header",
        "authorization",
        "bearer",
        "connection_string",
        "dsn",
        "keyfile_dict",
        "passphrase",
        "passwd",
        "password",
        "private_key",
        "proxies",
        "proxy",
        "proxy_password",
        "secret",
        "service_account",
        "service_key",
        "token",
        "webhook_url",
    }
)
"""A name that contains one of these, in any case, names a secret; ``api-key`` and ``api key`` count as ``api_key``."""

HIDDEN = "***"
"""What is shown instead of a secret."""

_SEPARATORS = re.compile(r"\W+")


def words_of(setting: str) -> frozenset[str]:
    """The words of ``[core] sensitive_var_conn_names``: comma-separated, in any case."""
    return frozenset(word.strip().lower() for word in setting.split(",") if word.strip())


def is_sensitive(name: str, more: Iterable[str] = ()) -> bool:
    """Whether something called ``name`` is a secret; ``more``: further words, in lower case."""
    plain = _SEPARATORS.sub("_", name.strip().lower())
    return any(word in plain for word in (*SENSITIVE_NAMES, *more))
