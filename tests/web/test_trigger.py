"""The trigger form as the server makes it; ``tests/web/test_browser.py`` fills one in."""

from __future__ import annotations

from collections.abc import Callable

from fastapi.testclient import TestClient


def test_the_form_takes_its_configuration_from_the_address(browser: TestClient) -> None:
    text = browser.get("/dags/parcels/trigger", params={"conf": '{"weight": 3}', "note": "<heavy>"}).text
    assert "&#34;weight&#34;: 3" in text
    assert "&lt;heavy&gt;" in text
    assert browser.get("/dags/parcels/trigger", params={"conf": "[1]"}).status_code == 400
    assert browser.get("/dags/nothing/trigger").status_code == 404


def test_who_may_not_trigger_reads_why(browser_of: Callable[[str | None], TestClient]) -> None:
    text = browser_of("viewer").get("/dags/parcels/trigger").text
    assert "needs the role User" in text
    assert '<button class="btn go" disabled>' in text
