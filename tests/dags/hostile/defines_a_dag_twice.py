"""Two DAGs with one id."""
from airflow import DAG

first = DAG("hostile_twin", schedule=None)
second = DAG("hostile_twin", schedule=None)
