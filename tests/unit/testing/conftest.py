"""A home of its own, and a way to run a DAG in this process that keeps what was told meanwhile."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from queuack import compat, config
from queuack.authoring.dag import DAG
from queuack.home import Home
from queuack.testing import TestRun, test_dag


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    monkeypatch.setenv("QUEUACK_HOME", str(tmp_path))
    home = Home(tmp_path)
    home.prepare()
    before = config.configure(config.load(home, environ={}))
    yield home
    config.configure(before)


@pytest.fixture
def this_process() -> Iterator[None]:
    """Takes back what a command does to its process."""
    root = logging.getLogger()
    handlers, level, path, installed = [*root.handlers], root.level, [*sys.path], compat.installed()
    yield
    root.handlers[:], sys.path[:] = handlers, path
    root.setLevel(level)
    if not installed:
        compat.uninstall()


@dataclass
class Told:
    """Runs DAGs and keeps the events."""

    events: list[Mapping[str, Any]] = field(default_factory=list)

    def run(self, dag: DAG, **arguments: Any) -> TestRun:
        self.events.clear()
        return test_dag(dag, on_event=self.events.append, **arguments)

    @property
    def log(self) -> str:
        return "\n".join(event["line"] for event in self.events if event["kind"] == "log")

    def states(self, task_id: str) -> list[tuple[str, int]]:
        """(state, try_number) of a task, as they came."""
        told = [event for event in self.events if event["kind"] == "task" and event["task_id"] == task_id]
        return [(event["state"], event["try_number"]) for event in told]


@pytest.fixture
def told(home: Home) -> Told:
    return Told()
