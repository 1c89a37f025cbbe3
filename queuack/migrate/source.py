"""A DAG file's text as a tree: its imports with where they stand, and what its names are bound to.

Runs nothing. An import for type checkers only is none; one in a ``try`` that catches its failure is *guarded*.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

_CATCHERS = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}


@dataclass(frozen=True)
class Import:
    """``from module import name``, or ``import module`` when ``name`` is empty."""

    module: str
    name: str
    line: int
    bound: str
    """The local name."""
    guarded: bool = False

    @property
    def dotted(self) -> str:
        return f"{self.module}.{self.name}" if self.name else self.module


class Source:
    """One file. Raises SyntaxError when it is not Python 3, ValueError when it holds null bytes."""

    def __init__(self, text: str | bytes, filename: str = "<file>") -> None:
        self.tree = ast.parse(text, filename)

    @cached_property
    def imports(self) -> list[Import]:
        return list(_imports(self.tree, guarded=False))

    @cached_property
    def bindings(self) -> dict[str, str]:
        """Local name → dotted name in Airflow, for what is imported from there."""
        found = {}
        for item in self.imports:
            if item.module.partition(".")[0] == "airflow":
                plain = not item.name and "." in item.module and item.bound == "airflow"
                found[item.bound] = "airflow" if plain else item.dotted
        return found

    def dotted(self, node: ast.AST) -> str | None:
        """The dotted Airflow name of an expression such as ``airflow.utils.dates.days_ago``; None for others."""
        attributes: list[str] = []
        while isinstance(node, ast.Attribute):
            attributes.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id not in self.bindings:
            return None
        return ".".join([self.bindings[node.id], *reversed(attributes)])

    def calls(self) -> Iterator[ast.Call]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield node


def callee(call: ast.Call) -> str:
    """The last name of what is called: ``PythonOperator`` in ``ops.PythonOperator(…)``."""
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _imports(node: ast.AST, *, guarded: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                bound = alias.asname or alias.name.partition(".")[0]
                yield Import(alias.name, "", child.lineno, bound, guarded)
        elif isinstance(child, ast.ImportFrom):
            if child.level == 0 and child.module:
                for alias in child.names:
                    yield Import(child.module, alias.name, child.lineno, alias.asname or alias.name, guarded)
        elif isinstance(child, ast.If) and ast.unparse(child.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            for statement in child.orelse:
                yield from _imports(ast.Module([statement], []), guarded=guarded)
        elif isinstance(child, ast.Try):
            inside = guarded or any(_catches(handler) for handler in child.handlers)
            yield from _imports(ast.Module(child.body, []), guarded=inside)
            rest: list[ast.stmt] = [*child.orelse, *child.finalbody]
            for handler in child.handlers:
                rest += handler.body
            yield from _imports(ast.Module(rest, []), guarded=inside)
        else:
            yield from _imports(child, guarded=guarded)


def _catches(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(ast.unparse(kind).rpartition(".")[2] in _CATCHERS for kind in kinds)
