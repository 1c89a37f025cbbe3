"""``queuack config``: the settings, their values and sources."""

from __future__ import annotations

from typing import Any

import click

from queuack.cli import elsewhere
from queuack.cli.config_lint import lint
from queuack.cli.groups import Group
from queuack.cli.options import output_option
from queuack.cli.output import Column, print_data, print_rows
from queuack.cli.session import Session
from queuack.config import as_text, unknown
from queuack.sensitive import HIDDEN
from queuack.settings_table import BY_NAME, SECTIONS, SETTINGS


@click.group(cls=Group, elsewhere=elsewhere.CONFIG)
def config() -> None:
    """Show settings and where they come from."""


config.add_command(lint)


@config.command("list")
@click.option("--section", metavar="SECTION", help="Only this section.")
@click.option("-a", "--defaults", is_flag=True, help="Show the defaults instead of the values in use.")
@click.option("-d", "--include-descriptions", is_flag=True, help="Say what each setting does.")
@click.option("-V", "--include-env-vars", is_flag=True, help="Name each setting's environment variable.")
@output_option
@click.pass_obj
def list_settings(
    session: Session,
    section: str | None,
    defaults: bool,
    include_descriptions: bool,
    include_env_vars: bool,
    output: str,
) -> None:
    """List settings as `section.key = value (source)`.

    Secrets are hidden; `queuack config get-value` shows them.
    """
    if section is not None and section not in SECTIONS:
        raise click.UsageError(f"There is no section '{section}'. Sections: {', '.join(SECTIONS)}.")
    rows = [row for row in _rows(session, defaults) if section in (None, row["section"])]
    if output in ("json", "yaml"):
        print_data(rows, output)
    elif output == "plain":
        print_rows(rows, [Column(name, name) for name in ("section", "key", "value", "source")], output)
    else:
        for row in rows:
            if include_descriptions:
                click.echo(f"# {row['description']}")
            if include_env_vars:
                click.echo(f"# QUEUACK__{BY_NAME[row['section'], row['key']].environment_key}")
            source = "" if defaults else f"  ({row['source']})"
            click.echo(f"{row['section']}.{row['key']} = {as_text(row['value'])}{source}")
    if not defaults and session.config.ignored:
        click.echo(f"Ignored, not settings of Queuack: {', '.join(session.config.ignored)}", err=True)


@config.command("get-value")
@click.argument("section")
@click.argument("option", required=False)
@output_option
@click.pass_obj
def get_value(session: Session, section: str, option: str | None, output: str) -> None:
    """Print the value of a setting; its source goes to stderr.

    SECTION OPTION as in Airflow, or SECTION.OPTION.
    """
    if option is None:
        section, dot, option = section.partition(".")
        if not dot:
            raise click.UsageError("Missing argument 'OPTION': write SECTION OPTION or SECTION.OPTION.")
    if (section, option) not in BY_NAME:
        raise unknown(f"{section}.{option}", "asked for")
    value, source = session.config.value_and_source(section, option)
    row = {"section": section, "key": option, "value": value, "source": source}
    if output in ("json", "yaml"):
        print_data(row, output)
    else:
        click.echo(as_text(value))
        click.echo(f"({section}.{option} from {source})", err=True)


def _rows(session: Session, defaults: bool) -> list[dict[str, Any]]:
    rows = []
    for setting in SETTINGS:
        value, source = (
            (setting.default, "default") if defaults else session.config.value_and_source(setting.section, setting.key)
        )
        if setting.secret and value:
            value = HIDDEN
        rows.append(
            {
                "section": setting.section,
                "key": setting.key,
                "value": value,
                "source": source,
                "default": setting.default,
                "description": setting.help,
            }
        )
    return rows
