"""Random strikes under load. ``CRASH_KILLS`` says how many, ``CRASH_SEED`` which; ``make crash`` runs a campaign of 200."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.crash.campaign import run


@pytest.mark.slow
def test_random_strikes_lose_and_double_nothing(tmp_path: Path) -> None:
    report = run(tmp_path, int(os.environ.get("CRASH_KILLS", "8")), int(os.environ.get("CRASH_SEED", "7")))
    assert not report.violations, str(report)
