"""``queuack db clean``, ``export-archived`` and ``drop-archived``, in Airflow's grammar."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from queuack.cli.options import INSTANT, confirm
from queuack.cli.output import counted
from queuack.cli.session import Session
from queuack.errors import InvalidRequest, QueuackError

DEPENDENT = (
    "task_instance", "task_instance_history", "task_reschedule", "rendered_task_instance_fields", "xcom", "task_map",
    "task_state_store", "dagrun_asset_event", "hitl_detail", "hitl_detail_history", "task_instance_note",
    "dag_run_note", "callback", "deadline",
)  # fmt: skip
"""What hangs on a run and goes with it."""

yes_option = click.option("-y", "--yes", is_flag=True, help="Do not ask.")
tables_option = click.option("-t", "--tables", metavar="NAMES", help="Only these, comma-separated.")


def names(text: str | None) -> list[str] | None:
    """The names of a comma-separated list, None for none given."""
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]


@click.command()
@click.option("--clean-before-timestamp", type=INSTANT, required=True, help="Runs that ended before it go.")
@tables_option
@click.option("--dag-ids", metavar="IDS", help="Only runs of these DAGs, comma-separated.")
@click.option("--exclude-dag-ids", metavar="IDS", help="No runs of these DAGs, comma-separated.")
@click.option("--dry-run", is_flag=True, help="Tell what would go.")
@click.option("--skip-archive", is_flag=True, help="Keep nothing of it.")
@click.option("--batch-size", type=click.IntRange(min=1), metavar="N", help="Task instances in one commit.")
@click.option("--error-on-cleanup-failure", is_flag=True, help="As always: a failure exits with 1.")
@yes_option
@click.pass_obj
def clean(
    session: Session,
    clean_before_timestamp: datetime,
    tables: str | None,
    dag_ids: str | None,
    exclude_dag_ids: str | None,
    dry_run: bool,
    skip_archive: bool,
    batch_size: int | None,
    error_on_cleanup_failure: bool,
    yes: bool,
) -> None:
    """Move old runs to Parquet files.

    Finished runs go, with all that hangs on them, to archive/ in the home folder; `queuack sql` reads them there as
    archived_dag_run, archived_task_instance, and so on.
    Kept whatever their age: runs that the schedule or tasks depending on the past go on from.
    """
    _check_tables(names(tables))
    wanted: dict[str, Any] = {
        "before": int(clean_before_timestamp.timestamp() * 1_000_000),
        "dag_ids": names(dag_ids),
        "exclude_dag_ids": names(exclude_dag_ids),
    }
    found = session.client.call("runs_to_clean", **wanted)
    what = f"{counted(found['dag_runs'], 'run')} with {counted(found['task_instances'], 'task instance')}"
    if dry_run or not found["dag_runs"]:
        click.echo(f"{what} ended before {clean_before_timestamp.isoformat()} and may go.")
        return
    confirm(f"Remove {what}{' for good' if skip_archive else ''}?", yes)
    rows: dict[str, int] = {}
    after: int | None = 0
    while after is not None:
        done = session.client.call(
            "clean_runs", **wanted, skip_archive=skip_archive, batch_size=batch_size, after=after
        )
        after = done["after"]
        for table, number in done["rows"].items():
            rows[table] = rows.get(table, 0) + number
    for table, number in rows.items():
        click.echo(f"{table:<30} {number:>12,}")
    if not skip_archive:
        click.echo(f"They are in {session.home.archive}; queuack sql reads them as archived_TABLE.")


def _check_tables(chosen: list[str] | None) -> None:
    if chosen is None:
        return
    unknown = sorted(set(chosen) - {"dag_run", *DEPENDENT})
    if unknown:
        raise InvalidRequest(f"{', '.join(unknown)} is not cleaned. These are: dag_run, {', '.join(DEPENDENT)}.")
    if "dag_run" not in chosen:
        raise InvalidRequest(f"{', '.join(chosen)} goes with its run only: name dag_run too.")


@click.command("export-archived")
@click.option("--export-format", type=click.Choice(["csv"]), default="csv", help="csv")
@click.option(
    "--output-path",
    metavar="FOLDER",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder for the files; it must exist.",
)
@tables_option
@click.option("--drop-archives", is_flag=True, help="Delete the archive afterwards.")
@yes_option
@click.pass_obj
def export_archived(
    session: Session, export_format: str, output_path: Path, tables: str | None, drop_archives: bool, yes: bool
) -> None:
    """Write what `db clean` has archived as CSV files."""
    from queuack import upkeep  # start-up time: the store, for this command only

    chosen = _archived(session, names(tables))
    if drop_archives:
        confirm(f"Delete the archive of {', '.join(chosen)} afterwards?", yes)
    for table in chosen:
        target = output_path / f"{table}.{export_format}"
        click.echo(f"{target}: {counted(upkeep.export_archived(session.home, table, target), 'row')}.")
    for table in chosen if drop_archives else ():
        upkeep.drop_archived(session.home, table)


@click.command("drop-archived")
@tables_option
@yes_option
@click.pass_obj
def drop_archived(session: Session, tables: str | None, yes: bool) -> None:
    """Delete what `db clean` has archived."""
    from queuack import upkeep  # start-up time: as above

    chosen = _archived(session, names(tables))
    confirm(f"Delete the archive of {', '.join(chosen)} in {session.home.archive}?", yes)
    for table in chosen:
        upkeep.drop_archived(session.home, table)
    click.echo(f"Deleted the archive of {', '.join(chosen)}.")


def _archived(session: Session, wanted: list[str] | None) -> list[str]:
    from queuack import upkeep  # start-up time: as above

    there = upkeep.archived(session.home)
    chosen = [table for table in there if wanted is None or table in wanted]
    if not chosen:
        raise QueuackError(f"Nothing of {'it' if wanted is None else ', '.join(wanted)} is in {session.home.archive}.")
    return chosen


def add_to(group: click.Group) -> None:
    """Make the commands those of ``group``."""
    for command in (clean, export_archived, drop_archived):
        group.add_command(command)
