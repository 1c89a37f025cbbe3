"""Who provides a module: the table, an installed package, nobody."""

from __future__ import annotations

import importlib
import importlib.metadata
import sys
from pathlib import Path

import pytest

from queuack import compat
from queuack.compat.finder import AirflowFinder
from queuack.errors import QueuackError


def test_install_twice_is_once() -> None:
    compat.install()
    assert sum(isinstance(finder, AirflowFinder) for finder in sys.meta_path) == 1
    assert isinstance(sys.meta_path[0], AirflowFinder)


def test_install_after_another_airflow_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    compat.uninstall()
    monkeypatch.setitem(sys.modules, "airflow", sys)
    with pytest.raises(QueuackError, match="before the first"):
        compat.install()
    monkeypatch.delitem(sys.modules, "airflow")
    compat.install()


def test_version() -> None:
    import airflow
    from airflow.version import version

    assert airflow.__version__ == version == "3.3.2"


def test_packages_and_modules() -> None:
    import airflow.models.dag
    import airflow.sdk

    assert hasattr(airflow, "__path__")
    assert hasattr(airflow.models, "__path__")
    assert not hasattr(airflow.models.dag, "__path__")
    assert airflow.models.dag.__spec__.parent == "airflow.models"


def test_submodules_by_attribute() -> None:
    import airflow

    assert airflow.utils.state.State.SUCCESS == "success"
    assert airflow.timetables.base is importlib.import_module("airflow.timetables.base")


def test_import_of_a_module_from_its_package() -> None:
    from airflow.operators import bash
    from airflow.utils import state

    assert bash.__name__ == "airflow.operators.bash"
    assert state.State.FAILED == "failed"


def test_unserved_module() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"airflow\.nothing") as caught:
        importlib.import_module("airflow.nothing.here")
    assert caught.value.name == "airflow.nothing"


def test_removed_module_says_what_to_do() -> None:
    with pytest.raises(ModuleNotFoundError, match="provider package that took it over"):
        importlib.import_module("airflow.contrib.hooks.nothing_hook")


def test_whole_components_match() -> None:
    """``airflow.providers_manager`` is not below ``airflow.providers``; ``airflows`` is not below ``airflow``."""
    assert importlib.import_module("airflow.providers_manager").ProvidersManager().providers is not None
    with pytest.raises(ModuleNotFoundError, match=r"airflow\.providers_managers"):
        importlib.import_module("airflow.providers_managers")
    assert AirflowFinder().find_spec("airflows", None) is None


def test_missing_provider_names_its_package() -> None:
    for module, package in {
        "airflow.providers.nobody.hooks": "apache-airflow-providers-nobody",
        "airflow.providers.apache.nobody": "apache-airflow-providers-apache-nobody",
    }.items():
        with pytest.raises(ModuleNotFoundError, match=package):
            importlib.import_module(module)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on ``sys.path``, as site-packages is."""
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def _write(site: Path, module: str, text: str, *, package: bool = False) -> None:
    path = site.joinpath(*module.split("."))
    path = path / "__init__.py" if package else path.with_suffix(".py")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_installed_provider_packages_are_found(site: Path) -> None:
    _write(site, "airflow.providers.acme", "import airflow\nVERSION = airflow.__version__", package=True)
    _write(site, "airflow.providers.acme.hooks.acme", "from airflow.exceptions import AirflowException as E")
    _write(site, "airflow.providers.vendor.product", "NAME = 'in a folder without __init__'")
    from airflow.providers.acme import VERSION
    from airflow.providers.acme.hooks.acme import E
    from airflow.providers.vendor.product import NAME
    from airflow.sdk.exceptions import AirflowException

    assert (VERSION, NAME) == ("3.3.2", "in a folder without __init__")
    assert E is AirflowException


def test_missing_module_of_an_installed_provider(site: Path) -> None:
    _write(site, "airflow.providers.acme", "", package=True)
    with pytest.raises(ModuleNotFoundError, match=r"airflow\.providers\.acme\.nothing"):
        importlib.import_module("airflow.providers.acme.nothing")


def test_an_installed_standard_provider_comes_first(site: Path) -> None:
    _write(site, "airflow.providers.standard", "", package=True)
    _write(site, "airflow.providers.standard.operators.bash", "BashOperator = 'installed'")
    from airflow.providers.standard.operators.bash import BashOperator

    assert BashOperator == "installed"


def test_served_and_installed_packages_share_a_folder(site: Path) -> None:
    """``airflow/providers/common`` holds several packages and is none itself."""
    _write(site, "airflow.providers.common.sql", "NAME = 'installed'", package=True)
    from airflow.providers.common.compat.sdk import DAG
    from airflow.providers.common.sql import NAME
    from airflow.sdk import DAG as SDK_DAG

    assert DAG is SDK_DAG
    assert NAME == "installed"
    _write(site, "airflow.providers.common.compat", "", package=True)
    _write(site, "airflow.providers.common.compat.sdk", "DAG = 'installed'")
    for module in ("airflow.providers.common.compat.sdk", "airflow.providers.common.compat"):
        del sys.modules[module]
    assert importlib.import_module("airflow.providers.common.compat.sdk").DAG == "installed"


def test_an_installed_airflow_is_not_reached(site: Path) -> None:
    _write(site, "airflow", "__version__ = 'installed'", package=True)
    _write(site, "airflow.utils.db_cleanup", "X = 1")
    import airflow

    assert airflow.__version__ == "3.3.2"
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("airflow.utils.db_cleanup")
