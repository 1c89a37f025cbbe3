"""Files in object storage as paths: ``ObjectStoragePath("s3://my_connection@bucket/key")``.

Needs fsspec and universal_pathlib, the extra ``objectstorage``: importing this package without them raises ImportError
that says so. ``filesystems`` decides what serves a scheme, ``stores`` keeps what is attached, ``path`` is the path.
Airflow page: core-concepts/objectstorage.
"""

from __future__ import annotations

from importlib.util import find_spec

NEEDED = {"fsspec": "fsspec", "upath": "universal_pathlib"}
"""Module → package."""

_missing = [package for module, package in NEEDED.items() if find_spec(module) is None]
if _missing:
    raise ImportError(
        f"ObjectStoragePath needs {' and '.join(_missing)}: pip install 'queuack[objectstorage]'", name=_missing[0]
    )
