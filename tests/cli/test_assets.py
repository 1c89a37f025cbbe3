"""``queuack assets``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from click.testing import Result

from queuack.errors import NotFound

Run = Callable[..., Result]
Json = Callable[..., Any]

ASSET = {
    "id": 1,
    "name": "orders",
    "uri": "s3://shop/orders",
    "group": "asset",
    "is_active": True,
    "extra": {"k": 1},
    "scheduled_dags": [{"dag_id": "report"}, {"dag_id": "other"}],
    "producing_tasks": [{"dag_id": "load", "task_id": "t"}],
    "last_asset_event": {"id": 3, "timestamp": "2026-01-01T00:00:00+00:00"},
}
EVENT = {
    "id": 3,
    "timestamp": "2026-01-01T00:00:00+00:00",
    "name": "orders",
    "partition_key": None,
    "source_dag_id": "load",
    "source_task_id": "t",
    "extra": {"rows": 3},
    "created_dagruns": [{"dag_id": "report", "run_id": "r"}],
}
RUN = {"dag_id": "load", "run_id": "asset_materialization__x", "state": "queued", "run_type": "asset_materialization"}


def test_list(client: Any, queuack: Run, run_json: Json) -> None:
    client.answers |= {"list_assets": [ASSET], "list_asset_aliases": [{"id": 1, "name": "al", "group": "asset"}]}
    (row,) = run_json("assets", "list")
    assert (row["name"], row["produced_by"], row["waited_for_by"]) == ("orders", "load.t", "report, other")
    assert queuack("assets", "list", "--alias").stdout.splitlines()[1].split() == ["al", "asset"]


def test_details(client: Any, queuack: Run, run_json: Json) -> None:
    client.answers |= {"get_asset": ASSET, "get_asset_alias": {"id": 1, "name": "al", "group": "asset"}}
    assert run_json("assets", "details", "--uri", "s3://shop/orders")[0]["extra"] == {"k": 1}
    assert client.params("get_asset") == {"name": None, "uri": "s3://shop/orders"}
    lines = queuack("assets", "details", "--name", "orders").stdout.splitlines()
    assert lines[2].split() == ["name", "orders"]
    assert run_json("assets", "details", "--alias", "--name", "al")[0]["name"] == "al"
    assert queuack("assets", "details", "--alias", "--uri", "x").exit_code == 2
    client.answers["get_asset"] = NotFound("Asset with name x does not exist.")
    assert queuack("assets", "details", "--name", "x").stderr == "Error: Asset with name x does not exist.\n"


def test_events_and_updates(client: Any, queuack: Run, run_json: Json) -> None:
    client.answers |= {"list_asset_events": [EVENT], "create_asset_event": EVENT, "materialize_asset": RUN}
    (row,) = run_json("assets", "events", "--name", "orders", "--limit", "5")
    assert (row["source"], row["runs"]) == ("load.t", "report r")
    assert run_json("assets", "update", "--name", "orders", "--extra", '{"a": 1}', "--partition-key", "us")
    assert client.params("create_asset_event") == {
        "name": "orders",
        "uri": None,
        "extra": {"a": 1},
        "partition_key": "us",
    }
    for bad in ("{", "[]"):
        assert queuack("assets", "update", "--name", "orders", "--extra", bad).exit_code == 2
    assert run_json("assets", "materialize", "--name", "orders") == [RUN]
