"""Every operation that changes something asks who it is: generated from the OpenAPI document, so new ones are included."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from queuack.api import described
from queuack.api.auth.people import CSRF, SESSION
from queuack.api.auth.tokens import Tokens
from tests.api.rest_reference import our_document

ClientAs = Callable[[str | None], TestClient]

OPEN = {"/auth/token", "/auth/token/cli"}
"""Where people say who they are."""
ALSO_OPEN_TO_LOOK = {"/api/v2/version", "/api/v2/monitor/health", "/api/v2/auth/login", "/api/v2/auth/logout"}
OWN = ("/favorite", "/unfavorite")
"""A Viewer's own favourites."""
READS = "/list"
"""Lists whose question is too long for an address."""

KEY = "k" * 40
FORGED = {
    "none": None,
    "nonsense": "nonsense",
    "foreign": Tokens("another key" * 4, 60).issue("admin"),
    "expired": Tokens(KEY, 60).issue("admin", lifetime=-5),
    "nobody": Tokens(KEY, 60).issue("somebody who never was"),
    "unsigned": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiIsImlzcyI6InF1ZXVhY2siLCJleHAiOjk5OTk5OTk5OTl9.",
}

OPERATIONS = [(one.method, one.path) for one in described.endpoints(our_document()) if one.path not in OPEN]
CHANGES = [(method, path) for method, path in OPERATIONS if method != "GET" and not path.endswith(READS)]


def _ask(client: TestClient, method: str, path: str, **more: object) -> tuple[str, str, int]:
    body = None if method in ("GET", "DELETE") else {}
    answer = client.request(method, re.sub(r"\{\w+\}", "1", path), json=body, follow_redirects=False, **more)
    return method, path, answer.status_code


def test_a_viewer_may_change_nothing(client_as: ClientAs) -> None:
    viewer = client_as("viewer")
    asked = [_ask(viewer, *one) for one in CHANGES if not one[1].endswith(OWN)]
    assert len(asked) > 20
    assert [one for one in asked if one[2] != 403] == []


def test_a_viewer_has_favourites_and_reads(client_as: ClientAs) -> None:
    viewer = client_as("viewer")
    asked = [_ask(viewer, *one) for one in OPERATIONS if one[1].endswith((*OWN, READS))]
    assert asked
    assert [one for one in asked if one[2] in (401, 403)] == []


@pytest.mark.parametrize("kind", FORGED)
def test_without_a_valid_token_nothing_is_answered(client_as: ClientAs, kind: str) -> None:
    token = FORGED[kind]
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    asked = [_ask(client_as(None), *one, headers=headers) for one in OPERATIONS if one[1] not in ALSO_OPEN_TO_LOOK]
    assert [one for one in asked if one[2] != 401] == []


def test_a_cookie_changes_nothing_without_the_csrf_token(client_as: ClientAs) -> None:
    browser = client_as(None)
    browser.cookies.update({SESSION: Tokens(KEY, 60).issue("admin"), CSRF: "crumb"})
    assert [one for one in (_ask(browser, *one) for one in CHANGES) if one[2] != 403] == []
