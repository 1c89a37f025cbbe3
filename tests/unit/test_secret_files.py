"""Files of variables and connections."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from queuack.secret_files import read_connections, read_variables


@pytest.fixture
def written(tmp_path: Path) -> Any:
    def write(name: str, text: str) -> Path:
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return write


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("c.json", '{"a": "http://me:pw@h", "b": {"conn_type": "x", "port": "80", "extra": {"k": 1}}}'),
        ("c.yaml", "a: http://me:pw@h\nb: {conn_type: x, port: 80, extra_dejson: {k: 1}, conn_id: b}\n"),
        ("c.env", 'a=http://me:pw@h\n# comment\nb={"conn_type": "x", "port": 80, "extra": "{\\"k\\": 1}"}\n'),
    ],
)
def test_connections_in_every_form(written: Any, name: str, text: str) -> None:
    found = read_connections(written(name, text))
    assert (found["a"]["host"], found["a"]["password"]) == ("h", "pw")
    assert {name: value for name, value in found["b"].items() if value} == {
        "conn_type": "x",
        "port": 80,
        "extra": '{"k": 1}',
    }


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("c.txt", "", "must end in"),
        ("c.json", "{", "c.json is not valid JSON"),
        ("c.json", "[]", "must hold an object"),
        ("c.yml", "a: [s3cr3t", "line 1 is not valid YAML"),
        ("c.env", "nothing", "line 1: write KEY=VALUE"),
        ("c.env", "a=x://h\na=x://h", "line 2: a is there twice"),
        ("c.json", '{"a": 5}', "connection 'a': write a URI or an object"),
        ("c.json", '{"a": {"hots": "s3cr3t"}}', "has no hots"),
        ("c.json", '{"a": {"extra": {}, "extra_dejson": {}}}', "both extra and extra_dejson"),
        ("c.json", '{"a": {"conn_id": "b"}}', "conn_id is another one"),
        ("c.json", '{"a": "{s3cr3t"}', "not JSON"),
    ],
)
def test_what_is_wrong_is_said_without_the_values(written: Any, name: str, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        read_connections(written(name, text))
    assert "s3cr3t" not in str(caught.value)


def test_variables_are_as_the_file_has_them(written: Any) -> None:
    assert read_variables(written("v.yml", "a: 1\nb: {c: d}\n")) == {"a": 1, "b": {"c": "d"}}
