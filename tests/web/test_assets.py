"""Assets and their graph, over a home with DAGs that hand on to one another."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from queuack import config
from queuack.api.app import ApiSettings, create_app
from queuack.api.auth.people import SESSION
from queuack.api.auth.tokens import Tokens
from queuack.api.backend import DirectBackend
from queuack.app import OfflineService, offline_service
from queuack.home import Home
from queuack.web import pages

DAGS = """
from datetime import datetime

from airflow.sdk import DAG, Asset, AssetAlias, task

orders, marts, other = Asset("orders", uri="s3://lake/<orders>"), Asset("marts"), Asset("other")
first = datetime(2026, 1, 1)

with DAG("load", schedule=None, start_date=first):

    @task(outlets=[orders])
    def load() -> None: ...

    load()

with DAG("build", schedule=[orders], start_date=first):

    @task(inlets=[orders, other], outlets=[marts])
    def build() -> None: ...

    build()

with DAG("named", schedule=[AssetAlias("nick")], start_date=first):

    @task
    def work() -> None: ...

    work()
"""


@pytest.fixture(scope="module")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfflineService]:
    home = Home(tmp_path_factory.mktemp("home"))
    home.dags.mkdir(parents=True)
    (home.dags / "assets.py").write_text(DAGS)
    before = config.configure(config.load(home))
    found = offline_service(home)
    found.sync()
    found.call("create_user", {"username": "viewer", "password": "a password", "role": "Viewer"})
    found.call("create_asset_event", {"name": "orders", "extra": {"rows": 3}})
    yield found
    found.close()
    config.configure(before)


@pytest.fixture(scope="module")
def viewer(assets: OfflineService) -> TestClient:
    app = create_app(DirectBackend(assets), ApiSettings(signing_key="k" * 40))
    pages.install(app)
    made = TestClient(app, raise_server_exceptions=False, follow_redirects=False)
    made.cookies.set(SESSION, Tokens("k" * 40, 600).issue("viewer"))
    return made


def test_the_graph_leads_from_maker_to_reader(assets: OfflineService) -> None:
    graph = assets.call("asset_graph", {})
    names = {node["key"]: node["name"] for node in graph["nodes"]}
    edges = {(names[source], names[target], kind) for source, target, kind in graph["edges"]}
    assert edges == {
        ("load", "orders", "produces"),
        ("orders", "build", "triggers"),
        ("other", "build", "reads"),
        ("build", "marts", "produces"),
        ("nick", "named", "triggers"),
    }


def test_around_an_asset_is_only_what_hangs_together_with_it(assets: OfflineService) -> None:
    orders = assets.call("get_asset", {"name": "orders"})
    graph = assets.call("asset_graph", {"asset_id": orders["id"]})
    assert {node["name"] for node in graph["nodes"]} == {"load", "orders", "build", "other", "marts"}
    near = assets.call("asset_graph", {"asset_id": orders["id"], "most": 2})
    assert near["nodes"][0]["name"] == "orders"
    assert len(near["nodes"]) == 2


def test_the_pages(viewer: TestClient, assets: OfflineService) -> None:
    orders = assets.call("get_asset", {"name": "orders"})
    assert "s3://lake/&lt;orders&gt;" in viewer.get("/assets").text
    assert "No asset is called that" in viewer.get("/assets?search=nothing").text
    assert 'class="aedge triggers"' in viewer.get("/assets/graph").text
    page = viewer.get(f"/assets/{orders['id']}").text
    assert "from outside" in page
    assert "rows" in page
    assert "data-action" not in page
    assert viewer.get("/assets/99999").status_code == 404
