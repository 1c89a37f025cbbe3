"""The deployment itself: what it is, and SQL over its store."""

from __future__ import annotations

import os
import platform
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from queuack import __version__, clock, config
from queuack.daemon.port import Port
from queuack.errors import InvalidRequest, StoreError
from queuack.store.queries import sql as sql_queries
from queuack.store.queries.fence import CLOSED_TABLES
from queuack.store.reader import Reader

Row = dict[str, Any]


def info(port: Port) -> Row:
    """Version, paths, counts."""
    home = config.current().home

    with port.reader() as reader:
        counts = sql_queries.run_sql(
            reader,
            "SELECT (SELECT count(*) FROM dag WHERE NOT is_stale), (SELECT count(*) FROM dag_run),"
            " (SELECT count(*) FROM task_instance), (SELECT count(*) FROM import_error)",
        ).rows[0]
    active = port.on_engine(lambda engine: len(engine.runs))
    return {
        "version": __version__,
        "python": platform.python_version(),
        "pid": os.getpid(),
        "home": str(home.root),
        "database": str(home.database),
        "dags": counts[0],
        "dag_runs": counts[1],
        "task_instances": counts[2],
        "import_errors": counts[3],
        "active_runs": active,
    }


def sql(port: Port, query: str, limit: int | None = None, timeout: float | None = None, inside: bool = False) -> Row:
    """Run one reading statement. Returns {"columns", "types", "rows" (lists), "truncated"}; instants as ISO 8601.

    ``timeout``: seconds after which it is stopped (InvalidRequest). ``inside``: nothing but the store's tables.
    """
    stopped = threading.Event()
    limit = sql_queries.DEFAULT_LIMIT if limit is None else limit
    try:
        with port.reader() as reader, _stopping(reader, timeout, stopped):
            archive = None if inside else config.current().home.archive
            found = sql_queries.run_sql(reader, query, limit=limit, inside=inside, archive=archive)
    except StoreError:
        if stopped.is_set():
            raise InvalidRequest(f"The query was stopped after {timeout:g} seconds.") from None
        raise
    return {"columns": found.columns, "types": found.types, "rows": found.rows, "truncated": found.truncated}


@contextmanager
def _stopping(reader: Reader, timeout: float | None, stopped: threading.Event) -> Iterator[None]:
    """Interrupt what ``reader`` is at when the time is over."""

    def stop() -> None:
        stopped.set()
        reader.interrupt()

    if timeout is None:
        yield
        return
    timer = threading.Timer(timeout, stop)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def sql_tables(port: Port) -> list[Row]:
    """The store's tables that the SQL page may read: name, columns (name, type)."""
    with port.reader() as reader:
        found = sql_queries.tables(reader)
    return [
        {"name": name, "columns": [{"name": column, "type": kind} for column, kind in columns]}
        for name, columns in found.items()
        if name not in CLOSED_TABLES
    ]


def health(port: Port) -> Row:
    """Each component's "status" and latest heartbeat, in the form of Airflow's ``/monitor/health``."""
    now = clock.iso(clock.now_us())
    waiting = port.on_engine(lambda engine: len(engine.triggers))
    connected = port.roles()
    well = {
        "scheduler": connected is not None,
        "triggerer": connected is not None and ("triggerer" in connected or not waiting),
        "dag_processor": connected is not None and "parser" in connected,
    }
    return {
        "metadatabase": {"status": "healthy"},
        **{
            name: {"status": "healthy" if good else "unhealthy", f"latest_{name}_heartbeat": now if good else None}
            for name, good in well.items()
        },
    }


METHODS = (info, sql, sql_tables, health)
