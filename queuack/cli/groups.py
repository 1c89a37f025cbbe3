"""Click groups that load their commands late and answer mistakes in two lines.

Decides how a command is found (lazily, with suggestions) and how every failure ends: what, where, what to do on stderr,
then exit code 1 (it failed) or 2 (usage). It must not know any single command.
"""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, NoReturn

import click

from queuack.errors import QueuackError, UsageError

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""


@dataclass(frozen=True)
class LazyCommand:
    """Where a command lives. ``target`` is ``module:attribute``; ``help`` is its line in the list of commands."""

    target: str
    help: str

    def load(self) -> click.Command:
        module, _, attribute = self.target.partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command


class Group(click.Group):
    """A group that suggests the nearest command for one that it does not have.

    ``elsewhere``: names of Airflow that mean nothing here → what to do instead."""

    def __init__(self, *args: Any, elsewhere: Mapping[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.elsewhere = elsewhere or {}

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name in self.elsewhere and not ctx.resilient_parsing:
            raise UsageError(f"{ctx.command_path} {name} does nothing here. {self.elsewhere[name]}")
        if self.get_command(ctx, name) is None and not ctx.resilient_parsing and not name.startswith("-"):
            near = difflib.get_close_matches(name, self.list_commands(ctx), n=3, cutoff=0.5)
            hint = f" Did you mean {' or '.join(near)}?" if near else ""
            raise click.UsageError(f"There is no command '{name}' in '{ctx.command_path}'.{hint}", ctx)
        return super().resolve_command(ctx, args)


class LazyGroup(Group):
    """A group whose commands are imported when they are used, not when they are listed."""

    def __init__(self, *args: Any, lazy: Mapping[str, LazyCommand], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        lazy = self.lazy.get(cmd_name)
        return lazy.load() if lazy else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, lazy.help) for name, lazy in self.lazy.items()])


DUCKDB_INTERRUPTED = "Query interrupted"
"""What DuckDB raises in a RuntimeError for a Ctrl-C that comes while it works."""


class Program(LazyGroup):
    """The root group: runs a command and turns whatever it raises into lines on stderr and an exit code."""

    def main(  # type: ignore[override]  # click's overloads are about standalone_mode, which is always on here
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> NoReturn:
        extra.pop("standalone_mode", None)
        show_traceback = "--traceback" in (sys.argv[1:] if args is None else args)
        try:
            code = super().main(args=args, prog_name=prog_name, standalone_mode=False, **extra)
            sys.stdout.flush()
        except (click.Abort, KeyboardInterrupt):
            _say("Interrupted.")
            code = INTERRUPTED
        except BrokenPipeError:
            _forget_stdout()
            code = 1
        except Exception as error:
            if show_traceback:
                raise
            code = report(error)
        sys.exit(code if isinstance(code, int) else 0)


def report(error: Exception) -> int:
    """Print one failure to stderr; returns the exit code it stands for."""
    if isinstance(error, RuntimeError) and str(error) == DUCKDB_INTERRUPTED:
        _say("Interrupted.")
        return INTERRUPTED
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        _say(error.format_message())
        return error.exit_code
    if isinstance(error, click.UsageError):
        _say(f"Error: {error.format_message()}")
        if error.ctx is not None:
            if isinstance(error.ctx.command, click.Group):
                _say(f"See: {error.ctx.command_path} --help")
            else:
                _say(" ".join(error.ctx.command.get_usage(error.ctx).split()))
        return error.exit_code
    if isinstance(error, click.ClickException):
        _say(f"Error: {error.format_message()}")
        return error.exit_code
    if isinstance(error, QueuackError):
        _say(f"Error: {error.message}")
        return error.exit_code
    if isinstance(error, OSError) and error.filename is not None:
        _say(f"Error: {error.filename}: {error.strerror}.")
        return 1
    _say(f"Error: {type(error).__name__}: {error}")
    _say("This is a defect of Queuack; `queuack --traceback ...` shows where.")
    return 1


def _say(line: str) -> None:
    click.echo(line, err=True)


def _forget_stdout() -> None:
    """The reader of our output left (``| head``): keep the interpreter from complaining at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
