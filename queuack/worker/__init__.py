"""The processes that run user code of tasks and callbacks."""
