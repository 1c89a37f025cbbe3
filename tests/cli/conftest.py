"""A fake client and a runner, so that commands are tested without a store or a daemon."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from queuack import client as client_module
from queuack import config
from queuack.cli.program import program

Answers = dict[str, Any]


class FakeClient:
    """Answers from a dict: method → value, exception, or function of the parameters. Remembers what it was asked."""

    def __init__(self, live: bool = True) -> None:
        self.live = live
        self.answers: Answers = {"sync": 0, "list_import_errors": []}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.closed = False

    def call(self, method: str, /, **params: Any) -> Any:
        self.asked.append((method, params))
        answer = self.answers[method]
        if isinstance(answer, Exception):
            raise answer
        return answer(**params) if callable(answer) else answer

    def close(self) -> None:
        self.closed = True

    def methods(self) -> list[str]:
        return [method for method, _ in self.asked]

    def params(self, method: str) -> dict[str, Any]:
        return next(params for name, params in self.asked if name == method)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> FakeClient:
    fake = FakeClient()
    monkeypatch.setattr(client_module, "connect", lambda home: fake)
    return fake


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def utc() -> Iterator[None]:
    """Local time is UTC."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def queuack(home: Path, monkeypatch: pytest.MonkeyPatch, utc: None) -> Callable[..., Result]:
    """Run a command in this process: ``queuack("dags", "list")``."""
    before = config.configure(None)
    monkeypatch.setattr(config, "_current", before)

    def run(*args: str, input: str | None = None) -> Result:
        return CliRunner().invoke(program, ["--home", str(home), *args], prog_name="queuack", input=input)

    return run


@pytest.fixture
def run_json(queuack: Callable[..., Result]) -> Callable[..., Any]:
    """Run a command with ``-o json``; returns what it printed, decoded."""

    def run(*args: str) -> Any:
        result = queuack(*args, "-o", "json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    return run
