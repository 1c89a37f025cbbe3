"""Plugins, loaded in a process of their own as they are in life."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from queuack.home import Home

SCRIPT = """
import json, os, sys
from queuack import compat
from queuack.home import find_home
from queuack.plugins import load_plugins, plugin_errors
compat.install()
home = find_home()
loaded = load_plugins(home)
assert load_plugins(home) == loaded
print(json.dumps({
    "plugins": [[plugin.name, plugin.file] for plugin in loaded],
    "errors": {error.file: error.message for error in plugin_errors(home)},
    "result": eval(os.environ["EXPRESSION"]),
}))
"""
PLUGIN = """
from airflow.plugins_manager import AirflowPlugin
def shout(text):
    return text.upper()
class Mine(AirflowPlugin):
    name = "mine"
    macros = [shout]
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path)
    made.prepare()
    return made


def load(home: Home, expression: str = "None") -> dict[str, Any]:
    environment = {**os.environ, "QUEUACK_HOME": str(home.root), "EXPRESSION": expression}
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_no_plugins(home: Home) -> None:
    assert load(home) == {"plugins": [], "errors": {}, "result": None}


def test_macros_are_importable(home: Home) -> None:
    (home.plugins / "one.py").write_text(PLUGIN)
    found = load(home, "__import__('airflow.macros.mine', fromlist=['shout']).shout('a')")
    assert found == {"plugins": [["mine", "one.py"]], "errors": {}, "result": "A"}


def test_a_plugin_that_fails_is_an_error_and_no_more(home: Home) -> None:
    (home.plugins / "a_exits.py").write_text("import sys\nsys.exit(3)\n")
    (home.plugins / "b_breaks.py").write_text("1 / 0\n")
    (home.plugins / "c_nameless.py").write_text(PLUGIN.replace('name = "mine"', "name = None"))
    (home.plugins / "d_load.py").write_text(
        PLUGIN.replace('"mine"', '"d"') + "    @classmethod\n    def on_load(cls):\n        raise ValueError('no')\n"
    )
    (home.plugins / "e_good.py").write_text(PLUGIN)
    (home.plugins / "f_twin.py").write_text(PLUGIN)
    found = load(home)
    assert found["plugins"] == [["mine", "e_good.py"]]
    assert found["errors"] == {
        "a_exits.py": "SystemExit: 3",
        "b_breaks.py": "ZeroDivisionError: division by zero",
        "c_nameless.py": "AirflowPluginException: Your plugin needs a name.",
        "d_load.py": "ValueError: no",
        "f_twin.py": "There is a plugin named 'mine' already; this one is not used.",
    }


def test_packages_odd_names_and_names_of_other_modules(home: Home) -> None:
    (home.plugins / "package").mkdir()
    (home.plugins / "package" / "__init__.py").write_text("from package.inner import Mine\n")
    (home.plugins / "package" / "inner.py").write_text(PLUGIN.replace('"mine"', '"packaged"'))
    (home.plugins / "with-dash.py").write_text(PLUGIN.replace('"mine"', '"dashed"'))
    (home.plugins / "json.py").write_text(PLUGIN.replace('"mine"', '"hidden"'))
    found = load(home, "__import__('package.inner', fromlist=['shout']).shout('b')")
    assert sorted(found["plugins"]) == [
        ["dashed", "with-dash.py"],
        ["hidden", "json.py"],
        ["packaged", "package/inner.py"],
    ]
    assert (found["errors"], found["result"]) == ({}, "B")


def test_no_byte_code_is_written(home: Home) -> None:
    (home.plugins / "one.py").write_text(PLUGIN)
    load(home)
    assert not (home.plugins / "__pycache__").exists()
