"""Run control on the command line: ``tasks clear``, ``dags clear``, ``set-state`` and ``note`` of both groups.

A command asks the service what it would touch, shows that and asks, then has it done. What is meant by the words the
service decides.
"""

from __future__ import annotations

import getpass
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import click

from queuack.cli.options import (
    INSTANT,
    confirm,
    dag_argument,
    map_index_option,
    output_option,
    run_argument,
    yes_option,
)
from queuack.cli.output import Column, Row, counted, print_rows
from queuack.cli.session import Session
from queuack.errors import DagNotFound

F = TypeVar("F", bound=Callable[..., Any])

TASK_STATES = ("success", "failed", "skipped")
RUN_STATES = ("success", "failed", "queued")
SHOWN = 20
"""Lines of a preview, when there are more."""


def _task(row: Row) -> str:
    return str(row["task_id"]) if row["map_index"] < 0 else f"{row['task_id']}[{row['map_index']}]"


COLUMNS = (
    Column("task_id", _task),
    Column("state", lambda row: row.get("state") or "none", kind="state"),
    Column("run_id", "run_id"),
    Column("dag_id", "dag_id", droppable=True),
)


def _act(
    session: Session, verb: str, method: str, each: Sequence[dict[str, Any]], yes: bool, dry_run: bool, output: str
) -> list[Row]:
    """Ask what would be touched, show it and ask the user, then do it. Returns the rows."""
    client = session.client
    rows: list[Row] = []
    if dry_run or not yes:
        rows = _once(row for params in each for row in client.call(method, **params, dry_run=True))
        if not rows or dry_run or output == "table":
            _show(rows, output if dry_run else "table")
        if not rows or dry_run:
            return rows
        confirm(f"{verb} {_counts(rows)}?", yes)
    done = _once(row for params in each for row in client.call(method, **params, user=_user()))
    if output != "table":
        print_rows(done, COLUMNS, output)
    elif not done:
        _show(done, output)
    else:
        past = {"Clear": "Cleared", "Mark": "Marked"}[verb]
        click.echo(f"{past} {_counts(done)}.")
        if not client.live:
            click.echo("No daemon is running: what has to run does so when one does (queuack standalone).", err=True)
    return done


def _once(rows: Iterable[Row]) -> list[Row]:
    """A DAG and a SubDAG of it may both have been asked for."""
    found: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        found.setdefault((row["dag_id"], row["run_id"], row["task_id"], row["map_index"]), row)
    return list(found.values())


def _counts(rows: Sequence[Row]) -> str:
    runs = {(row["dag_id"], row["run_id"]) for row in rows}
    return f"{counted(len(rows), 'task instance')} of {counted(len(runs), 'run')}"


def _show(rows: Sequence[Row], output: str) -> None:
    if output != "table" or len(rows) <= SHOWN + 1:
        print_rows(rows, COLUMNS, output, empty="Nothing to do: no task instance fits.")
        return
    print_rows(rows[:SHOWN], COLUMNS, output)
    states = Counter(str(row.get("state") or "none") for row in rows[SHOWN:])
    by_state = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    click.echo(f"… and {len(rows) - SHOWN} more ({by_state}).")


def _user() -> str | None:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name
        return None


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _version_option(function: F) -> F:
    return click.option(
        "--run-on-latest-version/--no-run-on-latest-version",
        "run_on_latest_version",
        default=None,
        help="Run on the DAG's newest version, or on the run's own [default: rerun_with_latest_version].",
    )(function)


def _note_option(function: F) -> F:
    return click.option("--note", metavar="TEXT", help="Note to write down.")(function)


def _dry_run_option(function: F) -> F:
    return click.option("--dry-run", is_flag=True, help="Only show what would be touched.")(function)


def _place(task: str) -> Any:
    """``task_id`` or ``task_id[map_index]``."""
    found = re.fullmatch(r"(.+)\[(\d+)\]", task)
    return task if found is None else [found[1], int(found[2])]


def _tree_options(function: F) -> F:
    """How clearing treats SubDAGs, as in Airflow 2."""
    below = click.option(
        "-x",
        "--exclude-subdags",
        "include_subdags",
        is_flag=True,
        flag_value=False,
        default=True,
        help="Without the runs of SubDAGs below.",
    )
    above = click.option(
        "-X",
        "--exclude-parentdag",
        "include_parentdag",
        is_flag=True,
        flag_value=False,
        default=True,
        help="Of a SubDAG: without the task above that runs it.",
    )
    return below(above(function))


# ── clear ────────────────────────────────────────────────────────────────────────────────────────────
@click.command("clear")
@dag_argument
@click.option("-t", "--task-regex", metavar="REGEX", help="Tasks whose id fits this regular expression.")
@click.option("--task-id", "task_ids", metavar="TASK", multiple=True, help="A task, or 'task[3]'; repeatable.")
@click.option("--task-group", "task_group_id", metavar="GROUP", help="The tasks of a task group.")
@click.option("--run-id", "run", metavar="RUN", help="Only this run: its id or logical date.")
@click.option("-s", "--start-date", type=INSTANT, metavar="DATE", help="Runs with a logical date from here on.")
@click.option("-e", "--end-date", type=INSTANT, metavar="DATE", help="Runs with a logical date up to here.")
@click.option("--include-past", is_flag=True, help="Also the runs before that of --run-id.")
@click.option("--include-future", is_flag=True, help="Also the runs after that of --run-id.")
@click.option("-u", "--upstream", is_flag=True, help="Also the tasks before the chosen.")
@click.option("-d", "--downstream", is_flag=True, help="Also the tasks after the chosen.")
@click.option("-f", "--only-failed", is_flag=True, help="Only what failed.")
@click.option("-r", "--only-running", is_flag=True, help="Only what is running.")
@click.option("-R", "--dag-regex", is_flag=True, help="DAG_ID is a regular expression.")
@_tree_options
@click.option("--reset-dag-runs/--no-reset-dag-runs", default=True, help="Queue finished runs again [default], or not.")
@_version_option
@click.option("--prevent-running-task", is_flag=True, help="Refuse when one of them is running.")
@_note_option
@_dry_run_option
@yes_option
@output_option
@click.pass_obj
def clear_tasks(
    session: Session,
    /,
    dag_id: str,
    dag_regex: bool,
    task_ids: tuple[str, ...],
    start_date: datetime | None,
    end_date: datetime | None,
    upstream: bool,
    downstream: bool,
    yes: bool,
    dry_run: bool,
    output: str,
    **same: Any,
) -> None:
    """Clear task instances, so that they run again.

    All of a DAG, or the chosen; of every run, or of one, or of those between two dates. With a task come the setups
    and teardowns that belong to it. What is running is stopped.
    """
    dag_ids = matching(session, dag_id) if dag_regex else [dag_id]
    params = {
        **same,
        "task_ids": [_place(task) for task in task_ids] or None,
        "start_date": _iso(start_date),
        "end_date": _iso(end_date),
        "include_upstream": upstream,
        "include_downstream": downstream,
    }
    _act(session, "Clear", "clear_tasks", [{"dag_id": each, **params} for each in dag_ids], yes, dry_run, output)


@click.command("clear")
@dag_argument
@click.option("--run-id", "run", metavar="RUN", help="This run: its id or logical date.")
@click.option("--partition-key", metavar="KEY", help="The runs of this partition.")
@click.option("--partition-date-start", type=INSTANT, metavar="DATE", help="Runs with a partition date from here on.")
@click.option("--partition-date-end", type=INSTANT, metavar="DATE", help="Runs with a partition date up to here.")
@click.option("-f", "--only-failed", is_flag=True, help="Only what failed.")
@click.option("-r", "--only-running", is_flag=True, help="Only what is running.")
@click.option("--only-new", is_flag=True, help="Only run the tasks that the newest version adds.")
@_tree_options
@_version_option
@_note_option
@_dry_run_option
@yes_option
@output_option
@click.pass_obj
def clear_runs(
    session: Session,
    /,
    dag_id: str,
    partition_date_start: datetime | None,
    partition_date_end: datetime | None,
    yes: bool,
    dry_run: bool,
    output: str,
    **same: Any,
) -> None:
    """Clear whole runs, so that they run again.

    For the runs between two logical dates there is `queuack tasks clear`.
    """
    params = {
        **same,
        "dag_id": dag_id,
        "partition_date_start": _iso(partition_date_start),
        "partition_date_end": _iso(partition_date_end),
    }
    _act(session, "Clear", "clear_dag_runs", [params], yes, dry_run, output)


# ── mark ─────────────────────────────────────────────────────────────────────────────────────────────
@click.command("set-state")
@dag_argument
@click.argument("task_id")
@run_argument
@click.argument("state", type=click.Choice(TASK_STATES))
@map_index_option
@click.option("-u", "--upstream", is_flag=True, help="Also the tasks before it.")
@click.option("-d", "--downstream", is_flag=True, help="Also the tasks after it, teardowns excepted.")
@click.option("--past", is_flag=True, help="Also in the runs before.")
@click.option("--future", is_flag=True, help="Also in the runs after.")
@_note_option
@_dry_run_option
@yes_option
@output_option
@click.pass_obj
def set_task_state(
    session: Session,
    dag_id: str,
    task_id: str,
    logical_date_or_run_id: str,
    state: str,
    upstream: bool,
    downstream: bool,
    past: bool,
    future: bool,
    map_index: int,
    note: str | None,
    yes: bool,
    dry_run: bool,
    output: str,
) -> None:
    """Mark a task instance success, failed or skipped.

    What is running is stopped. What had failed after it is cleared and goes on.
    """
    params = {
        "dag_id": dag_id,
        "run": logical_date_or_run_id,
        "task_id": task_id,
        "state": state,
        "map_index": map_index,
        "include_upstream": upstream,
        "include_downstream": downstream,
        "include_past": past,
        "include_future": future,
        "note": note,
    }
    _act(session, "Mark", "set_task_state", [params], yes, dry_run, output)


@click.command("set-state")
@dag_argument
@run_argument
@click.argument("state", type=click.Choice(RUN_STATES))
@_note_option
@yes_option
@output_option
@click.pass_obj
def set_run_state(
    session: Session, dag_id: str, logical_date_or_run_id: str, state: str, note: str | None, yes: bool, output: str
) -> None:
    """Mark a run success or failed, or queue it again.

    Marked success or failed, what is running in it is stopped and gets that state, what has not begun is skipped, and
    teardowns still run before the run ends. Queued, what has no state runs.
    """
    row = session.client.call("get_run", dag_id=dag_id, run=logical_date_or_run_id)
    confirm(f"Mark run {row['run_id']} of DAG {dag_id}, now {row['state']}, as {state}?", yes)
    row = session.client.call("set_run_state", dag_id=dag_id, run=row["run_id"], state=state, note=note, user=_user())
    columns = (Column("dag_id", "dag_id"), Column("run_id", "run_id"), Column("state", "state", kind="state"))
    print_rows([row], columns, output)


# ── notes ────────────────────────────────────────────────────────────────────────────────────────────
@click.command("note")
@dag_argument
@click.argument("task_id")
@run_argument
@click.argument("text", required=False)
@map_index_option
@click.option("--clear", is_flag=True, help="Take the note away.")
@click.pass_obj
def note_task(
    session: Session,
    dag_id: str,
    task_id: str,
    logical_date_or_run_id: str,
    text: str | None,
    map_index: int,
    clear: bool,
) -> None:
    """Write a note on a task instance, or print it."""
    named = {"dag_id": dag_id, "run": logical_date_or_run_id, "task_id": task_id, "map_index": map_index}
    _note(session, "get_task_instance", named, text, clear)


@click.command("note")
@dag_argument
@run_argument
@click.argument("text", required=False)
@click.option("--clear", is_flag=True, help="Take the note away.")
@click.pass_obj
def note_run(session: Session, dag_id: str, logical_date_or_run_id: str, text: str | None, clear: bool) -> None:
    """Write a note on a run, or print it."""
    _note(session, "get_run", {"dag_id": dag_id, "run": logical_date_or_run_id}, text, clear)


def _note(session: Session, reading: str, named: dict[str, Any], text: str | None, clear: bool) -> None:
    if clear and text:
        raise click.UsageError("Give a text, or --clear, not both.")
    if text is None and not clear:
        note = session.client.call(reading, **named)["note"]
        click.echo(note or "No note.", err=not note)
        return
    session.client.call("set_note", **named, note=text or "", user=_user())
    click.echo("The note is taken away." if clear else "The note is written.")


def matching(session: Session, expression: str) -> list[str]:
    """Ids of the DAGs that fit a regular expression. Raises UsageError, DagNotFound when none does."""
    try:
        regex = re.compile(expression)
    except re.error as error:
        raise click.UsageError(f"'{expression}' is not a regular expression: {error}.") from None
    chosen = [row["dag_id"] for row in session.dags_client.call("list_dags") if regex.search(row["dag_id"])]
    if not chosen:
        raise DagNotFound(f"No DAG id matches '{expression}'.")
    return chosen
