"""The pages as a browser without JavaScript gets them."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient


@pytest.mark.parametrize("path", ["/", "/dags"])
def test_every_page_opens(browser: TestClient, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == 200, answer.text


def test_dags_are_found_by_name_and_tag(browser: TestClient) -> None:
    assert "parcels" not in browser.get("/dags?search=lett").text
    assert "letters" not in browser.get("/dags?search=parc").text
    both = browser.get("/dags?tag=post").text
    assert "letters" in both
    assert "parcels" in both
    assert "No DAG is like that" in browser.get("/dags?search=nothing").text


def test_dags_are_found_by_owner(browser: TestClient) -> None:
    assert "letters" in browser.get("/dags?owner=airflow").text
    assert "No DAG is like that" in browser.get("/dags?owner=nobody").text
    assert "You have no favourites yet" in browser.get("/dags?favorite=true").text
