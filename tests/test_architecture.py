"""Who may import whom: the table of the design, as data, checked against every import statement."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "queuack"

LEAVES = {
    "errors",
    "clock",
    "home",
    "states",
    "filehash",
    "logpaths",
    "schedule",
    "processes",
    "tracebacks",
    "faults",
    "begun",
} | {
    "sensitive",
    "fernet_keys",
    "connection_form",
    "secret_files",
}
"""Modules without a layer: they import the standard library, small libraries and one another."""

DATA = {
    "engine.spec", "engine.events", "engine.effects", "engine.snapshot", "engine.states",
    "engine.asset_spec", "engine.asset_effects", "engine.asset_snapshot",
    "engine.deadline_spec", "engine.deadline_effects",
}  # fmt: skip
"""The engine's vocabulary: structs without behaviour, which the store and the document builder share."""

AUTHORING = {"authoring", "operators", "sensors", "triggers", "hooks"}

MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "engine": LEAVES | {"engine"},
    "schedule": LEAVES,
    "config": LEAVES | {"config", "settings_table"},
    "settings_table": LEAVES,
    "protocol": LEAVES,
    "serialization": LEAVES | {"config", "serialization"},
    **{layer: LEAVES | AUTHORING | {"config", "serialization"} for layer in AUTHORING},
    "document": LEAVES | AUTHORING | DATA | {"document", "config", "serialization"},
    "compat": LEAVES | AUTHORING | {"compat", "config", "parser.files"},
    "plugins": LEAVES | AUTHORING | {"plugins", "config", "compat"},
    "store": LEAVES | DATA | {"store", "config"},
    "parser": LEAVES
    | AUTHORING
    | {"parser", "document", "protocol", "compat", "plugins", "config", "serialization", "engine.spec"},
    "worker": LEAVES | AUTHORING | {"worker", "document", "protocol", "compat", "plugins", "config", "serialization"},
    "triggerer": LEAVES
    | AUTHORING
    | {"triggerer", "worker", "protocol", "compat", "plugins", "config", "serialization"},
    "nursery": LEAVES
    | AUTHORING
    | {"nursery", "worker", "parser", "protocol", "compat", "plugins", "config", "document"},
    "executors": LEAVES | {"executors", "protocol", "config"},
    "daemon": LEAVES | {"daemon", "engine", "store", "executors", "protocol", "config"},
    "upkeep": LEAVES | {"upkeep", "daemon.services", "store", "config"},
    "client": LEAVES | {"client", "protocol", "config", "app"},
    "api": LEAVES | {"api", "client", "protocol", "config"},
    "web": LEAVES | {"web", "api", "config"},
    "api_server": LEAVES | {"api_server", "api", "web", "config"},
    "migrate": LEAVES | AUTHORING | {"migrate", "compat", "parser", "protocol", "config", "engine.spec"},
    "cli": LEAVES | {"cli", "migrate", "client", "config", "settings_table", "app", "upkeep", "testing"},
}
"""Layer → what it may import. ``app`` and ``testing`` wire everything and may import all but ``cli``."""

LIBRARIES: dict[str, set[str]] = {
    "duckdb": {
        "store.database",
        "hooks.duckdb",
    },  # the hook serves tasks with databases of their own, never the store's
    "croniter": {"schedule"},
    "fastapi": {"api", "web", "api_server"},
    "pydantic": {"api", "web"},
    "uvicorn": {"api_server"},
    "igraph": {"web.layout"},
    "jwt": {"api"},
    "markdown_it": {"web"},
    "click": {"cli"},
    "rich": {"cli"},
    "pluggy": {"authoring.listeners", "authoring.policies", "compat.shims.listeners"},
    "watchfiles": {"parser"},
}
"""Library → the only modules or layers that import it."""

MODULES = sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    parts = list(path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> list[tuple[int, str]]:
    """(line, dotted module) of every import but those for type checkers only."""
    tree = ast.parse(path.read_text())
    for_types = {
        id(child)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
        for child in ast.walk(node)
    }
    found = []
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.append((node.lineno, node.module))
            found += [(node.lineno, f"{node.module}.{alias.name}") for alias in node.names]
    return found


def within(module: str, allowed: set[str]) -> bool:
    return any(module == name or module.startswith(name + ".") for name in allowed)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_layer_imports_only_what_the_table_allows(path: Path) -> None:
    name = name_of(path)
    layer = name.split(".")[0]
    if layer in ("", "app", "testing", "__main__"):
        forbidden = [f"{line}: {module}" for line, module in imports_of(path) if within(module, {"queuack.cli"})]
        assert layer == "__main__" or not forbidden, forbidden
        return
    allowed = MAY_IMPORT.get(layer, LEAVES if layer in LEAVES else None)
    assert allowed is not None, f"{name}: the layer {layer!r} is not in the table"
    bad = []
    for line, module in imports_of(path):
        if not module.startswith("queuack."):
            continue
        target = module.removeprefix("queuack.")
        if not within(target, allowed | {"__version__"}) and not any(item.startswith(target + ".") for item in allowed):
            bad.append(f"line {line}: {module}")
    assert not bad, f"{name} ({layer}) must not import {bad}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_library_is_imported_where_it_belongs(path: Path) -> None:
    name = name_of(path)
    bad = [
        f"line {line}: {module}"
        for line, module in imports_of(path)
        for library, places in LIBRARIES.items()
        if within(module, {library}) and not within(name, places)
    ]
    assert not bad, f"{name}: {bad}"


def test_no_import_cycles() -> None:
    """At import time, between modules (imports inside functions and for type checkers do not count)."""
    names = {f"queuack.{name_of(path)}" if name_of(path) else "queuack": path for path in MODULES}
    edges: dict[str, set[str]] = {}
    for name, path in names.items():
        tree = ast.parse(path.read_text())
        top = set()
        for node in tree.body:
            if isinstance(node, ast.Import):
                top |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                top |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
        edges[name] = {target for target in top if target in names and target != name}
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, f"import cycle: {' → '.join([*path[path.index(name) :], name])}"
        if name in done:
            return
        for target in sorted(edges[name]):
            if name.startswith(target + "."):
                continue  # a package's __init__ is always imported before its modules
            visit(target, (*path, name))
        done.add(name)

    for name in sorted(edges):
        visit(name, ())


def test_every_module_says_what_it_decides() -> None:
    missing = [
        name_of(path)
        for path in MODULES
        if path.read_text().strip() and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert not missing, missing
