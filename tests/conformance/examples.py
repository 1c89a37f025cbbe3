"""Which of Airflow's example DAGs are compared, how they are run, and which are not, with the reason.

The files come from the released wheels, unmodified. Must not import Airflow or Queuack.
"""

from __future__ import annotations

import threading
import zipfile
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

CORE = "apache-airflow-core==3.3.2"
STANDARD = "apache-airflow-providers-standard==1.21.0"
CORE_FOLDER = "airflow/example_dags"
STANDARD_FOLDER = "airflow/providers/standard/example_dags"
LOGICAL_DATE = "2026-01-05T00:00:00+00:00"
"""A Monday, long past."""


@dataclass(frozen=True)
class Example:
    """One DAG of one example file; ``runs`` above 2 for DAGs that choose at random."""

    dag_id: str
    file: str
    folder: str = CORE_FOLDER
    conf: dict[str, Any] = field(default_factory=dict)
    runs: int = 2

    @property
    def path(self) -> str:
        return f"{self.folder}/{self.file}.py"


def _core(file: str, *dag_ids: str, **options: Any) -> list[Example]:
    return [Example(dag_id, file, **options) for dag_id in dag_ids or (file,)]


def _standard(file: str, *dag_ids: str, **options: Any) -> list[Example]:
    return [Example(dag_id, file, STANDARD_FOLDER, **options) for dag_id in dag_ids or (file,)]


EXAMPLES = [
    *_core("tutorial"),
    *_core("tutorial_dag"),
    *_core("tutorial_taskflow_api"),
    *_core("tutorial_taskflow_templates"),
    *_core("example_simplest_dag"),
    *_core("example_complex"),
    *_core("example_branch_labels"),
    *_core("example_skip_dag"),
    *_core("example_nested_branch_dag", "example_nested_branch_dag"),
    *_core("example_xcom"),
    *_core("example_xcomargs", "example_xcom_args", "example_xcom_args_with_operators"),
    *_core("example_task_group"),
    *_core("example_task_group_decorator"),
    *_core("example_dag_decorator", conf={"url": "{stand_in}/get"}),
    *_core("example_branch_python_dop_operator_3", "example_branch_dop_operator_v3"),
    *_core("example_display_name"),
    *_core("example_failed_dag"),
    *_core("example_latest_only_with_trigger", "latest_only_with_trigger"),
    *_core("example_params_trigger_ui"),
    *_core("example_params_ui_tutorial", conf={"required_field": "something to say"}),
    *_core("example_passing_params_via_test_command"),
    *_core("example_setup_teardown"),
    *_core("example_setup_teardown_taskflow"),
    *_core("example_trigger_target_dag", conf={"message": "hello"}),
    *_core("example_dynamic_task_mapping"),
    *_core("example_dynamic_task_mapping_with_no_taskflow_operators"),
    *_core("example_custom_weight"),
    *_core("example_workday_timetable"),
    *_standard("example_bash_operator"),
    *_standard("example_bash_decorator"),
    *_standard("example_measurement_correction_decorator"),
    *_standard("example_measurement_correction_operator"),
    *_standard("example_short_circuit_operator"),
    *_standard("example_short_circuit_decorator"),
    *_standard("example_latest_only", "latest_only"),
]

NOT_YET: dict[str, str] = {
    **dict.fromkeys(
        [
            "example_asset_alias",
            "example_asset_alias_with_no_taskflow",
            "example_asset_allow_teams",
            "example_asset_decorator",
            "example_asset_partition",
            "example_asset_state_store",
            "example_asset_with_watchers",
            "example_assets",
            "example_inlet_event_extra",
            "example_outlet_event_extra",
        ],
        "asset-driven scheduling",
    ),
    **dict.fromkeys(
        ["example_task_state_store", "example_task_state_store_async", "example_task_state_store_mapped"],
        "state stores",
    ),
    **dict.fromkeys(
        [
            "example_branch_operator",
            "example_branch_operator_decorator",
            "example_python_decorator",
            "example_python_operator",
            "tutorial_taskflow_api_virtualenv",
        ],
        "tasks in other Python environments",
    ),
    **dict.fromkeys(
        [
            "example_external_task_child_deferrable",
            "example_external_task_marker_dag",
            "example_external_task_parent_deferrable",
            "example_sensor_decorator",
            "example_sensors",
            "example_time_delta_sensor_async",
        ],
        "sensors",
    ),
    **dict.fromkeys(["example_kubernetes_executor", "example_local_kubernetes_executor"], "a Kubernetes cluster"),
    **dict.fromkeys(
        [
            "example_dynamic_task_mapping",
            "example_dynamic_task_mapping_with_no_taskflow_operators",
            "example_params_trigger_ui",
        ],
        "dynamic task mapping",
    ),
    "example_custom_weight": "custom weight rules",
    "example_workday_timetable": "custom timetables",
    "example_branch_datetime_operator": "BranchDateTimeOperator",
    "example_branch_day_of_week_operator": "BranchDayOfWeekOperator",
    "example_hitl_operator": "human-in-the-loop operators",
    "example_retry_policy": "retry policies",
    "example_trigger_controller_dag": "TriggerDagRunOperator",
    "tutorial_objectstorage": "object storage",
}
"""Example file → what it needs that is not built yet. The recordings of some wait here."""

COMPARED = [example for example in EXAMPLES if example.file not in NOT_YET]


def unpack(wheels: Path, into: Path) -> Path:
    """The example folders of the wheels in a folder."""
    for wheel in sorted(wheels.glob("apache_airflow_*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if name.startswith((CORE_FOLDER + "/", STANDARD_FOLDER + "/"))]
            archive.extractall(into, names)
    return into


class StandInHost:
    """A host on loopback that answers like the one ``example_dag_decorator`` asks for its address."""

    def __enter__(self) -> StandInHost:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Answer)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def fill(self, conf: dict[str, Any]) -> dict[str, Any]:
        """``conf`` with this host's address in it."""
        return {k: v.replace("{stand_in}", self.url) if isinstance(v, str) else v for k, v in conf.items()}


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b'{"origin": "127.0.0.1"}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""
