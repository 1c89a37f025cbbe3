"""Airflow's released wheels, fetched once: the example DAGs that these tests run are theirs, unmodified."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from examples import CORE, STANDARD, unpack


@pytest.fixture(scope="session")
def airflow_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the wheels. ``QUEUACK_TEST_CACHE`` names a folder that keeps them between sessions."""
    named = os.environ.get("QUEUACK_TEST_CACHE")
    folder = Path(named) if named else tmp_path_factory.mktemp("wheels")
    folder.mkdir(parents=True, exist_ok=True)
    for requirement in (CORE, STANDARD):
        name, _, version = requirement.partition("==")
        if not list(folder.glob(f"{name.replace('-', '_')}-{version}-*.whl")):
            _download(requirement, folder)
    return folder


def _download(requirement: str, folder: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--dest", str(folder), requirement]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.fail(
            f"These tests compare with Airflow's own example DAGs and could not fetch {requirement} from the package "
            f"index (set QUEUACK_TEST_CACHE to a folder that holds the wheel):\n{done.stderr[-1000:]}",
            pytrace=False,
        )


@pytest.fixture(scope="session")
def example_source(airflow_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The unpacked wheels, with ``airflow.example_dags`` importable as where Airflow is installed."""
    folder = unpack(airflow_wheel, tmp_path_factory.mktemp("examples"))
    sys.path.append(str(folder))
    yield folder
    sys.path.remove(str(folder))


@pytest.fixture
def airflow_names() -> Iterator[None]:
    """Queuack's ``airflow`` for the length of a test."""
    from queuack import compat

    was_installed = compat.installed()
    compat.install()
    yield
    if not was_installed:
        compat.uninstall()


@pytest.fixture(autouse=True)
def no_home(tmp_path: Path) -> Iterator[None]:
    """Runs in this process ask no deployment that happens to be on this machine."""
    from queuack import config
    from queuack.home import Home

    before = config.configure(config.load(Home(tmp_path)))
    yield
    config.configure(before)
