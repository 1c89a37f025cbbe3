"""The source of a decorated function without what makes it a task.

Decides which decorators go: ``@task`` and everything below it, ``@setup``, ``@teardown``. Others stay, as in Airflow.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

_KINDS = [["virtualenv"], ["external_python"], ["branch_virtualenv"], ["branch_external_python"]]
"""Kinds that are recognized whatever ``task`` was imported as."""


def function_source(function: Callable[..., Any]) -> str:
    """The ``def`` with its comments, at the start of the line. Raises OSError when the source is not there.

    One that cannot be moved there, for a text in it begins lines of its own there, stands in an ``if True:``.
    """
    source = textwrap.dedent(inspect.getsource(function))
    if source[0].isspace():
        source = f"if True:\n{source}"
    definition: ast.AST = ast.parse(source).body[0]
    if isinstance(definition, ast.If):
        definition = definition.body[0]
    if not isinstance(definition, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return source
    dropped = {
        number
        for decorator in definition.decorator_list
        if _makes_a_task(decorator)
        for number in range(decorator.lineno, (decorator.end_lineno or decorator.lineno) + 1)
    }
    lines = source.splitlines(keepends=True)
    return "".join(line for number, line in enumerate(lines, 1) if number not in dropped)


def _makes_a_task(decorator: ast.expr) -> bool:
    """``task``, ``task.kind``, ``airflow.sdk.task.kind``, ``setup``, ``teardown``, each with or without a call."""
    while isinstance(decorator, ast.Call):
        decorator = decorator.func
    names: list[str] = []
    while isinstance(decorator, ast.Attribute):
        names.append(decorator.attr)
        decorator = decorator.value
    if isinstance(decorator, ast.Name):
        names.append(decorator.id)
    return "task" in names or names in (["setup"], ["teardown"]) or names[:1] in _KINDS
