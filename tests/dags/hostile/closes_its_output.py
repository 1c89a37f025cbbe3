"""Replaces and closes sys.stdout and sys.stderr."""
import sys

from airflow import DAG

sys.stdout.close()
sys.stderr = None
dag = DAG("hostile_closes_its_output", schedule=None)
