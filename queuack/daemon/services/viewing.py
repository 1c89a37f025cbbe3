"""What pages of a DAG, a run and a task instance show beyond single records. Reads only; decides nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from queuack import clock, config
from queuack.daemon.port import Port
from queuack.errors import DagNotFound
from queuack.store.queries import log, pages, versions, xcoms
from queuack.store.reader import Reader

Row = dict[str, Any]

DAY = 86_400 * clock.SECOND
SHOWN_BYTES = 100_000
"""Bytes of an XCom that are shown."""


def task_cells(port: Port, run_keys: list[int]) -> list[tuple[Any, ...]]:
    """As ``queries.pages.task_cells``."""
    with port.reader() as reader:
        return pages.task_cells(reader, run_keys)


def runs_by_day(port: Port, dag_id: str, days: int = 366) -> list[Row]:
    """day, state, count of a DAG's runs of the last ``days`` days."""
    with port.reader() as reader:
        return pages.runs_by_day(reader, dag_id, clock.now_us() - days * DAY)


def run_neighbours(port: Port, dag_id: str, run_key: int) -> Row:
    """previous, next: the ids of the runs before and after; None where there is none."""
    with port.reader() as reader:
        return pages.run_neighbours(reader, dag_id, run_key)


def run_timeline(port: Port, run_key: int, limit: int = 500) -> list[Row]:
    """The first ``limit`` task instances in the order they began; instants in microseconds."""
    with port.reader() as reader:
        return pages.instances_by_start(reader, run_key, limit)


def version_document(port: Port, dag_id: str, version_id: int | None) -> str:
    """The DagDocument (JSON text) that a run was made of; the newest where that is not known."""
    with port.reader() as reader:
        text = None if version_id is None else versions.version_document(reader, version_id)
        text = text or versions.dag_document(reader, dag_id)
    if text is None:
        raise DagNotFound(f"There is no DAG {dag_id!r}.")
    return text.decode()


def code_versions(port: Port, dag_id: str) -> list[Row]:
    """The versions of a DAG, newest first: version_number, created_at, dag_hash, …"""
    with port.reader() as reader:
        return versions.list_versions(reader, dag_id)


def version_code(port: Port, dag_id: str, version_number: int | None = None) -> Row:
    """source_code, fileloc of one version (default: the newest). Raises DagNotFound."""
    with port.reader() as reader:
        found = versions.dag_source(reader, dag_id, version_number)
    if found is None:
        number = "" if version_number is None else f" in version {version_number}"
        raise DagNotFound(f"There is no DAG {dag_id!r}{number}.")
    return found


def audit_entries(
    port: Port, dag_id: str, run_id: str | None = None, task_id: str | None = None, limit: int = 100, offset: int = 0
) -> list[Row]:
    """Entries of the audit log about a DAG, newest first."""
    with port.reader() as reader:
        return log.list_log(reader, dag_id=dag_id, run_id=run_id, task_id=task_id, limit=limit, offset=offset)


def task_attempts(port: Port, run_key: int, task_id: str, map_index: int = -1) -> list[Row]:
    """Every try of a task instance, the latest first; empty when there is no such task instance."""
    with port.reader() as reader:
        return pages.attempts(reader, run_key, task_id, map_index)


def shown_xcoms(port: Port, run_key: int, dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> list[Row]:
    """XComs as people read them: key, timestamp, encoding, size and either ``text`` or ``table``.

    Nothing is unpickled: of a pickle there is neither. Text is cut at ``SHOWN_BYTES``, tables at some rows.
    """
    with port.reader() as reader:
        found = xcoms.list_xcoms(reader, dag_id, run_id, task_id, map_index, run_key=run_key)
        return [_shown(reader, row) for row in found]


def _shown(reader: Reader, row: Row) -> Row:
    encoding = str(row["encoding"])
    data: bytes | Path = row["value"]
    shown: Row = {"key": row["key"], "timestamp": row["timestamp"], "text": None, "table": None}
    shown["encoding"] = encoding.removeprefix("file:")
    if encoding.startswith("file:"):
        data = config.current().home.xcoms / Path(row["value"].decode()).name
        if not data.is_file():
            return shown | {"size": 0, "text": "The file that held the value is gone."}
    shown["size"] = len(data) if isinstance(data, bytes) else data.stat().st_size
    if shown["encoding"] == "json":
        shown["text"] = _head(data).decode("utf-8", errors="replace")
    elif shown["encoding"] == "parquet":
        shown["table"] = pages.parquet_head(reader, data)
    return shown


def _head(data: bytes | Path) -> bytes:
    if isinstance(data, bytes):
        return data[:SHOWN_BYTES]
    with data.open("rb") as file:
        return file.read(SHOWN_BYTES)


METHODS = (
    task_cells,
    runs_by_day,
    run_neighbours,
    run_timeline,
    version_document,
    code_versions,
    version_code,
    audit_entries,
    task_attempts,
    shown_xcoms,
)
