"""The secrets that the environment holds: ``AIRFLOW_CONN_*``, ``AIRFLOW_VAR_*`` and Queuack's own prefixes.

They are masked from a process's start, fetched or not: a task that prints its environment prints them too. What is
secret of them is ``masking``'s decision. Airflow page: security/secrets/mask-sensitive-values.
"""

from __future__ import annotations

from collections.abc import Mapping

from queuack.authoring.masking import Masker
from queuack.authoring.secrets.environment import CONNECTION_PREFIXES, VARIABLE_PREFIXES
from queuack.config import SETTINGS
from queuack.connection_form import from_text


def mask_environment(masker: Masker, environ: Mapping[str, str]) -> None:
    """Keep passwords and extras of connections, variables with a sensitive name, and secret settings out of logs."""
    settings = {f"{prefix}__{s.environment_key}" for s in SETTINGS if s.secret for prefix in ("QUEUACK", "AIRFLOW")}
    for name, text in environ.items():
        if name in settings:
            masker.mask_json(text)
        for prefix in CONNECTION_PREFIXES:
            if name.startswith(prefix):
                _mask_connection(masker, text)
        for prefix in VARIABLE_PREFIXES:
            if name.startswith(prefix):
                masker.mask_variable(name.removeprefix(prefix), text)


def _mask_connection(masker: Masker, text: str) -> None:
    """``text`` is a URI or JSON. One that cannot be read is secret as a whole."""
    try:
        fields = from_text(text)
    except Exception:  # Whoever uses the connection is told what is wrong with it.
        masker.mask_secret(text)
        return
    masker.mask_connection(fields.get("password"), fields.get("extra"))
