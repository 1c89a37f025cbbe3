"""XCom values between user code and the store: the place where a custom XCom backend is called.

Decides the order: the backend's ``serialize_value`` first, then the forms of ``serialization.xcom``, and back. Without
a backend of one's own nothing but the latter is done.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from queuack.authoring.xcom import BaseXCom, xcom_class
from queuack.serialization import xcom

Row = dict[str, Any]
"""``encoding`` and ``value`` (bytes), as the store has them."""


@dataclass(frozen=True)
class XComValues:
    enable_pickling: bool
    threshold_bytes: int
    """Longer values go to a file."""
    folder: Path

    def encode(self, value: Any, **place: Any) -> tuple[str, bytes]:
        """(encoding, bytes to store). ``place``: key, dag_id, run_id, task_id, map_index. Raises what backends do."""
        backend = xcom_class()
        if backend is BaseXCom:
            encoding, data = xcom.encode(value, enable_pickling=self.enable_pickling)
        else:
            encoding, data = self._encode_stored(backend.serialize_value(value, **place))
        return xcom.lay_down(encoding, data, threshold_bytes=self.threshold_bytes, folder=self.folder)

    def decode(self, row: Row) -> Any:
        backend = xcom_class()
        if backend is BaseXCom:
            return xcom.deserialize(*_held(row), enable_pickling=self.enable_pickling, folder=self.folder)
        return backend.deserialize_value(SimpleNamespace(value=self.stored(row)))

    def purge(self, row: Row, **place: Any) -> None:
        """A value is about to be deleted: the backend may delete what it keeps elsewhere."""
        xcom_class().purge(SimpleNamespace(value=self.stored(row), **place))

    @property
    def purges(self) -> bool:
        return xcom_class().purge.__func__ is not BaseXCom.purge.__func__  # type: ignore[attr-defined]

    def stored(self, row: Row) -> Any:
        """What the backend's ``serialize_value`` gave."""
        encoding, data = xcom.pick_up(*_held(row), folder=self.folder)
        if encoding == "json":
            return json.loads(data.decode("utf-8", "surrogatepass"))
        return xcom.decode(encoding, data, enable_pickling=self.enable_pickling)

    def _encode_stored(self, stored: Any) -> tuple[str, bytes]:
        if isinstance(stored, bytes):  # backends written for Airflow 2
            stored = stored.decode()
        try:
            return "json", json.dumps(stored, ensure_ascii=False).encode("utf-8", "surrogatepass")
        except (TypeError, ValueError):
            return xcom.encode(stored, enable_pickling=self.enable_pickling)


def _held(row: Row) -> tuple[str, bytes]:
    value = row["value"]
    return row["encoding"], value.encode() if isinstance(value, str) else value
