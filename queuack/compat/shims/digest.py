"""``airflow.utils.hashlib_wrapper``: MD5 where machines forbid it for security."""

from __future__ import annotations

import hashlib
from typing import Any

__all__ = ["md5"]


def md5(string: bytes = b"", /) -> Any:
    """An MD5 digest not used for security."""
    return hashlib.md5(string, usedforsecurity=False)
