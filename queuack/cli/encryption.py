"""``queuack rotate-fernet-key``: a new key for what is encrypted in the database."""

from __future__ import annotations

import click

from queuack.cli.output import counted
from queuack.cli.session import Session
from queuack.fernet_keys import find_keys


@click.command()
@click.pass_obj
def rotate_fernet_key(session: Session) -> None:
    """Encrypt secrets in the database with a new key.

    First put the new key before the old one: in core.fernet_key, separated by a comma, or as the first line of
    fernet.key in the home folder. Afterwards the old one can go.
    """
    setting = session.config.get("core", "fernet_key")
    keys = find_keys(None if setting is None else str(setting), session.home.fernet_key_file)
    done = session.client.call("rotate_fernet_key", fingerprints=keys.fingerprints)
    variables, connections = counted(done["variables"], "variable"), counted(done["connections"], "connection")
    triggers = f", {counted(done['triggers'], 'trigger')}" if done["triggers"] else ""
    click.echo(f"Encrypted {variables}, {connections}{triggers} with the first key of {done['source']}.")
    if done["keys"] == 1:
        click.echo("There is one key only: nothing was rotated to a new one. Put the new key before it.", err=True)
    else:
        click.echo("The keys after the first are not needed any more.")
