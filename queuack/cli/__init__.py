"""The command line: ``queuack``. Thin handlers over ``queuack.client``; ``program`` holds the table of commands."""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """The console script."""
    from queuack.cli.program import (
        program,
    )  # start-up time: click, not needed by those who import queuack.cli.reference

    program(prog_name="queuack")
