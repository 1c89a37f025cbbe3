"""Plugins that hang or end their process are found out by a process of their own and left out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from queuack import config, plugins
from queuack.home import Home
from queuack.processes import start_ticks
from tests.live.daemon import until

GOOD = """
from airflow.plugins_manager import AirflowPlugin
from airflow.listeners import hookimpl
class Listener:
    @hookimpl
    def on_dag_run_failed(self, dag_run): ...
    def on_dag_run_success(self, dag_run): "not marked"
class {name}(AirflowPlugin):
    name = "{name}"
    listeners = [Listener()]
    executors = ["something"]
"""
HANGS = """
import time
def wait():
    while True:
        time.sleep(0.01)
wait()
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path)
    made.prepare()
    before = config.configure(config.load(made, {"core.plugin_timeout": "0.3"}, {}))
    yield made
    config.configure(before)


def write(home: Home, **files: str) -> None:
    for name, text in files.items():
        (home.plugins / f"{name}.py").write_text(text)


def test_without_plugins_nothing_is_tried(home: Home) -> None:
    assert plugins.verdict_on(home) == plugins.Verdict()
    assert not (home.run / "plugins.json").exists()


def test_each_kind_of_bad_plugin(home: Home) -> None:
    write(
        home,
        a_good=GOOD.format(name="first"),
        b_hangs=HANGS,
        c_crashes="import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n",
        d_ends="import os\nos._exit(5)\n",
        e_raises="raise ValueError('no')\n",
        f_leaves="import sys\nsys.exit('bye')\n",
        g_good=GOOD.format(name="second"),
    )
    verdict = plugins.verdict_on(home)
    assert [row["name"] for row in verdict.rows] == ["first", "second"]
    assert verdict.hooks == ["on_dag_run_failed"]
    assert verdict.rows[0]["without_effect"] == ["executors"]
    assert verdict.errors == {"e_raises.py": "ValueError: no", "f_leaves.py": "SystemExit: bye"}
    assert set(verdict.bad) == {"b_hangs.py", "c_crashes.py", "d_ends.py"}
    assert "longer than 0.3 s" in verdict.bad["b_hangs.py"]
    assert "line 5 of b_hangs.py" in verdict.bad["b_hangs.py"]
    assert "SIGSEGV" in verdict.bad["c_crashes.py"]
    assert "code 5" in verdict.bad["d_ends.py"]


def test_the_verdict_is_kept_while_the_plugins_stay(home: Home) -> None:
    count = home.root / "count"
    write(home, counts=f"open({str(count)!r}, 'a').write('x')\n" + GOOD.format(name="counts"))
    first = plugins.verdict_on(home)
    assert plugins.verdict_on(home) == first == plugins.last_verdict(home)
    assert count.read_text() == "x"
    plugins.verdict_on(home, anew=True)
    assert count.read_text() == "xx"
    write(home, other=GOOD.format(name="other"))
    assert len(plugins.verdict_on(home).rows) == 2
    assert count.read_text() == "xxx"


def test_what_a_plugin_leaves_behind_is_ended(home: Home) -> None:
    left = home.root / "left"
    write(
        home, leaves=f"import subprocess\nopen({str(left)!r}, 'w').write(str(subprocess.Popen(['sleep', '60']).pid))\n"
    )
    plugins.verdict_on(home)
    pid = int(left.read_text())
    until(lambda: start_ticks(pid) is None)


def test_a_torn_verdict_is_found_anew(home: Home) -> None:
    write(home, good=GOOD.format(name="good"))
    (home.run / "plugins.json").write_text("{")
    assert [row["name"] for row in plugins.verdict_on(home).rows] == ["good"]
