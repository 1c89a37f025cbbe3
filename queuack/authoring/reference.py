"""Renders ``docs/reference/api.md``: what ``queuack`` offers to DAG files, one line a name, from the docstrings.

Run it as ``python -m queuack.authoring.reference [FOLDER]``. A test compares the checked-in page with what this
renders, so a public name cannot go undocumented.
"""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path
from typing import Any

import queuack

INTRODUCTION = """\
# What DAG files import

This page is rendered from the docstrings: `python -m queuack.authoring.reference`.

`from queuack import DAG, task` and `from airflow.sdk import DAG, task` give the same objects; a file that is to run on
Airflow too says `airflow.sdk`. The older spellings of Airflow 1.10 and 2.x are served as well, with a warning that says
what to write today.

| name | what it is |
|---|---|
"""

VERSION = "Queuack's version."


def summary(name: str) -> str:
    """The first sentence or paragraph of what a public name says of itself. Raises ValueError when it is silent."""
    if name == "__version__":
        return VERSION
    value = getattr(queuack, name)
    own = inspect.isroutine(value) or inspect.isclass(value) or inspect.ismodule(value)
    text = _docstring(value if own else type(value))
    if not text:
        raise ValueError(f"queuack.{name} has no docstring.")
    return " ".join(text.split("\n\n")[0].split())


def _docstring(value: Any) -> str:
    """Its own, not an inherited one."""
    return inspect.cleandoc(vars(value).get("__doc__") or "") if inspect.isclass(value) else inspect.getdoc(value) or ""


def page() -> str:
    """The page, as Markdown."""
    rows = (f"| `{name}` | {_markdown(summary(name))} |" for name in queuack.__all__)
    return INTRODUCTION + "\n".join(rows) + "\n"


def _markdown(text: str) -> str:
    return re.sub(r"``(.+?)``", r"`\1`", text).replace("|", "\\|")


def write(folder: Path) -> Path:
    """Write the page; gives its path."""
    path = folder / "api.md"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(page(), encoding="utf-8")
    return path


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/reference"))
