"""For all tests: what one test module imported under ``airflow`` is not what the next one finds."""

from __future__ import annotations

import sys

import pytest

from queuack.compat import finder


@pytest.fixture(autouse=True, scope="module")
def airflow_is_imported_anew() -> None:
    """The modules served as ``airflow`` are made again (of the same classes), those of made-up providers forgotten."""
    if finder.installed():
        finder.uninstall()
        finder.install()
    else:
        for name in [name for name in sys.modules if name.partition(".")[0] == "airflow"]:
            del sys.modules[name]
