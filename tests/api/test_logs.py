"""Logs over REST while they are written: tokens, half lines, lines that are none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from queuack import config
from queuack.daemon.services import logs
from queuack.logpaths import attempt_log
from tests.api.test_runs import said

PLACE = "/api/v2/dags/letters/dagRuns/logged/taskInstances/write"


@pytest.fixture
def file(api: TestClient) -> Path:
    """The log of a try that has not ended."""
    if api.get(PLACE).status_code == 404:
        said(api.post("/api/v2/dags/letters/dagRuns", json={"dag_run_id": "logged", "logical_date": None}))
    path = config.current().home.logs / attempt_log("letters", "logged", "write", -1, 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    return path


def events(content: list[dict[str, str]]) -> list[str]:
    return [one["event"] for one in content if not one["event"].startswith("::")]


def test_a_token_goes_on_where_the_last_whole_line_ended(api: TestClient, file: Path) -> None:
    file.write_text('{"event": "one"}\nno JSON\n{"event": "tw')
    first = said(api.get(f"{PLACE}/logs/0"))
    assert events(first["content"]) == ["one", "no JSON"]
    with file.open("a") as more:
        more.write('o", "level": "info"}\n')
    token = first["continuation_token"]
    assert said(api.get(f"{PLACE}/logs/0?token={token}"))["content"] == [{"event": "two", "level": "info"}]


def test_a_long_log_comes_whole_in_pieces(api: TestClient, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "PIECE", 50)
    lines = [f"{number}" * 30 for number in range(1, 10)]
    file.write_text("".join(json.dumps({"event": line}) + "\n" for line in lines))
    assert events(said(api.get(f"{PLACE}/logs/0?full_content=true"))["content"]) == lines
    answer = api.get(f"{PLACE}/logs/0", headers={"Accept": "application/x-ndjson"})
    assert events([json.loads(line) for line in answer.text.splitlines()]) == lines
    token = answer.headers["Airflow-Continuation-Token"]
    assert said(api.get(f"{PLACE}/logs/0?token={token}"))["content"] == []


def test_no_log_is_an_empty_one_and_no_try_is_404(api: TestClient, file: Path) -> None:
    file.unlink()
    assert events(said(api.get(f"{PLACE}/logs/0"))["content"]) == []
    said(api.get(f"{PLACE}/logs/3"), 404)
    said(api.get(f"{PLACE}/logs/-1"), 422)
    said(api.get(f"{PLACE}/logs/0?token=e30="), 400)
