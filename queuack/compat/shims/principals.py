"""``airflow.security.utils``: names of Kerberos principals and hosts."""

from __future__ import annotations

import re

from queuack.compat.shims.process import getfqdn

__all__ = ["get_components", "get_fqdn", "get_hostname", "principal_from_username", "replace_hostname_pattern"]

_HOST = "_HOST"


def get_components(principal: str | None) -> list[str] | None:
    """A principal's name, host and realm; None without one."""
    return re.split(r"[/@]", str(principal)) if principal else None


def replace_hostname_pattern(components: list[str], host: str | None = None) -> str:
    """The principal with this host's name where it says ``_HOST``. Raises ValueError when parts are missing."""
    if len(components) < 3:
        raise ValueError(f"a principal has a name, a host and a realm, not {components!r}")
    name, pattern, realm = components[:3]
    full = pattern if pattern and pattern != _HOST else get_fqdn(host)
    return f"{name}/{full.lower()}@{realm}"


def get_fqdn(hostname_or_ip: str | None = None) -> str:
    """The full name of a host, of this one by default."""
    return getfqdn(hostname_or_ip if hostname_or_ip and hostname_or_ip != "0.0.0.0" else "")


def get_hostname() -> str:
    """This host's full name."""
    return getfqdn()


def principal_from_username(username: str, realm: str) -> str:
    """The principal of a user, in ``realm`` unless it names one."""
    return username if "@" in username or not realm else f"{username}@{realm}"
