"""The root command and the table of all commands below it. Nothing else is imported to list them."""

from __future__ import annotations

import click

from queuack import __version__
from queuack.cli import elsewhere
from queuack.cli.groups import LazyCommand, Program
from queuack.cli.session import Session
from queuack.errors import UsageError

COMMANDS = {
    "standalone": LazyCommand(
        "queuack.cli.daemon:standalone", "Run everything in the foreground: the one command to start."
    ),
    "scheduler": LazyCommand(
        "queuack.cli.daemon:scheduler", "Run the daemon without the web interface, until Ctrl-C or SIGTERM."
    ),
    "api-server": LazyCommand(
        "queuack.cli.daemon:api_server", "Serve the REST API and the pages in the foreground, until Ctrl-C."
    ),
    "top": LazyCommand("queuack.cli.top:top", "Watch runs, tasks, workers and pools, live."),
    "logs": LazyCommand("queuack.cli.logs_command:logs", "Print the log of a task instance; -f follows it."),
    "dags": LazyCommand("queuack.cli.dags:dags", "List, trigger, clear, pause, test, show DAGs and their runs."),
    "tasks": LazyCommand("queuack.cli.tasks:tasks", "List, test, render, explain, clear, mark tasks; read logs."),
    "backfill": LazyCommand("queuack.cli.backfill:backfill", "Run a DAG for dates of the past."),
    "partitions": LazyCommand("queuack.cli.partitions:partitions", "Take runs out of their partitions."),
    "assets": LazyCommand("queuack.cli.assets:assets", "List, look up and update assets."),
    "pools": LazyCommand("queuack.cli.pools:pools", "Manage pools."),
    "variables": LazyCommand("queuack.cli.variables:variables", "Manage variables."),
    "connections": LazyCommand("queuack.cli.connections:connections", "Manage connections."),
    "users": LazyCommand("queuack.cli.users:users", "Manage who may use the REST API and the pages."),
    "rotate-fernet-key": LazyCommand(
        "queuack.cli.encryption:rotate_fernet_key", "Encrypt secrets in the database with a new key."
    ),
    "migrate": LazyCommand("queuack.cli.migrate:migrate", "Check what of an Airflow installation works here."),
    "plugins": LazyCommand("queuack.cli.plugins:plugins", "List plugins and what they bring."),
    "providers": LazyCommand("queuack.cli.providers:providers", "List provider packages and what of them can be used."),
    "jobs": LazyCommand("queuack.cli.jobs:jobs", "Check whether the daemon's processes are alive."),
    "state-store": LazyCommand("queuack.cli.state_store:state_store", "Look after what tasks keep over their tries."),
    "sql": LazyCommand("queuack.cli.sql:sql", "Query the database, live or at rest."),
    "db": LazyCommand("queuack.cli.db:db", "Look after the database."),
    "config": LazyCommand("queuack.cli.settings:config", "Show settings and where they come from."),
    "info": LazyCommand("queuack.cli.about:info", "Show this deployment: version, folders, daemon, counts."),
    "cheat-sheet": LazyCommand("queuack.cli.cheat_sheet:cheat_sheet", "List all commands with what they do."),
    "completion": LazyCommand(
        "queuack.cli.completion:completion", "Print what makes a shell complete commands and options."
    ),
    "version": LazyCommand("queuack.cli.about:version", "Print the version."),
}


@click.command(
    cls=Program,
    lazy=COMMANDS,
    elsewhere=elsewhere.PROGRAM,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "--home",
    metavar="PATH",
    type=click.Path(file_okay=False),
    help="Folder of the deployment. Default: $QUEUACK_HOME; else the current folder if it has dags/ or queuack.toml; "
    "else ~/queuack.",
)
@click.option("--set", "settings", metavar="SECTION.KEY=VALUE", multiple=True, help="Override a setting; repeatable.")
@click.option("--traceback", is_flag=True, help="Show the Python traceback of an error.")
@click.version_option(__version__, "--version", message="queuack %(version)s")
@click.pass_context
def program(ctx: click.Context, home: str | None, settings: tuple[str, ...], traceback: bool) -> None:
    """Queuack: an Airflow-compatible DAG orchestrator in one command, one process tree, one file.

    Drop DAG files in dags/, run `queuack standalone`, and scheduled runs happen.
    """
    ctx.obj = Session(home, parse_flags(settings))


def parse_flags(settings: tuple[str, ...]) -> dict[str, str]:
    """``SECTION.KEY=VALUE`` → {"section.key": "VALUE"}. Raises UsageError for another form."""
    flags = {}
    for text in settings:
        name, equals, value = text.partition("=")
        if not equals or "." not in name:
            raise UsageError(f"--set {text}: write SECTION.KEY=VALUE, for example --set core.parallelism=8.")
        flags[name.strip()] = value.strip()
    return flags
