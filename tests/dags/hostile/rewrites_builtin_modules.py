"""Empties modules that others need."""
import json
import os
import sys

from airflow import DAG

dag = DAG("hostile_rewrites_builtin_modules", schedule=None)
json.dumps = os.write = os.getpid = sys.exit = None
