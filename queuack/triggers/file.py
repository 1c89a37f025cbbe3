"""Triggers that wait for files. Airflow: ``airflow.providers.standard.triggers.file``."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Hashable
from glob import glob
from pathlib import Path
from typing import Any

from queuack.authoring.trigger import BaseEventTrigger, BaseTrigger, TriggerEvent

_MODULE = "airflow.providers.standard.triggers.file"


def find_file(pattern: str, recursive: bool) -> str | None:
    """The first file, or folder with a file anywhere below it, that the glob pattern matches."""
    for path in glob(pattern, recursive=recursive):
        if os.path.isfile(path) or any(files for _, _, files in os.walk(path)):
            return path
    return None


class FileTrigger(BaseTrigger):
    """Fires True once ``filepath`` (a path or a glob pattern) is there; looks every ``poke_interval`` seconds."""

    def __init__(self, filepath: str, recursive: bool = False, poke_interval: float = 5.0, **kwargs: Any) -> None:
        super().__init__()
        self.filepath, self.recursive, self.poke_interval = filepath, recursive, poke_interval

    def serialize(self) -> tuple[str, dict[str, Any]]:
        names = ("filepath", "recursive", "poke_interval")
        return f"{_MODULE}.FileTrigger", {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        while (found := await asyncio.to_thread(find_file, self.filepath, self.recursive)) is None:
            await asyncio.sleep(self.poke_interval)
        self.log.info("Found File %s", found)
        yield TriggerEvent(True)


class FileDeleteTrigger(BaseEventTrigger):
    """Fires True once the file ``filepath`` is there, and deletes it; looks every ``poke_interval`` seconds."""

    def __init__(self, filepath: str, poke_interval: float = 5.0, **kwargs: Any) -> None:
        super().__init__()
        self.filepath, self.poke_interval = filepath, poke_interval

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return f"{_MODULE}.FileDeleteTrigger", {"filepath": self.filepath, "poke_interval": self.poke_interval}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        while not await asyncio.to_thread(_take, Path(self.filepath)):
            await asyncio.sleep(self.poke_interval)
        self.log.info("File %s has been deleted", self.filepath)
        yield TriggerEvent(True)


class DirectoryFileDeleteTrigger(BaseEventTrigger):
    """Fires once ``filename`` is in ``directory``, and deletes it; the event names its path.

    Triggers of one directory and interval may share one look at it (``shared_stream_key``).
    """

    def __init__(self, *, directory: str, filename: str, poke_interval: float = 5.0) -> None:
        super().__init__()
        self.directory, self.filename, self.poke_interval = directory, filename, poke_interval

    def serialize(self) -> tuple[str, dict[str, Any]]:
        names = ("directory", "filename", "poke_interval")
        return f"{_MODULE}.DirectoryFileDeleteTrigger", {name: getattr(self, name) for name in names}

    def shared_stream_key(self) -> Hashable | None:
        return ("directory-scan", os.path.realpath(self.directory), self.poke_interval)

    @classmethod
    async def open_shared_stream(cls, kwargs: dict[str, Any]) -> AsyncIterator[Any]:
        """What is in the directory, again and again; nothing while there is no such directory.

        Raises what cannot heal (PermissionError, NotADirectoryError); other I/O errors are waited out.
        """
        directory = Path(kwargs["directory"])
        while True:
            names = await asyncio.to_thread(_names_in, directory)
            if names is not None:
                yield {"directory": str(directory), "names": names}
            await asyncio.sleep(kwargs["poke_interval"])

    async def filter_shared_stream(self, shared_stream: AsyncIterator[Any]) -> AsyncIterator[TriggerEvent]:
        """The event of this trigger's own file."""
        async for seen in shared_stream:
            path = Path(seen["directory"]) / self.filename
            if self.filename in seen["names"] and await asyncio.to_thread(_take, path):
                self.log.info("File %s has been deleted", path)
                yield TriggerEvent({"filepath": str(path)})
                return

    async def run(self) -> AsyncIterator[TriggerEvent]:
        async for event in self.filter_shared_stream(self.open_shared_stream(self.serialize()[1])):
            yield event


def _take(path: Path) -> bool:
    """Delete the file; false when it is not there (any more)."""
    if not path.is_file():
        return False
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True


def _names_in(directory: Path) -> set[str] | None:
    """None when the directory cannot be read just now."""
    try:
        return {path.name for path in directory.iterdir()}
    except FileNotFoundError:
        return set()
    except (PermissionError, NotADirectoryError, IsADirectoryError):
        raise
    except OSError:
        return None
