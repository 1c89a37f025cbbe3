"""URIs and JSON of connections, compared with what Airflow 3.3.2 makes of the same texts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queuack import connection_form as form

CASES: list[tuple[str, dict[str, Any], str]] = [
    (
        "postgresql://u:p%40ss@Host.Example:5432/db?a=1&b=x",
        {"conn_type": "postgres", "host": "host.example", "login": "u", "password": "p@ss", "schema": "db", "port": 5432,
         "extra": '{"a": "1", "b": "x"}'},
        "postgres://u:p%40ss@host.example:5432/db?a=1&b=x",
    ),
    (
        "http://https://host:8080/path?x=y",
        {"conn_type": "http", "host": "https://host", "schema": "path", "port": 8080, "extra": '{"x": "y"}'},
        "http://https://host:8080/path?x=y",
    ),
    (
        "aws://AK:SK@/?region_name=eu",
        {"conn_type": "aws", "host": "", "login": "AK", "password": "SK", "schema": "",
         "extra": '{"region_name": "eu"}'},
        "aws://AK:SK@/?region_name=eu",
    ),
    (
        "google-cloud-platform://?__extra__=%7B%22a%22%3A+1%7D",
        {"conn_type": "google_cloud_platform", "host": "", "schema": "", "extra": '{"a": 1}'},
        "google-cloud-platform:///?__extra__=%7B%22a%22%3A+1%7D",
    ),
    ("x://%2Ftmp%2FSock/db", {"conn_type": "x", "host": "/tmp/Sock", "schema": "db"}, "x://%2Ftmp%2FSock/db"),
    ("ssh://[::1]:22", {"conn_type": "ssh", "host": "::1", "schema": "", "port": 22}, "ssh://%3A%3A1:22"),
    ("x://:pw@h", {"conn_type": "x", "host": "h", "login": "", "password": "pw", "schema": ""}, "x://:pw@h"),
    ("sqlite:////abs", {"conn_type": "sqlite", "host": "", "schema": "/abs"}, "sqlite:///%2Fabs"),
    ("spark://local%5B%2A%5D", {"conn_type": "spark", "host": "local[*]", "schema": ""}, "spark://local%5B%2A%5D"),
    (
        "scheme://user:password@host%2Flocation:1234/schema%2Fx?extra1=a%2Fb&extra2=",
        {"conn_type": "scheme", "host": "host/location", "login": "user", "password": "password", "schema": "schema/x",
         "port": 1234, "extra": '{"extra1": "a/b", "extra2": ""}'},
        "scheme://user:password@host%2Flocation:1234/schema%2Fx?extra1=a%2Fb&extra2=",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("uri", "fields", "back"), CASES, ids=[case[0] for case in CASES])
def test_as_airflow_reads_and_writes_them(uri: str, fields: dict[str, Any], back: str) -> None:
    found = form.from_uri(uri)
    assert found == dict.fromkeys(form.FIELDS) | fields
    assert form.to_uri(found) == back


def test_a_uri_in_the_query_is_no_protocol() -> None:
    found = form.from_uri("http://h?next=http://other/x")
    assert (found["host"], json.loads(found["extra"])) == ("h", {"next": "http://other/x"})


@pytest.mark.parametrize("uri", ["a://b://c://d", "http://me:s3cr3t@b://c", "x://a:1://c"])
def test_bad_uris_are_refused_without_repeating_them(uri: str) -> None:
    with pytest.raises(ValueError, match="Invalid connection string") as caught:
        form.from_uri(uri)
    assert "s3cr3t" not in str(caught.value)


texts = st.text(min_size=1).filter(lambda text: "://" not in text)
optional = st.none() | texts


@given(
    login=optional,
    password=optional,
    schema=optional,
    host=st.text("abcxyz0189.-_/ ü", min_size=1).filter(lambda text: "://" not in text),
    port=st.none() | st.integers(1, 65535),
    extra=st.none() | st.dictionaries(st.text(), st.text() | st.integers() | st.lists(st.text()), min_size=1),
)
def test_a_uri_says_all(host: str, extra: dict[str, Any] | None, **others: Any) -> None:
    fields = {"conn_type": "my_type", "description": None, "host": host, **others}
    fields["extra"] = json.dumps(extra) if extra else None
    found = form.from_uri(form.to_uri(fields))
    assert json.loads(found.pop("extra") or "null") == extra
    expected = {name: value or None for name, value in fields.items() if name != "extra"}
    assert {name: value or None for name, value in found.items()} == expected


def test_json() -> None:
    assert form.from_json('{"conn_type": "google-cloud-platform", "port": "80", "extra": {"a": 1}}') == {
        "conn_type": "google_cloud_platform",
        "port": 80,
        "extra": '{"a": 1}',
    }
    for text, message in (("[]", "must be a JSON object"), ("{", "not JSON"), ('{"port": "x"}', "integer value")):
        with pytest.raises(ValueError, match=message):
            form.from_json(text)


def test_the_extra_of_a_uri_as_airflow_stores_it() -> None:
    assert form.typed_extra('{"n": "5", "flag": "true", "text": "x", "empty": ""}') == json.dumps(
        {"n": 5, "flag": True, "text": "x", "empty": ""}
    )
    assert form.typed_extra(None) is None


@pytest.mark.parametrize("conn_id", ["a b", "", "a..b", "a/b", "x" * 201, None])
def test_ids_that_are_none(conn_id: Any) -> None:
    with pytest.raises(ValueError, match="connection id"):
        form.check_id(conn_id)
