"""The script that another interpreter runs: reads the arguments, calls the function, leaves its result in a file.

It decides the script's text and which files it is given; it runs nothing. The function comes by its source, so it sees
none of the names around it in the DAG file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class CallFiles:
    """The files by which a call goes out and its answer comes back, all in one folder."""

    folder: Path

    @property
    def script(self) -> Path:
        return self.folder / "script.py"

    @property
    def arguments(self) -> Path:
        """Pickled ``{"args": …, "kwargs": …, "context": …}``."""
        return self.folder / "script.in"

    @property
    def result(self) -> Path:
        """The pickled result; empty or missing for None."""
        return self.folder / "script.out"

    @property
    def strings(self) -> Path:
        """``string_args``, one a line."""
        return self.folder / "string_args.txt"

    @property
    def error(self) -> Path:
        """The text of the exception that the function raised."""
        return self.folder / "termination.log"

    def command(self, interpreter: str) -> list[str]:
        return [interpreter, *map(str, (self.script, self.arguments, self.result, self.strings, self.error))]


_HEAD = """\
from __future__ import annotations

import os
import sys

import {serializer}

os.environ["PYTHON_OPERATORS_VIRTUAL_ENV_MODE"] = "1"
"""

_AIRFLOW_NAMES = """
try:
    import queuack.compat
    queuack.compat.install()
except ImportError:
    pass
"""

_MODULE = """
import types

_module = types.ModuleType({module!r})
_module.{function} = {function}
sys.modules[{module!r}] = _module
"""

_ARGUMENTS = """
with open(sys.argv[1], "rb") as file:
    _given = {serializer}.load(file)
"""

_NO_ARGUMENTS = """
_given = {"args": [], "kwargs": {}}
"""

_PENDULUM = """
try:
    import pendulum as _pendulum
except ImportError:
    _pendulum = None


def _walk(value, change):
    if isinstance(value, dict):
        return {key: _walk(inner, change) for key, inner in value.items()}
    if type(value) in (list, tuple):
        return type(value)(_walk(inner, change) for inner in value)
    return change(value)


def _to_pendulum(value):
    import datetime
    if _pendulum and isinstance(value, datetime.datetime) and not isinstance(value, _pendulum.DateTime):
        return _pendulum.instance(value)
    return value


def _from_pendulum(value):
    import datetime
    if not (_pendulum and isinstance(value, _pendulum.DateTime)):
        return value
    zone = datetime.timezone(value.utcoffset()) if value.tzinfo is not None else None
    if value.timezone_name:
        from zoneinfo import ZoneInfo
        try:
            zone = ZoneInfo(value.timezone_name)
        except Exception:
            pass
    return datetime.datetime(
        value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond, tzinfo=zone
    )


_given["args"] = _walk(list(_given["args"]), _to_pendulum)
_given["kwargs"] = _walk(dict(_given["kwargs"]), _to_pendulum)
"""

_CONTEXT = """
from queuack.authoring.context import Context as _Context, current_context as _current_context
_entered = _current_context(_Context(_given["context"]))
_entered.__enter__()
"""

_CALL = """
with open(sys.argv[3]) as file:
    virtualenv_string_args = [line.strip() for line in file]

try:
    _result = {function}(*_given["args"], **_given["kwargs"])
    if hasattr(_result, "cr_await"):
        import asyncio
        _result = asyncio.run(_result)
except Exception as error:
    with open(sys.argv[4], "w") as file:
        file.write(str(error))
    raise
"""

_RESULT = """
with open(sys.argv[2], "wb") as file:
    if _result is not None:
        {serializer}.dump({result}, file)
"""


@dataclass(frozen=True)
class Script:
    """What the script does, part by part."""

    function: str
    """The function's name."""
    source: str
    """Its text, without the decorators of tasks."""
    serializer: str
    """The module that reads the arguments and writes the result: pickle, cloudpickle or dill."""
    has_arguments: bool
    module: str | None = None
    """A name under which the function's own module can be imported there (pickles name it)."""
    airflow_names: bool = False
    """Serve ``airflow`` from Queuack, where that is installed."""
    translate_pendulum: bool = False
    """Datetimes travel as the standard library's, for the pendulum there is another one."""
    context: bool = False
    """``get_current_context()`` answers with the context that came with the arguments."""

    def text(self) -> str:
        parts = [_HEAD.format(serializer=self.serializer)]
        if self.airflow_names:
            parts.append(_AIRFLOW_NAMES)
        parts.append(f"\n{self.source}\n")
        if self.module is not None:
            parts.append(_MODULE.format(module=self.module, function=self.function))
        parts.append(_ARGUMENTS.format(serializer=self.serializer) if self.has_arguments else _NO_ARGUMENTS)
        if self.translate_pendulum:
            parts.append(_PENDULUM)
        if self.context:
            parts.append(_CONTEXT)
        parts.append(_CALL.format(function=self.function))
        result = "_walk(_result, _from_pendulum)" if self.translate_pendulum else "_result"
        parts.append(_RESULT.format(serializer=self.serializer, result=result))
        return "".join(parts)
