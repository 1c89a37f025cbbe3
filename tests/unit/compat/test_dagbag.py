"""``DagBag``: DAG files loaded in this process, by tests and by DAG files that gather others."""

from __future__ import annotations

from pathlib import Path

import pytest

from queuack.authoring.dagfile import load_dag_file
from queuack.errors import NotBuilt

DAG = "from airflow.sdk import DAG, task\nimport {}\nwith DAG({!r}, schedule=None):\n    @task\n    def a(): ...\n    a()\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "more"
    folder.mkdir()
    (folder / "one.py").write_text(DAG.format("beside", "one"))
    (folder / "two.py").write_text(DAG.format("os", "two"))
    (folder / "beside.py").write_text("")
    (folder / "broken.py").write_text("# a dag of airflow\n1 / 0\n")
    (folder / "other.py").write_text("1 / 0\n")
    return folder


def test_a_folder(folder: Path) -> None:
    from airflow.models import DagBag

    bag = DagBag(dag_folder=str(folder), include_examples=False)
    assert sorted(bag.dag_ids) == ["one", "two"]
    assert bag.size() == 2
    assert bag.get_dag("one").task_ids == ["a"]
    assert bag.get_dag("three") is None
    ((file, error),) = bag.import_errors.items()
    assert file == str(folder / "broken.py")
    assert "ZeroDivisionError" in error
    with pytest.raises(NotBuilt, match="sync_to_db"):
        bag.sync_to_db()


def test_a_dag_file_that_gathers_others_keeps_its_own(folder: Path) -> None:
    file = folder / "gather.py"
    file.write_text(
        "from airflow.models import DagBag\nfrom airflow.sdk import DAG\n"
        "with DAG('before', schedule=None):\n    pass\n"
        "with DAG('around', schedule=None):\n"
        f"    globals().update(DagBag({str(folder)!r}).dags)\n"
    )
    assert sorted(dag.dag_id for dag in load_dag_file(file).dags) == ["around", "before", "one", "two"]
