"""Kills its process group, itself included; airflow dag."""
import os
import signal

os.killpg(0, signal.SIGKILL)
