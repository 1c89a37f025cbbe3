"""Backfills give the runs, and meet the refusals, that Airflow's do: recordings of ``record_backfills.py``.

One thing differs on purpose: where the first bound has an offset and is a point of the schedule, Airflow writes the
run id of that first run with this offset. Here run ids are in UTC, so that a run has one id however it was asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from queuack import clock, config, errors
from queuack.app import OfflineService, offline_service
from queuack.daemon.services.backfill_dates import dates_between
from queuack.engine.events import CreateBackfill, SetPaused
from queuack.engine.spec import DagDocument
from queuack.home import Home
from tests.conformance.record_backfills import DAGS, DAY
from tests.engine.test_backfill import Backfiller

HERE = Path(__file__).parent

RECORDED: dict[str, Any] = json.loads((HERE / "recordings" / "backfills.json").read_text())


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfflineService]:
    home = Home(tmp_path_factory.mktemp("backfills"))
    home.prepare()
    (home.dags / "recorded.py").write_text(DAGS)
    before = config.current()
    config.configure(config.load(home))
    opened = offline_service(home)
    opened.sync()
    yield opened
    opened.close()
    config.configure(before)


def document(service: OfflineService, dag_id: str) -> DagDocument:
    return service._port.loop.engine.dags[dag_id].document


# ── dates ────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("case", RECORDED["ranges"], ids=lambda c: f"{c['dag_id']}-{c['from']}-{c['backwards']}")
def test_ranges(service: OfflineService, case: dict[str, Any]) -> None:
    found = dates_between(service._port, document(service, case["dag_id"]), case["from"], case["to"])
    rows = [
        [
            f"backfill__{clock.iso(date.run_after)}" + (f"__{date.partition_key}" if date.partition_key else ""),
            *map(clock.iso, (date.logical_date, date.start, date.end, date.run_after, date.partition_date)),
            date.partition_key,
        ]
        for date in (found[::-1] if case["backwards"] else found)
    ]
    assert rows == [[in_utc(row[0]), *row[1:]] for row in case["runs"]]


def in_utc(run_id: str) -> str:
    kind, moment, *rest = run_id.split("__")
    return "__".join([kind, datetime.fromisoformat(moment).astimezone(UTC).isoformat(), *rest])


# ── refusals ─────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("case", RECORDED["refusals"], ids=lambda c: f"{c['dag_id']}-{c['options']}")
def test_refusals(service: OfflineService, case: dict[str, Any]) -> None:
    options = dict(case["options"])
    asked = {
        "dag_id": case["dag_id"],
        "from_date": options.pop("first", "2025-03-01T00:00:00+00:00"),
        "to_date": options.pop("last", "2025-03-03T00:00:00+00:00"),
    }
    created = []
    if options.pop("twice", False):
        created.append(service.call("create_backfill", asked))
    raised = None
    try:
        created.append(service.call("create_backfill", asked | options))
    except errors.QueuackError as error:
        raised = type(error).__name__
    for row in created:
        service.call("cancel_backfill", {"backfill_id": row["id"]})
    assert raised == case["raised"]


# ── what is there already ────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("dag_id", ["daily", "partitioned"])
def test_runs_that_exist(service: OfflineService, dag_id: str) -> None:
    cases = [case for case in RECORDED["existing"] if case["dag_id"] == dag_id]
    assert len(cases) == 40
    (date,) = dates_between(service._port, document(service, dag_id), DAY, DAY)
    for case in cases:
        assert outcome(document(service, dag_id), date, case) == expected(case), case


def outcome(recorded: DagDocument, date: Any, case: dict[str, Any]) -> dict[str, Any]:
    tasks = tuple(replace(task, is_empty=False) for task in recorded.tasks)
    driver = Backfiller(replace(recorded, tasks=tasks, start_date=None, max_active_runs=99))
    for run in list(driver.store.runs.values()):
        driver.finish(run.id, {"a": "success", "b": "success"})
    ids = set(driver.store.runs)
    if case["state"] is not None:
        run_before(driver, date, case["state"])
    driver.ask(SetPaused(dag_id=recorded.dag_id, paused=True))
    driver.ask(
        CreateBackfill(
            dag_id=recorded.dag_id,
            from_date=date.run_after,
            to_date=date.run_after,
            dates=[date],
            reprocess_behavior=case["behavior"] or "none",
            dag_run_conf=case["conf"],
        )
    )
    driver.look()
    return {
        "dates": [
            {"run": None, "reason": what} if " " in what else {"run": plain(what), "reason": None}
            for what in driver.store.outcomes(1)
        ],
        "runs": [
            {
                "run": plain(run.run_id), "state": run.state, "run_type": run.run_type, "triggered_by": run.triggered_by,
                "conf": run.conf, "backfilled": run.backfill_id is not None, "cleared": run.clear_number,
            }
            for key, run in driver.store.runs.items() if key not in ids
        ],
    }  # fmt: skip


def run_before(driver: Backfiller, date: Any, state: str) -> None:
    dag_id = next(iter(driver.engine.dags))
    driver.ask(SetPaused(dag_id=dag_id, paused=state == "queued"))
    key = driver.trigger(
        dag_id, run_id="before", run_type="scheduled", triggered_by="timetable", conf={"x": 1},
        logical_date=date.logical_date, data_interval_start=date.start, data_interval_end=date.end,
        run_after=date.run_after, partition_key=date.partition_key,
    )  # fmt: skip
    if state in ("success", "failed"):
        driver.finish(key, {"a": "success", "b": state})
    assert driver.run_state(key) == state


def plain(run_id: str) -> str:
    """Without the random end that the ids of partitions have."""
    return run_id.rpartition("__")[0] if run_id.count("__") == 3 else run_id


def expected(case: dict[str, Any]) -> dict[str, Any]:
    then = case["then"]
    return {
        "dates": [{"run": date["run"], "reason": date["reason"]} for date in then["dates"]],
        "runs": [{name: value for name, value in run.items() if name != "tasks"} for run in then["runs"]],
    }
