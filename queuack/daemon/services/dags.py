"""DAGs, their versions, import errors and schedules."""

from __future__ import annotations

import fnmatch
from typing import Any

import msgspec

from queuack import clock
from queuack.daemon.port import Port
from queuack.daemon.services.schedules import runs_to_come
from queuack.engine.engine import Engine
from queuack.engine.events import DeleteDag, SetPaused
from queuack.engine.spec import decode
from queuack.engine.states import DagRunState
from queuack.errors import DaemonUnreachable, DagNotFound, NotFound
from queuack.store import listing
from queuack.store.queries import dags as dag_queries
from queuack.store.queries import import_errors, versions
from queuack.store.queries import runs as run_queries
from queuack.store.queries.users import favorites_of

Row = dict[str, Any]


def list_dags(
    port: Port, dag_id_pattern: str | None = None, tags: list[str] | None = None, include_stale: bool = False
) -> list[Row]:
    """All DAGs by id; ``dag_id_pattern`` is a shell pattern."""
    with port.reader() as reader:
        rows = dag_queries.list_dags(reader, include_stale=include_stale)
    if dag_id_pattern:
        rows = [row for row in rows if fnmatch.fnmatchcase(row["dag_id"], dag_id_pattern)]
    if tags:
        rows = [row for row in rows if set(tags) & set(row.get("tags") or ())]
    return rows


def get_dag(port: Port, dag_id: str) -> Row:
    """The row of ``dag`` with what its current document adds (start_date, catchup, params, doc, …)."""
    with port.reader() as reader:
        row = dag_queries.get_dag(reader, dag_id)
        text = versions.dag_document(reader, dag_id) if row else None
        numbers = versions.list_versions(reader, dag_id) if row else []
    if row is None:
        raise DagNotFound(f"There is no DAG {dag_id!r}.")
    if text is not None:
        document = decode(text)
        row |= {
            "version_number": numbers[0]["version_number"] if numbers else None,
            "start_date": clock.iso(document.start_date),
            "end_date": clock.iso(document.end_date),
            "catchup": document.catchup,
            "timezone": document.timezone,
            "dag_run_timeout": document.dagrun_timeout,
            "doc_md": document.doc_md,
            "params": document.params,
            "default_args": document.default_args,
            "owner_links": document.owner_links,
            "render_template_as_native_obj": document.render_template_as_native_obj,
            "is_paused_upon_creation": document.is_paused_upon_creation,
            "task_count": len(document.tasks),
        }
    return row


def dag_details(port: Port, dag_id: str, username: str) -> Row:
    """As ``get_dag``; besides latest_version (as the list ``dag_versions``), active_runs_count (that are running), and
    is_favorite of ``username``."""
    row = get_dag(port, dag_id)
    filters = [listing.Filter("dag_id", dag_id, "eq")]
    with port.reader() as reader:
        latest = listing.page(reader, "dag_versions", filters, order=["-id"], limit=1, count=False).rows
        counts = run_queries.count_runs(reader, dag_id)
        marked = favorites_of(reader, username)
    return row | {
        "latest_version": latest[0] if latest else None,
        "active_runs_count": sum(count["count"] for count in counts if count["state"] == DagRunState.RUNNING),
        "is_favorite": dag_id in marked,
    }


def dag_document(port: Port, dag_id: str) -> Row:
    """The current DagDocument as an object."""
    with port.reader() as reader:
        text = versions.dag_document(reader, dag_id)
    if text is None:
        raise DagNotFound(f"There is no DAG {dag_id!r}.")
    document: Row = msgspec.json.decode(text)
    return document


def dag_source(port: Port, dag_id: str) -> str:
    """The text of the file that defines it, as last parsed."""
    with port.reader() as reader:
        source = versions.dag_source(reader, dag_id)
    if source is None:
        raise DagNotFound(f"There is no DAG {dag_id!r}.")
    return str(source["source_code"])


def version_source(port: Port, dag_id: str, version_number: int | None = None) -> Row:
    """content, version_number and dag_display_name of the newest version, or of a numbered one."""
    with port.reader() as reader:
        source = versions.dag_source(reader, dag_id, version_number)
        dag = dag_queries.get_dag(reader, dag_id)
        numbers = [row["version_number"] for row in versions.list_versions(reader, dag_id)]
    if dag is None:
        raise DagNotFound(f"There is no DAG {dag_id!r}.")
    if source is None:
        raise NotFound(f"There is no source of DAG {dag_id!r} in version {version_number}.")
    return {
        "content": source["source_code"],
        "version_number": numbers[0] if version_number is None else version_number,
        "dag_display_name": dag["dag_display_name"],
    }


def run_states(port: Port, dag_ids: list[str]) -> list[Row]:
    """dag_id, dag_display_name, state and count of runs, by DAG; without ids: of all DAGs. DAGs without runs are not
    there."""
    with port.reader() as reader:
        return run_queries.run_states(reader, dag_ids)


def reparse_file(port: Port, relative_fileloc: str) -> None:
    """Have a DAG file parsed at once. Raises NotFound for one that is not known, DaemonUnreachable without a daemon."""
    if relative_fileloc not in port.on_engine(lambda engine: engine.files()):
        raise NotFound(f"There is no DAG file {relative_fileloc!r}.")
    if not port.reparse(relative_fileloc):
        raise DaemonUnreachable("Files are parsed by a running daemon only.")


def reparse_files(port: Port) -> None:
    """Have every DAG file parsed at once, changed or not. Raises DaemonUnreachable without a daemon."""
    if not port.reparse(None):
        raise DaemonUnreachable("Files are parsed by a running daemon only.")


def list_import_errors(port: Port) -> list[Row]:
    with port.reader() as reader:
        return import_errors.list_import_errors(reader)


def set_paused(port: Port, dag_id: str, paused: bool) -> bool:
    return bool(port.request(SetPaused(dag_id=dag_id, paused=paused)))


def set_paused_where(port: Port, where: list[list[Any]], paused: bool) -> list[str]:
    """Pause or unpause all DAGs that the list ``dags`` has with these filters; their ids. See ``lists.list_page``."""
    filters = [listing.Filter(column, value, operation) for column, operation, value in where]
    with port.reader() as reader:
        rows = listing.every(reader, "dags", filters)
    port.request_all([SetPaused(dag_id=row["dag_id"], paused=paused) for row in rows if row["is_paused"] != paused])
    return [row["dag_id"] for row in rows]


def delete_dag(port: Port, dag_id: str) -> int:
    """Forget a DAG with all its records; its file brings it back when it changes. Refused (TasksRunning) while a task
    of it is running; attempts that only wait are cancelled. Returns the number of runs deleted."""
    with port.reader() as reader:
        count = sum(int(row["count"]) for row in run_queries.count_runs(reader, dag_id))
    port.request(DeleteDag(dag_id=dag_id))
    return count


def next_runs(port: Port, dag_id: str, n: int = 1) -> list[Row]:
    """The next ``n`` scheduled runs: logical_date, run_after, data_interval_start, data_interval_end."""

    def look(engine: Engine) -> tuple[Any, Any, Any]:
        dag = engine.dags.get(dag_id)
        if dag is None:
            raise DagNotFound(f"There is no DAG {dag_id!r}.")
        return dag.document, dag.last_interval, dag.last_run_after

    document, last, last_run_after = port.on_engine(look)
    return [
        {
            "logical_date": clock.iso(run.start),
            "run_after": clock.iso(run.run_after),
            "data_interval_start": clock.iso(run.start),
            "data_interval_end": clock.iso(run.end),
        }
        for run in runs_to_come(port, document, last, last_run_after, n)
    ]


METHODS = (
    list_dags,
    get_dag,
    dag_details,
    dag_document,
    dag_source,
    version_source,
    run_states,
    reparse_file,
    reparse_files,
    list_import_errors,
    set_paused,
    set_paused_where,
    delete_dag,
    next_runs,
)
