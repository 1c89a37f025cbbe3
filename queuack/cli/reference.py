"""Renders ``docs/reference/cli.md`` and ``docs/reference/settings.md`` from the tables.

Run it as ``python -m queuack.cli.reference``. A test compares the checked-in pages with what this renders, so a
command or a setting cannot go undocumented.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from queuack.cli.program import program
from queuack.config import as_text
from queuack.settings_table import SECTIONS, SETTINGS, Setting

CLI_INTRODUCTION = """\
# Command line

This page is rendered from the commands themselves: `python -m queuack.cli.reference`.

Commands are spelled as Airflow spells them; `top`, `logs`, `sql` and `dags trigger --wait` are Queuack's own. What
Airflow has and means nothing here (`triggerer`, `dag-processor`, `teams`, …) says what to do instead, with exit code 2.
They talk to the running daemon of the home folder, and open the database file themselves when none runs.

* `-o table` (default) is for people: local times, columns chosen to fit the terminal. `-o json` and `-o yaml`
  carry whole rows with Airflow's field names and ISO 8601 instants. `-o plain` is for `awk` and friends. Into a
  pipe no column is left out.
* The exit code is 0, or 1 when it failed, or 2 when the command was not understood. Errors go to stderr.
* Shells complete commands and options after `eval "$(queuack completion bash)"`; see `queuack completion --help`.
* Colour appears on a terminal only, and not when `NO_COLOR` is set.
"""

SETTINGS_INTRODUCTION = """\
# Settings

This page is rendered from the table in `queuack/settings_table.py`: `python -m queuack.cli.reference`.

A setting is named as Airflow names it, where Airflow has it. Sources, strongest first:

1. flags: `--set core.parallelism=8`
2. the environment: `QUEUACK__CORE__PARALLELISM=8`
3. Airflow's environment: `AIRFLOW__CORE__PARALLELISM=8`
4. `queuack.toml` in the home folder:

   ```toml
   [core]
   parallelism = 8
   ```

5. the default below.

A name that does not exist and a value that does not fit are refused, with the nearest match. Variables
`AIRFLOW__*` that mean nothing to Queuack are ignored; `queuack config list` names them. What only DAG files read,
by `airflow.configuration.conf`, goes to `[airflow.<section>]` in `queuack.toml`.
`queuack config list` shows every value and where it comes from.
"""


def cli_page() -> str:
    """The page of all commands."""
    root = click.Context(program, info_name="queuack", **program.context_settings)
    parts = [CLI_INTRODUCTION]
    for context in _commands(root):
        depth = context.command_path.count(" ")
        parts.append(f"{'##' if depth < 2 else '###'} {context.command_path}\n\n```text\n{_help(context)}\n```\n")
    return "\n".join(parts)


def settings_page() -> str:
    """The page of all settings."""
    parts = [SETTINGS_INTRODUCTION]
    for section, about in SECTIONS.items():
        parts.append(f"## [{section}]\n\n{about}\n\n| setting | type | default | what it does |\n|---|---|---|---|")
        parts[-1] += "".join(f"\n{_row(setting)}" for setting in SETTINGS if setting.section == section) + "\n"
    return "\n".join(parts)


def write(folder: Path) -> list[Path]:
    """Write both pages into ``folder``; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = {"cli.md": cli_page(), "settings.md": settings_page()}
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in pages]


def _commands(context: click.Context) -> Iterator[click.Context]:
    yield context
    command = context.command
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from _commands(click.Context(child, info_name=name, parent=context))


def _help(context: click.Context) -> str:
    context.terminal_width = 100
    return "\n".join(line.rstrip() for line in context.get_help().splitlines())


def _row(setting: Setting) -> str:
    kind = " or ".join(f"`{choice}`" for choice in setting.choices) if setting.choices else setting.type
    text = as_text(setting.default)
    default = f"`{text.lower() if setting.type == 'bool' else text}`" if setting.default not in (None, "") else "unset"
    return f"| `{setting.key}` | {kind} | {default} | {setting.help} |"


if __name__ == "__main__":
    for path in write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/reference")):
        click.echo(path)
