"""The secrets that the environment holds: ``AIRFLOW_CONN_*``, ``AIRFLOW_VAR_*`` and Queuack's own prefixes.

They are masked from the worker's start, fetched or not: a task that prints its environment prints them too. What is
secret of them is ``masking``'s decision. Airflow page: "Masking sensitive data".
"""

from __future__ import annotations

from collections.abc import Mapping

from queuack.authoring.connection import Connection
from queuack.worker.masking import Masker

CONNECTION_PREFIXES = ("QUEUACK_CONN_", "AIRFLOW_CONN_")
VARIABLE_PREFIXES = ("QUEUACK_VAR_", "AIRFLOW_VAR_")


def mask_environment(masker: Masker, environ: Mapping[str, str]) -> None:
    """Keep the passwords and sensitive extras of connections, and variables with a sensitive name, out of logs."""
    for name, text in environ.items():
        for prefix in CONNECTION_PREFIXES:
            if name.startswith(prefix):
                _mask_connection(masker, text)
        for prefix in VARIABLE_PREFIXES:
            if name.startswith(prefix):
                masker.mask_variable(name.removeprefix(prefix), text)


def _mask_connection(masker: Masker, text: str) -> None:
    """``text`` is a URI or JSON. One that cannot be read is secret as a whole."""
    try:
        is_json = text.lstrip().startswith("{")
        connection = Connection.from_json(text) if is_json else Connection.from_uri(text)
    except Exception:  # Whoever uses the connection is told what is wrong with it.
        masker.mask_secret(text)
        return
    masker.mask_connection(connection.password, connection.extra)
