"""The pages over a service in this process; the home and its people are those of the API's tests."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from queuack.api.app import ApiSettings, create_app
from queuack.api.auth.people import CSRF, SESSION
from queuack.api.auth.tokens import Tokens
from queuack.api.backend import DirectBackend
from queuack.app import OfflineService
from queuack.web import pages
from tests.api.conftest import service

__all__ = ["service"]

KEY = "k" * 40


@pytest.fixture(scope="module")
def browser_of(service: OfflineService) -> Callable[[str | None], TestClient]:
    """A browser in which viewer, user, op or admin is logged in; None: nobody."""
    app = create_app(DirectBackend(service), ApiSettings(signing_key=KEY))
    pages.install(app)

    def browser(username: str | None) -> TestClient:
        made = TestClient(app, raise_server_exceptions=False, follow_redirects=False)
        if username is not None:
            made.cookies.update({SESSION: Tokens(KEY, 600).issue(username), CSRF: "crumb"})
        return made

    return browser


@pytest.fixture
def browser(browser_of: Callable[[str | None], TestClient]) -> TestClient:
    """An administrator's."""
    return browser_of("admin")
