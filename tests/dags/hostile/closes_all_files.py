"""Closes every file descriptor there is, as a daemon would."""
import os

from airflow import DAG

dag = DAG("hostile_closes_all_files", schedule=None)
os.closerange(0, 4096)
