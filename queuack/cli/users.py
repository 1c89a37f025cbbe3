"""``queuack users``: who may use the REST API and the pages."""

from __future__ import annotations

import secrets
import sys

import click

from queuack.cli.groups import Group
from queuack.cli.options import output_option
from queuack.cli.output import Column, print_rows
from queuack.cli.session import Session
from queuack.errors import UsageError

COLUMNS = (
    Column("id", "id", kind="number"),
    Column("username", "username"),
    Column("role", "role"),
    Column("active", "active"),
    Column("first_name", "first_name", droppable=True),
    Column("last_name", "last_name", droppable=True),
    Column("email", "email", droppable=True),
)
ROLES = ("Viewer", "User", "Op", "Admin")


@click.group(cls=Group)
def users() -> None:
    """Manage who may use the REST API and the pages.

    Viewer looks; User runs, clears and marks DAGs too; Op manages pools, variables and connections too; Admin all.
    """


username_option = click.option("-u", "--username", required=True, help="Name to log in with.")
role_option = click.option("-r", "--role", type=click.Choice(ROLES, case_sensitive=False), help="What they may.")


@users.command("list")
@output_option
@click.pass_obj
def list_users(session: Session, output: str) -> None:
    """List the users."""
    empty = "Nobody. `queuack users create -u NAME -r Admin` makes the first."
    print_rows(session.client.call("list_users"), COLUMNS, output, empty=empty)


@users.command()
@username_option
@role_option
@click.option("-f", "--firstname", default="", help="First name.")
@click.option("-l", "--lastname", default="", help="Last name.")
@click.option("-e", "--email", default="", help="Mail address.")
@click.option("-p", "--password", help="Password; others see it in `ps`. Without it, asked for.")
@click.option("--use-random-password", is_flag=True, help="Make a password and print it.")
@output_option
@click.pass_obj
def create(
    session: Session,
    username: str,
    role: str | None,
    firstname: str,
    lastname: str,
    email: str,
    password: str | None,
    use_random_password: bool,
    output: str,
) -> None:
    """Create a user."""
    row = session.client.call(
        "create_user",
        username=username,
        password=_password(password, use_random_password),
        role=role or "Viewer",
        first_name=firstname,
        last_name=lastname,
        email=email,
    )
    print_rows([row], COLUMNS, output)


@users.command()
@username_option
@click.option("-p", "--password", help="Password; others see it in `ps`. Without it, asked for.")
@click.option("--use-random-password", is_flag=True, help="Make a password and print it.")
@click.pass_obj
def reset_password(session: Session, username: str, password: str | None, use_random_password: bool) -> None:
    """Give a user another password."""
    session.client.call("update_user", username=username, password=_password(password, use_random_password))
    click.echo(f"{username} has a new password.")


@users.command()
@username_option
@click.option("-r", "--role", required=True, type=click.Choice(ROLES, case_sensitive=False), help="What they may.")
@output_option
@click.pass_obj
def add_role(session: Session, username: str, role: str, output: str) -> None:
    """Give a user another role, in place of the one they had."""
    print_rows([session.client.call("update_user", username=username, role=role)], COLUMNS, output)


@users.command()
@username_option
@output_option
@click.pass_obj
def delete(session: Session, username: str, output: str) -> None:
    """Delete a user; prints who it was."""
    print_rows([session.client.call("delete_user", username=username)], COLUMNS, output)


def _password(given: str | None, random: bool) -> str:
    if given is not None:
        return given
    if random:
        made = secrets.token_urlsafe(12)
        click.echo(f"Password: {made}", err=True)
        return made
    if not sys.stdin.isatty():
        raise UsageError("Give a password: --password, or --use-random-password.")
    asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return asked
