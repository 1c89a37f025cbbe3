"""XCom values to stored bytes and back: which form a value takes and where it lies.

JSON with typed wrappers where it can be; Parquet for pandas, polars and Arrow tables; pickle, then cloudpickle, only
when ``[core] enable_xcom_pickling`` allows; otherwise a TypeError. Values over a size go to a file of their own, whose
name is what is stored. Never used by the daemon, which shows JSON and nothing else.

Encodings: ``json``, ``parquet``, ``pickle``, ``cloudpickle``, and each behind ``file:``.
Airflow page: "XComs".
"""

from __future__ import annotations

import io
import os
import pickle
import sys
import uuid
from pathlib import Path
from typing import Any

from queuack.serialization import typed_json

FILE_PREFIX = "file:"
KIND_KEY = b"queuack.kind"


def serialize(value: Any, *, enable_pickling: bool, threshold_bytes: int, folder: Path) -> tuple[str, bytes]:
    """(encoding, bytes to store). More than ``threshold_bytes`` are written into ``folder``.

    Raises TypeError for a value that has no allowed form, ImportError when a table needs pyarrow."""
    encoding, data = encode(value, enable_pickling=enable_pickling)
    return lay_down(encoding, data, threshold_bytes=threshold_bytes, folder=folder)


def lay_down(encoding: str, data: bytes, *, threshold_bytes: int, folder: Path) -> tuple[str, bytes]:
    """(encoding, bytes to store); more than ``threshold_bytes`` are written into ``folder``."""
    if len(data) <= threshold_bytes:
        return encoding, data
    name = f"{uuid.uuid4().hex}.{encoding}"
    write_whole(folder / name, data)
    return FILE_PREFIX + encoding, name.encode()


def pick_up(encoding: str, data: bytes, *, folder: Path) -> tuple[str, bytes]:
    """What ``lay_down`` was given. Raises FileNotFoundError."""
    if not encoding.startswith(FILE_PREFIX):
        return encoding, data
    return encoding.removeprefix(FILE_PREFIX), (folder / Path(data.decode()).name).read_bytes()


def deserialize(encoding: str, data: bytes, *, enable_pickling: bool, folder: Path) -> Any:
    """The value again. Raises PermissionError for a pickle that the settings do not allow, FileNotFoundError."""
    return decode(*pick_up(encoding, data, folder=folder), enable_pickling=enable_pickling)


def decode(encoding: str, data: bytes, *, enable_pickling: bool) -> Any:
    """The value of what ``encode`` gave. Raises as ``deserialize``."""
    if encoding == "json":
        return typed_json.loads(data)
    if encoding == "parquet":
        return read_table(data)
    if encoding not in ("pickle", "cloudpickle"):
        raise TypeError(f"XCom encoding {encoding!r} is not known.")
    if not enable_pickling:
        raise PermissionError("This XCom is pickled; set [core] enable_xcom_pickling to read it.")
    return pickle.loads(data)


def encode(value: Any, *, enable_pickling: bool) -> tuple[str, bytes]:
    """(encoding, bytes), whatever the size."""
    kind = table_kind(value)
    if kind is not None:
        return "parquet", write_table(value, kind)
    try:
        return "json", typed_json.dumps(value)
    except TypeError:
        if not enable_pickling:
            raise
    try:
        return "pickle", pickle.dumps(value)
    except Exception:  # pickle raises whatever the object's hooks raise
        import cloudpickle  # start-up time: rarely needed

        return "cloudpickle", cloudpickle.dumps(value)


def write_whole(path: Path, data: bytes) -> None:
    """The file appears with all its bytes, durable, or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".new")
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def table_kind(value: Any) -> str | None:
    """``pandas``, ``polars`` or ``arrow`` for their tables. Imports nothing: who has a table has its library."""
    for name, module, attribute in (
        ("pandas", "pandas", "DataFrame"),
        ("polars", "polars", "DataFrame"),
        ("arrow", "pyarrow", "Table"),
    ):
        loaded = sys.modules.get(module)
        kind = getattr(loaded, attribute, None) if loaded is not None else None
        if kind is not None and isinstance(value, kind):
            return name
    return None


def write_table(value: Any, kind: str) -> bytes:
    """Parquet that remembers which library the table came from."""
    arrow, parquet = _pyarrow()
    if kind == "pandas":
        table = arrow.Table.from_pandas(value)
    elif kind == "polars":
        table = value.to_arrow()
    else:
        table = value
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), KIND_KEY: kind.encode()})
    sink = io.BytesIO()
    parquet.write_table(table, sink)
    return sink.getvalue()


def read_table(data: bytes) -> Any:
    """The table, in the library it came from."""
    _, parquet = _pyarrow()
    table = parquet.read_table(io.BytesIO(data))
    kind = (table.schema.metadata or {}).get(KIND_KEY, b"arrow").decode()
    if kind == "pandas":
        return table.to_pandas()
    if kind == "polars":
        import polars  # optional extra

        return polars.from_arrow(table)
    return table


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow  # optional extra
        import pyarrow.parquet
    except ImportError:
        raise ImportError("Tables are kept as Parquet, which needs pyarrow: pip install 'queuack[arrow]'.") from None
    return pyarrow, pyarrow.parquet
