"""What installed provider packages say of themselves, for the command line. Loads their descriptions, none of their
operators or hooks."""

from __future__ import annotations

from typing import Any

from queuack import compat
from queuack.authoring.provider_hooks import provider_infos


def described_providers() -> dict[str, dict[str, Any]]:
    """Package name → its description, as its entry point ``apache_airflow_provider`` gives it."""
    compat.install()
    return provider_infos()
