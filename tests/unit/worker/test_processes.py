"""Telling processes apart, describing their ends, log paths, rendered fields."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from queuack.authoring.masking import Masker
from queuack.logpaths import attempt_log
from queuack.processes import describe_exit, is_alive, read_worker_file, start_ticks, write_worker_file
from queuack.worker.rendered import encode_rendered, show


def test_a_worker_file_names_this_very_process(tmp_path):
    path = tmp_path / "w.json"
    write_worker_file(path)
    file = read_worker_file(path)
    assert file is not None
    assert file.pid == os.getpid()
    assert is_alive(file)
    file.start_ticks -= 1
    assert not is_alive(file)


def test_a_file_that_is_not_one_is_none(tmp_path):
    assert read_worker_file(tmp_path / "gone.json") is None
    (tmp_path / "torn.json").write_text("{")
    assert read_worker_file(tmp_path / "torn.json") is None


def test_a_zombie_is_dead():
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert start_ticks(child.pid) is None


def test_ends_are_described():
    assert describe_exit(signal.SIGKILL) == "was killed by SIGKILL (out of memory?)"
    assert describe_exit(3 << 8) == "exited with code 3"
    assert describe_exit(None) == "is gone"


def test_log_paths():
    assert attempt_log("d", "r", "t", -1, 2) == "dag_id=d/run_id=r/task_id=t/attempt=2.log"
    assert attempt_log("d", "r", "t", 3, 1) == "dag_id=d/run_id=r/task_id=t/map_index=3/attempt=1.log"


def test_rendered_fields_only_when_something_changed():
    assert encode_rendered({"a": 1}, {"a": 1}, Masker(), 10) is None
    assert encode_rendered({"a": "{{ ds }}", "b": 1}, {"a": "x", "b": 1}, Masker(), 10) == b'{"a": "x", "b": 1}'
    assert encode_rendered({"password": "{{ x }}"}, {"password": "y"}, Masker(), 10) == b'{"password": "***"}'


def test_long_and_odd_values_are_shown_as_text():
    assert show("x" * 11, 10).startswith("Truncated. ")
    assert show({1, 2}, 100) == [1, 2]
    assert show([1, {"a": None}], 100) == [1, {"a": None}]
