"""XComs, one by one: read, written and deleted from outside, JSON only. Nothing is unpickled, no class is imported.

Lists of them are ``list_page``'s (``xcoms``).
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from queuack import clock, config
from queuack.daemon.port import Port
from queuack.daemon.services.runs import get_run
from queuack.engine.effects import XComRow, XComsCleared
from queuack.engine.spec import decode
from queuack.errors import AlreadyExists, InvalidRequest, NotFound, TaskNotFound
from queuack.store.queries import versions, xcoms

Row = dict[str, Any]

CLASSNAME, DATA = "__classname__", "__data__"
RESERVED = frozenset({CLASSNAME, DATA, "__version__", "__id__", "__cache__", "__type", "__source", "__var"})
"""Keys by which readers of XComs know values that are more than JSON: nobody from outside may write them."""

LARGEST_FILE = 4 * 1024 * 1024
"""Bytes of a value in a file of its own that are read for showing it."""


def get_xcom(
    port: Port, dag_id: str, run: str, task_id: str, key: str, map_index: int = -1, readable: bool = False
) -> Row:
    """key, value, encoding, timestamp, dag_id, run_id, task_id, map_index of one XCom. ``value``: the JSON that is
    stored, of other encodings what it is in words; with ``readable``, typed values as text.

    Raises NotFound.
    """
    run_id = get_run(port, dag_id, run)["run_id"]
    with port.reader() as reader:
        row = xcoms.get_xcom(reader, dag_id, run_id, task_id, map_index, key)
    waiting = port.waiting_xcom((dag_id, run_id, task_id, map_index), key)
    if isinstance(waiting, XComRow):
        row = {"encoding": waiting.encoding, "value": waiting.value, "timestamp": clock.iso(waiting.at)}
    elif waiting is None:
        row = None
    if row is None:
        raise NotFound(f"XCom entry with key: `{key}` not found")
    value = _shown(row["encoding"], row["value"])
    place = {"dag_id": dag_id, "run_id": run_id, "task_id": task_id, "map_index": map_index, "key": key}
    return {**row, **place, "value": as_text(value) if readable else value}


def create_xcom(port: Port, dag_id: str, run: str, task_id: str, key: str, value: Any, map_index: int = -1) -> Row:
    """Returns it as ``get_xcom`` does. Raises AlreadyExists, InvalidRequest, DagRunNotFound, TaskNotFound."""
    run_id = get_run(port, dag_id, run)["run_id"]
    with port.reader() as reader:
        text = versions.dag_document(reader, dag_id)
    if text is None or task_id not in {task.task_id for task in decode(text).tasks}:
        raise TaskNotFound(f"Task with ID: `{task_id}` not found in dag: `{dag_id}`")
    if not key:
        raise InvalidRequest("An XCom needs a key.")
    if _exists(port, dag_id, run_id, task_id, key, map_index):
        raise AlreadyExists(f"The XCom with key: `{key}` with mentioned task instance already exists.")
    return _written(port, dag_id, run_id, task_id, key, value, map_index)


def update_xcom(port: Port, dag_id: str, run: str, task_id: str, key: str, value: Any, map_index: int = -1) -> Row:
    """Returns it as ``get_xcom`` does. Raises NotFound, InvalidRequest."""
    run_id = get_run(port, dag_id, run)["run_id"]
    _check_exists(port, dag_id, run_id, task_id, key, map_index)
    return _written(port, dag_id, run_id, task_id, key, value, map_index)


def delete_xcom(port: Port, dag_id: str, run: str, task_id: str, key: str, map_index: int = -1) -> str:
    """Returns the key. Raises NotFound."""
    run_id = get_run(port, dag_id, run)["run_id"]
    _check_exists(port, dag_id, run_id, task_id, key, map_index)
    port.write(XComsCleared(dag_id=dag_id, run_id=run_id, task_id=task_id, map_index=map_index, key=key))
    return key


def xcom_results(port: Port, dag_id: str, run: str, task_ids: list[str] | None = None) -> Row:
    """Task id → what it returned (of a mapped task: a list, by map index), as stored. ``task_ids`` None: those of the
    DAG that are its results (``@result``)."""
    found = get_run(port, dag_id, run)
    with port.reader() as reader:
        if task_ids is None:
            text = versions.dag_document(reader, dag_id)
            wanted = {task.task_id for task in decode(text).tasks if task.returns_dag_result} if text else set()
        else:
            wanted = set(task_ids)
        rows = xcoms.list_xcoms(reader, dag_id, found["run_id"], key="return_value") if wanted else []
    results: Row = {}
    for row in rows:
        if row["task_id"] not in wanted:
            continue
        value = _shown(row["encoding"], row["value"])
        if row["map_index"] < 0:
            results[row["task_id"]] = value
        else:
            results.setdefault(row["task_id"], []).append(value)
    return results


# ── writing ──────────────────────────────────────────────────────────────────────────────────────────
def _exists(port: Port, dag_id: str, run_id: str, task_id: str, key: str, map_index: int) -> bool:
    try:
        get_xcom(port, dag_id, run_id, task_id, key, map_index)
    except NotFound:
        return False
    return True


def _check_exists(port: Port, dag_id: str, run_id: str, task_id: str, key: str, map_index: int) -> None:
    if not _exists(port, dag_id, run_id, task_id, key, map_index):
        raise NotFound(f"The XCom with key: `{key}` with mentioned task instance doesn't exist.")


def _written(port: Port, dag_id: str, run_id: str, task_id: str, key: str, value: Any, map_index: int) -> Row:
    _check_plain(value)
    port.write(
        XComRow(
            dag_id=dag_id,
            run_id=run_id,
            task_id=task_id,
            map_index=map_index,
            key=key,
            encoding="json",
            value=msgspec.json.encode(value),
            at=clock.now_us(),
        )
    )
    return get_xcom(port, dag_id, run_id, task_id, key, map_index)


def _check_plain(value: Any, path: str = "value") -> None:
    """Raises InvalidRequest for a value that readers would take for more than JSON; also inside a text that is JSON."""
    if isinstance(value, str):
        try:
            inner = msgspec.json.decode(value)
        except (msgspec.DecodeError, UnicodeEncodeError):
            return
        if isinstance(inner, dict | list):
            _check_plain(inner, path)
    elif isinstance(value, dict):
        if reserved := sorted(RESERVED & value.keys()):
            raise InvalidRequest(f"XCom {path} has keys that are reserved: {', '.join(reserved)}.")
        for key, item in value.items():
            _check_plain(item, f"{path}.{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check_plain(item, f"{path}[{index}]")
    elif isinstance(value, float) and not math.isfinite(value):
        raise InvalidRequest(f"XCom {path} is {value}, which JSON does not have.")


# ── showing ──────────────────────────────────────────────────────────────────────────────────────────
def _shown(encoding: str, data: bytes) -> Any:
    if encoding == "file:json":
        file = config.current().home.xcoms / Path(data.decode()).name
        if file.exists() and file.stat().st_size <= LARGEST_FILE:
            encoding, data = "json", file.read_bytes()
    if encoding == "json":
        return msgspec.json.decode(data)
    if encoding.startswith("file:"):
        return f"<{encoding.removeprefix('file:')} in the file {data.decode(errors='replace')}>"
    return f"<{encoding}, {len(data):,} bytes>"


def as_text(value: Any) -> Any:
    """JSON as it is; values with a type as people write them: dates, tuples, sets, numbers; else class and fields."""
    if isinstance(value, list):
        return [as_text(item) for item in value]
    if not isinstance(value, dict):
        return value
    if CLASSNAME not in value:
        return {key: as_text(item) for key, item in value.items()}
    name, data = str(value[CLASSNAME]), value.get(DATA)
    if name in _COLLECTIONS and isinstance(data, list):
        return str(_COLLECTIONS[name](_hashable(as_text(item)) for item in data))
    if name in ("datetime.datetime", "pendulum.datetime.DateTime") and isinstance(data, dict) and "timestamp" in data:
        return datetime.fromtimestamp(data["timestamp"], UTC).isoformat()
    inner = as_text(data)
    if isinstance(inner, dict):
        return f"{name}({', '.join(f'{key}={item!r}' for key, item in inner.items())})"
    return str(inner)


_COLLECTIONS: dict[str, Any] = {"builtins.tuple": tuple, "builtins.set": set, "builtins.frozenset": frozenset}


def _hashable(value: Any) -> Any:
    return str(value) if isinstance(value, dict | list) else value


METHODS = (get_xcom, create_xcom, update_xcom, delete_xcom, xcom_results)
