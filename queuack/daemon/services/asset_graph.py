"""How assets and DAGs hang together, for drawing: who updates what, who waits for what, which aliases lead where."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from queuack.daemon.port import Port
from queuack.daemon.services.assets import list_assets
from queuack.store.queries import assets

Row = dict[str, Any]

RELATIONS = {"producing_tasks": "produces", "scheduled_dags": "triggers", "consuming_tasks": "reads"}
"""Field of an asset → kind of edge."""

MOST = 300
"""Nodes of a graph; more is no picture any more."""


def asset_graph(port: Port, asset_id: int | None = None, most: int = MOST) -> Row:
    """{"nodes": [{"key", "kind" (asset, dag, alias), "name", "id", "at"}], "edges": [[from, to, kind]], "left_out"}.

    ``asset_id``: only what hangs together with it, nearest first. ``at``: the last event of an asset. Edges are
    produces (DAG → asset), triggers (asset or alias → DAG), reads (asset → DAG that has it as inlet) and alias
    (alias → asset). ``left_out``: nodes beyond ``most``.
    """
    nodes: dict[str, Row] = {}
    edges: list[tuple[str, str, str]] = []
    start = None
    for row in list_assets(port, only_active=True):
        key = f"asset:{row['id']}"
        last = row["last_asset_event"]
        nodes[key] = _node(key, "asset", row["name"], row["id"], last["timestamp"] if last else None)
        start = key if row["id"] == asset_id else start
        waiting = {dag["dag_id"] for dag in row["scheduled_dags"]}
        for field, kind in RELATIONS.items():
            for dag_id in dict.fromkeys(task["dag_id"] for task in row[field]):
                if kind == "reads" and dag_id in waiting:
                    continue
                dag = f"dag:{dag_id}"
                nodes.setdefault(dag, _node(dag, "dag", dag_id))
                edges.append((dag, key, kind) if kind == "produces" else (key, dag, kind))
        edges += [(f"alias:{alias['id']}", key, "alias") for alias in row["aliases"]]
    _add_aliases(port, nodes, edges)
    kept = _near(nodes, edges, start, most) if asset_id is not None else list(nodes)[:most]
    shown = set(kept)
    return {
        "nodes": [nodes[key] for key in kept],
        "edges": [list(edge) for edge in dict.fromkeys(edges) if edge[0] in shown and edge[1] in shown],
        "left_out": len(nodes) - len(kept) if asset_id is None else 0,
    }


def _node(key: str, kind: str, name: str, number: int | None = None, at: str | None = None) -> Row:
    return {"key": key, "kind": kind, "name": name, "id": number, "at": at}


def _add_aliases(port: Port, nodes: dict[str, Row], edges: list[tuple[str, str, str]]) -> None:
    with port.reader() as reader:
        aliases = assets.list_aliases(reader)
        waiting = assets.alias_scheduled_dags(reader, [row["id"] for row in aliases])
    for row in aliases:
        key = f"alias:{row['id']}"
        nodes[key] = _node(key, "alias", row["name"], row["id"])
        for dag in waiting[row["id"]]:
            name = f"dag:{dag['dag_id']}"
            nodes.setdefault(name, _node(name, "dag", dag["dag_id"]))
            edges.append((key, name, "triggers"))


def _near(nodes: dict[str, Row], edges: Iterable[tuple[str, str, str]], start: str | None, most: int) -> list[str]:
    """What can be reached from ``start`` along edges either way, nearest first."""
    if start is None:
        return []
    beside: dict[str, list[str]] = {}
    for source, target, _ in edges:
        beside.setdefault(source, []).append(target)
        beside.setdefault(target, []).append(source)
    found = {start: None}
    for at in (queue := [start]):
        for other in beside.get(at, ()):
            if other not in found and other in nodes and len(found) < most:
                found[other] = None
                queue.append(other)
    return list(found)


METHODS = (asset_graph,)
