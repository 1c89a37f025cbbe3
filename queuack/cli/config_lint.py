"""``queuack config lint``: what is wrong with the settings, and what of an ``airflow.cfg`` has a meaning here."""

from __future__ import annotations

import configparser
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from queuack import config
from queuack.cli.options import output_option
from queuack.cli.output import Column, counted, print_rows
from queuack.cli.session import Session
from queuack.errors import SettingError, UsageError
from queuack.settings_table import BY_NAME, SETTINGS

Finding = dict[str, Any]

COLUMNS = (Column("setting", "setting"), Column("finding", "finding", wraps=True))


def names(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> frozenset[str]:
    """Names, comma-separated or repeated."""
    return frozenset(name.strip() for text in value for name in text.split(",") if name.strip())


@click.command()
@click.argument("airflow_cfg", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--section", "sections", multiple=True, callback=names, metavar="NAMES", help="Only these sections.")
@click.option("--option", "options", multiple=True, callback=names, metavar="NAMES", help="Only these options.")
@click.option("--ignore-section", "no_sections", multiple=True, callback=names, metavar="NAMES", help="Not these.")
@click.option("--ignore-option", "no_options", multiple=True, callback=names, metavar="NAMES", help="Not these.")
@output_option
@click.pass_obj
def lint(
    session: Session,
    airflow_cfg: Path | None,
    sections: frozenset[str],
    options: frozenset[str],
    no_sections: frozenset[str],
    no_options: frozenset[str],
    output: str,
) -> None:
    """Check the settings; exit 1 if one is refused.

    Looks at queuack.toml and at the variables QUEUACK__* and AIRFLOW__*. With AIRFLOW_CFG: at that file of Airflow, and
    says for each option in it whether Queuack has it.
    """
    found = of_airflow_file(airflow_cfg) if airflow_cfg is not None else of_sources(session.home.settings_file)
    findings = []
    for row in found:
        section, _, option = row["setting"].partition(".")
        if (sections and section not in sections) or (options and option not in options):
            continue
        if section not in no_sections and option not in no_options:
            findings.append(row)
    print_rows(findings, COLUMNS, output, empty="No issues found.")
    refused = sum(1 for row in findings if row["refused"])
    if refused:
        click.echo(f"Error: {counted(refused, 'setting')} refused: nothing starts with it.", err=True)
        click.get_current_context().exit(1)


def of_sources(file: Path, environ: Mapping[str, str] | None = None) -> Iterator[Finding]:
    """What is wrong in the settings file and the environment, one finding a setting."""
    environ = os.environ if environ is None else environ
    for section, entries in _tables(file).items():
        if section == config.EXTRA_TABLE:
            continue
        for key, value in entries.items():
            yield from _checked(section, key, value, file.name)
    for prefix in (config.QUEUACK_PREFIX, config.AIRFLOW_PREFIX):
        for variable in sorted(environ):
            if not variable.startswith(prefix):
                continue
            section, _, key = variable.removeprefix(prefix).lower().partition("__")
            if prefix == config.QUEUACK_PREFIX or (section, key) in BY_NAME:
                yield from _checked(section, key, environ[variable], variable)
            else:
                yield _ignored(section, key, variable)


def _tables(file: Path) -> dict[str, dict[str, Any]]:
    import tomllib  # start-up time: only here

    if not file.is_file():
        return {}
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingError(f"{file} is not valid TOML: {error}.") from None
    return {section: table for section, table in document.items() if isinstance(table, dict)}


def of_airflow_file(file: Path) -> Iterator[Finding]:
    """What each option of an ``airflow.cfg`` means here."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(file.read_text(encoding="utf-8"))
    except (configparser.Error, UnicodeDecodeError) as error:
        raise UsageError(f"{file} is not a settings file of Airflow: {error}") from None
    for section in parser.sections():
        for key, value in parser[section].items():
            if (section, key) not in BY_NAME:
                yield _ignored(section, key, file.name)
                continue
            bad = [*_checked(section, key, value, file.name)]
            text = f"works as it is: queuack.toml, [{section}] {key}"
            yield bad[0] if bad else _finding(section, key, text, file.name, refused=False)


def _checked(section: str, key: str, value: Any, source: str) -> Iterator[Finding]:
    setting = BY_NAME.get((section, key))
    try:
        if setting is None:
            raise config.unknown(f"{section}.{key}", source)
        config.parse(setting, value, source)
    except SettingError as error:
        yield _finding(section, key, error.message, source, refused=True)


def _ignored(section: str, key: str, source: str) -> Finding:
    elsewhere = [setting.name for setting in SETTINGS if setting.key == key]
    hint = f"; here it is {elsewhere[0]}" if elsewhere else f"; for DAG files that read it: [airflow.{section}]"
    return _finding(section, key, f"no setting of Queuack ({source}){hint}", source, refused=False)


def _finding(section: str, key: str, text: str, source: str, *, refused: bool) -> Finding:
    return {"setting": f"{section}.{key}", "finding": text, "source": source, "refused": refused}
