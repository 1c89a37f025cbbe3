"""Tests of the import names run with Queuack's ``airflow`` installed, and without any other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from queuack import compat


@pytest.fixture(autouse=True)
def airflow_names() -> Iterator[None]:
    was_installed = compat.installed()
    compat.install()
    yield
    if not was_installed:
        compat.uninstall()
