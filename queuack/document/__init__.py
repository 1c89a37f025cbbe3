"""DAG objects ⇄ DagDocument."""
