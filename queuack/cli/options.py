"""Options and argument types that several commands share, spelled as Airflow spells them."""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

FORMATS = ("table", "json", "yaml", "plain")


class Instant(click.ParamType):  # type: ignore[type-arg]  # generic only in newer clicks
    """ISO 8601 text; without an offset in ``[core] default_timezone``. Converts to an aware datetime."""

    name = "ISO date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(
                f"'{value}' is not an ISO 8601 date, such as 2026-01-31 or 2026-01-31T09:00:00+00:00.", param, ctx
            )
        return moment if moment.tzinfo else moment.replace(tzinfo=default_timezone(ctx))


class JsonObject(click.ParamType):  # type: ignore[type-arg]  # as above
    """A JSON object on the command line. Converts to a dict."""

    name = "JSON"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, Any]:
        if isinstance(value, dict):
            return value
        try:
            decoded = json.loads(value)
        except json.JSONDecodeError as error:
            self.fail(f"not JSON: {error.msg} at character {error.pos + 1} of {value!r}.", param, ctx)
        if not isinstance(decoded, dict):
            self.fail('give a JSON object, such as {"key": "value"}.', param, ctx)
        return decoded


INSTANT = Instant()
JSON_OBJECT = JsonObject()


def default_timezone(ctx: click.Context | None) -> Any:
    """The zone of dates without one, from the settings of the command that runs."""
    from zoneinfo import ZoneInfo  # start-up time: only for a date without an offset

    name = ctx.obj.config.get_str("core", "default_timezone") if ctx is not None and ctx.obj else "utc"
    if name.lower() == "utc":
        return UTC
    if name.lower() == "system":
        return datetime.now().astimezone().tzinfo
    return ZoneInfo(name)


def user_name() -> str | None:
    """Of the person at the keyboard."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name
        return None


def output_option(function: F) -> F:
    return click.option(
        "-o", "--output", type=click.Choice(FORMATS), default="table", show_default=True, help="Form of the output."
    )(function)


def yes_option(function: F) -> F:
    return click.option("-y", "--yes", is_flag=True, help="Do not ask.")(function)


def map_index_option(function: F) -> F:
    return click.option("--map-index", type=int, default=-1, metavar="N", help="Instance of a mapped task.")(function)


def conf_option(function: F) -> F:
    return click.option("-c", "--conf", type=JSON_OBJECT, metavar="JSON", help="conf of the run, a JSON object.")(
        function
    )


def dag_argument(function: F) -> F:
    return click.argument("dag_id")(function)


def run_argument(function: F) -> F:
    return click.argument("logical_date_or_run_id", metavar="LOGICAL_DATE_OR_RUN_ID")(function)


def confirm(question: str, yes: bool) -> None:
    """Ask on a terminal; elsewhere demand --yes. Raises Abort on a no."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(f"{question} Nobody is there to answer: add --yes.", click.get_current_context())
    click.confirm(question, abort=True, err=True)
