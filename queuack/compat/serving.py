"""What a served ``airflow`` module does when a name is asked of it: resolve, warn, or refuse with advice.

Decides the order (served name, submodule, advice), the messages, and that a moved name warns once per file. Must not
import Queuack's authoring classes before a name is asked for: ``import airflow`` stays cheap.
"""

from __future__ import annotations

import dis
import importlib
import sys
import types
import warnings
from typing import Any

from queuack.compat.table import ABSENT, MOVED, PROVIDED, REMOVED, SERVED, children, elsewhere

_IMPORT_FROM = dis.opmap["IMPORT_FROM"]
_OWN_FILES = __file__.rpartition("/")[0] + "/"

_SAID = "__queuack_old_imports__"
"""Name in an asking module's globals: what it was warned of. A file that is read again is warned again."""


def namespace(module: str) -> list[str]:
    """The public names of a served module: its own and its submodules'."""
    names = {name for name in SERVED.get(module, {}) if name != "*"} | set(children(module))
    rest = SERVED.get(module, {}).get("*")
    if rest is not None:
        target = importlib.import_module(rest)
        names.update(name for name in getattr(target, "__all__", vars(target)) if _passes_on(target, name))
    return sorted(names)


def lookup(module: types.ModuleType, name: str) -> Any:
    """The object behind ``module.name``.

    Raises AttributeError, or ImportError when the name is asked for by ``from module import name``; the message says
    what to use instead.
    """
    path = module.__name__
    if name == "__all__":
        return namespace(path)
    if name.startswith("__") and name != "__version__":
        raise AttributeError(f"module {path!r} has no attribute {name!r}")
    target = SERVED.get(path, {}).get(name)
    if target is not None:
        value = resolve(target)
        if not _warn_if_moved(path, name):
            setattr(module, name, value)  # asked once, found by plain attribute access from then on
        return value
    if name in children(path):
        return importlib.import_module(f"{path}.{name}")
    provided = PROVIDED.get(path, {}).get(name)
    if provided is not None:
        return _from_provider(path, name, provided)
    rest = SERVED.get(path, {}).get("*")
    if rest is not None and _passes_on(target_module := importlib.import_module(rest), name):
        _warn_if_moved(path, name)
        return getattr(target_module, name)
    raise _refusal(path, name)


def _passes_on(target: types.ModuleType, name: str) -> bool:
    """Whether ``*`` offers a name of ``target``: what it lists, else what it defines."""
    listed = getattr(target, "__all__", None)
    if listed is not None:
        return name in listed and hasattr(target, name)
    if name.startswith("_") or not hasattr(target, name):
        return False
    value = getattr(target, name)
    home = getattr(value, "__module__", target.__name__) or target.__name__
    return not isinstance(value, types.ModuleType) and home.partition(".")[0] == target.__name__.partition(".")[0]


def resolve(target: str) -> Any:
    """The object a target names."""
    module, _, attribute = target.partition(":")
    found = importlib.import_module(module)
    return getattr(found, attribute) if attribute else found


def missing_module(fullname: str) -> ModuleNotFoundError:
    """The error for an ``airflow`` module that Queuack does not serve."""
    return ModuleNotFoundError(f"{_no_module(fullname)}", name=fullname)


def _no_module(fullname: str) -> str:
    parts = fullname.split(".")
    for size in range(len(parts), 1, -1):
        advice = REMOVED.get(".".join(parts[:size]))
        if advice is not None:
            return f"No module named {fullname!r}: {advice}"
    if fullname.startswith("airflow.providers."):
        return f"No module named {fullname!r}: install its provider package, {provider_package(fullname)}."
    return (
        f"No module named {fullname!r} in Queuack: it serves what DAG files and providers import from Airflow 3.3.2, "
        f"and the spellings of 1.10 and 2.x. Authoring names are in airflow.sdk."
    )


def provider_package(module: str) -> str:
    """The package to install for ``airflow.providers.…``: the best guess from its path."""
    parts = module.split(".")[2:]
    vendors = {"apache": 2, "microsoft": 2, "common": 2, "dbt": 2, "cncf": 2, "atlassian": 2, "facebook": 1}
    known = parts[: vendors.get(parts[0], 1)]
    return "-".join(["apache-airflow-providers", *known, *(["…"] if len(known) < vendors.get(parts[0], 1) else [])])


def _from_provider(path: str, name: str, target: str) -> Any:
    module, _, attribute = target.partition(":")
    _warn_if_moved(path, name, f"write: from {module} import {attribute}")
    try:
        return resolve(target)
    except ImportError as error:
        advice = f"write: from {module} import {attribute} (pip install {provider_package(module)})"
        missing = (error.name or "").startswith("airflow.providers")
        raise _as_asked(path, name, advice if missing else f"{advice}; {error}") from error


def _refusal(path: str, name: str) -> Exception:
    advice = ABSENT.get(path, {}).get(name)
    if advice is None and (other := elsewhere(name)) is not None:
        advice = f"write: from {other} import {name}"
    advice = advice or REMOVED.get(path) or "Airflow 3.3.2 may have it, Queuack does not; authoring names: airflow.sdk"
    return _as_asked(path, name, advice)


def _as_asked(path: str, name: str, advice: str) -> Exception:
    """ImportError for ``from path import name``, else AttributeError (``hasattr`` and ``getattr`` rely on it).

    A ``from`` import turns an AttributeError into an ImportError of its own that says nothing, so the instruction that
    asks is looked at.
    """
    frame = sys._getframe(1)
    while frame.f_back is not None and _is_own(frame.f_code.co_filename):
        frame = frame.f_back
    code = frame.f_code.co_code
    if frame.f_lasti >= 0 and code[frame.f_lasti] == _IMPORT_FROM:
        return ImportError(f"cannot import name {name!r} from {path!r}: {advice}", name=path)
    return AttributeError(f"module {path!r} has no attribute {name!r}: {advice}")


def _warn_if_moved(path: str, name: str, advice: str | None = None) -> bool:
    """Warn, once per asking file and name, that a spelling went away; true when it is such a spelling."""
    advice = advice or MOVED.get(f"{path}:{name}") or MOVED.get(path)
    if advice is None:
        return False
    if " " not in advice:
        advice = f"write: from {advice} import {name}"
    frame = _asking_frame()
    said = frame.f_globals.setdefault(_SAID, set())
    if (path, name) not in said:
        said.add((path, name))
        category = resolve("queuack.authoring.exceptions:RemovedInAirflow4Warning")
        message = f"{path}.{name} is an old spelling; {advice}"
        warnings.warn_explicit(message, category, frame.f_code.co_filename, frame.f_lineno)
    return True


def _asking_frame() -> types.FrameType:
    frame = sys._getframe(1)
    while frame.f_back is not None and (
        _is_own(frame.f_code.co_filename) or frame.f_code.co_filename.startswith("<frozen importlib")
    ):
        frame = frame.f_back
    return frame


def _is_own(filename: str) -> bool:
    return filename.startswith(_OWN_FILES)
