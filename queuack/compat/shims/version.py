"""The Airflow version that DAG files and providers see: the one whose behaviour Queuack follows."""

from __future__ import annotations

AIRFLOW_VERSION = "3.3.2"
SDK_VERSION = "1.3.2"
AUTHOR = "Queuack"
