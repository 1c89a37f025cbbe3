"""Context keys of 1.10 and 2.x in templates and in Python: those that still answer, and those that are gone."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from jinja2 import Environment, TemplateSyntaxError, meta

from queuack.authoring.context_values import LEGACY_DATED
from queuack.migrate.source import Source
from queuack.migrate.verdicts import Finding, Verdict

TODAY = {
    "execution_date": "write logical_date",
    "next_ds": "write data_interval_end | ds",
    "next_ds_nodash": "write data_interval_end | ds_nodash",
    "next_execution_date": "write data_interval_end",
    "prev_ds": "write macros.ds_add(ds, -1), or what the schedule makes of it",
    "prev_ds_nodash": "write macros.ds_add(ds, -1) without dashes, or what the schedule makes of it",
    "prev_execution_date": "write prev_data_interval_start_success, or compute it",
    "prev_execution_date_success": "write prev_data_interval_start_success",
    "tomorrow_ds": "write macros.ds_add(ds, 1)",
    "tomorrow_ds_nodash": "write macros.ds_format(macros.ds_add(ds, 1), '%Y-%m-%d', '%Y%m%d')",
    "yesterday_ds": "write macros.ds_add(ds, -1)",
    "yesterday_ds_nodash": "write macros.ds_format(macros.ds_add(ds, -1), '%Y-%m-%d', '%Y%m%d')",
}
"""Key that still answers → what to write."""

GONE = {
    "END_DATE": "write ds",
    "latest_date": "write ds",
}
"""Key of 1.10 that no longer answers → what to write."""

_CONTEXTS = frozenset({"context", "kwargs", "ctx", "ti_context", "ds_context"})
_JINJA = Environment()


def context_findings(source: Source) -> Iterator[Finding]:
    """Templates in string constants; ``context["…"]``; arguments of functions named after such keys."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if "{{" in node.value or "{%" in node.value:
                yield from _named(sorted(_names_in(node.value)), node.lineno, "the template variable")
        elif isinstance(node, ast.Subscript) and _is_context(node.value) and isinstance(node.slice, ast.Constant):
            yield from _named([node.slice.value], node.lineno, "the context key")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            arguments = (*node.args.args, *node.args.kwonlyargs)
            wanted = [argument.arg for argument in arguments if argument.arg in TODAY]
            yield from _named(wanted, node.lineno, "the context key")


def _names_in(text: str) -> set[str]:
    try:
        return set(meta.find_undeclared_variables(_JINJA.parse(text)))
    except TemplateSyntaxError:
        return set()  # not a template, or one with filters of a plugin: rendering says so


def _is_context(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in _CONTEXTS


def _named(names: Sequence[object], line: int, kind: str) -> Iterator[Finding]:
    for name in names:
        if name in GONE:
            yield Finding(Verdict.WARNS, f"{kind} {name!r} is gone and renders as nothing", line, GONE[str(name)])
        elif name in TODAY and name in LEGACY_DATED:
            yield Finding(Verdict.WARNS, f"{kind} {name!r} is gone in Airflow 3", line, TODAY[str(name)], minor=True)
