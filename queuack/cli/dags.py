"""``queuack dags``: look at DAGs and their runs, trigger, pause, test, draw, delete them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from queuack.cli import control, trees
from queuack.cli.dag_dependencies import show_dependencies
from queuack.cli.dag_files import report, reserialize
from queuack.cli.dags_backfill import dags_backfill
from queuack.cli.first_steps import first_steps
from queuack.cli.groups import Group
from queuack.cli.jobs import list_jobs
from queuack.cli.options import (
    INSTANT,
    conf_option,
    confirm,
    dag_argument,
    output_option,
    run_argument,
    yes_option,
)
from queuack.cli.output import (
    Column,
    Row,
    columns_for,
    counted,
    duration,
    print_data,
    print_record,
    print_rows,
    state_text,
)
from queuack.cli.session import Session

RUN_STATES = ("queued", "running", "success", "failed")
NEXT_FIELDS = ("logical_date", "data_interval.start", "data_interval.end", "run_after")

DAG_COLUMNS = (
    Column("dag_id", "dag_id"),
    Column("schedule", "timetable_summary"),
    Column("paused", lambda row: "yes" if row.get("is_paused") else "no"),
    Column(
        "next_run", lambda row: None if row.get("is_paused") else row.get("next_dagrun_create_after"), kind="instant"
    ),
    Column("file", lambda row: row.get("relative_fileloc") or row.get("fileloc"), droppable=True),
    Column("owners", "owners", droppable=True),
    Column("tags", "tags", droppable=True),
)
RUN_COLUMNS = (
    Column("run_id", "run_id"),
    Column("state", "state", kind="state"),
    Column("start_date", "start_date", kind="instant"),
    Column("took", duration, kind="number"),
    Column("logical_date", "logical_date", kind="instant", droppable=True),
    Column("run_after", "run_after", kind="instant", droppable=True),
    Column("run_type", "run_type", droppable=True),
)
PAUSE_COLUMNS = (Column("dag_id", "dag_id"), Column("is_paused", "is_paused"))


@click.group(cls=Group)
def dags() -> None:
    """List, trigger, clear, pause, test, show DAGs and their runs."""


for _command in (control.clear_runs, control.set_run_state, control.note_run):
    dags.add_command(_command)
for _command in (report, reserialize, list_jobs, show_dependencies):
    dags.add_command(_command)


@dags.command("list")
@click.option("--columns", metavar="NAMES", help="Columns to show, comma-separated.")
@click.option("--tag", "tags", metavar="TAG", multiple=True, help="Only DAGs with this tag; repeatable.")
@click.option("--pattern", metavar="PATTERN", help="Only DAGs whose id fits this shell pattern, such as 'etl_*'.")
@click.option("--include-stale", is_flag=True, help="Also DAGs whose file is gone.")
@output_option
@click.pass_obj
def list_dags(
    session: Session, columns: str | None, tags: tuple[str, ...], pattern: str | None, include_stale: bool, output: str
) -> None:
    """List the DAGs."""
    rows: list[dict[str, Any]] = session.dags_client.call(
        "list_dags", dag_id_pattern=pattern, tags=[*tags] or None, include_stale=include_stale
    )
    names = [name.strip() for name in columns.split(",")] if columns else []
    unknown = sorted({name for name in names if rows and name not in rows[0]})
    if unknown:
        raise click.UsageError(f"No such columns: {', '.join(unknown)}. There are: {', '.join(rows[0])}.")
    if names:
        rows = [{name: row.get(name) for name in names} for row in rows]
    errors = len(session.client.call("list_import_errors"))
    if not rows and output == "table":
        click.echo(first_steps(session) if not (pattern or tags or errors) else "No DAGs.", err=True)
    else:
        print_rows(rows, columns_for(names) or DAG_COLUMNS, output)
    if errors and output == "table":
        click.echo(f"{counted(errors, 'file')} could not be imported: queuack dags list-import-errors", err=True)


@dags.command()
@dag_argument
@output_option
@click.pass_obj
def details(session: Session, dag_id: str, output: str) -> None:
    """Show everything about a DAG."""
    print_record(session.dags_client.call("get_dag", dag_id=dag_id), output)


@dags.command("list-import-errors")
@output_option
@click.pass_obj
def list_import_errors(session: Session, output: str) -> None:
    """List files that could not be imported; exit 1 if any."""
    rows: list[dict[str, Any]] = session.dags_client.call("list_import_errors")
    if output == "table":
        for row in rows:
            line = f":{row['line']}" if row.get("line") else ""
            click.secho(f"{row.get('filename')}{line}", bold=True)
            click.echo("\n".join(f"    {text}" for text in _whole_error(row)))
        if not rows:
            click.echo("No import errors.", err=True)
    else:
        print_rows(rows, (Column("filename", "filename"), Column("error", _last_line)), output)
    if rows:
        click.get_current_context().exit(1)


@dags.command("list-runs")
@click.argument("dag_id", required=False)
@click.option("--state", type=click.Choice(RUN_STATES), help="Only runs in this state.")
@click.option("-s", "--start-date", type=INSTANT, metavar="DATE", help="Only runs from this date on.")
@click.option("-e", "--end-date", type=INSTANT, metavar="DATE", help="Only runs up to this date.")
@click.option("--no-backfill", is_flag=True, help="Leave out runs of backfills.")
@click.option("-n", "--limit", type=click.IntRange(min=1), metavar="N", help="At most N runs.")
@output_option
@click.pass_obj
def list_runs(
    session: Session,
    dag_id: str | None,
    state: str | None,
    start_date: datetime | None,
    end_date: datetime | None,
    no_backfill: bool,
    limit: int | None,
    output: str,
) -> None:
    """List the runs of a DAG, or of all, newest first."""
    rows: list[dict[str, Any]] = session.client.call(
        "list_runs", dag_id=dag_id, state=state, start_date=_iso(start_date), end_date=_iso(end_date), limit=limit
    )
    if no_backfill:
        rows = [row for row in rows if row.get("run_type") != "backfill"]
    columns = RUN_COLUMNS if dag_id else (Column("dag_id", "dag_id"), *RUN_COLUMNS)
    print_rows(rows, columns, output, empty="No runs.")


@dags.command()
@dag_argument
@run_argument
@output_option
@click.pass_obj
def state(session: Session, dag_id: str, logical_date_or_run_id: str, output: str) -> None:
    """Print the state of a run, and its conf if it has any."""
    row = session.client.call("get_run", dag_id=dag_id, run=logical_date_or_run_id)
    if output in ("json", "yaml"):
        print_data(row, output)
    else:
        conf = row.get("conf")
        click.echo(state_text(row["state"]) + (f", {conf}" if conf and conf != "{}" else ""))


@dags.command()
@dag_argument
@run_argument
@output_option
@click.pass_obj
def tree(session: Session, dag_id: str, logical_date_or_run_id: str, output: str) -> None:
    """Show the tasks of a run and of its SubDAGs."""
    run = session.client.call("run_tree", dag_id=dag_id, run=logical_date_or_run_id)
    if output in ("json", "yaml"):
        print_data(run, output)
    elif output == "plain":
        print_rows(trees.flat(run), trees.COLUMNS, output)
    else:
        click.echo(trees.drawn(run))


@dags.command("next-execution")
@dag_argument
@click.option("-n", "--num-executions", type=click.IntRange(min=1), default=1, metavar="N", help="How many runs.")
@click.option(
    "--field", type=click.Choice(NEXT_FIELDS), default="logical_date", show_default=True, help="What to print."
)
@click.option("--table", is_flag=True, help="Print all fields as a table.")
@output_option
@click.pass_obj
def next_execution(session: Session, dag_id: str, num_executions: int, field: str, table: bool, output: str) -> None:
    """Print when a DAG will run next, one run a line."""
    rows = session.dags_client.call("next_runs", dag_id=dag_id, n=num_executions)
    if table or output != "table":
        keys = [name.replace(".", "_") for name in NEXT_FIELDS]
        print_rows(rows, [Column(key, key, kind="instant") for key in keys], output, empty="No run is due.")
        return
    for row in rows:
        click.echo(row.get(field.replace(".", "_")))
    if not rows:
        click.echo(f"DAG {dag_id} has no schedule, or its schedule has ended.", err=True)
        click.echo("None")


def _pause_command(name: str, paused: bool) -> None:
    @dags.command(name, help=f"{name.capitalize()} a DAG: it gets {'no new runs' if paused else 'new runs again'}.")
    @dag_argument
    @click.option("--treat-dag-id-as-regex", is_flag=True, help="DAG_ID is a regular expression.")
    @yes_option
    @output_option
    @click.pass_obj
    def command(session: Session, dag_id: str, treat_dag_id_as_regex: bool, yes: bool, output: str) -> None:
        chosen = [dag_id]
        if treat_dag_id_as_regex:
            chosen = control.matching(session, dag_id)
            confirm(f"{name.capitalize()} {counted(len(chosen), 'DAG')}: {', '.join(chosen)}?", yes)
        client = session.dags_client
        for each in chosen:
            client.call("set_paused", dag_id=each, paused=paused)
        print_rows([{"dag_id": each, "is_paused": paused} for each in chosen], PAUSE_COLUMNS, output)


_pause_command("pause", True)
_pause_command("unpause", False)


@dags.command()
@dag_argument
@conf_option
@click.option("-r", "--run-id", metavar="ID", help="Name of the run.")
@click.option("-l", "--logical-date", type=INSTANT, metavar="DATE", help="Logical date of the run.")
@click.option("--no-replace-microseconds", is_flag=True, help="Keep the microseconds of the logical date.")
@click.option("--note", metavar="TEXT", help="Note on the run.")
@click.option("--partition-key", metavar="KEY", help="Partition, of a DAG that has them.")
@click.option("--wait", is_flag=True, help="Wait until the run has ended; exit 1 if it failed.")
@click.option(
    "--timeout", type=float, default=3600.0, show_default=True, metavar="SECONDS", help="Wait at most so long."
)
@output_option
@click.pass_obj
def trigger(
    session: Session,
    dag_id: str,
    conf: dict[str, Any] | None,
    run_id: str | None,
    logical_date: datetime | None,
    no_replace_microseconds: bool,
    note: str | None,
    partition_key: str | None,
    wait: bool,
    timeout: float,
    output: str,
) -> None:
    """Trigger a new run of a DAG. The run of a paused DAG stays queued."""
    if logical_date is not None and not no_replace_microseconds:
        logical_date = logical_date.replace(microsecond=0)
    client = session.dags_client
    if wait and not client.live:
        raise click.UsageError("--wait needs a running daemon: start `queuack standalone` first.")
    row = client.call(
        "trigger_run",
        dag_id=dag_id,
        run_id=run_id,
        logical_date=_iso(logical_date),
        conf=conf,
        note=note,
        partition_key=partition_key,
    )
    if wait:
        row = client.call("wait_for_run", dag_id=dag_id, run=row["run_id"], timeout=timeout)
    print_rows([row], (Column("dag_id", "dag_id"), *RUN_COLUMNS), output)
    if not client.live and output == "table":
        click.echo("No daemon is running: the run starts when one does (queuack standalone).", err=True)
    if wait and row["state"] != "success":
        click.echo(f"Error: run {row['run_id']} is {row['state']}.", err=True)
        click.get_current_context().exit(1)


@dags.command()
@click.argument("target", metavar="DAG_ID_OR_FILE")
@click.argument("logical_date", type=INSTANT, required=False)
@conf_option
@click.option("-f", "--dagfile-path", metavar="FILE", help="File the DAG is in.")
@click.pass_obj
def test(
    session: Session, target: str, logical_date: datetime | None, conf: dict[str, Any] | None, dagfile_path: str | None
) -> int:
    """Run a DAG once, here and now; exit 1 if it fails.

    Runs in this process, needs no daemon and leaves the database alone.
    """
    from queuack import testing  # start-up time: the whole machinery, only to run a DAG
    from queuack.cli.progress import RunProgress

    assert session.config is not None
    if dagfile_path is not None:
        target = f"{dagfile_path}::{target}"
    with RunProgress() as progress:
        code: int = testing.test_dag_target(
            session.home, target, logical_date=logical_date, conf=conf, on_event=progress.event
        )
    return code


@dags.command()
@dag_argument
@click.option(
    "-s", "--save", type=click.Path(dir_okay=False, path_type=Path), help="Write a .dot, .svg, .png or .pdf file."
)
@click.pass_obj
def show(session: Session, dag_id: str, save: Path | None) -> None:
    """Show the tasks of a DAG as a tree, or save a drawing."""
    from queuack.cli import graph  # start-up time: only to draw

    document = session.dags_client.call("dag_document", dag_id=dag_id)
    if save is None:
        click.echo(graph.tree(document))
    else:
        graph.save(document, save)
        click.echo(f"Saved {save}.")


@dags.command()
@dag_argument
@yes_option
@click.pass_obj
def delete(session: Session, dag_id: str, yes: bool) -> None:
    """Delete a DAG and its whole history. A file that still defines it brings it back, without the history."""
    session.client.call("get_dag", dag_id=dag_id)
    confirm(f"Delete DAG {dag_id} and all its runs?", yes)
    session.client.call("delete_dag", dag_id=dag_id)
    click.echo(f"DAG {dag_id} is deleted.")


dags.add_command(dags_backfill)


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _whole_error(row: Row) -> list[str]:
    """The lines of the traceback; the last one is the message, where that says more (which limit was too low)."""
    lines = str(row.get("stacktrace") or "").strip().splitlines()
    message = str(row.get("message") or "")
    if lines and message.startswith(lines[-1]):
        return [*lines[:-1], message]
    return lines if any(message in line for line in lines) else [*lines, message]


def _last_line(row: Row) -> str:
    lines = str(row.get("message") or row.get("stacktrace") or "").strip().splitlines()
    return lines[-1].strip() if lines else ""
