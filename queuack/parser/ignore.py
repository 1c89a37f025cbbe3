"""``.airflowignore``: which files and folders below the dags folder are not looked at.

Decides matching only; it walks nothing. Glob patterns are gitignore's, each file's scope is its own folder and what
is below, a later pattern overrides an earlier one, ``!`` takes back. Regular expressions are searched in the path
relative to the dags folder, and there is no negation. ``#`` starts a comment anywhere in a line.
Airflow page: core-concepts/dags, ".airflowignore".
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from pathlib import Path

import pathspec

log = logging.getLogger("queuack.parser")

NAME = ".airflowignore"
_COMMENT = re.compile(r"\s*#.*")


@dataclass(frozen=True)
class _Scope:
    """The patterns of one ignore file."""

    folder: Path
    globs: pathspec.GitIgnoreSpec | None
    expressions: tuple[re.Pattern[str], ...]


@dataclass(frozen=True)
class IgnoreRules:
    """What holds in one folder: its own ignore file and those of the folders above it. Immutable."""

    root: Path
    """The dags folder."""
    syntax: str = "glob"
    """``glob`` or ``regexp``."""
    scopes: tuple[_Scope, ...] = ()

    def entering(self, folder: Path) -> IgnoreRules:
        """The rules inside ``folder``: these and its own ignore file. A bad pattern is logged and left out."""
        try:
            text = (folder / NAME).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return self
        lines = [line for line in (_COMMENT.sub("", raw) for raw in text.splitlines()) if line.strip()]
        if self.syntax == "regexp":
            scope = _Scope(folder, None, _compiled(lines, folder / NAME))
        else:
            scope = _Scope(folder, _glob_spec(lines, folder / NAME), ())
        return IgnoreRules(self.root, self.syntax, (*self.scopes, scope))

    def ignores(self, path: Path, *, is_folder: bool) -> bool:
        """``path`` is the absolute path below the root, not resolved."""
        ignored = False
        for scope in self.scopes:
            if scope.globs is not None:
                relative = path.relative_to(scope.folder).as_posix() + ("/" if is_folder else "")
                verdict = scope.globs.check_file(relative).include
                ignored = ignored if verdict is None else verdict
            else:
                relative = path.relative_to(self.root).as_posix()
                ignored = ignored or any(expression.search(relative) for expression in scope.expressions)
        return ignored


def _compiled(lines: list[str], place: Path) -> tuple[re.Pattern[str], ...]:
    expressions = []
    for line in lines:
        try:
            expressions.append(re.compile(line))
        except re.error as error:
            log.warning("%s: %r is not a regular expression (%s); the line is ignored.", place, line, error)
    return tuple(expressions)


def _glob_spec(lines: list[str], place: Path) -> pathspec.GitIgnoreSpec:
    good = []
    for line in lines:
        try:
            pathspec.GitIgnoreSpec.from_lines([line])
        except ValueError as error:
            log.warning("%s: %r is not a glob pattern (%s); the line is ignored.", place, line, error)
        else:
            good.append(line)
    return pathspec.GitIgnoreSpec.from_lines(good)
