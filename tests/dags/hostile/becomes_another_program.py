"""airflow dag file that turns into another program."""
import os

os.execv("/bin/sh", ["sh", "-c", "exit 0"])
