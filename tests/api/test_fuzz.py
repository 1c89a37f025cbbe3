"""Whatever is asked, the answer is no 500: operations of the OpenAPI document with made-up parameters and bodies.

Values are drawn from the document's types, mixed with what breaks programs: other types, NUL, half of a surrogate
pair, numbers beyond 64 bits, the ends of the calendar, nesting. The draws are the same each time
(``QUEUACK_FUZZ=2000`` asks for other and more ones, so many for each operation).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from queuack.api import described
from queuack.api.described import Document, Endpoint
from queuack.app import OfflineService
from tests.api.rest_reference import our_document

MORE = int(os.environ.get("QUEUACK_FUZZ", "0"))
EXAMPLES = MORE or 8
IN_ORDER = ("GET", "POST", "PUT", "PATCH", "DELETE")

DOCUMENT = our_document()
WAITS = "/wait"
"""Answers when a run ends; none ends here."""
ENDPOINTS = sorted(
    (one for one in described.endpoints(DOCUMENT) if not one.path.endswith(WAITS)),
    key=lambda one: IN_ORDER.index(one.method),
)

KNOWN = {
    "dag_id": ["letters", "parcels", "~"],
    "dag_run_id": ["first", "~"],
    "task_id": ["write", "send", "~"],
    "map_index": ["-1", "0"],
    "pool_name": ["default_pool", "lane"],
    "variable_key": ["colour"],
    "connection_id": ["somewhere"],
    "username": ["viewer"],
    "dag_version": ["1"],
}
TEXTS = [
    "",
    "~",
    "%",
    "_|",
    "\x00",
    "a\x00b",
    "'; drop table dag; --",
    "../..",
    "ü🦆",
    "x" * 3000,
    "null",
    "-1",
    "1e400",
]
LONE_SURROGATE = "\ud800"
NUMBERS = [0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**400, 0.5, 1e308, float("nan"), float("inf")]
INSTANTS = [
    "2026-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-12:00",
    "2026-01-01",
    "1e18",
    "-1",
]
OTHERS = [None, True, [], {}, [[]], {"": {}}, [None], {"a": LONE_SURROGATE}, [[[[[[[[1]]]]]]]]]
RAW = [b"", b"{", b"[]", b"null", b"\xff\xfe", b'"\\ud800"', b"[" * 100_000, b'{"a": NaN}', b"1e999"]

anything = st.one_of(
    *(st.sampled_from(values) for values in (TEXTS, [LONE_SURROGATE], NUMBERS, INSTANTS, OTHERS)), st.text(max_size=8)
)


def resolved(schema: Document) -> Document:
    while "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def valid(schema: Document, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values of ``schema``'s types; its bounds are not kept."""
    schema = resolved(schema)
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices:
        return st.one_of(*(valid(one, depth) for one in choices))
    if "enum" in schema or "const" in schema:
        return st.sampled_from(schema.get("enum") or [schema["const"]])
    kind = schema.get("type")
    if kind == "object":
        return _objects(schema, depth)
    if kind == "array":
        return st.lists(mixed(schema.get("items", {}), depth + 1), max_size=3)
    if kind == "string":
        return st.sampled_from(INSTANTS if "date" in schema.get("format", "") else [*TEXTS, "letters", "start_date"])
    plain: dict[Any, st.SearchStrategy[Any]] = {
        "integer": st.integers(-3, 300),
        "number": st.floats(-3, 1e9),
        "boolean": st.booleans(),
        "null": st.none(),
    }
    return plain.get(kind, anything)


def _objects(schema: Document, depth: int) -> st.SearchStrategy[Any]:
    fields = schema.get("properties", {}) if depth < 4 else {}
    needed = {name: mixed(fields[name], depth + 1) for name in schema.get("required", ()) if name in fields}
    others = {name: mixed(field, depth + 1) for name, field in fields.items() if name not in needed}
    if not fields:
        return st.dictionaries(st.sampled_from(["a", "", "\x00"]), anything, max_size=2)
    return st.fixed_dictionaries(needed, optional=others)


def mixed(schema: Document, depth: int = 0) -> st.SearchStrategy[Any]:
    """Mostly of the type, sometimes of another."""
    usual = valid(schema, depth)
    return st.integers(0, 7).flatmap(lambda chance: anything if chance == 7 else usual)


def in_an_address(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


@st.composite
def requests(draw: st.DrawFn, endpoint: Endpoint) -> tuple[str, bytes | None]:
    """Address with query string, and the body."""
    path, query = endpoint.path, []
    for one in endpoint.operation.get("parameters", ()):
        name, schema = one["name"], one.get("schema", {})
        if one["in"] == "path":
            known = st.sampled_from(KNOWN.get(name, ["1"]))
            value = draw(st.integers(0, 3).flatmap(lambda chance, k=known: anything if chance == 3 else k))
            path = path.replace(f"{{{name}}}", in_an_address(value) or "%20")
        elif one["in"] == "query" and (one.get("required") or draw(st.integers(0, 3)) == 0):
            drawn = draw(mixed(schema))
            query += [f"{name}={in_an_address(value)}" for value in (drawn if isinstance(drawn, list) else [drawn])]
    body = None
    if content := endpoint.operation.get("requestBody", {}).get("content", {}).get("application/json"):
        made = st.builds(lambda value: json.dumps(value).encode(), mixed(content["schema"]))
        body = draw(st.integers(0, 9).flatmap(lambda chance: st.sampled_from(RAW) if chance == 9 else made))
    return path + ("?" + "&".join(query) if query else ""), body


@pytest.fixture(scope="module")
def admin(client_as: Callable[[str | None], TestClient], service: OfflineService) -> TestClient:
    client = client_as("admin")
    for path, body in (
        ("/api/v2/dags/letters/dagRuns", {"dag_run_id": "first", "logical_date": None}),
        ("/api/v2/pools", {"name": "lane", "slots": 2}),
        ("/api/v2/variables", {"key": "colour", "value": "green"}),
        ("/api/v2/connections", {"connection_id": "somewhere", "conn_type": "http"}),
    ):
        assert client.post(path, json=body).status_code in (200, 201)
    return client


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: f"{one.method} {one.path}")
def test_nothing_asked_breaks_the_server(admin: TestClient, endpoint: Endpoint) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=not MORE,
        phases=(Phase.explicit, Phase.generate) if not MORE else tuple(Phase),
        suppress_health_check=list(HealthCheck),
    )
    @given(requests(endpoint))
    def ask(request: tuple[str, bytes | None]) -> None:
        address, body = request
        headers = {} if body is None else {"Content-Type": "application/json"}
        answer = admin.request(endpoint.method, address, content=body, headers=headers, follow_redirects=False)
        assert answer.status_code != 500, f"{endpoint.method} {address} {body!r}: {answer.text}"

    ask()
