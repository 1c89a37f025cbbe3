"""airflow dag file."""
raise KeyboardInterrupt
