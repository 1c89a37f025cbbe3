"""One imagined run to run sensors in, a home of its own, and waits that take no time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from queuack import config
from queuack.home import Home
from queuack.sensors import base
from tests.unit.authoring.conftest import desk  # noqa: F401 (a fixture)


@pytest.fixture(autouse=True)
def settings(tmp_path: Path) -> Iterator[Any]:
    """``settings({"AIRFLOW__…": …})`` loads the settings of a home of its own."""
    before = config.configure(config.load(Home(tmp_path), environ={}))
    yield lambda environ: config.configure(config.load(Home(tmp_path), environ=environ))
    config.configure(before)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits between pokes, in seconds; none of them takes time, and the sensor's clock goes on by them."""
    found: list[float] = []
    monkeypatch.setattr(
        base, "time", SimpleNamespace(sleep=found.append, monotonic=lambda: time.monotonic() + sum(found))
    )
    return found
