"""Arguments of 1.10 and 2.x in calls of DAGs and operators and in ``default_args``: taken, with a warning."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from queuack.authoring.dag_arguments import OLD_ARGUMENTS as DAG_ARGUMENTS
from queuack.authoring.operator_arguments import OLD_ARGUMENTS as OPERATOR_ARGUMENTS
from queuack.migrate.source import Source, callee
from queuack.migrate.verdicts import Finding, Verdict

_OF_DAG = {**DAG_ARGUMENTS, "sla_miss_callback": "use deadline alerts"}
_DAG_NAMES = frozenset({"DAG", "dag"})


def argument_findings(source: Source) -> Iterator[Finding]:
    """Old keyword arguments, where they stand."""
    for call in source.calls():
        name = callee(call)
        old = _OF_DAG if name in _DAG_NAMES else OPERATOR_ARGUMENTS if _makes_task(name) else None
        if old is not None:
            yield from _keywords(call, name, old)
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Assign | ast.keyword) and isinstance(node.value, ast.Dict) and _is_defaults(node):
            yield from _keys(node.value)


def _makes_task(name: str) -> bool:
    return name == "task" or name.endswith(("Operator", "Sensor", "SensorAsync"))


def _keywords(call: ast.Call, name: str, old: Mapping[str, str]) -> Iterator[Finding]:
    kind = "DAG" if name in _DAG_NAMES else "operator"
    for keyword in call.keywords:
        if keyword.arg is not None and keyword.arg in old:
            what = f"the {kind} argument {keyword.arg!r} is gone in Airflow 3"
            yield Finding(Verdict.WARNS, what, keyword.value.lineno, old[keyword.arg], minor=True)


def _is_defaults(node: ast.Assign | ast.keyword) -> bool:
    if isinstance(node, ast.keyword):
        return node.arg == "default_args"
    return any(isinstance(target, ast.Name) and target.id == "default_args" for target in node.targets)


def _keys(values: ast.Dict) -> Iterator[Finding]:
    for key in values.keys:
        if isinstance(key, ast.Constant) and key.value in OPERATOR_ARGUMENTS:
            what = f"the operator argument {key.value!r} is gone in Airflow 3"
            yield Finding(Verdict.WARNS, what, key.lineno, OPERATOR_ARGUMENTS[str(key.value)], minor=True)
