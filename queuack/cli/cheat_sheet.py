"""``queuack cheat-sheet``: every command on one page."""

from __future__ import annotations

from collections.abc import Iterator

import click

from queuack.cli.output import terminal_width

WIDTH = 80
"""Columns of the page where stdout is no terminal."""


@click.command("cheat-sheet")
@click.pass_context
def cheat_sheet(ctx: click.Context) -> None:
    """List all commands with what they do."""
    root = ctx.find_root()
    sections = [*_sections(root, root.command)]
    width = min(terminal_width(), 120) if terminal_width() < 1000 else WIDTH
    for title, rows in sections:
        click.secho(title, bold=True)
        longest = max(len(path) for path, _ in rows)
        formatter = click.HelpFormatter(width=width)
        formatter.current_indent = 2
        formatter.write_dl(rows, col_max=longest, col_spacing=2)
        click.echo(formatter.getvalue())


def _sections(ctx: click.Context, group: click.Command) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Title, and (path, help) of each command: first of those without a group, then a section a group."""
    assert isinstance(group, click.Group)
    rows: list[tuple[str, str]] = []
    groups: list[tuple[click.Context, click.Group]] = []
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        assert command is not None
        if isinstance(command, click.Group):
            groups.append((click.Context(command, info_name=name, parent=ctx), command))
        else:
            rows.append((f"{ctx.command_path} {name}", command.get_short_help_str(200)))
    if rows:
        yield (group.get_short_help_str(200) if ctx.parent else "Queuack"), rows
    for below, one in groups:
        yield from _sections(below, one)
