"""Queuack: an Airflow-compatible DAG orchestrator that needs no infrastructure."""

__version__ = "0.1.0"
