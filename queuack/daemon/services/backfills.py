"""Backfills: create, try out, list, look up, pause, cancel. Field names as in Airflow's REST API.

A backfill is accepted as a whole and its runs are made by the engine, some in each step; ``create_backfill`` waits for
them a while, so that whoever asks next finds them.
"""

from __future__ import annotations

import time
from typing import Any

from queuack import clock
from queuack.daemon.params import checked_conf
from queuack.daemon.port import Port
from queuack.daemon.services.backfill_dates import dates_between
from queuack.daemon.services.runs import instant
from queuack.engine.backfill import ReprocessBehavior, reason_against
from queuack.engine.backfilling import check
from queuack.engine.events import BackfillDate, CancelBackfill, CreateBackfill, SetBackfillPaused
from queuack.engine.spec import decode
from queuack.errors import BackfillNotFound, DagNotFound, InvalidBackfillConf, InvalidRequest
from queuack.store.queries import backfills as queries
from queuack.store.queries import versions
from queuack.store.queries.dags import NO_LIMIT
from queuack.store.queries.dags import get_dag as get_dag_row

Row = dict[str, Any]

PATIENCE_SECONDS = 30.0
"""How long ``create_backfill`` waits until all runs have been made."""
POLL_SECONDS = 0.01
DEFAULT_MAX_ACTIVE_RUNS = 10
LOOKED_UP = 1_000
"""Dates looked up in one query."""


def create_backfill(
    port: Port,
    dag_id: str,
    from_date: str,
    to_date: str,
    max_active_runs: int | None = None,
    run_backwards: bool = False,
    dag_run_conf: Row | None = None,
    reprocess_behavior: str | None = None,
    run_on_latest_version: bool | None = None,
    user: str | None = None,
) -> Row:
    """Returns the backfill's row. Raises DagNotFound, AlreadyRunningBackfill, and children of InvalidBackfill."""
    dates = _looked_at(port, dag_id, from_date, to_date, run_backwards, dag_run_conf, reprocess_behavior)
    backfill_id = port.request(
        CreateBackfill(
            dag_id=dag_id,
            from_date=_bound(from_date, "from_date"),
            to_date=_bound(to_date, "to_date"),
            dates=dates,
            max_active_runs=DEFAULT_MAX_ACTIVE_RUNS if max_active_runs is None else max_active_runs,
            run_backwards=run_backwards,
            dag_run_conf=dag_run_conf,
            reprocess_behavior=reprocess_behavior or str(ReprocessBehavior.NONE),
            run_on_latest_version=True if run_on_latest_version is None else run_on_latest_version,
            triggering_user_name=user,
        )
    )
    deadline = time.monotonic() + PATIENCE_SECONDS
    while _is_being_made(port, backfill_id) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    return get_backfill(port, backfill_id)


def create_backfill_dry_run(
    port: Port,
    dag_id: str,
    from_date: str,
    to_date: str,
    run_backwards: bool = False,
    dag_run_conf: Row | None = None,
    reprocess_behavior: str | None = None,
) -> list[Row]:
    """The runs that such a backfill would make or run again: logical_date, partition_key, partition_date."""
    dates = _looked_at(port, dag_id, from_date, to_date, run_backwards, dag_run_conf, reprocess_behavior)
    behavior = ReprocessBehavior(reprocess_behavior or "none")
    states: dict[tuple[int | None, int | None], str] = {}
    with port.reader() as reader:
        for first in range(0, len(dates), LOOKED_UP):
            some = dates[first : first + LOOKED_UP]
            rows = queries.runs_at(
                reader,
                dag_id,
                logical_dates=[date.logical_date for date in some if date.logical_date is not None],
                partition_dates=[date.partition_date for date in some if date.partition_date is not None],
            )
            states |= {_place(row["logical_date"], row["partition_date"]): row["state"] for row in rows}
    found = []
    for date in dates:
        state = states.get(_place(date.logical_date, date.partition_date))
        if state is None or reason_against(state, behavior) is None:
            found.append(
                {
                    "logical_date": clock.iso(date.logical_date),
                    "partition_key": date.partition_key,
                    "partition_date": clock.iso(date.partition_date),
                }
            )
    return found


def _place(logical_date: int | None, partition_date: int | None) -> tuple[int | None, int | None]:
    return logical_date, None if logical_date is not None else partition_date


def _looked_at(
    port: Port,
    dag_id: str,
    from_date: str,
    to_date: str,
    run_backwards: bool,
    dag_run_conf: Row | None,
    reprocess_behavior: str | None,
) -> list[BackfillDate]:
    """Everything that can be refused before the engine is asked, and the dates, in the order of their runs."""
    first, last = _bound(from_date, "from_date"), _bound(to_date, "to_date")
    with port.reader() as reader:
        text = versions.dag_document(reader, dag_id)
    if text is None:
        raise DagNotFound(f"There is no DAG {dag_id!r}.")
    document = decode(text)
    check(
        document,
        from_date=first,
        to_date=last,
        run_backwards=run_backwards,
        reprocess_behavior=reprocess_behavior or str(ReprocessBehavior.NONE),
        now=clock.now_us(),
    )
    if dag_run_conf is not None:
        try:
            checked_conf(document, dag_run_conf)
        except InvalidRequest as error:
            raise InvalidBackfillConf(error.message) from None
    dates = dates_between(port, document, from_date, to_date)
    return dates[::-1] if run_backwards else dates


def _bound(text: str, name: str) -> int:
    value = instant(text, name)
    if value is None:
        raise InvalidRequest(f"{name} is missing.")
    return value


def _is_being_made(port: Port, backfill_id: int) -> bool:
    def look(engine: Any) -> bool:
        backfill = engine.backfills.get(backfill_id)
        return backfill is not None and bool(backfill.pending) and not engine.settings.dormant

    return port.on_engine(look)


def list_backfills(
    port: Port, dag_id: str | None = None, active: bool | None = None, limit: int | None = None, offset: int = 0
) -> list[Row]:
    """Newest first, each with ``dates``: how many have a run in which state, or none for which reason."""
    with port.reader() as reader:
        if dag_id is not None and get_dag_row(reader, dag_id) is None:
            raise DagNotFound(f"There is no DAG {dag_id!r}.")
        limit = NO_LIMIT if limit is None else limit
        found = queries.list_backfills(reader, dag_id, active=active, limit=limit, offset=offset)
        counts = queries.count_dates(reader, [row["id"] for row in found])
    return [{**row, "dates": counts[row["id"]]} for row in found]


def get_backfill(port: Port, backfill_id: int) -> Row:
    """Raises BackfillNotFound."""
    if not -(2**63) <= backfill_id < 2**63:
        raise BackfillNotFound(f"There is no backfill {backfill_id}.")
    with port.reader() as reader:
        row = queries.get_backfill(reader, backfill_id)
        counts = queries.count_dates(reader, [backfill_id])
    if row is None:
        raise BackfillNotFound(f"There is no backfill {backfill_id}.")
    return {**row, "dates": counts[backfill_id]}


def list_backfill_dag_runs(port: Port, backfill_id: int, limit: int | None = None, offset: int = 0) -> list[Row]:
    """Its dates in the order in which they run, each with its run, or with the reason why there is none."""
    get_backfill(port, backfill_id)
    with port.reader() as reader:
        return queries.list_dates(reader, backfill_id, limit=NO_LIMIT if limit is None else limit, offset=offset)


def pause_backfill(port: Port, backfill_id: int) -> Row:
    """No further run of it starts. Raises BackfillNotFound, BackfillAlreadyCompleted."""
    return _paused(port, backfill_id, True)


def unpause_backfill(port: Port, backfill_id: int) -> Row:
    return _paused(port, backfill_id, False)


def _paused(port: Port, backfill_id: int, paused: bool) -> Row:
    get_backfill(port, backfill_id)
    port.request(SetBackfillPaused(backfill_id=backfill_id, paused=paused))
    return get_backfill(port, backfill_id)


def cancel_backfill(port: Port, backfill_id: int) -> Row:
    """End it: queued runs fail, running ones go on. Raises BackfillNotFound, BackfillAlreadyCompleted."""
    get_backfill(port, backfill_id)
    port.request(CancelBackfill(backfill_id=backfill_id))
    return get_backfill(port, backfill_id)


METHODS = (
    create_backfill,
    create_backfill_dry_run,
    list_backfills,
    get_backfill,
    list_backfill_dag_runs,
    pause_backfill,
    unpause_backfill,
    cancel_backfill,
)
