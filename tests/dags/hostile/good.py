"""The one that must not be harmed by the others."""
from airflow import DAG

dag = DAG("hostile_good", schedule=None)
