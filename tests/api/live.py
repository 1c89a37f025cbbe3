"""A real ``queuack standalone`` on a free port, and Airflow's published client for it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import airflow_client.client as published

from tests.live.daemon import LiveDaemon, until

PASSWORD = "a password"
ADDRESS = re.compile(r"http://[\w.:]+:\d+")


@contextmanager
def standalone(root: Path, dags: dict[str, str], **settings: Any) -> Iterator[tuple[LiveDaemon, published.ApiClient]]:
    """``dags``: file name → text. The client is logged in as an administrator."""
    daemon = LiveDaemon(root, "standalone", api__port=0, **settings)
    for name, text in dags.items():
        daemon.dag(name, text)
    with daemon:
        daemon.call("create_user", username="somebody", password=PASSWORD, role="Admin")
        found = until(lambda: ADDRESS.search(daemon.output.read_text()), 30, "the address of the API")
        configuration = published.Configuration(host=found.group())
        with published.ApiClient(configuration) as client:
            configuration.access_token = token(client)
            yield daemon, client


def token(client: published.ApiClient) -> str:
    """What ``POST /auth/token`` answers."""
    answer = client.call_api(
        "POST",
        f"{client.configuration.host}/auth/token",
        {"Content-Type": "application/json"},
        {"username": "somebody", "password": PASSWORD},
    )
    answer.read()
    return str(json.loads(answer.data)["access_token"])
