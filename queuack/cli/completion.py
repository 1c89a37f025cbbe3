"""``queuack completion``: the script by which a shell completes commands and options."""

from __future__ import annotations

import sys

import click
from click.shell_completion import get_completion_class

from queuack.errors import QueuackError

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_QUEUACK_COMPLETE"
"""Set by the script when it asks what may follow."""


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print what makes a shell complete commands and options.

    \b
    bash: eval "$(queuack completion bash)" in ~/.bashrc
    zsh:  eval "$(queuack completion zsh)" in ~/.zshrc
    fish: queuack completion fish > ~/.config/fish/completions/queuack.fish
    """
    root = ctx.find_root()
    made = get_completion_class(shell)
    assert made is not None
    try:
        click.echo(made(root.command, {}, "queuack", VARIABLE).source())
    except RuntimeError as error:  # too old a bash
        raise QueuackError(str(error)) from error
    if sys.stdout.isatty():
        click.echo(f"# To use it: queuack completion {shell} --help", err=True)
