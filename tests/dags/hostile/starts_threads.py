"""Leaves threads running that would keep a process from ending."""
import threading
import time

from airflow import DAG

for _ in range(4):
    threading.Thread(target=time.sleep, args=(100_000,)).start()
dag = DAG("hostile_starts_threads", schedule=None)
