"""``airflow.providers_manager``: which providers are installed, for those that ask; SQL hooks need the dialects.

Decides nothing: it reads what the packages say of themselves. Airflow: ``airflow.providers_manager``.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any, NamedTuple

from queuack.authoring.provider_hooks import provider_infos

__all__ = ["DialectInfo", "ProviderInfo", "ProvidersManager"]


class ProviderInfo(NamedTuple):
    version: str
    data: dict[str, Any]


class DialectInfo(NamedTuple):
    name: str
    dialect_class_name: str
    provider_name: str


class ProvidersManager:
    """What of Airflow's providers ask for; hooks are found by ``BaseHook.get_hook``."""

    @property
    def providers(self) -> dict[str, ProviderInfo]:
        """Package name → its version and what it says of itself."""
        return {name: ProviderInfo(_version_of(name), info) for name, info in provider_infos().items()}

    @property
    def dialects(self) -> dict[str, DialectInfo]:
        """SQL dialect → who has it."""
        return {
            item["dialect-type"]: DialectInfo(item["dialect-type"], item["dialect-class-name"], name)
            for name, info in provider_infos().items()
            for item in info.get("dialects") or ()
        }


def _version_of(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
