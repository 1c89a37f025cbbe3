"""Loading DAG files: what is found, under what name, and what is left behind."""

from __future__ import annotations

import sys
import zipfile

import pytest

from queuack.authoring.dag_stack import DagContext
from queuack.authoring.dagfile import collect_dags, load_dag_file, unique_module_name

SOURCE = """
from queuack import DAG, dag, task, BashOperator

with DAG("unnamed"):
    BashOperator(task_id="a", bash_command="true", provide_context=True)

named = DAG("named")

@dag
def called():
    @task
    def t(): ...
    t()

called()

with DAG("hidden", auto_register=False):
    pass
"""


def test_every_way_to_define_a_dag(tmp_path):
    path = tmp_path / "my-file.py"
    path.write_text(
        SOURCE.replace('with DAG("hidden", auto_register=False):', 'with DAG("hidden", auto_register=False) as d:')
    )
    loaded = load_dag_file(path)
    assert sorted(d.dag_id for d in loaded.dags) == ["called", "hidden", "named", "unnamed"]
    assert {d.fileloc for d in loaded.dags} == {str(path)}
    assert loaded.module_name == unique_module_name(str(path))
    assert loaded.module_name.startswith("unusual_prefix_")
    assert loaded.module_name.endswith("_my_file")
    assert collect_dags(sys.modules[loaded.module_name]) == [d for d in loaded.dags if d.dag_id in ("named", "hidden")]
    assert len(loaded.warnings) == 1
    assert "provide_context" in loaded.warnings[0]
    assert "line 5" in loaded.warnings[0]


def test_unnamed_dags_without_registration_are_not_found(tmp_path):
    path = tmp_path / "f.py"
    path.write_text(SOURCE)
    assert "hidden" not in {d.dag_id for d in load_dag_file(path).dags}


def test_an_error_leaves_nothing_behind(tmp_path):
    path = tmp_path / "bad.py"
    path.write_text("from queuack import DAG\nwith DAG('x'):\n    raise ValueError('no')\n")
    with pytest.raises(ValueError, match="no"):
        load_dag_file(path)
    assert DagContext.get_current() is None
    assert unique_module_name(str(path)) not in sys.modules


def test_an_older_source_can_be_loaded(tmp_path):
    path = tmp_path / "f.py"
    path.write_text("raise ValueError")
    loaded = load_dag_file(path, source="from queuack import DAG\nd = DAG('old')\n")
    assert [d.dag_id for d in loaded.dags] == ["old"]


def test_zips(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    path = tmp_path / "dags.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("main_file.py", "from queuack import DAG\nfrom neighbour_of_main import NAME\nd = DAG(NAME)\n")
        archive.writestr("neighbour_of_main.py", "NAME = 'zipped'\n")
    loaded = load_dag_file(path, zip_member="main_file.py")
    assert [(d.dag_id, d.fileloc) for d in loaded.dags] == [("zipped", f"{path}/main_file.py")]
