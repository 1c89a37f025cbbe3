"""The pages of the administration: who sees which, and that no secret is on them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from queuack.app import OfflineService
from queuack.web.pages.admin import TABS

BrowserOf = Callable[[str | None], TestClient]


@pytest.mark.parametrize(("name", "word", "least"), TABS)
def test_each_page_opens_for_its_role_and_is_told_to_nobody_else(
    browser_of: BrowserOf, name: str, word: str, least: str
) -> None:
    roles = ["viewer", "user", "op", "admin"]
    for role in roles:
        answer = browser_of(role).get(f"/admin/{name}")
        allowed = roles.index(role) >= roles.index(least.lower())
        assert answer.status_code == (200 if allowed else 403), (role, answer.text)
        assert allowed or f"{word} needs the role {least}" in answer.text
    assert (f'href="/admin/{name}"' in browser_of("viewer").get("/admin/pools").text) == (least == "Viewer")


def test_secrets_are_on_no_page(browser: TestClient, service: OfflineService) -> None:
    service.call("set_variable", {"key": "mail_password", "value": "geheim"})
    service.call("set_variable", {"key": "place", "value": "the <pond>"})
    connection = {"conn_id": "lake", "conn_type": "http", "password": "geheim", "extra": '{"token": "geheim", "a": 7}'}
    service.call("add_connection", {"connection": connection})
    variables, connections = browser.get("/admin/variables").text, browser.get("/admin/connections").text
    assert "geheim" not in variables + connections + browser.get("/admin/audit").text
    assert "the &lt;pond&gt;" in variables
    assert "lake" in connections
    assert "No variable is called that" in browser.get("/admin/variables?search=nothing").text


def test_nothing_to_change_for_who_may_only_look(browser_of: BrowserOf) -> None:
    text = browser_of("viewer").get("/admin/pools").text
    assert "data-form" not in text
    assert "data-action" not in text


def test_the_audit_log_is_filtered(browser: TestClient) -> None:
    assert "create_user" in browser.get("/admin/audit?event=create_user").text
    assert "Nothing like that was done" in browser.get("/admin/audit?owner=nobody").text
