"""The page about the REST API: complete, open, nothing from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable

from fastapi.testclient import TestClient

BrowserOf = Callable[[str | None], TestClient]


def test_it_names_every_endpoint_and_loads_nothing_from_elsewhere(browser_of: BrowserOf) -> None:
    browser = browser_of(None)
    page = browser.get("/docs")
    assert page.status_code == 200
    document = browser.get("/openapi.json").json()
    for path, operations in document["paths"].items():
        assert f"<code>{path}</code>" in page.text
        for operation in operations.values():
            assert f'id="{operation["operationId"]}"' in page.text
    assert "<code>dags[].tags[].name</code>" in page.text
    assert not re.findall(r"""(?:src|href)=["'](?:https?:)?//""", page.text)
    for asset in re.findall(r'(?:src|href)="(/static/[^"?]+)', page.text):
        assert browser.get(asset).status_code == 200, asset


def test_somebody_who_is_logged_in_keeps_the_menu(browser: TestClient) -> None:
    assert "Main" in browser.get("/docs").text
