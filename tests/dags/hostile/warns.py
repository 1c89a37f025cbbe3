"""A deprecation warning of its own."""
import warnings

from airflow import DAG

warnings.warn("this is old", DeprecationWarning)
dag = DAG("hostile_warns", schedule=None)
