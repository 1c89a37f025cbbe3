"""Forms of output: what fits, what is dropped, what instants look like."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from queuack.cli import output
from queuack.cli.output import Column, print_record, print_rows

RUN = "scheduled__2026-01-01T00:00:00+00:00"
ROWS = [
    {"run_id": RUN, "state": "success", "start_date": "2026-01-01T00:00:00.5+00:00", "conf": {"a": 1}, "note": None},
    {"run_id": "manual", "state": None, "start_date": None, "conf": {}, "note": "ä " * 40},
]
COLUMNS = (
    Column("run_id", "run_id"),
    Column("state", "state", kind="state"),
    Column("started", "start_date", kind="instant", droppable=True),
    Column("note", "note", wraps=True, droppable=True),
)


def terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setattr(output, "on_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("NO_COLOR", "1")


def test_json_carries_whole_rows(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(ROWS, COLUMNS, "json")
    assert json.loads(capsys.readouterr().out) == ROWS


def test_yaml_carries_whole_rows(capsys: pytest.CaptureFixture[str]) -> None:
    import yaml

    print_rows(ROWS, COLUMNS, "yaml")
    assert yaml.safe_load(capsys.readouterr().out) == ROWS


def test_plain_is_one_line_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(ROWS[:1], COLUMNS, "plain")
    head, row = capsys.readouterr().out.splitlines()
    assert head.split() == ["run_id", "state", "started", "note"]
    assert row.split() == [RUN, "success", "2026-01-01T00:00:00.5+00:00", "-"]


def test_a_pipe_gets_every_column_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(ROWS, COLUMNS, "table")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert ("ä " * 40).strip() in lines[2]
    assert not any(line.endswith(" ") or "\x1b" in line for line in lines)


@pytest.mark.parametrize("width", [100, 80, 60, 40])
def test_a_terminal_gets_what_fits_and_ids_whole(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    terminal(monkeypatch, width)
    print_rows(ROWS, COLUMNS, "table")
    lines = capsys.readouterr().out.splitlines()
    assert any(RUN in line for line in lines)
    assert max(len(line) for line in lines) <= max(width, 47)
    assert ("note" in lines[0]) == (width == 100)


def test_no_rows(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([], COLUMNS, "table", empty="No runs.")
    assert capsys.readouterr() == ("", "No runs.\n")
    print_rows([], COLUMNS, "json", empty="No runs.")
    assert capsys.readouterr() == ("[]\n", "")


def test_records(capsys: pytest.CaptureFixture[str]) -> None:
    print_record({"dag_id": "x", "tags": ["a", "b"], "params": {"n": 1}, "doc": None}, "table")
    assert capsys.readouterr().out.splitlines() == ["dag_id  x", "tags    a, b", 'params  {"n": 1}', "doc"]


def test_truth_values_are_words_for_people_only(capsys: pytest.CaptureFixture[str]) -> None:
    row = {"dag_id": "x", "is_paused": True}
    print_rows([row], output.columns_for([*row]), "table")
    print_record(row, "table")
    print_rows([row], output.columns_for([*row]), "plain")
    assert [line.split()[-1] for line in capsys.readouterr().out.splitlines()] == [
        "is_paused",
        "yes",
        "x",
        "yes",
        "is_paused",
        "True",
    ]


@pytest.mark.parametrize(("number", "text"), [(0, "0 files"), (1, "1 file"), (2, "2 files")])
def test_counts(number: int, text: str) -> None:
    assert output.counted(number, "file") == text


def test_instants_for_people() -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC).astimezone()
    assert output.short_instant(None, now) == ""
    assert output.short_instant("not a date", now) == "not a date"
    there = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
    assert output.short_instant(there.isoformat(), now) == there.astimezone().strftime("%m-%d %H:%M:%S")
    before = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert output.short_instant(before.isoformat(), now) == before.astimezone().strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.1234, "0.12s"), (59, "59s"), (64, "1m 04s"), (3600 * 2 + 300, "2h 05m")]
)
def test_durations(seconds: float, text: str) -> None:
    assert output.short_duration(seconds) == text


def test_states_are_coloured_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert output.state_text("failed") == "failed"
    monkeypatch.setattr(output, "on_terminal", lambda: True)
    assert output.state_text("failed") == "\x1b[31mfailed\x1b[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert output.state_text(None) == "none"
