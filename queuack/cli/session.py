"""What one command works with: the home, the settings, the client. Everything is made when first asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click

from queuack.errors import QueuackError
from queuack.home import Home, find_home

if TYPE_CHECKING:
    from queuack.client import Client
    from queuack.config import Config


class Session:
    """Made by the root command from its options; handlers get it with ``@click.pass_obj``."""

    def __init__(self, root: str | None = None, flags: dict[str, str] | None = None) -> None:
        self.root = root
        self.flags: dict[str, str] = flags or {}

    @cached_property
    def home(self) -> Home:
        return Home(Path(self.root).expanduser().resolve()) if self.root else find_home()

    @cached_property
    def config(self) -> Config:
        """The settings, also installed as those of this process."""
        from queuack import config  # start-up time: not for --help

        loaded = config.load(self.home, self.flags)
        config.configure(loaded)
        return loaded

    @cached_property
    def client(self) -> Client:
        """The daemon if it answers, else the file; closed when the command ends."""
        from queuack import client  # start-up time: not for --help

        assert self.config is not None  # settings first: a bad one is told before anything is opened
        with self.writing_home():
            made: Client = client.connect(self.home)
        click.get_current_context().call_on_close(made.close)
        return made

    @contextmanager
    def writing_home(self) -> Iterator[None]:
        """Around what makes files in the home folder: says what to do where that is not allowed."""
        try:
            yield
        except OSError as error:
            place = f"{error.filename}: {error.strerror}." if error.filename else f"{error}."
            raise QueuackError(
                f"The home folder {self.home.root} cannot be used: {place} Make it writable, or name another: --home."
            ) from error

    @cached_property
    def dags_client(self) -> Client:
        """The client, after the DAG files have been read where no daemon does that."""
        if not self.client.live:
            self.client.call("sync")
        return self.client
