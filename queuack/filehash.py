"""The hash that identifies the content of a DAG file; parser and workers must agree on it."""

from __future__ import annotations

import hashlib
from pathlib import Path


def content_hash(content: bytes) -> str:
    """32 hexadecimal digits."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def file_hash(path: str | Path) -> str:
    """Of the bytes of a file (of the whole archive for a DAG file in a zip). Raises OSError."""
    return content_hash(Path(path).read_bytes())
