"""The table of ``airflow`` import names, as data: what each module and name means in Queuack.

Joins the tables of the subjects; decides no target itself. A name is in at most one place: served by Queuack
(``SERVED``), served by a provider package when that is installed (``PROVIDED``), or absent with advice (``ABSENT``).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from queuack.compat import packages
from queuack.compat.table import (
    absent,
    assets,
    authoring,
    contrib,
    exceptions,
    models,
    old,
    sdk,
    secrets,
    standard,
    storage,
    utils,
)
from queuack.compat.table.targets import Names, Reasons, Served

_SUBJECTS: tuple[Served, ...] = (
    assets.SERVED,
    authoring.SERVED,
    exceptions.SERVED,
    models.SERVED,
    old.SERVED,
    sdk.SERVED,
    secrets.SERVED,
    standard.SERVED,
    storage.SERVED,
    utils.SERVED,
)

SERVED: dict[str, Names] = {}
"""Module → name → target in Queuack."""
for _subject in _SUBJECTS:
    for _module, _names in _subject.items():
        SERVED[_module] = {**SERVED.get(_module, {}), **_names}

PROVIDED: Served = contrib.PROVIDED
"""Module of 1.10 → name → target in a provider package."""

ABSENT: Reasons = absent.ABSENT
"""Module → name → why it is not there and what to use instead."""

REMOVED: Mapping[str, str] = absent.REMOVED
"""Module, with everything below it → why it is not there and what to use instead."""

MOVED: Mapping[str, str] = {**old.MOVED, **storage.MOVED}
"""``module`` or ``module:name`` of 1.10 and 2.x → the module to import from today, or what to write."""

INSTALLED_BELOW = frozenset({"airflow.providers", "airflow.example_dags"})
"""Packages below which installed modules come before Queuack's own."""


def _with_parents(modules: set[str]) -> frozenset[str]:
    parts = [module.split(".") for module in modules]
    return frozenset(".".join(path[:size]) for path in parts for size in range(1, len(path) + 1))


VENDORS = frozenset(f"airflow.providers.{vendor}" for vendor in packages.VENDORS)
"""Folders of several provider packages: there even when none of them is, so that the error can name the one."""

MODULES = _with_parents({*SERVED, *PROVIDED, *ABSENT, *INSTALLED_BELOW, *VENDORS})
"""Every module that is served, packages above it included."""

_CHILDREN: dict[str, set[str]] = {}
for _module in MODULES:
    _parent, _, _name = _module.rpartition(".")
    _CHILDREN.setdefault(_parent, set()).add(_name)


def children(module: str) -> set[str]:
    """The submodules of a served package."""
    return _CHILDREN.get(module, set())


@cache
def elsewhere(name: str) -> str | None:
    """Where else a name is served, the place to recommend first; None when nowhere."""
    places = [module for module, names in SERVED.items() if name in names and module not in MOVED]
    places.sort(key=lambda module: (module != "airflow.sdk", "._" in module, len(module), module))
    return places[0] if places else None
