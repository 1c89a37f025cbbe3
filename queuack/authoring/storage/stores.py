"""Attached storages of this process: protocol and connection → file system, made when first used.

Airflow page: core-concepts/objectstorage.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from fsspec import AbstractFileSystem

from queuack.authoring.storage.filesystems import Properties, get_fs


class ObjectStore:
    """A file system that paths share; made by ``attach``."""

    __version__: ClassVar[int] = 1

    def __init__(
        self,
        protocol: str,
        conn_id: str | None,
        fs: AbstractFileSystem | None = None,
        storage_options: Properties | None = None,
    ) -> None:
        self.protocol, self.conn_id, self.storage_options = protocol, conn_id, storage_options
        if fs is not None:
            self.fs = fs

    def __str__(self) -> str:
        return f"{self.protocol}-{self.conn_id}" if self.conn_id else self.protocol

    @cached_property
    def fs(self) -> AbstractFileSystem:
        """Raises ValueError when nothing serves the protocol."""
        return get_fs(self.protocol, self.conn_id, self.storage_options)

    @property
    def fsid(self) -> str:
        """A name of the file system by which stores can be compared."""
        try:
            return str(self.fs.fsid)
        except NotImplementedError:
            return f"{self.fs.protocol}-{self.conn_id or 'env'}"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ObjectStore):
            return NotImplemented
        return (self.protocol, self.conn_id) == (other.protocol, other.conn_id) and self.fs == other.fs

    def __hash__(self) -> int:
        return hash((self.protocol, self.conn_id))


_attached: dict[str, ObjectStore] = {}


def attach(
    protocol: str | None = None,
    conn_id: str | None = None,
    alias: str | None = None,
    encryption_type: str | None = "",
    fs: AbstractFileSystem | None = None,
    **options: Any,
) -> ObjectStore:
    """The store of an alias (default: protocol and connection), made at the first call. ``fs``: use this file system.

    Raises ValueError without a protocol for an alias that is not there yet.
    """
    if alias is None and protocol is not None:
        alias = f"{protocol}-{conn_id}" if conn_id else protocol
    if alias in _attached:
        return _attached[alias]
    if alias is None:
        raise ValueError("No protocol specified and no alias provided")
    if protocol is None:
        raise ValueError(f"No registered store with alias: {alias}")
    store = _attached[alias] = ObjectStore(protocol, conn_id, fs, **options)
    return store
