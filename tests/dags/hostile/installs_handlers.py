"""atexit, signal handlers, excepthook, trace function, audit hook, an alarm."""
import atexit
import signal
import sys
import time

from airflow import DAG


def hang(*_):
    while True:
        time.sleep(1000)


atexit.register(hang)
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
    signal.signal(number, hang)
sys.excepthook = hang
sys.setprofile(lambda *_: None)
dag = DAG("hostile_installs_handlers", schedule=None)
