"""How DAGs depend on one another: by triggers, sensors, markers, SubDAGs and assets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from queuack.daemon.port import Port
from queuack.daemon.services.asset_graph import asset_graph
from queuack.engine.engine import Engine
from queuack.engine.spec import DagDocument

Row = dict[str, Any]


def dag_dependencies(port: Port) -> list[Row]:
    """One row an edge: source, target ({"kind": dag, asset or alias, "name"} each) and kind.

    Kinds between DAGs: trigger (a task triggers the other), sensor (the other waits for a run of the source), marker
    (clearing goes on there) and subdag, with task_id, the task it is about. From and to assets and aliases as in
    ``asset_graph``. Only what DAG files say in plain text is known; ``task_id`` is None of the latter.
    """

    def look(engine: Engine) -> list[DagDocument]:
        return [dag.document for dag in engine.dags.values() if not dag.is_stale]

    rows = [row for document in port.on_engine(look) for row in _of_tasks(document)]
    graph = asset_graph(port, most=1 << 30)
    nodes = {node["key"]: {"kind": node["kind"], "name": node["name"]} for node in graph["nodes"]}
    rows += [_edge(nodes[source], nodes[target], kind) for source, target, kind in graph["edges"]]
    return sorted(
        rows, key=lambda row: (row["source"]["name"], row["target"]["name"], row["kind"], row["task_id"] or "")
    )


def _of_tasks(document: DagDocument) -> Iterator[Row]:
    own = _dag(document.dag_id)
    for task in document.tasks:
        if task.triggers_dag is not None:
            yield _edge(own, _dag(task.triggers_dag), "trigger", task.task_id)
        if task.waits_for_dag is not None:
            yield _edge(_dag(task.waits_for_dag), own, "sensor", task.task_id)
        if task.marker is not None:
            yield _edge(own, _dag(task.marker.dag_id), "marker", task.task_id)
        if task.subdag is not None:
            yield _edge(own, _dag(task.subdag.dag_id), "subdag", task.task_id)


def _dag(dag_id: str) -> Row:
    return {"kind": "dag", "name": dag_id}


def _edge(source: Row, target: Row, kind: str, task_id: str | None = None) -> Row:
    return {"source": source, "target": target, "kind": kind, "task_id": task_id}


METHODS = (dag_dependencies,)
