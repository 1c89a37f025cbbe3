"""airflow dag file."""

from airflow import DAG

with DAG("x" schedule=None):
    pass
