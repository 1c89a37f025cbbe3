"""Assets and aliases: list, look up, update from outside, materialize."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from queuack import clock
from queuack.daemon.asset_runtime import asset_events, asset_find, assets_of_alias
from queuack.daemon.port import Port
from queuack.daemon.services.lists import list_page
from queuack.daemon.services.runs import instant, trigger_run
from queuack.daemon.services.shown import shown
from queuack.engine.events import CreateAssetEvent, DequeueAssets
from queuack.errors import InvalidRequest, NotFound, SeveralFound
from queuack.store.queries import assets
from queuack.store.reader import Reader

Row = dict[str, Any]

_RELATIONS = {
    "scheduled_dags": "asset_scheduled_dags",
    "producing_tasks": "asset_producing_tasks",
    "consuming_tasks": "asset_consuming_tasks",
    "aliases": "aliases_of_assets",
    "watchers": "watchers_of_assets",
}
"""Field of an asset → the query that fills it."""


def list_assets(port: Port, name: str | None = None, uri: str | None = None, only_active: bool = False) -> list[Row]:
    """Airflow's AssetResponse, by name; with ``is_active``."""
    with port.reader() as reader:
        return _with_relations(reader, assets.list_assets(reader, name=name, uri=uri, only_active=only_active))


def get_asset(port: Port, name: str | None = None, uri: str | None = None) -> Row:
    """The one asset with this name, URI, or both. Raises NotFound, InvalidRequest when there are several."""
    said = _said(name, uri)
    found = list_assets(port, name, uri)
    if not found:
        raise NotFound(f"Asset with {said} does not exist.")
    if len(found) > 1:
        raise InvalidRequest(f"More than one asset exists with {said}.")
    return found[0]


def get_asset_by_id(port: Port, asset_id: int) -> Row:
    """Raises NotFound."""
    found = asset_page(port, [["id", "eq", asset_id]], limit=1)["rows"]
    if not found:
        raise NotFound(f"The Asset with ID: `{asset_id}` was not found")
    return dict(found[0])


def asset_page(port: Port, where: Sequence[Sequence[Any]] = (), **paging: Any) -> Row:
    """As ``list_page`` of the list ``assets``, with all that relates to each; secrets in ``extra`` are hidden."""
    page = list_page(port, "assets", where, **paging)
    with port.reader() as reader:
        rows = _with_relations(reader, page["rows"])
    for row in rows:
        row["extra"] = shown(msgspec.json.decode(row.pop("asset_extra")))
        for watcher in row["watchers"]:
            watcher["created_date"] = watcher.pop("trigger_created_date")
    return {**page, "rows": rows}


def list_asset_aliases(port: Port, name: str | None = None) -> list[Row]:
    """id, name, group."""
    with port.reader() as reader:
        return assets.list_aliases(reader, name)


def get_asset_alias(port: Port, name: str) -> Row:
    """Raises NotFound."""
    for row in list_asset_aliases(port, name):
        return row
    raise NotFound(f"Asset alias with name {name} does not exist.")


def materialize_asset(
    port: Port,
    name: str | None = None,
    uri: str | None = None,
    triggered_by: str = "cli",
    user: str | None = None,
    conf: Row | None = None,
    partition_key: str | None = None,
    **options: Any,
) -> Row:
    """Trigger the one DAG that has the asset as outlet. Returns the run's row. ``options``: as of ``trigger_run``.

    Raises NotFound, and SeveralFound when several DAGs have it.
    """
    said = _said(name, uri)
    with port.reader() as reader:
        found = assets.materializing_dags(reader, name=name, uri=uri)
    if not found:
        raise NotFound(f"Asset with {said} does not exist, or no DAG has it as outlet.")
    if len(found) > 1:
        raise SeveralFound(f"More than one DAG materializes asset with {said}: {', '.join(found)}.")
    return trigger_run(
        port,
        found[0],
        conf=conf,
        triggered_by=triggered_by,
        user=user,
        run_type="asset_materialization",
        partition_key=partition_key,
        **options,
    )


def create_asset_event(
    port: Port,
    name: str | None = None,
    uri: str | None = None,
    extra: Row | None = None,
    partition_key: str | None = None,
) -> Row:
    """Update an asset from outside; DAGs that wait for it run. Returns the event's row. Raises NotFound."""
    _said(name, uri)
    event = CreateAssetEvent(name=name, uri=uri, extra=extra or {}, partition_key=partition_key)
    event_id = port.request(event)
    with port.reader() as reader:
        return _public(next(row for row in assets.asset_events(reader, event_id=event_id)))


def list_asset_events(
    port: Port,
    name: str | None = None,
    uri: str | None = None,
    alias: str | None = None,
    source_dag_id: str | None = None,
    limit: int = 100,
) -> list[Row]:
    """Newest first: Airflow's AssetEventResponse."""
    with port.reader() as reader:
        found = assets.asset_events(
            reader, name=name, uri=uri, alias=alias, source_dag_id=source_dag_id, ascending=False, limit=limit
        )
    return [_public(row) for row in found]


def list_queued_asset_events(
    port: Port, dag_id: str | None = None, asset_id: int | None = None, before: str | None = None
) -> list[Row]:
    """asset_id, dag_id, name, uri, created_at, dag_display_name of what waits for a run; ``before``: ISO 8601."""
    at = instant(before, "before")
    with port.reader() as reader:
        return assets.queued_events(reader, dag_id, asset_id=asset_id, before=at)


def delete_queued_asset_events(
    port: Port, dag_id: str | None = None, asset_id: int | None = None, before: str | None = None
) -> int:
    """Forget what waits for a run: of one DAG, of one asset, or of both. How many there were. Raises NotFound for none.

    The events themselves stay: the DAG's next run consumes them.
    """
    if dag_id is None and asset_id is None:
        raise InvalidRequest("Either a DAG or an asset is required.")
    at = instant(before, "before")
    gone: int = port.request(DequeueAssets(asset_id=asset_id, dag_id=dag_id, before=at))
    if not gone:
        named = [f"dag_id: `{dag_id}`"] * (dag_id is not None) + [f"asset_id: `{asset_id}`"] * (asset_id is not None)
        raise NotFound(f"Queued event with {' and '.join(named)} was not found")
    return gone


def _said(name: str | None, uri: str | None) -> str:
    parts = [f"name {name}"] * bool(name) + [f"URI {uri}"] * bool(uri)
    if not parts:
        raise InvalidRequest("Either a name or a URI is required.")
    return " and ".join(parts)


def _with_relations(reader: Reader, found: list[Row]) -> list[Row]:
    ids = [row["id"] for row in found]
    related = {field: assets.asset_relations(reader, query, ids) for field, query in _RELATIONS.items()}
    last = assets.asset_relations(reader, "last_asset_events", ids)
    return [
        {
            **row,
            **{field: by_id[row["id"]] for field, by_id in related.items()},
            "last_asset_event": next(iter(last[row["id"]]), None),
        }
        for row in found
    ]


def _public(row: Row) -> Row:
    asset = row.pop("asset")
    runs = [
        {name: clock.iso(value) if name in _INSTANTS else value for name, value in run.items()}
        for run in row.pop("created_dagruns")
    ]
    return {
        **row,
        "timestamp": clock.iso(row["timestamp"]),
        "name": asset["name"],
        "uri": asset["uri"],
        "group": asset["group"],
        "created_dagruns": runs,
    }


_INSTANTS = ("logical_date", "start_date", "end_date", "data_interval_start", "data_interval_end")

METHODS = (
    list_assets,
    get_asset,
    get_asset_by_id,
    asset_page,
    list_asset_aliases,
    get_asset_alias,
    materialize_asset,
    create_asset_event,
    list_asset_events,
    list_queued_asset_events,
    delete_queued_asset_events,
    asset_find,
    assets_of_alias,
    asset_events,
)
