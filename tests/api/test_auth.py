"""Who may ask what: tokens, roles, cookies, tries."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from queuack.api.auth import attempts
from queuack.api.auth.people import CSRF, CSRF_HEADER, SESSION
from queuack.api.auth.tokens import Tokens, signing_key
from queuack.app import OfflineService

ClientAs = Callable[[str | None], TestClient]
RUNS = "/api/v2/dags/~/dagRuns"


@pytest.mark.parametrize(
    "token",
    [
        None,
        "nonsense",
        Tokens("another key" * 4, 60).issue("admin"),
        Tokens("k" * 40, 60).issue("admin", lifetime=-5),
        Tokens("k" * 40, 60).issue("somebody who never was"),
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiIsImlzcyI6InF1ZXVhY2siLCJleHAiOjk5OTk5OTk5OTl9.",
    ],
    ids=["none", "nonsense", "foreign", "expired", "nobody", "unsigned"],
)
def test_no_valid_token_is_401(client_as: ClientAs, token: str | None) -> None:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    answer = client_as(None).get(RUNS, headers=headers)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_a_viewer_looks_and_does_not_touch(client_as: ClientAs) -> None:
    viewer = client_as("viewer")
    assert viewer.get(RUNS).status_code == 200
    refused = viewer.post("/api/v2/dags/parcels/dagRuns", json={"logical_date": None})
    assert (refused.status_code, refused.json()) == (403, {"detail": "This needs the role User; viewer is Viewer."})


def test_a_role_taken_away_is_gone_at_once(client_as: ClientAs, service: OfflineService) -> None:
    service.call("create_user", {"username": "guest", "password": "a password", "role": "Viewer"})
    guest = client_as("guest")
    service.call("update_user", {"username": "guest", "active": False})
    assert guest.get(RUNS).status_code == 401
    assert guest.post("/auth/token", json={"username": "guest", "password": "a password"}).status_code == 401


def test_a_cookie_changes_nothing_without_the_csrf_token(client_as: ClientAs) -> None:
    browser = client_as(None)
    browser.cookies.update({SESSION: Tokens("k" * 40, 60).issue("user"), CSRF: "crumb"})
    assert browser.get(RUNS).status_code == 200
    body = {"logical_date": None}
    assert browser.post("/api/v2/dags/parcels/dagRuns", json=body).status_code == 403
    wrong = browser.post("/api/v2/dags/parcels/dagRuns", json=body, headers={CSRF_HEADER: "bread"})
    assert wrong.status_code == 403
    right = browser.post("/api/v2/dags/parcels/dagRuns", json=body, headers={CSRF_HEADER: "crumb"})
    assert right.status_code == 200, right.text


def test_guessing_a_password_is_slowed_down(client_as: ClientAs, monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_as(None)
    guess = {"username": "op", "password": "not this one"}
    tries = [client.post("/auth/token", json=guess) for _ in range(attempts.FREE + 1)]
    assert (tries[0].status_code, tries[-1].status_code) == (401, 429)
    assert int(tries[-1].headers["Retry-After"]) >= 1
    now = attempts.time.monotonic() + attempts.LONGEST_PAUSE
    monkeypatch.setattr(attempts.time, "monotonic", lambda: now)
    assert client.post("/auth/token", json=guess | {"password": "a password"}).status_code == 201


def test_what_is_changed_is_in_the_audit_log_with_who(client_as: ClientAs, service: OfflineService) -> None:
    made = client_as("user").post("/api/v2/dags/parcels/dagRuns", json={"dag_run_id": "by_hand", "logical_date": None})
    assert made.status_code == 200, made.text
    assert made.json()["triggering_user_name"] == "user"
    sql = "select event, owner, dag_id, run_id from log where run_id = 'by_hand' and event = 'trigger_dag_run'"
    assert ["trigger_dag_run", "user", "parcels", "by_hand"] in service.call("sql", {"query": sql})["rows"]


def test_the_signing_key_is_made_once_and_for_nobody_else(tmp_path: Path) -> None:
    file = tmp_path / "jwt.key"
    made = signing_key(file, None)
    assert file.stat().st_mode & 0o777 == 0o600
    assert signing_key(file, None) == made
    assert signing_key(file, "from a setting") == "from a setting"
