"""What ``airflow.utils`` and its like offer DAG files and Queuack itself does not need; one subject a file."""
