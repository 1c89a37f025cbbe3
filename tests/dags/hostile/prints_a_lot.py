"""Prints hundreds of megabytes, and still defines its DAG."""
import os

from airflow import DAG

line = b"x" * 65536
for _ in range(4000):
    os.write(1, line)
dag = DAG("hostile_prints_a_lot", schedule=None)
