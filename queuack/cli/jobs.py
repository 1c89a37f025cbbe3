"""``queuack jobs`` and ``queuack dags list-jobs``: the daemon's processes, under Airflow's names of jobs."""

from __future__ import annotations

import socket

import click

from queuack.cli.groups import Group
from queuack.cli.options import output_option
from queuack.cli.output import Column, Row, counted, print_rows
from queuack.cli.session import Session
from queuack.errors import QueuackError

TYPES = ("SchedulerJob", "TriggererJob", "DagProcessorJob")
STATES = ("running", "success", "failed", "restarting")
COLUMNS = (
    Column("job_type", "job_type"),
    Column("state", "state", kind="state"),
    Column("pid", "id", kind="number"),
    Column("start_date", "start_date", kind="instant"),
    Column("hostname", "hostname", droppable=True),
)


@click.group(cls=Group)
def jobs() -> None:
    """Check whether the daemon's processes are alive."""


@jobs.command()
@click.option("--job-type", type=click.Choice(TYPES), help="Only jobs of this type.")
@click.option("--hostname", metavar="NAME", help="Only jobs on this machine.")
@click.option("--local", is_flag=True, help="Only jobs on the machine at hand.")
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    metavar="N",
    help="Look at N jobs at most, the newest first; 0 = at all.",
)
@click.option("--allow-multiple", is_flag=True, help="Several may be alive; needs a --limit other than 1.")
@click.pass_obj
def check(
    session: Session, job_type: str | None, hostname: str | None, local: bool, limit: int, allow_multiple: bool
) -> None:
    """Tell whether jobs are alive; exit 1 if none is.

    A job is a process that is connected to the running daemon.
    """
    if allow_multiple and limit == 1:
        raise click.UsageError("--allow-multiple needs a --limit other than 1; 0 = no limit.")
    if hostname and local:
        raise click.UsageError("--hostname and --local exclude each other.")
    wanted_host = socket.gethostname() if local else hostname
    rows = [
        row for row in newest(session) if job_type in (None, row["job_type"]) and wanted_host in (None, row["hostname"])
    ]
    rows = rows[:limit] if limit else rows
    if not rows:
        why = "" if session.client.live else " No daemon is running: queuack standalone."
        raise QueuackError(f"No alive jobs found.{why}")
    if len(rows) > 1 and not allow_multiple:
        raise QueuackError(f"{len(rows)} alive jobs found, where one was expected. Add --allow-multiple.")
    click.echo("One alive job found." if len(rows) == 1 else f"{counted(len(rows), 'alive job')} found.")


@click.command("list-jobs")
@click.option("-d", "--dag-id", metavar="DAG_ID", help="Only jobs of this DAG. No job here belongs to one DAG.")
@click.option("--state", type=click.Choice(STATES), help="Only jobs in this state.")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, metavar="N", help="At most N.")
@output_option
@click.pass_obj
def list_jobs(session: Session, dag_id: str | None, state: str | None, limit: int, output: str) -> None:
    """List the jobs: the processes of the daemon."""
    if dag_id is not None:
        session.client.call("get_dag", dag_id=dag_id)  # raises DagNotFound with the nearest id
    rows = [row for row in newest(session) if dag_id in (None, row["dag_id"]) and state in (None, row["state"])]
    empty = "No jobs." if session.client.live else "No daemon is running, so there are no jobs: queuack standalone."
    print_rows(rows[:limit], COLUMNS, output, empty=empty)


def newest(session: Session) -> list[Row]:
    """All jobs, that started last first."""
    rows: list[Row] = session.client.call("list_jobs")
    return sorted(rows, key=lambda row: str(row["start_date"]), reverse=True)
