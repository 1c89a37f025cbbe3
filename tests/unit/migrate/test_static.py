"""What a DAG file's text alone says: imports, old arguments, old context keys, use of the database."""

from __future__ import annotations

from pathlib import Path

import pytest

from queuack.migrate.installed import Installed
from queuack.migrate.static import look_at
from queuack.migrate.verdicts import FileReport, Finding, Verdict


def look(text: str, *folders: Path) -> list[Finding]:
    report = FileReport("file.py")
    look_at(report, text.encode(), Installed(folders))
    report.sort()
    return report.findings


def one(text: str) -> Finding:
    (finding,) = look(text)
    return finding


@pytest.mark.parametrize(
    "text",
    [
        "from airflow.sdk import DAG, task",
        "import airflow\nairflow.DAG('x')",
        "import json, os.path, pendulum",
        "from airflow.providers.standard.operators.bash import BashOperator",
        "from airflow.models import *",
        "from . import neighbour",
        "try:\n    import nowhere\nexcept ImportError:\n    nowhere = None",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import nowhere",
        "import airflow.utils.state as states\nstates.State.SUCCESS",
    ],
)
def test_nothing_to_say(text: str) -> None:
    assert look(text) == []


@pytest.mark.parametrize(
    ("text", "line", "way_out"),
    [
        ("\nfrom airflow.operators.bash_operator import BashOperator", 2, "airflow.providers.standard.operators.bash"),
        ("import airflow\n\nairflow.utils.dates.days_ago(1)", 3, "a fixed date"),
        ("from airflow.utils import dates as d\nd.days_ago(1)", 2, "a fixed date"),
        ("from airflow.sdk import DAG\nDAG('x', schedule_interval=None)", 2, "write schedule"),
        ("default_args = {\n  'owner': 'me',\n  'provide_context': True}", 3, "leave it out"),
        ("PythonOperator(task_id='x', task_concurrency=1)", 1, "max_active_tis_per_dag"),
        ("BashOperator(bash_command='echo {{ execution_date }}')", 1, "write logical_date"),
        ("def f(**kwargs):\n    return kwargs['yesterday_ds']", 2, "ds_add(ds, -1)"),
        ("def f(execution_date, **_): ...", 1, "write logical_date"),
    ],
)
def test_an_old_spelling_is_a_minor_warning_with_its_line(text: str, line: int, way_out: str) -> None:
    finding = one(text)
    assert finding.verdict is Verdict.WARNS
    assert finding.minor
    assert finding.line == line
    assert way_out in finding.way_out


@pytest.mark.parametrize(
    ("module", "package"),
    [
        ("airflow.providers.http.operators.http", "apache-airflow-providers-http"),
        ("airflow.providers.microsoft.azure.hooks.wasb", "apache-airflow-providers-microsoft-azure"),
        ("airflow.providers.apache.spark.operators", "apache-airflow-providers-apache-spark"),
        ("airflow.providers.dbt.cloud.hooks.dbt", "apache-airflow-providers-dbt-cloud"),
        ("airflow.providers.google.cloud.hooks.gcs", "apache-airflow-providers-google"),
        ("airflow.contrib.hooks.gcs_hook", "apache-airflow-providers-google"),
        ("airflow.hooks.postgres_hook", "apache-airflow-providers-postgres"),
        ("cosmos.airflow", "astronomer-cosmos"),
        ("sklearn_nowhere.tree", "sklearn-nowhere"),
        ("google.cloud.nowhere", "google-cloud-nowhere"),
    ],
)
def test_a_missing_package_is_named(module: str, package: str) -> None:
    name = {"airflow.contrib.hooks.gcs_hook": "GCSHook", "airflow.hooks.postgres_hook": "PostgresHook"}
    finding = one(f"from {module} import {name.get(module, 'X')}")
    assert finding.verdict is Verdict.PACKAGE
    assert finding.package == package
    assert f"pip install {package}" in finding.way_out


@pytest.mark.parametrize(
    ("text", "way_out"),
    [
        ("from airflow.executors.celery_executor import CeleryExecutor", "executors, chosen by its settings"),
        ("from airflow.contrib.hooks.nothing_hook import X", "provider package that took it over"),
        ("from airflow.www.app import create_app", "Flask"),
        ("from airflow.sdk import NoSuchName", "airflow.sdk"),
    ],
)
def test_what_is_not_there_says_what_to_do(text: str, way_out: str) -> None:
    finding = one(text)
    assert finding.verdict is Verdict.UNSUPPORTED
    assert finding.line == 1
    assert way_out in finding.way_out


def test_writing_to_the_database_is_not_supported_and_reading_warns() -> None:
    findings = look(
        "from airflow.models import DagRun\n"
        "from airflow.utils.session import provide_session\n"
        "@provide_session\n"
        "def clean(session=None):\n"
        "    session.query(DagRun).filter(DagRun.dag_id == 'x').first()\n"
        "    session.query(DagRun).filter(DagRun.dag_id == 'x').delete()\n"
        "    session.merge(DagRun())\n"
    )
    verdicts = {finding.line: finding.verdict for finding in findings}
    assert verdicts == {5: Verdict.WARNS, 6: Verdict.UNSUPPORTED, 7: Verdict.UNSUPPORTED}


def test_a_session_of_something_else_is_none_of_ours() -> None:
    assert look("def f(session):\n    session.add(1)\n    return session.query('x')") == []


def test_python_2_does_not_load() -> None:
    finding = one("from airflow import DAG\nprint 'x'")
    assert (finding.verdict, finding.line) == (Verdict.BROKEN, 2)
    assert "Python 3" in finding.way_out


def test_modules_of_the_checked_folders_are_there(tmp_path: Path) -> None:
    (tmp_path / "shared_code.py").write_text("")
    assert look("import shared_code", tmp_path) == []


def test_a_module_deeper_in_the_folder_hints_at_the_dags_folder(tmp_path: Path) -> None:
    (tmp_path / "dags" / "shared_code").mkdir(parents=True)
    (tmp_path / "dags" / "shared_code" / "__init__.py").write_text("")
    (finding,) = look("import shared_code.x", tmp_path)
    assert finding.verdict is Verdict.BROKEN
    assert str(tmp_path / "dags") in finding.way_out


def test_the_verdict_is_the_worst_finding() -> None:
    report = FileReport("x.py")
    assert report.verdict is Verdict.WORKS
    for verdict in (Verdict.WARNS, Verdict.UNSUPPORTED, Verdict.PACKAGE):
        report.add(Finding(verdict, str(verdict), len(report.findings)))
    assert report.verdict is Verdict.UNSUPPORTED


def test_one_line_has_one_failure() -> None:
    """The parse stumbles over what the text has told already."""
    report = FileReport("x.py")
    report.add(Finding(Verdict.PACKAGE, "No module named 'x'", 3))
    report.add(Finding(Verdict.UNSUPPORTED, "ModuleNotFoundError: x", 3))
    assert len(report.findings) == 1
