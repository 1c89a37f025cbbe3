"""Names of Airflow that are not there: not built in Queuack yet, or gone; each with what to do instead."""

from __future__ import annotations

from collections.abc import Mapping

from queuack.compat.table.targets import Reasons

_YET = "not built in Queuack yet"
_STANDARD = "airflow.providers.standard"
_PLACES = f"{_STANDARD} or another provider package, a plugin's in its own module."

ABSENT: Reasons = {}

REMOVED: Mapping[str, str] = {
    "airflow.contrib": "contrib went away in Airflow 2; import from the provider package that took it over.",
    "airflow.executors": "Queuack has its own executors, chosen by its settings; user code cannot subclass Airflow's.",
    "airflow.jobs": "Airflow's jobs are parts of its own processes; delete the import, Queuack has no counterpart.",
    "airflow.www": "the Flask web server went away in Airflow 3.",
    "airflow.api_fastapi": "Airflow's API server is not part of Queuack; user code cannot extend it.",
    "airflow.serialization": "DAG serialization is Queuack's own; user code has no use for Airflow's.",
    "airflow.lineage": "inlets, outlets and hooks report lineage in airflow.sdk.lineage since Airflow 3.",
    "airflow.kubernetes": "it went away in Airflow 2; write airflow.providers.cncf.kubernetes.",
    "airflow.config_templates": "delete the import: logging is set in queuack.toml, not by a dictionary.",
    "airflow.cli": "Queuack's command line is its own; user code cannot extend it.",
    "airflow.gcp": "it went away in Airflow 2; write airflow.providers.google.",
    "airflow.triggers": "triggers are in airflow.providers.standard or another provider package, their base classes in "
    "airflow.triggers.base.",
    "airflow.sensors": f"it went away; sensors are in {_PLACES}",
    "airflow.operators": f"it went away; operators are in {_PLACES}",
    "airflow.hooks": "it went away; hooks are in provider packages or a plugin's own module, BaseHook in airflow.sdk.",
}
