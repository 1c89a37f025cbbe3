"""What DAG files import. Knows nothing of the scheduler or the database."""
