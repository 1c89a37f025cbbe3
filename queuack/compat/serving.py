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

from queuack.compat.answers import module_advice, moved_advice, passes_on, refusal_advice
from queuack.compat.packages import provider_package
from queuack.compat.table import PROVIDED, SERVED, children

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
        names.update(name for name in getattr(target, "__all__", vars(target)) if passes_on(target, name))
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
    if rest is not None and passes_on(target_module := importlib.import_module(rest), name):
        _warn_if_moved(path, name)
        return getattr(target_module, name)
    raise _refusal(path, name)


def resolve(target: str) -> Any:
    """The object a target names."""
    module, _, attribute = target.partition(":")
    found = importlib.import_module(module)
    return getattr(found, attribute) if attribute else found


def missing_module(fullname: str) -> ModuleNotFoundError:
    """The error for an ``airflow`` module that Queuack does not serve."""
    return ModuleNotFoundError(f"No module named {fullname!r}: {module_advice(fullname)}", name=fullname)


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
    return _as_asked(path, name, refusal_advice(path, name))


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
    advice = advice or moved_advice(path, name)
    if advice is None:
        return False
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
