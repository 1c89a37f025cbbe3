"""airflow dag file that leaves by sys.exit."""
import sys

sys.exit(3)
