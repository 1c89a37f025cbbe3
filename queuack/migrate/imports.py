"""What the imports of a file come to: the compat table for ``airflow``, installed packages for the rest."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from queuack.compat.answers import Answer, Kind, answer, target_of
from queuack.compat.packages import package_of
from queuack.compat.table import MODULES
from queuack.migrate.installed import Installed
from queuack.migrate.source import Import, Source
from queuack.migrate.verdicts import Finding, Verdict


def import_findings(source: Source, installed: Installed) -> Iterator[Finding]:
    """Imports, then attribute chains such as ``airflow.utils.dates.days_ago``."""
    for item in source.imports:
        finding = _of_import(item, installed)
        if finding is not None and not (item.guarded and finding.verdict is not Verdict.WARNS):
            yield finding
    yield from _of_attributes(source, installed)


def _of_import(item: Import, installed: Installed) -> Finding | None:
    if item.module.partition(".")[0] == "airflow":
        return _of_airflow(item.module, "" if item.name == "*" else item.name, item.line, installed)
    if installed.has(item.module):
        return None
    return missing_module(item.module, item.line, installed)


def missing_module(module: str, line: int | None, installed: Installed) -> Finding:
    """The finding for a module that is nowhere."""
    nested = installed.nested(module)
    if nested is not None:
        what = f"No module named {module!r} at the top of the folder"
        return Finding(Verdict.BROKEN, what, line, f"check the folder that is the dags folder, maybe {nested}")
    package = package_of(module)
    return Finding(Verdict.PACKAGE, f"No module named {module!r}", line, f"pip install {package}", package)


def _of_airflow(module: str, name: str, line: int, installed: Installed) -> Finding | None:
    found = answer(module, name)
    dotted = f"{module}.{name}" if name else module
    if found.kind is Kind.SERVED:
        return None
    if found.kind is Kind.MOVED:
        return Finding(Verdict.WARNS, f"{dotted} is an old spelling", line, found.advice, minor=True)
    if found.kind is Kind.PROVIDED:
        return _of_provided(dotted, found, line, installed)
    if found.kind is Kind.FOREIGN:
        return None if installed.has(dotted) or installed.has(module) else _of_foreign(module, dotted, found, line)
    return Finding(Verdict.UNSUPPORTED, f"{dotted} is not there", line, found.advice)


def _of_foreign(module: str, dotted: str, found: Answer, line: int) -> Finding:
    if not found.package:
        return Finding(Verdict.UNSUPPORTED, f"{dotted} is not there", line, found.advice)
    place = dotted if module == "airflow.providers" else module
    return Finding(Verdict.PACKAGE, f"No module named {place!r}", line, f"pip install {found.package}", found.package)


def _of_provided(dotted: str, found: Answer, line: int, installed: Installed) -> Finding:
    where, _, name = found.target.partition(":")
    if installed.has(where) or target_of(where, name) is not None:
        return Finding(Verdict.WARNS, f"{dotted} is an old spelling", line, found.advice, minor=True)
    way_out = f"{found.advice}; pip install {found.package}"
    return Finding(Verdict.PACKAGE, f"{dotted} is in a provider package today", line, way_out, found.package)


def _of_attributes(source: Source, installed: Installed) -> Iterator[Finding]:
    inner = {id(node.value) for node in ast.walk(source.tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Attribute) or id(node) in inner:
            continue
        dotted = source.dotted(node)
        if dotted is None:
            continue
        parts = dotted.split(".")
        size = next((size for size in range(len(parts) - 1, 0, -1) if ".".join(parts[:size]) in MODULES), 0)
        if size:
            finding = _of_airflow(".".join(parts[:size]), parts[size], node.lineno, installed)
            if finding is not None:
                yield finding
