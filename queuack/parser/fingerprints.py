"""The content hash of files and folders, computed again only when it may have changed.

Decides by content; times serve to save reading. A file written within two seconds of the last look is read again
whatever its times say, because file systems keep them coarsely.
"""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

_RACY = 2_000_000_000
"""Nanoseconds."""
_Signature = tuple[int, int, int, int]


class Fingerprints:
    """A cache of path → hash. ``of`` answers for what is on disk now."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[_Signature, int, str]] = {}

    def of(self, path: str) -> str | None:
        """32 hexadecimal digits, of a folder those of its list of names; None when there is nothing."""
        try:
            status = os.stat(path)
            signature = (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)
            known = self._known.get(path)
            if known is not None and known[0] == signature and known[1] > max(signature[:2]) + _RACY:
                return known[2]
            now = time.time_ns()
            digest = _hash(path)
        except OSError:
            self._known.pop(path, None)
            return None
        self._known[path] = (signature, now, digest)
        return digest


def _hash(path: str) -> str:
    if os.path.isdir(path):
        names = sorted(name for name in os.listdir(path) if name != "__pycache__" and not name.startswith("."))
        data = "\0".join(names).encode(errors="surrogateescape")
    elif os.path.isfile(path):
        data = Path(path).read_bytes()
    else:  # a socket, a pipe, a device: opening it could wait for ever
        data = b""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
