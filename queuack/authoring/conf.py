"""What ``airflow.configuration.conf`` answers: the settings table, seen through Airflow's interface.

DAG files and providers read it at import time, in default arguments and class bodies, so it answers from memory. It
decides the order: what was ``set`` in this process, the settings table, ``[airflow.<section>]`` of ``queuack.toml`` and
``AIRFLOW__*`` variables, a few fixed answers that much user code asks for, the caller's ``fallback``. Everything
is text here, as in Airflow; the typed getters convert and raise AirflowConfigException when they cannot. It must not
write settings: ``set`` changes this process only.

Airflow: https://airflow.apache.org/docs/apache-airflow/stable/howto/set-config.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from enum import Enum
from importlib import import_module
from typing import Any, TypeVar

from queuack import config
from queuack.authoring.exceptions import AirflowConfigException
from queuack.config import BY_NAME, SETTINGS

FIXED_ANSWERS: dict[tuple[str, str], str] = {
    ("core", "executor"): "LocalExecutor",
    ("core", "security"): "",
    ("core", "default_impersonation"): "",
    ("core", "allowed_deserialization_classes"): "airflow.*",
    ("core", "allowed_deserialization_classes_regexp"): "",
    ("core", "multi_team"): "False",
    ("core", "load_examples"): "False",
    ("core", "unit_test_mode"): "False",
    ("core", "hide_sensitive_var_conn_fields"): "True",
    ("core", "default_pool_task_slot_count"): "128",
    ("core", "non_pooled_task_slot_count"): "128",
    ("scheduler", "max_dagruns_to_create_per_loop"): "10",
    ("scheduler", "ignore_first_depends_on_past_by_default"): "True",
    ("webserver", "web_server_host"): "0.0.0.0",
    ("webserver", "web_server_port"): "8080",
    ("logging", "remote_logging"): "False",
    ("logging", "remote_log_conn_id"): "",
    ("logging", "remote_base_log_folder"): "",
    ("operators", "default_deferrable"): "False",
    ("operators", "default_cpus"): "1",
    ("operators", "default_ram"): "512",
    ("operators", "default_disk"): "512",
    ("operators", "default_gpus"): "0",
}
"""Settings of Airflow that Queuack has no use for and user code asks for without a fallback."""

MOVED: dict[tuple[str, str], tuple[str, str]] = {
    ("webserver", "base_url"): ("api", "base_url"),
    ("core", "dag_concurrency"): ("core", "max_active_tasks_per_dag"),
    ("core", "base_log_folder"): ("logging", "base_log_folder"),
    ("core", "logging_level"): ("logging", "logging_level"),
    ("scheduler", "max_threads"): ("dag_processor", "parsing_processes"),
    ("scheduler", "parsing_processes"): ("dag_processor", "parsing_processes"),
}
"""Names of Airflow 1 and 2 and what they are called now."""

_MISSING: Any = object()
E = TypeVar("E", bound=Enum)
T = TypeVar("T")


class AirflowConfigParser:
    """Settings under Airflow's names. Section and key are case-insensitive; every getter takes ``fallback=``."""

    def __init__(self) -> None:
        self._overrides: dict[tuple[str, str], str | None] = {}

    def get(self, section: str, key: str, fallback: Any = _MISSING, **kwargs: Any) -> Any:
        """The text of a setting, or ``fallback`` as it is. Raises AirflowConfigException when there is neither."""
        value = self._find(section, key)
        if value is not None:
            return value
        if fallback is _MISSING:
            raise AirflowConfigException(f"section/key [{section}/{key}] not found in config")
        return fallback

    def getboolean(self, section: str, key: str, fallback: Any = _MISSING, **kwargs: Any) -> bool:
        """t, true, 1 and f, false, 0, with anything after a ``#`` ignored."""
        return self._convert(section, key, fallback, "bool", _boolean)

    def getint(self, section: str, key: str, fallback: Any = _MISSING, **kwargs: Any) -> int:
        return self._convert(section, key, fallback, "int", int)

    def getfloat(self, section: str, key: str, fallback: Any = _MISSING, **kwargs: Any) -> float:
        return self._convert(section, key, fallback, "float", float)

    def getlist(
        self, section: str, key: str, delimiter: str = ",", fallback: Any = _MISSING, **kwargs: Any
    ) -> list[str] | None:
        """The parts between delimiters, stripped; a ``fallback`` that is not text as it is."""
        value = self.get(section, key, fallback)
        if not isinstance(value, str):
            return value  # type: ignore[no-any-return]  # the caller's own fallback
        return [part.strip() for part in value.split(delimiter)] if value.strip() else []

    def getjson(self, section: str, key: str, fallback: Any = _MISSING, **kwargs: Any) -> Any:
        """The decoded value; empty text counts as missing and gives None without a fallback."""
        value = self._find(section, key)
        if not value:
            return self.get(section, key) if value is None and fallback is _MISSING else _absent(fallback)
        try:
            return json.loads(value)
        except json.JSONDecodeError as error:
            raise AirflowConfigException(
                f"Unable to parse [{section}] {key!r} as valid json: {error}. Current value: {value!r}."
            ) from None

    def gettimedelta(self, section: str, key: str, fallback: Any = _MISSING, **kwargs: Any) -> timedelta | None:
        """A whole number of seconds; None for an empty setting or a fallback of None."""
        value = self.get(section, key, fallback)
        if value is None or value == "":
            return None
        if isinstance(value, timedelta):
            return value
        try:
            return timedelta(seconds=int(value))
        except (TypeError, ValueError, OverflowError):
            raise _cannot("seconds", section, key, value) from None

    def getenum(self, section: str, key: str, enum_class: type[E], fallback: Any = _MISSING, **kwargs: Any) -> E:
        """The member of that name."""
        value = self.get(section, key, fallback)
        if isinstance(value, enum_class):
            return value
        try:
            return enum_class[str(value)]
        except KeyError:
            names = ", ".join(member.name for member in enum_class)
            raise AirflowConfigException(f"[{section}] {key} must be one of {names}, not {value!r}.") from None

    def getimport(self, section: str, key: str, fallback: Any = _MISSING, **kwargs: Any) -> Any:
        """The object a dotted path names; None when the setting is empty."""
        path = self.get(section, key, fallback)
        if not path:
            return None
        module, _, name = str(path).rpartition(".")
        try:
            return getattr(import_module(module), name)
        except (ImportError, AttributeError, ValueError):
            raise AirflowConfigException(
                f'The object could not be loaded. Please check "{key}" key in "{section}" section. '
                f'Current value: "{path}".'
            ) from None

    def get_mandatory_value(self, section: str, key: str, **kwargs: Any) -> str:
        return str(self.get(section, key, **kwargs))

    def get_mandatory_list_value(self, section: str, key: str, **kwargs: Any) -> list[str]:
        value = self.getlist(section, key, **kwargs)
        if value is None:
            raise ValueError(f"The value {section}/{key} should be set!")
        return value

    def getsection(self, section: str, **kwargs: Any) -> dict[str, Any] | None:
        """All settings of a section, numbers and booleans converted; None when it has none."""
        names = self.options(section)
        return {key: _guess(self.get(section, key)) for key in names} or None

    def has_option(self, section: str, option: str, **kwargs: Any) -> bool:
        return self._find(section, option) is not None

    def has_section(self, section: str) -> bool:
        return section.lower() in self.sections()

    def sections(self) -> list[str]:
        return list(dict.fromkeys(section for section, _ in self._names()))

    def options(self, section: str) -> list[str]:
        return [key for name, key in self._names() if name == section.lower()]

    def as_dict(self, **kwargs: Any) -> dict[str, dict[str, str]]:
        """Every section with its settings as text. Airflow's display options are accepted and change nothing."""
        return {section: {key: self.get(section, key) for key in self.options(section)} for section in self.sections()}

    def set(self, section: str, option: str, value: str | None = None) -> None:
        """Override a setting in this process, as tests of DAG files do."""
        self._overrides[section.lower(), option.lower()] = "" if value is None else str(value)

    def remove_option(self, section: str, option: str, remove_default: bool = True) -> None:
        """Take back ``set``; a setting of the table keeps its value."""
        self._overrides.pop((section.lower(), option.lower()), None)

    def _find(self, section: str, key: str) -> str | None:
        name = (section.lower(), key.lower())
        if name in self._overrides:
            return self._overrides[name]
        settings = config.current()
        if name in BY_NAME and BY_NAME[name].daemon_only:
            return ""
        if name in settings.extra:
            return settings.extra[name]
        if name in BY_NAME:
            return config.as_text(settings.values[name])
        if name in MOVED:
            return config.as_text(settings.values[MOVED[name]])
        return FIXED_ANSWERS.get(name)

    def _names(self) -> list[tuple[str, str]]:
        table = [(setting.section, setting.key) for setting in SETTINGS]
        return list(dict.fromkeys([*table, *FIXED_ANSWERS, *config.current().extra, *self._overrides]))

    def _convert(self, section: str, key: str, fallback: Any, kind: str, convert: Callable[[Any], T]) -> T:
        value = self.get(section, key, fallback)
        try:
            return convert(value)
        except (TypeError, ValueError):
            raise _cannot(kind, section, key, value) from None


def _absent(fallback: Any) -> Any:
    return None if fallback is _MISSING else fallback


def _boolean(value: Any) -> bool:
    word = str(value).lower().split("#")[0].strip()
    if word in ("t", "true", "1"):
        return True
    if word in ("f", "false", "0"):
        return False
    raise ValueError(value)


def _guess(text: str) -> Any:
    if text in ("True", "true", "False", "false"):
        return text.lower() == "true"
    for convert in (int, float):
        try:
            return convert(text)
        except ValueError:
            continue
    return text


def _cannot(kind: str, section: str, key: str, value: Any) -> AirflowConfigException:
    return AirflowConfigException(
        f'Failed to convert value to {kind}. Please check "{key}" key in "{section}" section. Current value: "{value}".'
    )


conf = AirflowConfigParser()
"""The one instance; what ``from airflow.configuration import conf`` imports."""
