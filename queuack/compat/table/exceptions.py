"""Exceptions: one class, reached by ``airflow.exceptions`` and ``airflow.sdk.exceptions``."""

from __future__ import annotations

from queuack.compat.table.targets import Served, at

SERVED: Served = {
    "airflow.exceptions": {"*": "queuack.authoring.exceptions"},
    "airflow.sdk.exceptions": {"*": "queuack.authoring.exceptions"},
    "airflow.sdk._shared.configuration.exceptions": at("queuack.authoring.exceptions", "AirflowConfigException"),
}
