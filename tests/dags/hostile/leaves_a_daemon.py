"""Leaves a process behind that has cut all ties: double fork, a session of its own."""
import os
import time

from airflow import DAG

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        with open(os.environ.get("HOSTILE_PID_FILE", os.devnull), "w") as file:
            file.write(str(os.getpid()))
        while True:
            time.sleep(1000)
    os._exit(0)
os.wait()
dag = DAG("hostile_leaves_a_daemon", schedule=None)
