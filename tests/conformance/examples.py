"""Which of Airflow's example DAGs are compared, how they are run, and which are not, with the reason.

The files come from the released wheels, unmodified. Must not import Airflow or Queuack.
"""

from __future__ import annotations

import re
import shutil
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
    """One DAG of one example file; ``runs`` above 2 for DAGs that choose at random.

    ``moments``: what Airflow's operators take for now, one after the other, where that decides; ``slow``: it installs
    packages or waits; ``parts``: patterns in task ids that tell branches which choose independently of one another;
    ``beside``: paths of files with DAGs that it names; ``before``: DAGs of those files that have a run of the same date;
    ``in_process``: false where Queuack's ``dag.test()`` cannot tell, which knows one DAG and its scheduler's part too.
    """

    dag_id: str
    file: str
    folder: str = CORE_FOLDER
    conf: dict[str, Any] = field(default_factory=dict)
    runs: int = 2
    moments: tuple[str, ...] = ()
    slow: bool = False
    parts: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    in_process: bool = True

    def part_of(self, place: str) -> str:
        """The part that a task belongs to; empty for the rest."""
        return next((part for part in self.parts if re.search(part, place)), "")

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
    *_core("example_retry_policy", runs=1),
    *_core("example_workday_timetable"),
    *_core(
        "example_asset_alias",
        "asset_s3_bucket_producer",
        "asset_alias_example_alias_producer",
        "asset_s3_bucket_consumer",
        "asset_alias_example_alias_consumer",
    ),
    *_core(
        "example_asset_alias_with_no_taskflow",
        "asset_s3_bucket_producer_with_no_taskflow",
        "asset_alias_example_alias_producer_with_no_taskflow",
        "asset_s3_bucket_consumer_with_no_taskflow",
        "asset_alias_example_alias_consumer_with_no_taskflow",
    ),
    *_core("example_asset_allow_teams", "team_analytics_producer", "team_ml_consumer"),
    *_core("example_asset_decorator", "asset1_producer", "consumes_asset_decorator"),
    *_core(
        "example_asset_partition",
        "ingest_team_a_player_stats",
        "team_b_player_stats",
        "clean_and_combine_player_stats",
        "ingest_regional_sales",
        "ingest_region_stats",
        "live_region_player_stats",
        "multi_region_player_stats",
        "daily_team_a_rollup",
        "daily_inference",
    ),
    *_core("example_asset_state_store", "example_asset_state_store_producer", "example_asset_state_store_consumer"),
    *_core("example_asset_with_watchers"),
    *_core("example_inlet_event_extra", "read_asset_event", "read_asset_event_from_classic"),
    *_core(
        "example_outlet_event_extra",
        "asset_with_extra_by_yield",
        "asset_with_extra_by_context",
        "asset_with_extra_from_classic_operator",
    ),
    *_core("example_assets", "asset_produces_1", "asset_consumes_1"),
    *_core("example_task_state_store"),
    *_core("example_task_state_store_mapped"),
    *_standard("example_bash_operator"),
    *_standard("example_bash_decorator"),
    *_standard("example_measurement_correction_decorator"),
    *_standard("example_measurement_correction_operator"),
    *_standard("example_short_circuit_operator"),
    *_standard("example_short_circuit_decorator"),
    *_standard("example_latest_only", "latest_only"),
    *_standard("example_branch_operator", runs=16, slow=True, parts=("ext_py", "venv")),
    *_standard(
        "example_branch_operator_decorator",
        "example_branch_python_operator_decorator",
        runs=16,
        slow=True,
        parts=("ext_py", "v(irtual)?env"),
    ),
    *_standard("example_python_operator", slow=True),
    *_standard("example_python_decorator", slow=True),
    *_core("tutorial_taskflow_api_virtualenv", slow=True),
    *_standard(
        "example_branch_datetime_operator",
        "example_branch_datetime_operator",
        "example_branch_datetime_operator_2",
        "example_branch_datetime_operator_3",
        moments=("2026-11-24T09:00:00+00:00", "2026-11-24T18:00:00+00:00"),
    ),
    *_standard(
        "example_branch_day_of_week_operator",
        "example_weekday_branch_operator",
        runs=3,
        moments=("2026-11-23T09:00:00+00:00", "2026-11-24T09:00:00+00:00", "2026-11-28T09:00:00+00:00"),
    ),
    *_standard("example_sensor_decorator"),
    *_standard(
        "example_trigger_controller_dag",
        beside=(f"{CORE_FOLDER}/example_trigger_target_dag.py",),
        in_process=False,
    ),
    *_standard("example_external_task_child_deferrable", "child_dag", slow=True),
    *_standard("example_external_task_marker_dag", "example_external_task_marker_parent", in_process=False),
    *_standard(
        "example_external_task_marker_dag",
        "example_external_task_marker_child",
        beside=(f"{STANDARD_FOLDER}/example_external_task_marker_dag.py",),
        before=("example_external_task_marker_parent",),
        in_process=False,
    ),
    *_core("example_time_delta_sensor_async"),
]

NOT_YET: dict[str, str] = {
    "example_external_task_parent_deferrable": "a run by Airflow's scheduler: it waits for a run that it triggers",
    **dict.fromkeys(["example_kubernetes_executor", "example_local_kubernetes_executor"], "a Kubernetes cluster"),
    "example_sensors": "an hour: one of its sensors waits until then, whatever its timeout",
    "example_task_state_store_async": "a run by Airflow's scheduler: its dag.test() has no asynchronous state store",
    "example_hitl_operator": "people who answer while it runs: dag.test() of Airflow never asks",
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


def install_plugins(source: Path, into: Path, *names: str) -> None:
    """Airflow's example plugins (default: all) as plugins of a home, importable under their own names."""
    folder = into / CORE_FOLDER / "plugins"
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted((source / CORE_FOLDER / "plugins").glob("*.py")):
        if not names or path.stem in names:
            shutil.copy(path, folder)


def matching(example: Example, outcomes: list[dict[str, Any]], states: dict[str, str]) -> dict[str, Any] | None:
    """The recorded task entries of the outcome that ``states`` agrees with, part by part; None when there is none."""
    found: dict[str, Any] = {}
    for part in ("", *example.parts):
        mine = {place: state for place, state in states.items() if example.part_of(place) == part}
        for outcome in outcomes:
            tasks = {place: task for place, task in outcome["tasks"].items() if example.part_of(place) == part}
            if mine == {place: task["state"] for place, task in tasks.items()}:
                found |= tasks
                break
        else:
            return None
    return found


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
