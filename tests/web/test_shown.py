"""Logs and values as people read them."""

from __future__ import annotations

import json

from queuack.web.loglines import as_html, as_text
from queuack.web.shown import shown_value

LINE = {
    "timestamp": "2026-01-31T09:00:00.123456Z",
    "level": "warning",
    "event": "<b>17</b> rows",
    "logger": "x",
    "n": 3,
}


def test_a_line_has_its_level_and_is_text() -> None:
    html = as_html([json.dumps(LINE), "no <json>"])
    assert 'class="l warning"' in html
    assert "&lt;b&gt;17&lt;/b&gt; rows" in html
    assert "<i>n=3</i>" in html
    assert "no &lt;json&gt;" in html
    assert as_text([json.dumps(LINE)]) == "2026-01-31T09:00:00.123456Z WARNING <b>17</b> rows  n=3\n"


def test_causes_stand_before_what_they_caused() -> None:
    outer = {"exc_type": "ValueError", "exc_value": "late", "is_cause": False, "frames": []}
    inner = {
        "exc_type": "KeyError",
        "exc_value": "'k'",
        "is_cause": True,
        "frames": [{"filename": "f.py", "lineno": 3}],
    }
    text = as_text([json.dumps({"event": "failed", "level": "error", "error_detail": [outer, inner]})])
    assert text.index("KeyError: 'k'") < text.index("which caused:") < text.index("ValueError: late")
    assert 'File "f.py", line 3' in text


def test_lists_of_objects_are_tables() -> None:
    shown = shown_value('[{"a": 1, "b": "x"}, {"a": 2, "c": [3]}]')
    assert shown["table"] == {"columns": ["a", "b", "c"], "rows": [["1", "x", ""], ["2", "", "[3]"]], "total": 2}
    assert shown_value("[[1, 2], [3, 4]]")["table"]["rows"] == [["1", "2"], ["3", "4"]]
    assert shown_value("[1, 2]")["table"] is None
    assert shown_value("[{}]")["table"] is None


def test_typed_values_show_what_they_hold() -> None:
    wrapped = {"__classname__": "datetime.datetime", "__version__": 2, "__data__": {"timestamp": 1.0}}
    assert json.loads(shown_value(json.dumps(wrapped))["text"]) == {"timestamp": 1.0}
    assert shown_value('"plain"')["text"] == "plain"
    assert shown_value('{"cut": ')["text"] == '{"cut": '
