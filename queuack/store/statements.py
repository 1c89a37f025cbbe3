"""The named SQL statements of ``store/sql/*.sql``, loaded once. Decides how those files are read; executes nothing.

A file is a sequence of blocks. ``-- name: update_instances`` opens a statement, the comment lines right after it say
why it is as it is, the rest up to the next block is SQL. ``-- fragment: run_columns`` opens a piece of SQL that
statements of the same file include as ``{run_columns}``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from queuack.errors import StoreError

_BLOCK = re.compile(r"^-- (name|fragment): (\w+)[ \t]*$", re.MULTILINE)
_HOLE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class NamedStatement:
    """One SQL statement. ``why`` is its comment, ``text`` the SQL without trailing semicolon."""

    name: str
    why: str
    text: str


@cache
def load_statements() -> dict[str, NamedStatement]:
    """Every statement by name. Raises StoreError when two share a name or one has no comment."""
    found: dict[str, NamedStatement] = {}
    for entry in sorted(files("queuack.store").joinpath("sql").iterdir(), key=lambda item: item.name):
        if not entry.name.endswith(".sql"):
            continue
        for statement in parse_statements(entry.read_text(encoding="utf-8")):
            if statement.name in found:
                raise StoreError(f"Two SQL statements are named {statement.name}.")
            found[statement.name] = statement
    return found


def statement_text(name: str) -> str:
    """The SQL of one statement. Raises StoreError when there is none of that name."""
    try:
        return load_statements()[name].text
    except KeyError:
        raise StoreError(f"There is no SQL statement named {name}.") from None


def parse_statements(text: str) -> list[NamedStatement]:
    """The statements of one file's text, fragments filled in."""
    fragments: dict[str, str] = {}
    statements: list[NamedStatement] = []
    marks = list(_BLOCK.finditer(text))
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        kind, name = mark.groups()
        why, sql = _split_comment(text[mark.end() : following.start() if following else len(text)])
        sql = _HOLE.sub(lambda hole: fragments[hole.group(1)], sql)
        if kind == "fragment":
            fragments[name] = sql
        elif not why:
            raise StoreError(f"SQL statement {name} has no comment that says why it is there.")
        else:
            statements.append(NamedStatement(name, why, sql))
    return statements


def _split_comment(block: str) -> tuple[str, str]:
    lines = block.strip().splitlines()
    body = next((index for index, line in enumerate(lines) if not line.startswith("--")), len(lines))
    why = " ".join(line.removeprefix("--").strip() for line in lines[:body])
    return why, "\n".join(lines[body:]).strip().removesuffix(";")
