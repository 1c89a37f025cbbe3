"""What a refusal adds when a name is not known: the nearest one that is. The one place that knows how."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from queuack.daemon.port import Port
from queuack.errors import DagNotFound, DagRunNotFound
from queuack.store.queries import dags as dag_queries
from queuack.store.queries import runs as run_queries

LATEST_RUNS = 500
"""Among how many of a DAG's runs the nearest id is looked for."""


@contextmanager
def suggesting(port: Port, params: dict[str, Any]) -> Iterator[None]:
    """Lets DagNotFound and DagRunNotFound out with the nearest known name; ``params`` are those of the method."""
    try:
        yield
    except DagNotFound as error:
        raise DagNotFound(error.message + _nearest(params.get("dag_id"), _dag_ids(port))) from error
    except DagRunNotFound as error:
        wanted = params.get("run") or params.get("run_id")
        raise DagRunNotFound(error.message + _nearest(wanted, _run_ids(port, params.get("dag_id")))) from error


def _dag_ids(port: Port) -> list[str]:
    with port.reader() as reader:
        return [row["dag_id"] for row in dag_queries.list_dags(reader)]


def _run_ids(port: Port, dag_id: Any) -> list[str]:
    if not isinstance(dag_id, str):
        return []
    with port.reader() as reader:
        return [row["run_id"] for row in run_queries.list_runs(reader, dag_id, limit=LATEST_RUNS)]


def _nearest(wanted: Any, known: list[str]) -> str:
    if not isinstance(wanted, str) or wanted in known:
        return ""
    found = difflib.get_close_matches(wanted, known, n=1)
    return f" Did you mean {found[0]!r}?" if found else ""
