"""The wheel that stands for ``apache-airflow``: metadata that says it is installed, and no code.

Every provider package requires ``apache-airflow``, which would bring a scheduler, a web server and a hundred packages
that Queuack replaces. It requires what providers import and leave to Airflow to require. Decides name, version and
contents; it is made on the user's machine and is nobody's to publish.
Format: https://packaging.python.org/en/latest/specifications/binary-distribution-format/
"""

from __future__ import annotations

import base64
import hashlib
import zipfile
from pathlib import Path

from queuack.compat.shims.version import AIRFLOW_VERSION

DISTRIBUTION = "apache_airflow"
EPOCH = (1980, 1, 1, 0, 0, 0)
"""Date of each entry: the same wheel, byte for byte, each time."""

DESCRIPTION = """\
# A stand-in for Apache Airflow

Made by `queuack migrate stand-in`. It holds no code: it tells pip that `apache-airflow` is there, so that provider
packages can be installed beside Queuack, which serves the `airflow` names to them. Not made by the Apache Software
Foundation; do not publish it.
"""


def stand_in_version() -> str:
    """Airflow's version whose names are served, with a local label (PEP 440)."""
    return f"{AIRFLOW_VERSION}+queuack"


def write_stand_in(folder: Path) -> Path:
    """Write the wheel into ``folder``, which is made if it is not there; returns its path. Raises OSError."""
    version = stand_in_version()
    info = f"{DISTRIBUTION}-{version}.dist-info"
    metadata = (
        f"Metadata-Version: 2.1\nName: apache-airflow\nVersion: {version}\n"
        "Summary: Stands for Apache Airflow where Queuack runs; no code.\n"
        "Requires-Dist: queuack[providers]\nDescription-Content-Type: text/markdown\n\n"
    )
    wheel = "Wheel-Version: 1.0\nGenerator: queuack\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    contents = {f"{info}/METADATA": metadata + DESCRIPTION, f"{info}/WHEEL": wheel}
    record = [f"{name},sha256={_digest(text)},{len(text.encode())}" for name, text in contents.items()]
    contents[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""])
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{DISTRIBUTION}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in contents.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), text)
    return path


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
