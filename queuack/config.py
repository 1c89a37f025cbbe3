"""The value of every setting and where it came from.

Sources, strongest first: flags of the command, ``QUEUACK__SECTION__KEY``, ``AIRFLOW__SECTION__KEY``,
``queuack.toml``, the default in ``settings_table``. All values are read and checked once, at ``load``;
after that a look-up is a dict access. This module reads the environment and one file, writes nothing, and must stay
cheap to import: commands, parsers and workers all start with it.

An unknown name in a flag, in ``QUEUACK__*`` or in ``queuack.toml`` is an error; in ``AIRFLOW__*`` it is ignored
(Airflow has hundreds of settings that mean nothing here) and listed in ``Config.ignored``. What user code wants to read
by ``airflow.configuration.conf`` beyond the table goes to ``[airflow.<section>]`` in ``queuack.toml``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from queuack.errors import SettingError
from queuack.home import Home, find_home
from queuack.settings_table import BY_NAME, SECTIONS, SETTINGS, Kind, Scalar, Setting

__all__ = [
    "BY_NAME",
    "SETTINGS",
    "Config",
    "as_text",
    "configure",
    "current",
    "get",
    "get_boolean",
    "get_float",
    "get_int",
    "get_str",
    "load",
    "parse",
    "value_and_source",
]

QUEUACK_PREFIX = "QUEUACK__"
AIRFLOW_PREFIX = "AIRFLOW__"
TRUE = frozenset({"true", "t", "1", "yes", "on"})
FALSE = frozenset({"false", "f", "0", "no", "off"})
EXTRA_TABLE = "airflow"
"""The table of ``queuack.toml`` whose sub-tables are served to ``conf`` unchecked."""

Name = tuple[str, str]
T = TypeVar("T")


@dataclass(frozen=True)
class Config:
    """The settings of one deployment. Immutable; make one with ``load``."""

    home: Home
    values: Mapping[Name, Scalar]
    sources: Mapping[Name, str]
    """For people: ``default``, ``queuack.toml``, the name of the variable, or ``flag``."""
    extra: Mapping[Name, str] = field(default_factory=dict)
    """Settings outside the table, as text: from ``[airflow.<section>]`` and ``AIRFLOW__*``."""
    ignored: tuple[str, ...] = ()
    """Variables ``AIRFLOW__*`` that name no setting of Queuack."""

    def get(self, section: str, key: str) -> Scalar:
        """The value in the setting's own type; None where it is unset. Raises SettingError for an unknown name."""
        try:
            return self.values[section, key]
        except KeyError:
            raise unknown(f"{section}.{key}", "asked for") from None

    def get_int(self, section: str, key: str) -> int:
        return self._typed(section, key, int)

    def get_float(self, section: str, key: str) -> float:
        value = self.get(section, key)
        return float(value) if type(value) is int else self._typed(section, key, float)

    def get_boolean(self, section: str, key: str) -> bool:
        return self._typed(section, key, bool)

    def get_str(self, section: str, key: str) -> str:
        """Text and paths (absolute)."""
        return self._typed(section, key, str)

    def get_path(self, section: str, key: str) -> Path:
        return Path(self.get_str(section, key))

    def value_and_source(self, section: str, key: str) -> tuple[Scalar, str]:
        return self.get(section, key), self.sources[section, key]

    def changed(self) -> dict[str, str]:
        """``section.key`` → text of the settings that do not come from the default."""
        return {
            setting.name: as_text(self.values[setting.section, setting.key])
            for setting in SETTINGS
            if self.sources[setting.section, setting.key] != "default"
        }

    def environment(self) -> dict[str, str]:
        """What a child process needs in its environment to ``load`` the same: the home and the flags."""
        flags = {
            QUEUACK_PREFIX + setting.environment_key: as_text(self.values[setting.section, setting.key])
            for setting in SETTINGS
            if self.sources[setting.section, setting.key] == "flag"
        }
        return {"QUEUACK_HOME": str(self.home.root), **flags}

    def _typed(self, section: str, key: str, kind: type[T]) -> T:
        value = self.get(section, key)
        if type(value) is not kind:
            raise SettingError(f"{section}.{key} is {value!r}, not of type {kind.__name__}.")
        return value


def for_children(environ: Mapping[str, str]) -> dict[str, str]:
    """``environ`` without what only the daemon may know."""
    kept = {setting.environment_key for setting in SETTINGS if setting.daemon_only}
    hidden = {prefix + key for prefix in (QUEUACK_PREFIX, AIRFLOW_PREFIX) for key in kept}
    return {name: value for name, value in environ.items() if name.upper() not in hidden}


def load(home: Home, flags: Mapping[str, Scalar] | None = None, environ: Mapping[str, str] | None = None) -> Config:
    """Read all sources. ``flags``: ``"section.key"`` → value. ``environ``: default ``os.environ``.

    Raises SettingError naming the setting, the place and the nearest match for an unknown name or a bad value."""
    environ = os.environ if environ is None else environ
    values: dict[Name, Scalar] = {}
    sources: dict[Name, str] = {}
    for setting in SETTINGS:
        values[setting.section, setting.key] = _absolute(setting, setting.default, home)
        sources[setting.section, setting.key] = "default"
    extra: dict[Name, str] = {}
    ignored: list[str] = []
    for setting, value, source in (
        *_from_file(home.settings_file, extra),
        *_from_airflow_environment(environ, extra, ignored),
        *_from_queuack_environment(environ),
        *_from_flags(flags or {}),
    ):
        name = (setting.section, setting.key)
        values[name] = _absolute(setting, parse(setting, value, source), home)
        sources[name] = source
    return Config(home, values, sources, extra, tuple(sorted(ignored)))


def parse(setting: Setting, value: Any, source: str) -> Scalar:
    """The value in the setting's type, checked. Raises SettingError that names ``source``."""
    if setting.choices and isinstance(value, bool):
        value = str(value)  # TOML's true, for a setting that has it as one choice of several
    if setting.default is None and value in (None, "", "None", "none"):
        return None
    try:
        result = _READERS[setting.type](value)
    except (TypeError, ValueError):
        raise _bad(setting, value, source, _EXPECTED[setting.type]) from None
    if setting.choices and result not in setting.choices:
        matches = [choice for choice in setting.choices if choice.lower() == str(result).lower()]
        if not matches:
            raise _bad(
                setting, value, source, f"one of {', '.join(setting.choices)}", nearest(str(value), setting.choices)
            )
        return matches[0]
    if setting.minimum is not None and isinstance(result, int | float) and result < setting.minimum:
        raise _bad(setting, value, source, f"at least {setting.minimum:g}")
    return result


def as_text(value: Scalar) -> str:
    """How a value is written in the environment and shown by ``config list``; unset is empty."""
    return "" if value is None else str(value)


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The entry of ``words`` that ``word`` was probably meant to be."""
    import difflib  # only on the way to an error message

    return next(iter(difflib.get_close_matches(word.lower(), [*words], n=1, cutoff=0.6)), None)


def unknown(name: str, where: str) -> SettingError:
    """The error for a setting that does not exist. ``name`` is ``section.key``."""
    section, _, key = name.partition(".")
    match: str | None
    if section in SECTIONS:
        keys = [setting.key for setting in SETTINGS if setting.section == section]
        elsewhere = [setting.name for setting in SETTINGS if setting.key == key]
        match = elsewhere[0] if elsewhere else nearest(key, keys)
        match = f"{section}.{match}" if match and "." not in match else match
    else:
        match = None
    match = match or nearest(name, [setting.name for setting in SETTINGS])
    hint = f" Did you mean {match}?" if match else " `queuack config list` shows all settings."
    return SettingError(f"There is no setting {name} ({where}).{hint}")


def _from_file(path: Path, extra: dict[Name, str]) -> Iterator[tuple[Setting, Any, str]]:
    if not path.is_file():
        return
    import tomllib  # start-up time: most homes have no settings file

    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingError(f"{path} is not valid TOML: {error}.") from None
    except OSError as error:
        raise SettingError(f"{path} cannot be read: {error.strerror}.") from None
    for section, table in document.items():
        if section == EXTRA_TABLE:
            _read_extra(table, path, extra)
            continue
        if section not in SECTIONS:
            match = nearest(section, SECTIONS)
            hint = f"Did you mean [{match}]?" if match else f"Sections: {', '.join(SECTIONS)}."
            raise SettingError(
                f"There is no section [{section}] ({path}). {hint} "
                f"What only DAG files read through airflow.configuration goes to [{EXTRA_TABLE}.{section}]."
            )
        if not isinstance(table, dict):
            raise SettingError(f"{path}: {section} must be a section, written [{section}].")
        for key, value in table.items():
            setting = BY_NAME.get((section, key))
            if setting is None:
                raise unknown(f"{section}.{key}", str(path))
            yield setting, value, path.name


def _read_extra(table: Any, path: Path, extra: dict[Name, str]) -> None:
    for section, entries in table.items() if isinstance(table, dict) else ():
        if not isinstance(entries, dict):
            raise SettingError(f"{path}: [{EXTRA_TABLE}] holds sections only, as [{EXTRA_TABLE}.{section}].")
        for key, value in entries.items():
            extra[section.lower(), key.lower()] = str(value)


def _from_airflow_environment(
    environ: Mapping[str, str], extra: dict[Name, str], ignored: list[str]
) -> Iterator[tuple[Setting, str, str]]:
    for variable, section, key in _variables(environ, AIRFLOW_PREFIX):
        setting = BY_NAME.get((section, key))
        if setting is None:
            ignored.append(variable)
            extra[section, key] = environ[variable]
        else:
            yield setting, environ[variable], variable


def _from_queuack_environment(environ: Mapping[str, str]) -> Iterator[tuple[Setting, str, str]]:
    for variable, section, key in _variables(environ, QUEUACK_PREFIX):
        setting = BY_NAME.get((section, key))
        if setting is None:
            raise unknown(f"{section}.{key}", f"environment variable {variable}")
        yield setting, environ[variable], variable


def _variables(environ: Mapping[str, str], prefix: str) -> Iterator[tuple[str, str, str]]:
    for variable in environ:
        if variable.startswith(prefix):
            section, _, key = variable[len(prefix) :].lower().partition("__")
            yield variable, section, key


def _from_flags(flags: Mapping[str, Scalar]) -> Iterator[tuple[Setting, Scalar, str]]:
    for name, value in flags.items():
        section, _, key = name.partition(".")
        setting = BY_NAME.get((section, key))
        if setting is None:
            raise unknown(name, "flag")
        if setting.secret:
            raise SettingError(
                f"{name} is a secret, and every user of this machine can read the command line. Set it in "
                f"queuack.toml or as {QUEUACK_PREFIX}{setting.environment_key}."
            )
        yield setting, value, "flag"


def _absolute(setting: Setting, value: Scalar, home: Home) -> Scalar:
    if setting.type != "path" or not isinstance(value, str):
        return value
    return str(home.root / Path(value).expanduser())


def _bad(setting: Setting, value: Any, source: str, expected: str, match: str | None = None) -> SettingError:
    hint = f" Did you mean {match}?" if match else ""
    return SettingError(f"{setting.name} = {value!r} ({source}) is not valid: it must be {expected}.{hint}")


def _read_bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in TRUE:
        return True
    if word in FALSE:
        return False
    raise ValueError(value)


def _read_int(value: Any) -> int:
    if isinstance(value, bool | float):
        raise TypeError(value)
    return int(value)


def _read_float(value: Any) -> float:
    if isinstance(value, bool):
        raise TypeError(value)
    number = float(value)
    if number != number:
        raise ValueError(value)
    return number


def _read_str(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value.strip()


def _read_path(value: Any) -> str:
    text = _read_str(os.fspath(value))
    if not text:
        raise ValueError(value)
    return text


_READERS: dict[Kind, Callable[[Any], Scalar]] = {
    "bool": _read_bool,
    "int": _read_int,
    "float": _read_float,
    "str": _read_str,
    "path": _read_path,
}
_EXPECTED = {
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "str": "a text",
    "path": "the path of a folder",
}

_current: Config | None = None


def configure(config: Config | None) -> Config | None:
    """Make ``config`` the settings of this process (None: load again at the next look-up); returns the one before."""
    global _current
    before, _current = _current, config
    return before


def current() -> Config:
    """The settings of this process; loaded from ``find_home()`` and the environment unless ``configure`` was called."""
    global _current
    if _current is None:
        _current = load(find_home())
    return _current


def get(section: str, key: str) -> Scalar:
    return current().get(section, key)


def get_int(section: str, key: str) -> int:
    return current().get_int(section, key)


def get_float(section: str, key: str) -> float:
    return current().get_float(section, key)


def get_boolean(section: str, key: str) -> bool:
    return current().get_boolean(section, key)


def get_str(section: str, key: str) -> str:
    return current().get_str(section, key)


def get_optional_str(section: str, key: str) -> str | None:
    """The text of a setting that may be unset."""
    value = get(section, key)
    return None if value is None else str(value)


def value_and_source(section: str, key: str) -> tuple[Scalar, str]:
    return current().value_and_source(section, key)
