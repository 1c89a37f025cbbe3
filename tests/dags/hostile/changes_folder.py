"""Goes elsewhere, empties sys.path and the environment."""
import os
import sys

from airflow import DAG

dag = DAG("hostile_changes_folder", schedule=None)
os.chdir("/")
sys.path.clear()
os.environ.clear()
