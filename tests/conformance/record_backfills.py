"""Records what Airflow's backfill makes of what is there: which dates, which runs, which refusals.

Usage: ``python record_backfills.py OUT_FILE`` with the interpreter of an environment that has Airflow 3.3.2 and
``AIRFLOW_HOME`` in an empty folder. Must not import Queuack.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

DAGS = """
from datetime import datetime, timedelta
from airflow.sdk import DAG, Param
from airflow.sdk import Asset, CronPartitionTimetable
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.timetables.interval import CronDataIntervalTimetable
from airflow.timetables.trigger import DeltaTriggerTimetable, MultipleCronTriggerTimetable
from airflow.timetables.events import EventsTimetable

START = datetime(2025, 1, 1)

def make(dag_id, schedule, **options):
    past = options.pop("past", False)
    with DAG(dag_id, schedule=schedule, start_date=START, catchup=False, **options) as dag:
        EmptyOperator(task_id="a", depends_on_past=past) >> EmptyOperator(task_id="b")
    globals()[dag_id] = dag

make("daily", "@daily")
make("past", "@daily", past=True)
make("interval", CronDataIntervalTimetable("30 6 * * 1-5", timezone="Europe/Amsterdam"))
make("every_36h", timedelta(hours=36))
make("two_crons", MultipleCronTriggerTimetable("0 6 * * *", "0 6,18 * * 1", timezone="UTC"))
make("hourly_dst", "@hourly")
make("none", None)
make("once", "@once")
make("continuous", "@continuous", max_active_runs=1)
make("assets", [Asset("a")])
make("partitioned", CronPartitionTimetable("0 0 * * *", timezone="America/New_York"))
make("partitioned_hourly", CronPartitionTimetable("0 * * * *", timezone="UTC", key_format="%Y%m%dT%H"))
make("with_params", "@daily", params={"n": Param(1, type="integer")})
"""
DAY = "2025-03-03T00:00:00+00:00"
STATES = (None, "queued", "running", "success", "failed")
BEHAVIORS = (None, "none", "failed", "completed")


def main(out: str) -> None:
    subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], check=True, capture_output=True)
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "recorded.py").write_text(DAGS)
        DagBundlesManager().sync_bundles_to_db()
        bag = DagBag(dag_folder=folder, bundle_path=Path(folder), load_op_links=False, bundle_name="dags-folder")
        if bag.import_errors:
            raise SystemExit("\n".join(bag.import_errors.values()))
        sync_bag_to_db(bag, "dags-folder", None)
        recorded = {"existing": existing(), "ranges": ranges(), "refusals": refusals()}
    Path(out).write_text(json.dumps(recorded, separators=(",", ":"), sort_keys=True) + "\n")


def serialized(dag_id: str) -> Any:
    from airflow.models.serialized_dag import SerializedDagModel
    from airflow.utils.session import create_session

    with create_session() as session:
        return session.scalar(SerializedDagModel.latest_item_select_object(dag_id)).dag


def reset() -> None:
    from airflow.models import DagRun
    from airflow.models.backfill import Backfill, BackfillDagRun
    from airflow.utils.session import create_session
    from sqlalchemy import delete

    with create_session() as session:
        for table in (BackfillDagRun, DagRun, Backfill):
            session.execute(delete(table))


def existing() -> list[dict[str, Any]]:
    """State of the run that is there × behaviour × conf, for a plain and a partitioned DAG."""
    found = []
    for dag_id in ("daily", "partitioned"):
        for state in STATES:
            for behavior in BEHAVIORS:
                for conf in (None, {"x": 2}):
                    reset()
                    if state is not None:
                        run_before(dag_id, state)
                    create(dag_id, DAY, DAY, reprocess_behavior=behavior, dag_run_conf=conf)
                    found.append(
                        {"dag_id": dag_id, "state": state, "behavior": behavior, "conf": conf, "then": outcome(dag_id)}
                    )
    return found


def run_before(dag_id: str, state: str) -> None:
    from airflow._shared.timezones import timezone
    from airflow.models import DagRun
    from airflow.utils.session import create_session
    from airflow.utils.state import DagRunState, TaskInstanceState
    from airflow.utils.types import DagRunTriggeredByType, DagRunType
    from sqlalchemy import select

    dag = serialized(dag_id)
    (info,) = dag.iter_dagrun_infos_between(timezone.parse(DAY), timezone.parse(DAY))
    with create_session() as session:
        dag.create_dagrun(
            run_id="before", logical_date=info.logical_date, data_interval=info.data_interval,
            partition_key=info.partition_key, partition_date=info.partition_date, run_after=info.run_after,
            run_type=DagRunType.SCHEDULED, triggered_by=DagRunTriggeredByType.TIMETABLE, conf={"x": 1},
            state=DagRunState(state), session=session,
        )  # fmt: skip
    with create_session() as session:
        run = session.scalars(select(DagRun)).one()
        if state in ("running", "success", "failed"):
            run.start_date = timezone.utcnow()
        for ti in run.task_instances:
            if state in ("success", "failed"):
                ti.state = TaskInstanceState(state)
                ti.try_number = 1


def create(dag_id: str, first: str, last: str, **options: Any) -> None:
    from airflow.models.backfill import ReprocessBehavior, _create_backfill

    behavior = options.pop("reprocess_behavior", None)
    _create_backfill(
        dag_id=dag_id, from_date=datetime.fromisoformat(first), to_date=datetime.fromisoformat(last),
        max_active_runs=10, reverse=options.pop("run_backwards", False),
        dag_run_conf=options.pop("dag_run_conf", None), triggering_user_name="somebody",
        reprocess_behavior=None if behavior is None else ReprocessBehavior(behavior), run_on_latest_version=True,
    )  # fmt: skip
    assert not options


def outcome(dag_id: str) -> dict[str, Any]:
    from airflow.models import DagRun
    from airflow.models.backfill import BackfillDagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        runs = {run.id: run for run in session.scalars(select(DagRun).order_by(DagRun.id))}
        dates = session.scalars(select(BackfillDagRun).order_by(BackfillDagRun.sort_ordinal)).all()
        return {
            "dates": [
                {
                    "run": None if row.dag_run_id is None else name(runs[row.dag_run_id]),
                    "reason": row.exception_reason and str(getattr(row.exception_reason, "value", row.exception_reason)),
                    "ordinal": row.sort_ordinal,
                }
                for row in dates
            ],
            "runs": [
                {
                    "run": name(run), "state": str(run.state), "run_type": str(getattr(run.run_type, "value", run.run_type)),
                    "triggered_by": run.triggered_by.value, "conf": run.conf, "backfilled": run.backfill_id is not None,
                    "cleared": run.clear_number, "tasks": sorted({str(ti.state) for ti in run.task_instances}),
                }
                for run in runs.values()
            ],
        }  # fmt: skip


def name(run: Any) -> str:
    """The run id without the random end that those of partitions have."""
    if run.partition_key is not None and run.run_id.startswith("backfill"):
        return str(run.run_id.rpartition("__")[0])
    return str(run.run_id)


RANGES: tuple[tuple[str, str, str], ...] = (
    ("daily", "2025-03-01T00:00:00+00:00", "2025-03-05T00:00:00+00:00"),
    ("daily", "2025-03-01T00:00:01+00:00", "2025-03-05T23:59:59+00:00"),
    ("daily", "2024-11-28T00:00:00+00:00", "2024-12-02T00:00:00+00:00"),
    ("daily", "2025-03-01T00:00:00+05:30", "2025-03-03T00:00:00+05:30"),
    ("interval", "2025-03-26T00:00:00+00:00", "2025-04-02T12:00:00+00:00"),
    ("interval", "2025-03-28T05:30:00+00:00", "2025-03-31T04:30:00+00:00"),
    ("every_36h", "2025-03-01T00:00:00+00:00", "2025-03-09T00:00:00+00:00"),
    ("every_36h", "2025-03-01T05:00:00+00:00", "2025-03-02T00:00:00+00:00"),
    ("two_crons", "2025-03-02T00:00:00+00:00", "2025-03-04T06:00:00+00:00"),
    ("hourly_dst", "2025-03-30T00:00:00+01:00", "2025-03-30T04:00:00+02:00"),
    ("partitioned", "2025-03-08T00:00:00+00:00", "2025-03-11T00:00:00+00:00"),
    ("partitioned", "2025-03-08T04:00:00+00:00", "2025-03-10T23:00:00+00:00"),
    ("partitioned_hourly", "2025-03-08T08:00:00+00:00", "2025-03-08T11:30:00+00:00"),
)


def ranges() -> list[dict[str, Any]]:
    """The runs of a range, in the order in which they start."""
    from airflow.models import DagRun
    from airflow.models.backfill import BackfillDagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    found = []
    for dag_id, first, last in RANGES:
        for backwards in (False, True):
            reset()
            create(dag_id, first, last, run_backwards=backwards)
            with create_session() as session:
                rows = session.execute(
                    select(DagRun)
                    .join(BackfillDagRun, BackfillDagRun.dag_run_id == DagRun.id)
                    .order_by(BackfillDagRun.sort_ordinal)
                ).scalars()
                runs = [[name(run), *(iso(getattr(run, field)) for field in FIELDS), run.partition_key] for run in rows]
            found.append({"dag_id": dag_id, "from": first, "to": last, "backwards": backwards, "runs": runs})
    return found


FIELDS = ("logical_date", "data_interval_start", "data_interval_end", "run_after", "partition_date")


def iso(moment: Any) -> str | None:
    return None if moment is None else str(moment.isoformat())


REFUSED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("none", {}),
    ("once", {}),
    ("continuous", {}),
    ("assets", {}),
    ("daily", {"first": "2025-03-05T00:00:00+00:00"}),
    ("daily", {"first": "2999-03-01T00:00:00+00:00", "last": "2999-03-03T00:00:00+00:00"}),
    ("daily", {"last": "2999-03-03T00:00:00+00:00", "first": "2999-03-05T00:00:00+00:00"}),
    ("daily", {"first": "2025-03-01T01:00:00+00:00", "last": "2025-03-01T02:00:00+00:00"}),
    ("past", {}),
    ("past", {"run_backwards": True, "reprocess_behavior": "completed"}),
    ("past", {"run_backwards": True}),
    ("past", {"reprocess_behavior": "none"}),
    ("past", {"reprocess_behavior": "failed"}),
    ("past", {"reprocess_behavior": "completed"}),
    ("missing", {}),
    ("with_params", {"dag_run_conf": {"n": "x"}}),
    ("with_params", {"dag_run_conf": {"n": 5}}),
    ("with_params", {}),
    ("daily", {"twice": True}),
)


def refusals() -> list[dict[str, Any]]:
    """The class of the exception; None when it is accepted."""
    found = []
    for dag_id, options in REFUSED:
        reset()
        said = dict(options)
        first = said.pop("first", "2025-03-01T00:00:00+00:00")
        last = said.pop("last", "2025-03-03T00:00:00+00:00")
        try:
            if said.pop("twice", False):
                create(dag_id, first, last)
            create(dag_id, first, last, **said)
        except Exception as error:
            raised: str | None = type(error).__name__
        else:
            raised = None
        found.append({"dag_id": dag_id, "options": options, "raised": raised})
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
