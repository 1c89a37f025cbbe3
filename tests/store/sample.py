"""Writes for tests, with everything that a test does not care about filled in."""

from __future__ import annotations

from typing import Any

from queuack.engine import effects as fx
from queuack.engine.events import ImportErrorInfo
from queuack.engine.spec import DagDocument, document_hash, encode

NOW = 1_700_000_000_000_000
NOW_ISO = "2023-11-14T22:13:20+00:00"


def dag(dag_id: str = "d", **changes: Any) -> fx.DagRow:
    values: dict[str, Any] = {
        "dag_id": dag_id, "relative_fileloc": "a.py", "fileloc": "/dags/a.py", "is_paused": False, "is_stale": False,
        "last_parsed_time": NOW, "owners": "me", "description": None, "timetable_summary": "@daily",
        "timetable_description": "", "timetable_type": "cron", "max_active_tasks": 16, "max_active_runs": 16,
        "max_consecutive_failed_dag_runs": 0, "has_import_errors": False, "dag_display_name": None,
        "tags": ("a", "b"),
    }  # fmt: skip
    return fx.DagRow(**{**values, **changes})


def version(
    id: int = 1, dag_id: str = "d", number: int = 1, document: DagDocument | None = None, **changes: Any
) -> fx.DagVersionRow:
    data = encode(document or DagDocument(dag_id=dag_id, fileloc="/dags/a.py", relative_fileloc="a.py"))
    values: dict[str, Any] = {
        "id": id, "dag_id": dag_id, "version_number": number, "document": data,
        "document_hash": document_hash(data), "file_hash": f"hash{id}", "source": f"# {id}", "created_at": NOW,
    }  # fmt: skip
    return fx.DagVersionRow(**{**values, **changes})


def run(id: int, dag_id: str = "d", state: str = "running", **changes: Any) -> fx.RunRow:
    values: dict[str, Any] = {
        "id": id, "dag_id": dag_id, "run_id": f"r{id}", "run_type": "scheduled", "state": state,
        "logical_date": NOW + id, "data_interval_start": NOW, "data_interval_end": NOW + 1, "run_after": NOW + id,
        "queued_at": NOW, "start_date": NOW, "end_date": None, "conf": {"n": id}, "triggered_by": "timetable",
        "triggering_user_name": None, "note": None, "dag_version_id": 1, "clear_number": 0, "updated_at": NOW,
    }  # fmt: skip
    return fx.RunRow(**{**values, **changes})


def instances(run_key: int, first_id: int, count: int, dag_id: str = "d", **changes: Any) -> fx.NewInstances:
    values: dict[str, Any] = {
        "first_id": first_id, "dag_id": dag_id, "run_id": f"r{run_key}", "run_key": run_key, "dag_version_id": 1,
        "run_after": NOW, "task_ids": tuple(f"t{index}" for index in range(count)),
        "operators": ("PythonOperator",) * count, "operator_names": ("@task",) * count,
        "pools": ("default_pool",) * count, "pool_slots": (1,) * count, "queues": ("default",) * count,
        "priority_weights": tuple(range(count)), "max_tries": (2,) * count, "at": NOW,
    }  # fmt: skip
    return fx.NewInstances(**{**values, **changes})


def instance(id: int, state: str | None = "success", **changes: Any) -> fx.InstanceRow:
    values: dict[str, Any] = {
        "id": id, "state": state, "try_number": 1, "max_tries": 2, "scheduled_dttm": NOW, "queued_dttm": NOW,
        "start_date": NOW, "end_date": NOW + 2_500_000, "retry_at": None, "pid": 5, "hostname": "host",
        "unixname": "me", "worker_id": "w1", "updated_at": NOW,
    }  # fmt: skip
    return fx.InstanceRow(**{**values, **changes})


def xcom(run_key: int, task_id: str, key: str = "return_value", value: bytes = b"1", **changes: Any) -> fx.XComRow:
    values: dict[str, Any] = {
        "dag_id": "d", "run_id": f"r{run_key}", "task_id": task_id, "map_index": -1, "key": key,
        "encoding": "json", "value": value, "at": NOW,
    }  # fmt: skip
    return fx.XComRow(**{**values, **changes})


def cleared(run_key: int, task_id: str, key: str | None = None) -> fx.XComsCleared:
    return fx.XComsCleared(dag_id="d", run_id=f"r{run_key}", task_id=task_id, map_index=-1, key=key)


def import_errors(file: str, *messages: str) -> fx.ImportErrorRows:
    errors = tuple(ImportErrorInfo(relative_fileloc=file, message=m, line=3, stacktrace="trace") for m in messages)
    return fx.ImportErrorRows(relative_fileloc=file, errors=errors, at=NOW)
