"""airflow dag file that multiplies without end."""
import os
import time

while True:
    if os.fork() == 0:
        time.sleep(100_000)
