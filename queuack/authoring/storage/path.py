"""``ObjectStoragePath``: a ``pathlib``-like path whose connection gives the credentials.

Decides what of a URL is the connection (``s3://conn_id@bucket/key``) and how files get from one storage to another.
All that a path can do anyway is universal_pathlib's. Airflow page: core-concepts/objectstorage.
"""

from __future__ import annotations

import contextlib
import shutil
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

from fsspec import AbstractFileSystem
from fsspec.utils import stringify_path
from upath import UPath
from upath.extensions import ProxyUPath, classmethod_or_method

from queuack.authoring.lineage import get_hook_lineage_collector
from queuack.authoring.storage.stat import stat_result
from queuack.authoring.storage.stores import attach


class ObjectStoragePath(ProxyUPath):
    """A file or folder in object storage, or on this machine (``file://``).

    ``conn_id`` names the connection; else it is the user of the URL; else the storage's own environment counts. Paths
    made of this one (``/``, ``parent``, ``iterdir``, …) keep it. Needs the extra ``objectstorage``.
    """

    __version__: ClassVar[int] = 1
    __slots__ = ("_conn_id",)
    sep: ClassVar[str] = "/"
    root_marker: ClassVar[str] = "/"

    def __init__(
        self, *args: Any, protocol: str | None = None, conn_id: str | None = None, **storage_options: Any
    ) -> None:
        if args:
            first, found = _split_user(args[0])
            conn_id = conn_id if conn_id is not None else found
            if isinstance(first, str):
                protocol = protocol or urlsplit(first).scheme
            args = (first, *args[1:])
        self._conn_id = conn_id
        super().__init__(*args, protocol=protocol, **storage_options)
        self._give_credentials(self.__wrapped__)

    @classmethod_or_method
    def _from_upath(owner: Any, upath: UPath, /) -> Any:  # type: ignore[override]  # noqa: N805
        """How universal_pathlib makes a path from this one, or from nothing."""
        kind = owner if isinstance(owner, type) else type(owner)
        if isinstance(upath, kind):
            return upath
        path: Any = object.__new__(kind)
        path.__wrapped__ = upath
        path._conn_id = None if isinstance(owner, type) else owner._conn_id
        path._give_credentials(upath)
        return path

    def _give_credentials(self, wrapped: UPath) -> None:
        """Let universal_pathlib use the connection's file system. One that cannot be had fails when it is used."""
        if self._conn_id is not None:
            with contextlib.suppress(Exception):
                wrapped._fs_cached = attach(wrapped.protocol or "file", self._conn_id).fs

    @property
    def conn_id(self) -> str | None:
        return self._conn_id

    @property
    def fs(self) -> AbstractFileSystem:
        """fsspec's file system, with the connection's credentials."""
        return attach(self.protocol or "file", self._conn_id).fs

    # ── what it is called ────────────────────────────────────────────────────────────────────────
    @property
    def bucket(self) -> str:
        return str(self._url.netloc) if self._url else ""

    container = bucket

    @property
    def key(self) -> str:
        """The path in the bucket, without a leading slash."""
        return str(self._url.path).lstrip(self.sep) if self._url else ""

    @property
    def namespace(self) -> str:
        """Protocol and bucket."""
        return f"{self.protocol}://{self.bucket}" if self.bucket else self.protocol

    def __str__(self) -> str:
        if self.protocol and self._conn_id:
            return f"{self.protocol}://{self._conn_id}@{self.path}"
        return super().__str__()

    def __eq__(self, other: object) -> bool:
        return self.samestore(other) and str(self) == str(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(str(self))

    def samestore(self, other: object) -> bool:
        """Whether it is the same storage by the same connection."""
        return isinstance(other, ObjectStoragePath) and (self.protocol, self._conn_id) == (
            other.protocol,
            other._conn_id,
        )

    # ── files ────────────────────────────────────────────────────────────────────────────────────
    def open(self, mode: str = "r", **options: Any) -> Any:  # type: ignore[override]
        """A file object."""
        options.setdefault("block_size", options.pop("buffering", None))
        self._tell_lineage(mode)
        return self.fs.open(self.path, mode=mode, **options)

    def _tell_lineage(self, mode: str) -> None:
        collector = get_hook_lineage_collector()
        if "r" in mode or "+" in mode:
            collector.add_input_asset(self, uri=str(self))
        if "r" not in mode or "+" in mode:
            collector.add_output_asset(self, uri=str(self))

    def stat(self) -> stat_result:  # type: ignore[override]
        return stat_result(self.fs.stat(self.path), protocol=self.protocol, conn_id=self._conn_id)

    def samefile(self, other_path: Any) -> bool:
        """Whether both are one file of one storage."""
        return self.samestore(other_path) and self.stat().get("ino") == other_path.stat().get("ino")

    def replace(self, target: Any) -> Self:
        """Rename, over what is there."""
        return self.rename(target)

    def ukey(self) -> str:
        """A hash of the file's properties: another one when it has changed."""
        return str(self.fs.ukey(self.path))

    def checksum(self) -> int:
        return int(self.fs.checksum(self.path))

    def read_block(self, offset: int, length: int | None, delimiter: bytes | None = None) -> bytes:
        """``length`` bytes (None: all) from ``offset``, cut at delimiters."""
        return bytes(self.fs.read_block(self.path, offset=offset, length=length, delimiter=delimiter))

    def sign(self, expiration: int = 100, **options: Any) -> str:
        """A signed URL, valid for ``expiration`` seconds. Raises NotImplementedError where the storage has none."""
        return str(self.fs.sign(self.path, expiration=expiration, **options))

    def size(self) -> int:
        """Bytes."""
        return int(self.fs.size(self.path))

    @classmethod
    def cwd(cls) -> Self:
        path: Self = cls._from_upath(UPath.cwd())
        return path

    @classmethod
    def home(cls) -> Self:
        path: Self = cls._from_upath(UPath.home())
        return path

    # ── from storage to storage ──────────────────────────────────────────────────────────────────
    def copy(self, dst: Any, recursive: bool = False, **options: Any) -> None:  # type: ignore[override]
        """Copy to ``dst``, in the storage itself where both are there, else through this process.

        Into a folder the name is kept. Raises FileNotFoundError; ValueError for a folder onto a file.
        """
        target = _path_of(dst)
        if self.samestore(target):
            self.fs.copy(self.path, target.path, recursive=recursive, **options)
        elif self.protocol == "file":
            target.fs.put(self.path, target.path, recursive=recursive, **options)
        elif target.protocol == "file":
            self.fs.get(self.path, target.path, recursive=recursive, **options)
        else:
            self._stream(target)
            return  # its files have told of themselves
        collector = get_hook_lineage_collector()
        collector.add_input_asset(self, uri=str(self))
        collector.add_output_asset(target, uri=str(target))

    def copy_into(self, target_dir: Any, recursive: bool = False, **options: Any) -> None:  # type: ignore[override]
        """Copy into a folder, under the same name. Raises NotADirectoryError."""
        self.copy(_folder(target_dir) / self.name, recursive=recursive, **options)

    def move(self, path: Any, recursive: bool = False, **options: Any) -> None:  # type: ignore[override]
        """Move to ``path``, in the storage itself where both are there."""
        target = _path_of(path)
        if self.samestore(target):
            self.fs.move(self.path, target.path, recursive=recursive, **options)
            return
        self.copy(target, recursive=recursive, **options)
        self.fs.rm(self.path, recursive=recursive)

    def move_into(self, target_dir: Any, recursive: bool = False, **options: Any) -> None:  # type: ignore[override]
        """Move into a folder, under the same name. Raises NotADirectoryError."""
        self.move(_folder(target_dir) / self.name, recursive=recursive, **options)

    def _stream(self, target: ObjectStoragePath) -> None:
        if not self.exists():
            raise FileNotFoundError(f"{self} does not exist")
        if not self.is_dir():
            _copy_file(self, target)
            return
        if target.is_file():
            raise ValueError("Cannot copy directory to a file.")
        for found in self.fs.find(self.path):
            below = found[len(self.path.rstrip(self.sep)) :].lstrip(self.sep)
            _copy_file(self / below, target / below, onto_folder=False)

    # ── as an XCom ───────────────────────────────────────────────────────────────────────────────
    def serialize(self) -> dict[str, Any]:
        return {"path": str(self), "conn_id": self._conn_id, "kwargs": {**self.storage_options}}

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).deserialize, (self.serialize(), self.__version__)

    @classmethod
    def deserialize(cls, data: dict[str, Any], version: int) -> ObjectStoragePath:
        """Raises ValueError for what a newer version wrote."""
        if version > cls.__version__:
            raise ValueError(f"Cannot deserialize version {version} with version {cls.__version__}.")
        return cls(data["path"], conn_id=data.get("conn_id"), **data.get("kwargs", {}))


def _split_user(path: Any) -> tuple[Any, str | None]:
    """A path without the connection in it, and the connection."""
    if isinstance(path, ObjectStoragePath):
        return path.__wrapped__, path._conn_id
    text = stringify_path(path)
    if not isinstance(text, str):
        return path, None
    parts = urlsplit(text)
    user, at, host = parts.netloc.rpartition("@")
    return (parts._replace(netloc=host).geturl(), user or None) if at else (text, None)


def _path_of(value: Any) -> ObjectStoragePath:
    return value if isinstance(value, ObjectStoragePath) else ObjectStoragePath(value)


def _folder(value: Any) -> ObjectStoragePath:
    folder = _path_of(value)
    if not folder.is_dir():
        raise NotADirectoryError(f"Destination {folder} is not a directory.")
    return folder


def _copy_file(source: ObjectStoragePath, target: ObjectStoragePath, *, onto_folder: bool = True) -> None:
    if onto_folder and (not target.key or target.key.endswith(target.sep) or target.is_dir()):
        target = target / source.name
    target.parent.mkdir(exist_ok=True, parents=True)
    with source.open("rb") as reading, target.open("wb") as writing:
        shutil.copyfileobj(reading, writing)
