"""What a served module does when a name is asked of it."""

from __future__ import annotations

import importlib
import subprocess
import sys
import warnings

import pytest


def test_exceptions_are_the_same_classes() -> None:
    import airflow.exceptions
    import airflow.sdk.exceptions

    for name in ("AirflowException", "AirflowSkipException", "AirflowFailException", "AirflowTaskTimeout"):
        assert getattr(airflow.exceptions, name) is getattr(airflow.sdk.exceptions, name)


def test_from_import_of_an_absent_name_is_an_import_error_with_advice() -> None:
    with pytest.raises(ImportError, match="Flask web server"):
        from airflow.www import app  # noqa: F401
    with pytest.raises(ImportError, match="a plugin's in its own module"):
        from airflow.operators import EvenNumberCheckOperator  # noqa: F401
    with pytest.raises(ImportError, match=r"write: from airflow\.sdk import TaskGroup"):
        from airflow.operators.bash import TaskGroup  # noqa: F401
    with pytest.raises(ImportError, match=r"'airflow\.sdk'"):
        from airflow.sdk import NoSuchName  # noqa: F401


def test_attribute_access_to_an_absent_name_is_an_attribute_error_with_advice() -> None:
    import airflow.sdk

    module = importlib.import_module("airflow.operators.bash")
    with pytest.raises(AttributeError, match=r"write: from airflow\.sdk import TaskGroup"):
        _ = module.TaskGroup
    assert not hasattr(module, "TaskGroup")
    assert getattr(airflow.sdk, "NoSuchName", None) is None


def test_star_import_gives_the_listed_names() -> None:
    space: dict[str, object] = {}
    exec("from airflow.exceptions import *", space)
    assert "AirflowException" in space
    assert "annotations" not in space


def test_a_moved_name_warns_once_a_file() -> None:
    first, second = (compile("from airflow.utils.dates import days_ago", name, "exec") for name in ("a.py", "b.py"))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for code, space in ((first, one := {}), (first, one), (second, {})):
            exec(code, space)
    assert [warning.filename for warning in caught] == ["a.py", "b.py"]
    assert all(issubclass(warning.category, DeprecationWarning) for warning in caught)
    assert "days_ago" in str(caught[0].message)
    assert "fixed date" in str(caught[0].message)


def test_a_moved_name_says_where_to_import_it_from() -> None:
    with pytest.warns(DeprecationWarning, match=r"write: from airflow\.sdk import Param"):
        from airflow.models.param import Param  # noqa: F401


def test_a_current_name_does_not_warn() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        from airflow.models import DagRun  # noqa: F401
        from airflow.sdk import Param  # noqa: F401


def test_a_provider_name_of_1_10_names_the_package() -> None:
    with (
        pytest.warns(DeprecationWarning, match="GCSHook"),
        pytest.raises(ImportError, match="pip install apache-airflow-providers-google"),
    ):
        from airflow.contrib.hooks.gcs_hook import GoogleCloudStorageHook  # noqa: F401


def test_import_airflow_imports_no_authoring() -> None:
    program = (
        "import sys, queuack.compat; queuack.compat.install(); import airflow, airflow.sdk;"
        "print([m for m in sys.modules if m.startswith(('queuack.authoring', 'jinja2', 'pendulum'))])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
