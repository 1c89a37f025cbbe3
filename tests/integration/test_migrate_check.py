"""Checking a folder for real: every file in a child process, whatever it does."""

from __future__ import annotations

from pathlib import Path

import pytest

from queuack import config
from queuack.errors import UsageError
from queuack.migrate.checking import check
from queuack.migrate.verdicts import FileReport, Verdict

DAG = "import pendulum\nfrom airflow.sdk import DAG\nwith DAG({!r}, start_date=pendulum.datetime(2026, 1, 1)): pass\n"
VARIABLE = "from airflow.models import Variable\nfrom airflow import DAG\nvalue = Variable.get('bucket'{})\n"

FILES = {
    "good.py": DAG.format("good"),
    "old.py": "from airflow.utils.dates import days_ago\n" + DAG.format("old"),
    "crash.py": "from airflow import DAG\nimport os\nos._exit(3)\n",
    "hang.py": "from airflow import DAG\nwhile True: pass\n",
    "exits.py": "from airflow import DAG\nraise SystemExit(1)\n",
    "unbuilt.py": "from airflow import DAG\nfrom queuack.errors import NotBuilt\nraise NotBuilt('This is not built: do that.')\n",
    "asks.py": VARIABLE.format("") + DAG.format("asks"),
    "needs.py": VARIABLE.format(", deserialize_json=True") + "value['key']\n",
    "imports_helper.py": DAG.format("x") + "import helper\n",
    "helper.py": "import nowhere_at_all  # airflow\n",
    "none.py": "print('neither')\n",
}


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, FileReport]:
    root = tmp_path_factory.mktemp("airflow")
    (root / "dags").mkdir()
    for name, text in FILES.items():
        (root / "dags" / name).write_text(text)
    (root / "plugins").mkdir()
    (root / "plugins" / "mine.py").write_text("from airflow.plugins_manager import AirflowPlugin\nundefined\n")
    before, tree = config.current(), sorted(root.rglob("*"))
    report = check(root, timeout=2)
    assert config.current() is before
    assert [path for path in sorted(root.rglob("*")) if "__pycache__" not in path.parts] == tree
    assert not report.good
    return {file.file: file for file in report.files}


def test_every_file_is_judged_by_itself(reports: dict[str, FileReport]) -> None:
    assert {name: str(report.verdict) for name, report in reports.items()} == {
        "good.py": "works",
        "old.py": "works with a warning",
        "crash.py": "does not load",
        "hang.py": "does not load",
        "exits.py": "does not load",
        "unbuilt.py": "not supported",
        "asks.py": "works with a warning",
        "needs.py": "does not load",
        "imports_helper.py": "needs a package",
        "helper.py": "needs a package",
        "plugins/mine.py": "does not load",
    }


def test_dags_are_counted(reports: dict[str, FileReport]) -> None:
    assert reports["good.py"].dags == ["good"]
    assert reports["asks.py"].dags == ["asks"]
    assert reports["crash.py"].dags is None


def test_a_warning_of_the_parse_is_that_of_the_text(reports: dict[str, FileReport]) -> None:
    (finding,) = reports["old.py"].findings
    assert (finding.line, finding.minor) == (1, True)


def test_a_time_out_says_where(reports: dict[str, FileReport]) -> None:
    (finding,) = reports["hang.py"].findings
    assert finding.line == 2
    assert "longer than 2 s" in finding.what


def test_what_is_not_built_says_the_way_out(reports: dict[str, FileReport]) -> None:
    (finding,) = reports["unbuilt.py"].findings
    assert (finding.what, finding.way_out, finding.line) == ("This is not built", "do that.", 3)


def test_a_variable_that_is_not_set(reports: dict[str, FileReport]) -> None:
    finding = next(finding for finding in reports["asks.py"].findings if not finding.minor)
    assert "queuack variables set bucket" in finding.way_out
    assert "empty value" in reports["needs.py"].findings[-1].what


def test_variables_of_the_deployment_and_the_text_alone(tmp_path: Path) -> None:
    (tmp_path / "asks.py").write_text(FILES["asks.py"])
    (tmp_path / "hang.py").write_text(FILES["hang.py"])
    asks = check(tmp_path / "asks.py", variables={"bucket": "b"})
    assert asks.files[0].verdict is Verdict.WORKS
    assert check(tmp_path, importing=False).counts()["works"] == 2


def test_nothing_to_check(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing to check"):
        check(tmp_path)
    with pytest.raises(UsageError, match="There is no"):
        check(tmp_path / "nowhere")
