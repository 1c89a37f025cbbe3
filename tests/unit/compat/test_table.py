"""The table, entry by entry: targets exist, names are in one place, nothing shadows a module."""

from __future__ import annotations

import importlib
import inspect
import types
import warnings

import pytest

from queuack.compat import serving
from queuack.compat.table import ABSENT, MODULES, MOVED, PROVIDED, SERVED, children

ENTRIES = [(module, name, target) for module, names in SERVED.items() for name, target in names.items()]


@pytest.mark.parametrize("module", sorted(SERVED))
def test_every_target_resolves(module: str) -> None:
    for name, target in SERVED[module].items():
        value = serving.resolve(target)
        if name == "*":
            assert isinstance(value, types.ModuleType)


@pytest.mark.parametrize("module", sorted(MODULES))
def test_every_module_imports_and_lists_its_names(module: str) -> None:
    found = importlib.import_module(module)
    assert isinstance(found, types.ModuleType)
    assert found.__spec__ is not None
    assert found.__spec__.name == module
    assert set(found.__all__) <= set(dir(found))
    assert bool(children(module)) <= hasattr(found, "__path__")


def test_a_name_is_in_one_place() -> None:
    for module in MODULES:
        served, provided, absent = (set(table.get(module, ())) for table in (SERVED, PROVIDED, ABSENT))
        assert not served & provided
        assert not served & absent
        assert not provided & absent


def test_no_name_is_also_a_submodule() -> None:
    """The import system sets a submodule on its package, over whatever has that name."""
    for module, name, target in ENTRIES:
        assert name not in children(module) or ":" not in target, f"{module}.{name}"


def test_every_moved_entry_is_about_a_served_name() -> None:
    for entry in MOVED:
        module, _, name = entry.partition(":")
        assert module in MODULES, entry
        assert not name or name in importlib.import_module(module).__all__, entry


def test_advice_names_places_that_serve_the_name() -> None:
    for module, names in SERVED.items():
        for name in names:
            advice = MOVED.get(f"{module}:{name}") or MOVED.get(module)
            if name != "*" and advice and " " not in advice and advice.startswith("airflow") and advice in MODULES:
                assert name in importlib.import_module(advice).__all__, f"{module}.{name}: {advice}"


def _old_spellings() -> list[tuple[str, str]]:
    """(module, name) of all that warns."""
    found = {(entry.partition(":")[0], entry.partition(":")[2]) for entry in MOVED if ":" in entry}
    for module in MOVED.keys() & SERVED.keys():
        found.update((module, name) for name in SERVED[module] if name != "*")
    return sorted(found)


@pytest.mark.parametrize(("module", "name"), _old_spellings())
def test_a_warning_is_one_line_said_once(module: str, name: str) -> None:
    """``<old> is an old spelling; <what to do>``; what it says to write works."""
    space: dict[str, object] = {}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(2):
            exec(f"from {module} import {name}", space)
    (message,) = [str(warning.message) for warning in caught]
    assert message.startswith(f"{module}.{name} is an old spelling; ")
    assert "\n" not in message
    assert len(message) < 180
    _, _, statement = message.partition("; write: ")
    if statement and statement.split()[1] in MODULES:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            exec(statement, {})


def test_one_class_by_every_path() -> None:
    """The same public name means the same class wherever it is served, but for database rows."""
    homes: dict[str, set[str]] = {}
    for _, name, target in ENTRIES:
        if ":" in target and inspect.isclass(serving.resolve(target)):
            homes.setdefault(name, set()).add(target)
    several = {name for name, targets in homes.items() if len(targets) > 1}
    assert several <= {"TaskInstance"}
