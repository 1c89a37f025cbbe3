"""Virtual environments: what is asked of venv, pip and uv, and when a kept one is used again."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from queuack.authoring.conf import conf
from queuack.authoring.dag import DAG
from queuack.authoring.decorators import task
from queuack.authoring.exceptions import AirflowException
from queuack.operators import venv_install, virtualenv
from queuack.operators.subprocess_hook import SubprocessHook, SubprocessResult
from queuack.operators.venv_install import VenvRecipe, make_venv
from queuack.operators.virtualenv import BranchPythonVirtualenvOperator, PythonVirtualenvOperator


class RecordingHook(SubprocessHook):
    """Runs nothing."""

    def __init__(self, exit_code: int = 0) -> None:
        super().__init__()
        self.commands: list[list[str]] = []
        self.environments: list[dict[str, str]] = []
        self.exit_code = exit_code

    def run_command(self, command, env=None, output_encoding="utf-8", cwd=None):
        self.commands.append(command)
        self.environments.append(env or {})
        return SubprocessResult(self.exit_code, "last words")


@pytest.fixture(autouse=True)
def _settings(settings):
    """A home of its own."""


def test_by_venv_and_pip(tmp_path, monkeypatch):
    monkeypatch.setattr(venv_install.shutil, "which", lambda name: None if name == "uv" else f"/bin/{name}")
    hook = RecordingHook()
    recipe = VenvRecipe(["b", "a==1"], pip_install_options=["--quiet"], index_urls=["http://i", "http://j"])
    assert make_venv(tmp_path, recipe, hook) == tmp_path / "bin" / "python"
    assert hook.commands == [
        [sys.executable, "-m", "venv", str(tmp_path), "--system-site-packages"],
        [f"{tmp_path}/bin/pip", "install", "--quiet", "-r", f"{tmp_path}/requirements.txt"],
    ]
    assert (tmp_path / "requirements.txt").read_text() == "b\na==1"
    assert (tmp_path / "pip.conf").read_text() == "[global]\nindex-url = http://i\nextra-index-url = http://j"


def test_by_uv(tmp_path, monkeypatch):
    monkeypatch.setattr(venv_install.shutil, "which", lambda name: f"/bin/{name}")
    hook = RecordingHook()
    recipe = VenvRecipe(["a"], python_version="3.12", system_site_packages=False, index_urls=["http://i", "http://j"])
    make_venv(tmp_path, recipe, hook)
    python = f"{tmp_path}/bin/python"
    assert hook.commands == [
        ["/bin/uv", "venv", "--allow-existing", "--seed", "--python", "python3.12", str(tmp_path)],
        ["/bin/uv", "pip", "install", "--python", python, "-r", f"{tmp_path}/requirements.txt"],
    ]
    assert hook.environments[1]["UV_DEFAULT_INDEX"] == "http://i"
    assert hook.environments[1]["UV_INDEX"] == "http://j"


def test_the_setting_says_which(tmp_path, monkeypatch):
    monkeypatch.setattr(venv_install.shutil, "which", lambda name: f"/bin/{name}")
    conf.set("standard", "venv_install_method", "pip")
    try:
        hook = RecordingHook()
        make_venv(tmp_path, VenvRecipe([], index_urls=[]), hook)
    finally:
        conf.remove_option("standard", "venv_install_method")
    assert [command[1:3] for command in hook.commands] == [["-m", "venv"]]
    assert (tmp_path / "pip.conf").read_text() == "[global]\nno-index = true"


def test_what_fails_says_why(tmp_path, monkeypatch):
    with pytest.raises(AirflowException, match="last words"):
        make_venv(tmp_path, VenvRecipe([]), RecordingHook(exit_code=1))
    monkeypatch.setattr(venv_install.shutil, "which", lambda name: None)
    with pytest.raises(AirflowException, match=r"no python9\.9"):
        make_venv(tmp_path, VenvRecipe([], python_version="9.9"), RecordingHook())


@pytest.fixture
def made(monkeypatch):
    """Instead of making environments: the recipes asked for; each has this process's interpreter."""
    recipes: list[VenvRecipe] = []

    def make(folder: Path, recipe: VenvRecipe, hook: SubprocessHook) -> Path:
        recipes.append(recipe)
        (folder / "bin").mkdir()
        (folder / "bin" / "python").symlink_to(sys.executable)
        return folder / "bin" / "python"

    monkeypatch.setattr(virtualenv, "make_venv", make)
    return recipes


def identity(a):
    return a


def test_requirements_in_every_form(desk, made, tmp_path):
    (tmp_path / "requirements.txt").write_text("x=={{ params.v }}\ny")
    forms = {"none": None, "text": "x", "list": ["y", "x"], "file": "requirements.txt"}
    with DAG("d", template_searchpath=[str(tmp_path)], params={"v": "1"}):
        for name, form in forms.items():
            op = PythonVirtualenvOperator(task_id=name, python_callable=identity, op_args=[name], requirements=form)
            assert desk.execute(op) == name
    assert [recipe.requirements for recipe in made] == [[], ["x"], ["x", "y"], ["x==1\ny"]]


def test_the_serializer_is_installed(desk, made):
    with DAG("d"):
        op = PythonVirtualenvOperator(
            task_id="t",
            python_callable=identity,
            op_args=[1],
            serializer="cloudpickle",
            system_site_packages=False,
            index_urls="http://i",
        )
    assert desk.execute(op) == 1
    assert made[0].requirements == ["cloudpickle"]
    assert made[0].index_urls == ["http://i"]


def test_indexes_from_connections(desk, made, monkeypatch):
    connection = {"conn_type": "package_index", "host": "https://index/simple", "login": "me@x", "password": "p/w"}
    monkeypatch.setenv("AIRFLOW_CONN_MIRROR", json.dumps(connection))
    with DAG("d"):
        op = PythonVirtualenvOperator(
            task_id="t", python_callable=identity, op_args=[1], index_urls_from_connection_ids="mirror"
        )
    desk.execute(op)
    assert made[0].index_urls == ["https://me%40x:p/w@index/simple"]


def test_a_kept_environment(desk, made, tmp_path):
    def op(**arguments):
        with DAG("d"):
            return PythonVirtualenvOperator(
                task_id="t", python_callable=identity, op_args=[1], venv_cache_path=tmp_path / "kept", **arguments
            )

    assert desk.execute(op(requirements=["b", "a"])) == 1
    assert desk.execute(op(requirements=["a", "b"])) == 1
    assert len(made) == 1
    desk.execute(op(requirements=["a", "b"], system_site_packages=False))
    assert len(made) == 2
    desk.runtime.variables["python_virtualenv_operator_cache_key"] = "new"
    desk.execute(op(requirements=["a", "b"]))
    assert len(made) == 3
    for marker in tmp_path.glob("kept/*/install_complete_marker.json"):
        marker.unlink()
    desk.execute(op(requirements=["a", "b"]))
    assert len(made) == 4


def test_nothing_half_made_is_kept(desk, monkeypatch, tmp_path):
    def fail(folder, recipe, hook):
        raise AirflowException("no network")

    monkeypatch.setattr(virtualenv, "make_venv", fail)
    with DAG("d"):
        op = PythonVirtualenvOperator(
            task_id="t", python_callable=identity, op_args=[1], venv_cache_path=tmp_path / "k"
        )
    with pytest.raises(AirflowException, match="no network"):
        desk.execute(op)
    assert [path.suffix for path in (tmp_path / "k").iterdir()] == [".lock"]


def test_python_versions():
    with pytest.raises(AirflowException, match="non-string"), DAG("d"):
        PythonVirtualenvOperator(task_id="t", python_callable=identity, python_version=3.11)
    with pytest.raises(AirflowException, match="string_args"), DAG("d"):
        PythonVirtualenvOperator(task_id="t", python_callable=identity, python_version="2.7", op_args=[1])


def test_branches(desk, made):
    with DAG("d") as dag:

        @task.branch_virtualenv(requirements=[])
        def choose(ds=None):
            return "a" if ds == "2024-01-02" else "b"

        @task.virtualenv(requirements="r")
        def a():
            return 1

        @task
        def b(): ...

        choose() >> [a(), b()]
    desk.execute(dag.get_task("choose"))
    assert desk.skipped == {"b"}
    assert isinstance(dag.get_task("choose"), BranchPythonVirtualenvOperator)
    assert desk.execute(dag.get_task("a")) == 1


@pytest.mark.slow
def test_a_real_one(desk):
    def call():
        import sys

        return sys.prefix != sys.base_prefix and "venv" in sys.prefix

    with DAG("d"):
        op = PythonVirtualenvOperator(task_id="t", python_callable=call, requirements=[])
    assert desk.execute(op) is True
