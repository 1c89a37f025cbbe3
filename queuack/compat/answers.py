"""What becomes of ``from module import name``, told without importing anything of Airflow or of a provider.

Decides the order (served name, submodule, provider package, advice) and the advice. ``serving.py`` does what is told
here; ``queuack migrate check`` and the compatibility page report it.
"""

from __future__ import annotations

import importlib
import types
from dataclasses import dataclass
from enum import StrEnum

from queuack.compat.packages import provider_package
from queuack.compat.table import ABSENT, INSTALLED_BELOW, MODULES, MOVED, PROVIDED, REMOVED, SERVED, children, elsewhere


class Kind(StrEnum):
    """What an import gives."""

    SERVED = "served"
    MOVED = "moved"
    """Served, with a warning that says what to write today."""
    PROVIDED = "provided"
    """Served by a provider package, when that is installed."""
    ABSENT = "absent"
    """Refused, with advice."""
    FOREIGN = "foreign"
    """Of an installed package (a provider, Airflow's examples), whatever that has."""


@dataclass(frozen=True)
class Answer:
    """``advice``: what to write, or why not. ``package``: to install. ``target``: ``module:attribute`` behind it."""

    kind: Kind
    advice: str = ""
    package: str = ""
    target: str = ""


def answer(module: str, name: str = "") -> Answer:
    """The answer to ``from module import name``; without a name, to ``import module``."""
    if module not in MODULES:
        return _outside(module)
    if not name:
        return Answer(Kind.SERVED)
    target = target_of(module, name)
    if target is not None:
        advice = moved_advice(module, name)
        return Answer(Kind.MOVED if advice else Kind.SERVED, advice or "", target=target)
    if name in children(module):
        return Answer(Kind.SERVED)
    provided = PROVIDED.get(module, {}).get(name)
    if provided is not None:
        where, _, attribute = provided.partition(":")
        return Answer(Kind.PROVIDED, f"write: from {where} import {attribute}", provider_package(where), provided)
    if _installed_first(f"{module}.{name}"):
        return _outside(f"{module}.{name}")
    return Answer(Kind.ABSENT, refusal_advice(module, name))


def _outside(module: str) -> Answer:
    if module.startswith("airflow.providers."):
        return Answer(Kind.FOREIGN, package=provider_package(module))
    if _installed_first(module):
        return Answer(Kind.FOREIGN, "it is one of Airflow's examples: copy it beside the DAG file")
    return Answer(Kind.ABSENT, module_advice(module))


def _installed_first(module: str) -> bool:
    return any(module.startswith(root + ".") for root in INSTALLED_BELOW)


def target_of(module: str, name: str) -> str | None:
    """``module:attribute`` behind a served name; None when the table does not serve it."""
    names = SERVED.get(module, {})
    if name in names:
        return names[name]
    rest = names.get("*")
    if rest is not None and passes_on(importlib.import_module(rest), name):
        return f"{rest}:{name}"
    return None


def passes_on(target: types.ModuleType, name: str) -> bool:
    """Whether ``*`` offers a name of ``target``: what it lists, else what it defines."""
    listed = getattr(target, "__all__", None)
    if listed is not None:
        return name in listed and hasattr(target, name)
    if name.startswith("_") or not hasattr(target, name):
        return False
    value = getattr(target, name)
    home = getattr(value, "__module__", target.__name__) or target.__name__
    return not isinstance(value, types.ModuleType) and home.partition(".")[0] == target.__name__.partition(".")[0]


def moved_advice(module: str, name: str) -> str | None:
    """What to write instead of an old spelling; None when it is a current one."""
    advice = MOVED.get(f"{module}:{name}") or MOVED.get(module)
    if advice is None:
        return None
    return advice if " " in advice else f"write: from {advice} import {name}"


def refusal_advice(module: str, name: str) -> str:
    """What to do instead of ``from module import name``, where the table does not have it."""
    advice = ABSENT.get(module, {}).get(name)
    if advice is None and (other := elsewhere(name)) is not None:
        advice = f"write: from {other} import {name}"
    return advice or REMOVED.get(module) or "Airflow 3.3.2 may have it, Queuack does not; authoring names: airflow.sdk"


def module_advice(module: str) -> str:
    """What to do instead of importing a module that is not there."""
    parts = module.split(".")
    for size in range(len(parts), 1, -1):
        advice = REMOVED.get(".".join(parts[:size]))
        if advice is not None:
            return advice
    if module.startswith("airflow.providers."):
        return f"install its provider package, {provider_package(module)}."
    return (
        "Queuack serves what DAG files and providers import from Airflow 3.3.2, and the spellings of 1.10 and 2.x. "
        "Authoring names are in airflow.sdk."
    )
