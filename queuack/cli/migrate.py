"""``queuack migrate``: what of an Airflow installation works here."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click

from queuack.cli.groups import Group
from queuack.cli.options import output_option
from queuack.cli.output import Column, counted, print_data, print_rows, terminal_width
from queuack.cli.session import Session

if TYPE_CHECKING:
    from queuack.migrate.verdicts import FileReport, Finding, Report

WIDTH = 80
"""Columns of the report where stdout is no terminal."""
INDENT = " " * 8
STYLES = {"works": "green", "works with a warning": "yellow"}
COLUMNS = (
    Column("file", "file"),
    Column("dags", lambda row: "" if row["dags"] is None else len(row["dags"])),
    Column("verdict", "verdict"),
    Column("findings", lambda row: len(row["findings"])),
)


@click.group(cls=Group)
def migrate() -> None:
    """Check what of an Airflow installation works here."""


@migrate.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path())
def stand_in(folder: Path) -> None:
    """Write a wheel that stands for apache-airflow.

    It goes into FOLDER, by default the current one. It has no code; installed, it lets pip install provider packages,
    all of which require apache-airflow.
    """
    from queuack.migrate.stand_in import write_stand_in  # start-up time: not for --help

    path = write_stand_in(folder)
    click.echo(f"Wrote {path}. Install it together with the providers:")
    click.echo(f"pip install {path if path.is_absolute() else f'./{path}'} apache-airflow-providers-http")


@migrate.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--no-import", is_flag=True, help="Only read the files, run none of them.")
@click.option(
    "--timeout", type=click.FloatRange(min=0.1), metavar="SECONDS", help="For the import of one file. Default: 30."
)
@click.option("-v", "--verbose", is_flag=True, help="List old spellings too, which work as they are.")
@output_option
@click.pass_obj
@click.pass_context
def check(
    ctx: click.Context,
    session: Session,
    path: Path,
    no_import: bool,
    timeout: float | None,
    verbose: bool,
    output: str,
) -> None:
    """Check Airflow DAG files; exit 1 if one does not work.

    PATH is a file, a dags folder, or a folder that holds dags/ (and plugins/). Files are read, then imported in child
    processes; no daemon is needed and nothing is changed. Variables come from the deployment at hand, if there is one.
    """
    from queuack.migrate.checking import check as check_files  # start-up time: not for --help

    report = check_files(path, importing=not no_import, timeout=timeout, variables=_variables(session))
    if output in ("json", "yaml"):
        print_data(report.as_record(), output)
    elif output == "plain":
        print_rows([file.as_row() for file in report.files], COLUMNS, output)
    else:
        _print(report, verbose=verbose or path.is_file())
    if not report.good:
        ctx.exit(1)


def _variables(session: Session) -> dict[str, str]:
    """Those of the deployment; none where nothing has run yet."""
    if not session.home.database.is_file():
        return {}
    return {row["key"]: row["val"] for row in session.client.call("list_variables")}


def _print(report: Report, *, verbose: bool) -> None:
    width = min(terminal_width(), 120) if terminal_width() < 1000 else WIDTH
    longest = max(len(file.file) for file in report.files)
    name = min(max(longest, 4), width - 50)
    click.echo(f"{'file':<{name}}  dags  verdict")
    for file in report.files:
        _print_file(file, name, width, verbose=verbose)
    click.echo()
    for line in summary(report):
        for part in textwrap.wrap(line, width, subsequent_indent="  ", break_on_hyphens=False):
            click.echo(part)
    if not verbose and any(file.minor for file in report.files):
        click.echo("Old spellings work as they are; -v lists them.")


def _print_file(file: FileReport, name: int, width: int, *, verbose: bool) -> None:
    dags = "-" if file.dags is None else str(len(file.dags))
    verdict = str(file.verdict)
    head = file.file if len(file.file) <= name else f"…{file.file[1 - name :]}"
    old = "" if verbose or not file.minor else f" ({counted(file.minor, 'old spelling')})"
    click.echo(f"{head:<{name}}  {dags:>4}  {click.style(verdict, fg=STYLES.get(verdict, 'red'))}{old}")
    for finding in file.findings:
        if verbose or not finding.minor:
            for line in _lines(finding, width):
                click.echo(line)


def _lines(finding: Finding, width: int) -> list[str]:
    """What there is, after its line number, then what to do."""
    place = f"{'' if finding.line is None else finding.line:>6}  "
    lines = textwrap.wrap(finding.what, width, initial_indent=place, subsequent_indent=INDENT, break_on_hyphens=False)
    if finding.way_out:
        lines += textwrap.wrap(
            finding.way_out,
            width,
            initial_indent=f"{INDENT}→ ",
            subsequent_indent=f"{INDENT}  ",
            break_on_hyphens=False,
        )
    return lines


def summary(report: Report) -> list[str]:
    """One line of counts, and one of the packages to install."""
    counts = report.counts()
    warned = counts["works with a warning"]
    parts = [_said(counts["works"] + warned, "works", "work") + (f" ({warned} with a warning)" if warned else "")]
    for verdict, one, many in (
        ("needs a package", "needs a package", "need a package"),
        ("not supported", "is not supported", "are not supported"),
        ("does not load", "does not load", "do not load"),
    ):
        if counts[verdict]:
            parts.append(_said(counts[verdict], one, many))
    dags = sum(len(file.dags or ()) for file in report.files)
    lines = [f"{counted(len(report.files), 'file')}, {counted(dags, 'DAG')}: {', '.join(parts)}."]
    if report.packages:
        lines.append(f"To install: {' '.join(report.packages)}")
    return lines


def _said(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
