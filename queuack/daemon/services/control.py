"""Run control: clear, mark and note task instances and runs, of one run or of many; what is touched can be asked first.

One call selects, and acts or, with ``dry_run``, says what it would touch. What of a run is meant the engine decides
(``engine/choosing``), before the act and in it alike; here runs are found and the store is asked what the engine does
not remember. Each run is changed in one step; of several, those before a refusal stay changed.
https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/dag-run.html#re-run-dag
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from queuack import clock, config
from queuack.daemon.port import Port
from queuack.daemon.services.markers import marked_tasks
from queuack.daemon.services.runs import change, get_run, instant, list_runs
from queuack.engine.choosing import Chosen
from queuack.engine.events import BranchChoice, Choose, ClearTasks, Event, SetNote, SetRunState, SetTaskState
from queuack.engine.snapshot import Recall
from queuack.engine.spec import DagDocument, decode
from queuack.errors import DagNotFound, InvalidRequest, TaskNotFound
from queuack.store.queries import instances, versions, xcoms

Row = dict[str, Any]
Named = str | tuple[str, int] | list[Any]

BRANCH_KEY = "skipmixin_key"
"""XCom in which a task that skips others leaves its choice, as in Airflow."""


def clear_tasks(
    port: Port,
    dag_id: str,
    run: str | None = None,
    task_ids: list[Named] | None = None,
    task_regex: str | None = None,
    task_group_id: str | None = None,
    start_date: str | None = None,
    end_date: str | None = None,
    only_failed: bool = False,
    only_running: bool = False,
    include_upstream: bool = False,
    include_downstream: bool = False,
    include_future: bool = False,
    include_past: bool = False,
    include_subdags: bool = True,
    include_parentdag: bool = True,
    reset_dag_runs: bool = True,
    run_on_latest_version: bool | None = None,
    prevent_running_task: bool = False,
    note: str | None = None,
    dry_run: bool = False,
    user: str | None = None,
) -> list[Row]:
    """Forget the outcome of task instances so that they run again: of ``run`` (run id or logical date), or of all runs
    with a logical date from ``start_date`` to ``end_date``. Returns those instances, with the state they had.

    ``task_ids``: a task, or a task and one map index. ``include_subdags``: also the runs of SubDAGs below.
    ``include_parentdag``: of a SubDAG's run, also the task above that runs it, if it has ended, and what comes after
    that. Names and meanings as in Airflow's clearTaskInstances.
    Raises InvalidRequest, DagNotFound, DagRunNotFound, TaskNotFound, TasksRunning.
    """
    if run is not None and (start_date or end_date):
        raise InvalidRequest("Give a run, or dates, not both.")
    if (include_past or include_future) and run is None:
        raise InvalidRequest("include_past and include_future go out from a run: give one.")
    document = _document(port, dag_id)
    named = _named(port, document, task_ids, task_regex, task_group_id)
    runs = _runs(port, dag_id, run, start_date, end_date, include_past, include_future)
    asked = ClearTasks(
        dag_id=dag_id,
        run_id="",
        upstream=include_upstream,
        downstream=include_downstream,
        only_failed=only_failed,
        only_running=only_running,
        include_subdags=include_subdags,
        include_parentdag=include_parentdag,
        reopen=reset_dag_runs,
        on_latest_version=_on_latest(document, run_on_latest_version),
        prevent_running=prevent_running_task,
        note=note,
        user=user,
    )
    if named is not None:
        asked.task_ids = tuple(one for one in named if isinstance(one, str))
        asked.instances = tuple(one for one in named if not isinstance(one, str))
    asked.pass_over_unknown = run is None or include_past or include_future or bool(task_regex or task_group_id)
    found = _clear(port, runs, asked, dry_run)
    if not found and asked.pass_over_unknown:
        _check_known(document, task_ids)
    return found


def clear_dag_runs(
    port: Port,
    dag_id: str,
    run: str | None = None,
    partition_key: str | None = None,
    partition_date_start: str | None = None,
    partition_date_end: str | None = None,
    only_failed: bool = False,
    only_running: bool = False,
    only_new: bool = False,
    include_subdags: bool = True,
    include_parentdag: bool = True,
    run_on_latest_version: bool | None = None,
    note: str | None = None,
    dry_run: bool = False,
    user: str | None = None,
) -> list[Row]:
    """Clear whole runs: one by its id or logical date, or those of a partition, or of partition dates. ``note`` is the
    runs'. Returns the instances, with the state they had; with ``only_new`` the tasks that the newest version adds.

    Raises as ``clear_tasks``.
    """
    by_date = bool(partition_date_start or partition_date_end)
    if (run is not None) + (partition_key is not None) + by_date != 1:
        raise InvalidRequest("Say which runs: a run, or a partition key, or partition dates.")
    if only_new and (only_failed or only_running):
        raise InvalidRequest("only_new goes with neither only_failed nor only_running.")
    document = _document(port, dag_id)
    if run is not None:
        runs = [get_run(port, dag_id, run)]
    else:
        start, end = (
            instant(partition_date_start, "partition_date_start"),
            instant(partition_date_end, "partition_date_end"),
        )
        runs = [
            row
            for row in reversed(list_runs(port, dag_id))
            if (row["partition_key"] == partition_key if not by_date else _within(row["partition_date"], start, end))
        ]
    asked = ClearTasks(
        dag_id=dag_id,
        run_id="",
        only_failed=only_failed,
        only_running=only_running,
        only_new=only_new,
        include_subdags=include_subdags,
        include_parentdag=include_parentdag,
        on_latest_version=_on_latest(document, run_on_latest_version),
        user=user,
    )
    found = _clear(port, runs, asked, dry_run)
    if note is not None and not dry_run:
        for row in runs:
            set_note(port, dag_id, row["run_id"], note, user=user)
    return found


def set_task_state(
    port: Port,
    dag_id: str,
    run: str,
    task_id: str,
    state: str,
    map_index: int = -1,
    include_upstream: bool = False,
    include_downstream: bool = False,
    include_future: bool = False,
    include_past: bool = False,
    note: str | None = None,
    dry_run: bool = False,
    user: str | None = None,
) -> list[Row]:
    """Mark a task instance success, failed or skipped; of a mapped task without a map index, all of them. Returns what
    was marked, with the state it had: not what is in that state already.

    Raises InvalidRequest, DagNotFound, DagRunNotFound, TaskNotFound.
    """
    if state not in ("success", "failed", "skipped"):
        raise InvalidRequest(f"A task instance can be marked success, failed or skipped, not {state!r}.")
    first = get_run(port, dag_id, run)
    found: list[Row] = []
    for row in _runs(port, dag_id, run, None, None, include_past, include_future):
        asked = SetTaskState(
            dag_id=dag_id,
            run_id=row["run_id"],
            task_id=task_id,
            map_index=map_index,
            state=state,
            upstream=include_upstream,
            downstream=include_downstream,
            note=note,
            user=user,
        )
        try:
            chosen = _chosen(port, asked)
        except TaskNotFound:
            if row["run_id"] == first["run_id"]:
                raise
            continue
        found += _rows(row, chosen)
        if not dry_run:
            _act(port, asked)
    return found


def set_run_state(
    port: Port, dag_id: str, run: str, state: str, note: str | None = None, user: str | None = None
) -> Row:
    """Mark a run success or failed, or queue it again. Returns the run's row."""
    run_id = get_run(port, dag_id, run)["run_id"]
    if note is not None:
        set_note(port, dag_id, run_id, note, user=user)
    _act(port, SetRunState(dag_id=dag_id, run_id=run_id, state=state, user=user))
    return get_run(port, dag_id, run_id)


def set_note(
    port: Port,
    dag_id: str,
    run: str,
    note: str,
    task_id: str | None = None,
    map_index: int = -1,
    user: str | None = None,
) -> str:
    """Write down something about a run, or about a task of it; an empty text takes the note away. Returns the note."""
    run_id = get_run(port, dag_id, run)["run_id"]
    said: str = _act(
        port, SetNote(dag_id=dag_id, run_id=run_id, note=note, task_id=task_id, map_index=map_index, user=user)
    )
    return said


# ── selecting ────────────────────────────────────────────────────────────────────────────────────────
def _document(port: Port, dag_id: str) -> DagDocument:
    with port.reader() as reader:
        text = versions.dag_document(reader, dag_id)
    if text is None:
        raise DagNotFound(f"There is no DAG {dag_id!r}.")
    return decode(text)


def _on_latest(document: DagDocument, said: bool | None) -> bool:
    """What the request says, else the DAG, else ``[core] rerun_with_latest_version``."""
    if said is not None:
        return said
    of_dag = document.rerun_with_latest_version
    return config.get_boolean("core", "rerun_with_latest_version") if of_dag is None else of_dag


def _named(
    port: Port, document: DagDocument, task_ids: list[Named] | None, regex: str | None, group_id: str | None
) -> list[str | tuple[str, int]] | None:
    """The tasks and instances that the request names; None = all."""
    if task_ids is None and regex is None and group_id is None:
        return None
    named: list[str | tuple[str, int]] = [
        one if isinstance(one, str) else (str(one[0]), int(one[1])) for one in task_ids or ()
    ]
    if regex is not None:
        try:
            pattern = re.compile(regex)
        except re.error as error:
            raise InvalidRequest(f"{regex!r} is not a regular expression: {error}.") from None
        matching = [task.task_id for task in document.tasks if pattern.search(task.task_id)]
        if not matching:
            raise TaskNotFound(f"No task id of DAG {document.dag_id!r} matches {regex!r}.")
        named += matching
    if group_id is not None:
        with port.reader() as reader:
            members = instances.tasks_of_group(reader, document.dag_id, group_id)
        if not members:
            raise TaskNotFound(f"DAG {document.dag_id!r} has no task group {group_id!r} with tasks in it.")
        named += members
    return list(dict.fromkeys(named))


def _check_known(document: DagDocument, task_ids: list[Named] | None) -> None:
    """Raises TaskNotFound for a task that the DAG does not have."""
    known = {task.task_id for task in document.tasks}
    for one in task_ids or ():
        task_id = one if isinstance(one, str) else str(one[0])
        if task_id not in known:
            raise TaskNotFound(f"DAG {document.dag_id!r} has no task {task_id!r}.")


def _runs(
    port: Port,
    dag_id: str,
    run: str | None,
    start_date: str | None,
    end_date: str | None,
    past: bool,
    future: bool,
) -> list[Row]:
    """The runs that the request means, oldest first."""
    start, end = instant(start_date, "start_date"), instant(end_date, "end_date")
    if run is not None:
        found = get_run(port, dag_id, run)
        if not (past or future):
            return [found]
        if found["logical_date"] is None:
            raise InvalidRequest(f"Run {found['run_id']!r} has no logical date: it has no past and no future.")
        date = clock.to_us(datetime.fromisoformat(found["logical_date"]))
        start, end = None if past else date, None if future else date
    if start is not None and end is not None and start > end:
        raise InvalidRequest("The end date is before the start date.")
    everything = reversed(list_runs(port, dag_id))
    if run is None and start is None and end is None:
        return list(everything)
    return [row for row in everything if _within(row["logical_date"], start, end)]


def _within(date: str | None, start: int | None, end: int | None) -> bool:
    if date is None:
        return False
    moment = clock.to_us(datetime.fromisoformat(date))
    return (start is None or start <= moment) and (end is None or moment <= end)


# ── acting ───────────────────────────────────────────────────────────────────────────────────────────
def _clear(port: Port, runs: Iterable[Row], asked: ClearTasks, dry_run: bool) -> list[Row]:
    """``downstream`` also reaches into other DAGs, where an ExternalTaskMarker is among what is cleared."""
    found: list[Row] = []
    for row in runs:
        of_run = msgspec.structs.replace(asked, run_id=row["run_id"])
        further = marked_tasks(port, of_run) if asked.downstream else []
        found += _clear_one(port, row, of_run, dry_run)
        for place in further:
            other = ClearTasks(
                dag_id=place.dag_id,
                run_id=place.run_id,
                task_ids=(place.task_id,),
                downstream=True,
                only_failed=asked.only_failed,
                include_subdags=asked.include_subdags,
                include_parentdag=asked.include_parentdag,
                user=asked.user,
            )
            found += _clear_one(port, get_run(port, place.dag_id, place.run_id), other, dry_run)
    return found


def _clear_one(port: Port, row: Row, asked: ClearTasks, dry_run: bool) -> list[Row]:
    chosen = _chosen(port, asked)
    if chosen and not dry_run:
        asked.choices = _choices(port, {(one.dag_id, one.run_id) for one in chosen})
        _act(port, asked)
    return _rows(row, chosen)


def _chosen(port: Port, asked: ClearTasks | SetTaskState) -> list[Chosen]:
    found: list[Chosen] = change(
        port, asked.dag_id, asked.run_id, lambda recall: Choose(of=msgspec.structs.replace(asked, recall=recall))
    )
    return found


def _act(port: Port, asked: ClearTasks | SetTaskState | SetRunState | SetNote) -> Any:
    def event(recall: Recall | None) -> Event:
        return msgspec.structs.replace(asked, recall=recall)

    return change(port, asked.dag_id, asked.run_id, event)


def _choices(port: Port, places: Iterable[tuple[str, str]]) -> tuple[BranchChoice, ...]:
    """What branches had decided in these runs, by DAG id and run id; the request that chose has brought everything into
    its table."""
    with port.reader() as reader:
        found = [row for place in sorted(places) for row in xcoms.list_xcoms(reader, *place, key=BRANCH_KEY)]
    choices = []
    for row in found:
        if row["encoding"] != "json":
            continue
        value = msgspec.json.decode(row["value"])
        if isinstance(value, dict):
            followed = value.get("followed")
            choices.append(
                BranchChoice(
                    row["task_id"],
                    row["map_index"],
                    None if followed is None else tuple(followed),
                    tuple(value.get("skipped") or ()),
                    row["dag_id"],
                    row["run_id"],
                )
            )
    return tuple(choices)


def _rows(run: Row, chosen: list[Chosen]) -> list[Row]:
    """All of a tree of runs have the logical date of this one."""
    return [
        {
            "dag_id": one.dag_id,
            "run_id": one.run_id,
            "logical_date": run["logical_date"],
            "task_id": one.task_id,
            "map_index": one.map_index,
            "state": one.state,
            "id": one.ti_id or None,
        }
        for one in chosen
    ]


METHODS = (clear_tasks, clear_dag_runs, set_task_state, set_run_state, set_note)
