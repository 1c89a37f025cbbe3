"""``airflow.utils.process_utils``, ``platform`` and ``net``: environment variables, the user, the host."""

from __future__ import annotations

import getpass
import os
import platform
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from queuack.authoring.exceptions import AirflowConfigException

__all__ = ["IS_WINDOWS", "get_host_ip_address", "get_hostname", "getfqdn", "getuser", "is_tty", "patch_environ"]

IS_WINDOWS = platform.system() == "Windows"


@contextmanager
def patch_environ(new_env_variables: dict[str, str]) -> Iterator[None]:
    """Environment variables for the length of a block."""
    before = {name: os.environ.get(name) for name in new_env_variables}
    os.environ.update(new_env_variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is not None:
                os.environ[name] = value
            else:
                os.environ.pop(name, None)


def getuser() -> str:
    """The name of the user this process runs as. Raises AirflowConfigException when the id has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:
        raise AirflowConfigException("The user id of this process has no name in the user database.") from error


def get_hostname() -> str:
    """The host's full name."""
    return getfqdn()


def getfqdn(name: str = "") -> str:
    """The full name of a host, of this one by default."""
    return socket.getfqdn(name)


def get_host_ip_address() -> str:
    """This host's address."""
    return socket.gethostbyname(getfqdn())


def is_tty() -> bool:
    """Whether standard output is a terminal."""
    return sys.stdout.isatty()
