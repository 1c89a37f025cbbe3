"""Getting in: by password, by the printed link, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from queuack import config
from queuack.app import OfflineService
from queuack.daemon.services.login import new_login_secret
from tests.api.conftest import PASSWORD

BrowserOf = Callable[[str | None], TestClient]


def test_nobody_is_sent_to_the_login_page_and_back(browser_of: BrowserOf) -> None:
    browser = browser_of(None)
    sent = browser.get("/dags?tag=post")
    assert (sent.status_code, sent.headers["location"]) == (303, "/login?next=%2Fdags%3Ftag%3Dpost")
    entered = browser.post(sent.headers["location"], data={"username": "viewer", "password": PASSWORD})
    assert (entered.status_code, entered.headers["location"]) == (303, "/dags?tag=post")
    assert browser.get("/dags?tag=post").status_code == 200


def test_a_wrong_password_stays_outside(browser_of: BrowserOf) -> None:
    answer = browser_of(None).post("/login", data={"username": "viewer", "password": "guess"})
    assert answer.status_code == 401
    assert "Invalid credentials" in answer.text


@pytest.mark.parametrize("target", ["https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example"])
def test_the_way_back_never_leads_elsewhere(browser_of: BrowserOf, target: str) -> None:
    answer = browser_of(None).post("/login", params={"next": target}, data={"username": "viewer", "password": PASSWORD})
    assert answer.headers["location"] == "/"


def test_the_printed_link_is_good_once(browser_of: BrowserOf, service: OfflineService) -> None:
    secret = new_login_secret(service._port, config.current().home)
    first, second = browser_of(None), browser_of(None)
    assert first.get(f"/login?token={secret}").status_code == 303
    assert first.get("/dags").status_code == 200
    assert second.get(f"/login?token={secret}").status_code == 401


def test_logging_out_forgets_the_session(browser: TestClient) -> None:
    ended = browser.post("/logout")
    gone = [cookie for cookie in ended.headers.get_list("set-cookie") if "Max-Age=0" in cookie]
    assert len(gone) == 2


def test_pages_load_nothing_from_elsewhere(browser: TestClient) -> None:
    answer = browser.get("/dags")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "http://" not in answer.text.replace("http://www.w3.org", "")
