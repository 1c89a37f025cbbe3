"""The API over a service in this process: a home with two DAGs and one user of each role, no daemon."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from fastapi.testclient import TestClient

from queuack import config
from queuack.api.app import ApiSettings, create_app
from queuack.api.backend import DirectBackend
from queuack.app import OfflineService, offline_service
from queuack.daemon.services import passwords
from queuack.home import Home

DAGS = """
from datetime import datetime

from airflow.sdk import DAG, task

with DAG("letters", schedule="@daily", start_date=datetime(2026, 1, 1), catchup=False, tags=["post", "paper"]):

    @task(retries=2)
    def write() -> str:
        return "dear"

    @task
    def send(text: str) -> None:
        print(text)

    send(write())

with DAG("parcels", schedule=None, start_date=datetime(2026, 1, 1), tags=["post"], description="heavy things"):

    @task
    def weigh() -> int:
        return 3

    weigh()
"""
PASSWORD = "a password"
ROLES = ("Viewer", "User", "Op", "Admin")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfflineService]:
    home = Home(tmp_path_factory.mktemp("home"))
    home.dags.mkdir(parents=True)
    (home.dags / "post.py").write_text(DAGS)
    before = config.configure(config.load(home))
    cost, passwords.COST = passwords.COST, 2**4  # as quick as it is safe elsewhere
    found = offline_service(home)
    found.sync()
    for role in ROLES:
        found.call("create_user", {"username": role.lower(), "password": PASSWORD, "role": role})
    yield found
    found.close()
    passwords.COST = cost
    config.configure(before)


@pytest.fixture(scope="module")
def client_as(service: OfflineService) -> Callable[[str | None], TestClient]:
    """A client that has logged in as viewer, user, op or admin; None: as nobody."""
    app = create_app(DirectBackend(service), ApiSettings(signing_key="k" * 40))

    def client(username: str | None) -> TestClient:
        made = TestClient(app, raise_server_exceptions=False)
        if username is not None:
            answer = made.post("/auth/token", json={"username": username, "password": PASSWORD})
            assert answer.status_code == 201, answer.text
            made.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return made

    return client


@pytest.fixture
def api(client_as: Callable[[str | None], TestClient]) -> TestClient:
    """As an administrator."""
    return client_as("admin")
