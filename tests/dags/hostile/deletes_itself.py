"""Deletes its own source (run it on a copy)."""
import os

from airflow import DAG

dag = DAG("hostile_deletes_itself", schedule=None)
os.unlink(__file__)
