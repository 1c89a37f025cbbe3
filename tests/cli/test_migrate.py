"""``queuack migrate check``: the report on a screen, as JSON, and the exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]

GOOD = "from airflow.sdk import DAG\nDAG('good')\n"
OLD = "from airflow.utils.dates import days_ago\n"
MISSING = "from airflow import DAG\nfrom airflow.providers.http.operators.http import HttpOperator\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "moved"
    folder.mkdir()
    return folder


def test_all_work(queuack: Run, folder: Path) -> None:
    (folder / "good.py").write_text(GOOD)
    (folder / "old.py").write_text(OLD)
    done = queuack("migrate", "check", str(folder), "--no-import")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines() == [
        "file     dags  verdict",
        "good.py     -  works",
        "old.py      -  works with a warning (1 old spelling)",
        "",
        "2 files, 0 DAGs: 2 work (1 with a warning).",
        "Old spellings work as they are; -v lists them.",
    ]
    done = queuack("migrate", "check", str(folder), "--no-import", "-v")
    assert "     1  airflow.utils.dates.days_ago is an old spelling\n        → write a fixed date" in done.stdout


def test_one_does_not(queuack: Run, folder: Path) -> None:
    (folder / "good.py").write_text(GOOD)
    (folder / f"{'long' * 20}.py").write_text(MISSING)
    done = queuack("migrate", "check", str(folder), "--no-import")
    assert done.exit_code == 1
    assert "apache-airflow-providers-http" in done.stdout.splitlines()[-1]
    assert "1 needs a package." in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_json(queuack: Run, folder: Path) -> None:
    (folder / "bad.py").write_text(MISSING)
    done = queuack("migrate", "check", str(folder), "--no-import", "-o", "json")
    record = json.loads(done.stdout)
    assert done.exit_code == 1
    assert record["summary"]["needs a package"] == 1
    assert record["packages"] == ["apache-airflow-providers-http"]
    (file,) = record["files"]
    assert (file["file"], file["verdict"], file["findings"][0]["line"]) == ("bad.py", "needs a package", 2)


def test_plain(queuack: Run, folder: Path) -> None:
    (folder / "good.py").write_text(GOOD)
    done = queuack("migrate", "check", str(folder), "--no-import", "-o", "plain")
    assert done.stdout.splitlines()[1].split() == ["good.py", "-", "works", "0"]


def test_bad_usage(queuack: Run, folder: Path) -> None:
    assert queuack("migrate", "check", str(folder / "nowhere")).exit_code == 2
    assert queuack("migrate", "check", str(folder)).exit_code == 2
