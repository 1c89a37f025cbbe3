"""``queuack providers``: installed provider packages of Airflow, and what they bring that DAG files can use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import click

from queuack.cli import elsewhere
from queuack.cli.groups import Group
from queuack.cli.options import output_option
from queuack.cli.output import Column, Row, print_record, print_rows
from queuack.cli.session import Session
from queuack.errors import NotFound

Described = Mapping[str, Any]

LIST_COLUMNS = (
    Column("package_name", "package_name"),
    Column("version", "version"),
    Column("description", "description", wraps=True, droppable=True),
)


@click.group(cls=Group, elsewhere=elsewhere.PROVIDERS)
def providers() -> None:
    """List provider packages and what of them can be used."""


@providers.command("list")
@output_option
@click.pass_obj
def list_providers(session: Session, output: str) -> None:
    """List the provider packages that are installed."""
    rows = session.client.call("list_providers")
    print_rows(rows, LIST_COLUMNS, output, empty="No provider packages are installed.")


@providers.command()
@click.argument("provider_name")
@click.option("-f", "--full", is_flag=True, help="All that the package says of itself.")
@output_option
@click.pass_obj
def get(session: Session, provider_name: str, full: bool, output: str) -> None:
    """Show a provider package."""
    rows = [row for row in session.client.call("list_providers") if row["package_name"] == provider_name]
    if not rows:
        raise NotFound(f"No provider package {provider_name!r} is installed. There are: queuack providers list.")
    record: dict[str, Any] = dict(rows[0])
    if full:
        record |= _described(session).get(provider_name, {})
    print_record(record, output)


def _described(session: Session) -> dict[str, dict[str, Any]]:
    assert session.config is not None  # settings first
    from queuack.testing.providers import described_providers  # start-up time: compat and the authoring classes

    return described_providers()


def _hooks(name: str, described: Described) -> Iterator[Row]:
    for kind in described.get("connection-types") or ():
        yield {
            "connection_type": kind.get("connection-type"),
            "class": kind.get("hook-class-name"),
            "hook_name": kind.get("hook-name"),
            "package_name": name,
        }


def _triggers(name: str, described: Described) -> Iterator[Row]:
    for group in described.get("triggers") or ():
        for module in group.get("python-modules") or ():
            yield {"module": module, "integration_name": group.get("integration-name"), "package_name": name}


def _configs(name: str, described: Described) -> Iterator[Row]:
    for section, said in (described.get("config") or {}).items():
        for option, about in (said.get("options") or {}).items():
            yield {"setting": f"{section}.{option}", "default": about.get("default"), "package_name": name}


def _classes(field: str, title: str) -> Callable[[str, Described], Iterator[Row]]:
    def found(name: str, described: Described) -> Iterator[Row]:
        for path in described.get(field) or ():
            yield {title: path, "package_name": name}

    return found


def _part(
    name: str, about: str, rows_of: Callable[[str, Described], Iterator[Row]], titles: tuple[str, ...], empty: str
) -> None:
    """A command that lists one kind of thing. ``titles``: columns; all but the first may be left out."""
    columns = [Column(title, title, droppable=index > 0) for index, title in enumerate(titles)]

    @providers.command(name, help=about)
    @output_option
    @click.pass_obj
    def command(session: Session, output: str) -> None:
        rows = [row for package, described in _described(session).items() for row in rows_of(package, described)]
        print_rows(sorted(rows, key=lambda row: str(row[titles[0]])), columns, output, empty=empty)


_part(
    "hooks",
    "List connection types and the hooks that serve them.",
    _hooks,
    ("connection_type", "class", "hook_name", "package_name"),
    "No installed provider has a hook.",
)
_part(
    "triggers",
    "List modules with triggers.",
    _triggers,
    ("module", "integration_name", "package_name"),
    "No installed provider has triggers.",
)
_part(
    "links",
    "List extra links of operators.",
    _classes("extra-links", "extra_link_class_name"),
    ("extra_link_class_name", "package_name"),
    "No installed provider has extra links.",
)
_part(
    "notifications",
    "List notifiers.",
    _classes("notifications", "notification_class_name"),
    ("notification_class_name", "package_name"),
    "No installed provider has notifiers.",
)
_part(
    "secrets",
    "List secrets backends; use one by [secrets] backend.",
    _classes("secrets-backends", "secrets_backend_class_name"),
    ("secrets_backend_class_name", "package_name"),
    "No installed provider has a secrets backend.",
)
_part(
    "configs",
    "List settings of providers; they go to [airflow.SECTION].",
    _configs,
    ("setting", "default", "package_name"),
    "No installed provider has settings.",
)
