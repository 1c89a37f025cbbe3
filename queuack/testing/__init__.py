"""Runs DAGs and tasks in this process, live, without a daemon: ``dag.test()``, ``queuack dags test``, ``tasks test``.

The engine, the store (in memory) and the runner are the real ones; only the processes are missing.
"""

from queuack.testing.command import render_task, test_dag_target, test_task
from queuack.testing.run import TestRun, test_dag

__all__ = ["TestRun", "render_task", "test_dag", "test_dag_target", "test_task"]
