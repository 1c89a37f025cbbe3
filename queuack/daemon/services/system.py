"""The deployment itself: what it is, and SQL over its store."""

from __future__ import annotations

import os
import platform
from typing import Any

from queuack import __version__, clock, config
from queuack.daemon.port import Port
from queuack.store.queries import sql as sql_queries

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


def sql(port: Port, query: str, limit: int | None = None) -> Row:
    """Run one reading statement. Returns {"columns": [...], "rows": [[...]]}; instants as ISO 8601."""
    with port.reader() as reader:
        found = sql_queries.run_sql(
            reader,
            query,
            limit=sql_queries.DEFAULT_LIMIT if limit is None else limit,
            archive=config.current().home.archive,
        )
    return {"columns": found.columns, "rows": found.rows, "truncated": found.truncated}


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


METHODS = (info, sql, health)
