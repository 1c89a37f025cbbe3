"""``queuack version`` and ``queuack info``."""

from __future__ import annotations

import platform
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from queuack import __version__
from queuack.cli.options import output_option
from queuack.cli.output import print_record
from queuack.cli.session import Session


@click.command()
def version() -> None:
    """Print the version."""
    click.echo(__version__)


@click.command()
@output_option
@click.pass_obj
def info(session: Session, output: str) -> None:
    """Show this deployment: version, folders, daemon, counts."""
    settings = session.config
    answers = session.client.call("info")
    record: dict[str, Any] = {
        "version": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "home": str(session.home.root),
        "daemon": f"running, pid {answers.get('pid')}" if session.client.live else "not running",
        "dags_folder": settings.get_str("core", "dags_folder"),
        "plugins_folder": settings.get_str("core", "plugins_folder"),
        "base_log_folder": settings.get_str("logging", "base_log_folder"),
        "settings_file": str(session.home.settings_file) if session.home.settings_file.is_file() else None,
        "database_bytes": database_bytes(session.home.database),
    }
    print_record(record | {name: value for name, value in answers.items() if name not in (*record, "pid")}, output)


def database_bytes(file: Path) -> int:
    """Size on disk, write-ahead log included; 0 where there is none."""
    size = 0
    for part in (file, file.with_name(f"{file.name}.wal")):
        with suppress(FileNotFoundError):  # the log goes when it has been folded in
            size += part.stat().st_size
    return size
