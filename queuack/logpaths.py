"""Where the log of an attempt is: one template for workers, daemon, command line and web pages. Touches no file.

Airflow page: "Logging for Tasks", "Writing logs locally" (the default ``log_filename_template``).
"""

from __future__ import annotations


def attempt_log(dag_id: str, run_id: str, task_id: str, map_index: int, try_number: int) -> str:
    """Relative to the logs folder: ``dag_id=…/run_id=…/task_id=…/[map_index=N/]attempt=N.log``."""
    mapped = f"map_index={map_index}/" if map_index >= 0 else ""
    return f"dag_id={dag_id}/run_id={run_id}/task_id={task_id}/{mapped}attempt={try_number}.log"


def callback_log_path(dag_id: str, run_id: str, kind: str) -> str:
    """Relative to the logs folder: the log of a DAG's ``success`` or ``failure`` callback."""
    return f"dag_id={dag_id}/run_id={run_id}/callback={kind}.log"
