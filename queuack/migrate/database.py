"""Use of Airflow's database models and sessions: reading is served in part, writing is not."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from queuack.compat.answers import target_of
from queuack.migrate.source import Source
from queuack.migrate.verdicts import Finding, Verdict

_MODELS = "queuack.compat.models."
_WRITES = frozenset(
    {
        "add",
        "add_all",
        "bulk_insert_mappings",
        "bulk_save_objects",
        "bulk_update_mappings",
        "delete",
        "execute",
        "merge",
    }
)
_INSTEAD = "let the queuack command or an operator write; Queuack's store has one owner"
_READ_ONLY = "reads of common columns work; better: the context's ti and dag_run, or `queuack sql`"


def database_findings(source: Source) -> Iterator[Finding]:
    """Only in files that import a session or a model."""
    modelled = {item.bound: item for item in source.imports if _is_orm(item.module, item.name)}
    if not modelled and "session" not in ast.dump(source.tree).lower():
        return
    if not modelled and "airflow.settings" not in source.bindings.values():
        return
    for call in source.calls():
        if not isinstance(call.func, ast.Attribute):
            continue
        owner = call.func.value
        if call.func.attr in _WRITES and isinstance(owner, ast.Name) and owner.id == "session":
            yield Finding(Verdict.UNSUPPORTED, f"session.{call.func.attr}() writes", call.lineno, _INSTEAD)
        elif call.func.attr in ("delete", "update") and _is_query(owner):
            yield Finding(Verdict.UNSUPPORTED, f"a query's {call.func.attr}() writes", call.lineno, _INSTEAD)
        elif call.func.attr == "query":
            yield Finding(Verdict.WARNS, "session.query() reads Airflow's database models", call.lineno, _READ_ONLY)


def _is_orm(module: str, name: str) -> bool:
    return module.startswith("airflow.") and bool(name) and (target_of(module, name) or "").startswith(_MODELS)


def _is_query(node: ast.expr) -> bool:
    """Whether an expression is ``….query(…)`` with anything after it."""
    return any(isinstance(part, ast.Attribute) and part.attr == "query" for part in ast.walk(node))
