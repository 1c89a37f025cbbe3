"""Records which runs Airflow's scheduler makes of asset events, for ``tests/engine/test_recorded_assets.py``.

Usage: ``python record_assets.py OUT_FILE`` with the interpreter of an environment that has Airflow 3.3.2. Random
sequences of updates, pauses and ends of runs go through Airflow's asset manager and the function of its scheduler that
creates runs, one tick after each; what is recorded is each new run and the events it consumed. Must not import Queuack.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SEEDS = range(12)
ACTIONS = 40
DAGS = """
from airflow.sdk import (
    DAG, AllowedKeyMapper, Asset, FanOutMapper, FixedKeyMapper, IdentityMapper, MinimumCount, PartitionedAssetTimetable,
    RollupMapper, SegmentWindow, StartOfDayMapper, StartOfWeekMapper, WeekWindow,
)
from airflow.providers.standard.operators.empty import EmptyOperator

a, b, c = Asset("a"), Asset("b"), Asset("c")
rollup = RollupMapper(upstream_mapper=FixedKeyMapper("all"), window=SegmentWindow(["x", "y", "z"]))
early = RollupMapper(
    upstream_mapper=FixedKeyMapper("all"), window=SegmentWindow(["x", "y", "z"]), wait_policy=MinimumCount(-1)
)
fan = FanOutMapper(upstream_mapper=StartOfWeekMapper(input_format="%Y-%m-%d"), window=WeekWindow())
SCHEDULES = {
    "all": a & b,
    "any": a | b,
    "mixed": a | (b & c),
    "three": [a, b, c],
    "nested": (a | b) & c,
    "same_key": PartitionedAssetTimetable(assets=a & b),
    "rollup": PartitionedAssetTimetable(assets=a, default_partition_mapper=rollup),
    "early": PartitionedAssetTimetable(assets=a, default_partition_mapper=early),
    "allowed": PartitionedAssetTimetable(assets=a | c, partition_mapper_config={a: AllowedKeyMapper(["x", "y"])}),
    "fan": PartitionedAssetTimetable(assets=c, default_partition_mapper=fan),
}
for name, schedule in SCHEDULES.items():
    with DAG(name, schedule=schedule, catchup=False, max_active_runs=1000):
        EmptyOperator(task_id="t")
with DAG("up", schedule=None):
    EmptyOperator(task_id="p", outlets=[a, b, c])
"""
PAUSED = ["all", "any", "mixed", "three", "nested", "same_key", "rollup"]
KEYS = [None, None, None, "x", "y", "z", "2026-01-07", "2026-01-01"]


def scenario(seed: int) -> list[dict[str, Any]]:
    rng = random.Random(seed)
    found: list[dict[str, Any]] = []
    for _ in range(ACTIONS):
        if rng.random() < 0.12:
            found.append({"pause": rng.choice(PAUSED), "paused": rng.random() < 0.5})
        else:
            found.append({"update": rng.choice("abc"), "key": rng.choice(KEYS)})
    return found


def main(out: str) -> None:
    cases = []
    for seed in SEEDS:
        with tempfile.TemporaryDirectory() as folder:
            environment = os.environ | {"AIRFLOW_HOME": folder, "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
            command = [sys.executable, "-m", "airflow", "db", "migrate"]
            subprocess.run(command, env=environment, check=True, capture_output=True)
            command = [sys.executable, __file__, "--one", str(seed), f"{folder}/out.json"]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            if done.returncode:
                raise SystemExit(done.stderr[-3000:])
            cases.append({"seed": seed, "steps": json.loads(Path(folder, "out.json").read_text())})
            print(f"seed {seed}: recorded", file=sys.stderr)
    Path(out).write_text(json.dumps({"cases": cases}, separators=(",", ":")) + "\n")


def one(seed: str, out: str) -> None:
    """In an Airflow of its own: each action with the runs that came of it."""
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
    from airflow.jobs.job import Job
    from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
    from airflow.models.dagbundle import DagBundleModel
    from airflow.utils.session import create_session
    from airflow.utils.sqlalchemy import prohibit_commit

    file = Path(os.environ["AIRFLOW_HOME"], "dags", "assets.py")
    file.parent.mkdir()
    file.write_text(DAGS)
    bag = DagBag(dag_folder=str(file), bundle_path=file.parent, load_op_links=False)
    if bag.import_errors:
        raise SystemExit("\n".join(bag.import_errors.values()))
    with create_session() as session:
        session.add(DagBundleModel(name="recorded"))
    sync_bag_to_db(bag, "recorded", None)
    runner = SchedulerJobRunner(job=Job())
    seen: set[int] = set()
    steps = []
    with create_session() as session:
        _pause(session, None, False)
    for action in scenario(int(seed)):
        time.sleep(0.003)  # Airflow tells events apart by their time
        with create_session() as session:
            _act(session, action)
        for _ in range(3):
            with create_session() as session, prohibit_commit(session) as guard:
                runner._create_dagruns_for_dags(guard, session)
        with create_session() as session:
            steps.append({"action": action, "runs": _new_runs(session, seen)})
    Path(out).write_text(json.dumps(steps))


def _pause(session: Any, dag_id: str | None, paused: bool) -> None:
    from airflow.models.dag import DagModel

    for model in session.query(DagModel):
        if dag_id is None or model.dag_id == dag_id:
            model.is_paused = paused


def _act(session: Any, action: dict[str, Any]) -> None:
    from airflow.assets.manager import AssetManager
    from airflow.serialization.definitions.assets import SerializedAssetUniqueKey

    if "pause" in action:
        _pause(session, action["pause"], action["paused"])
        return
    asset = SerializedAssetUniqueKey(name=action["update"], uri=action["update"])
    AssetManager.register_asset_change(asset=asset, session=session, partition_key=action["key"])


def _new_runs(session: Any, seen: set[int]) -> list[list[Any]]:
    from airflow.models.dagrun import DagRun

    found = []
    for run in session.query(DagRun).order_by(DagRun.id):
        if run.id in seen:
            continue
        seen.add(run.id)
        date = None if run.partition_date is None else run.partition_date.isoformat()
        events = sorted(event.id for event in run.consumed_asset_events)
        found.append([run.dag_id, str(run.run_type), run.partition_key, date, events])
    return sorted(found, key=str)


if __name__ == "__main__":
    if sys.argv[1] == "--one":
        one(*sys.argv[2:])
    else:
        main(*sys.argv[1:])
