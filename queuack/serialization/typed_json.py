"""Python values as JSON with typed wrappers, in the form Airflow writes XComs.

What JSON has stays as it is; anything else becomes ``{"__classname__", "__version__", "__data__"}``. Classes that are
read back are imported by name, but only such that declare how: the table below, dataclasses, attrs classes, pydantic
models and classes with ``deserialize``. Nothing is pickled here.
Airflow page: "XComs" and "Serialization".
"""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import importlib
import json
import sys
import uuid
import zoneinfo
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

CLASSNAME = "__classname__"
VERSION = "__version__"
DATA = "__data__"


def dumps(value: Any) -> bytes:
    """UTF-8 JSON. Raises TypeError that names the type which has no form here."""
    if value is None or type(value) in (bool, int, float, str):
        return json.dumps(value).encode()
    try:
        return json.dumps(wrap(value), ensure_ascii=False).encode("utf-8", "surrogatepass")
    except RecursionError:
        raise TypeError("The value refers to itself or is nested too deeply to be serialized.") from None


def dumps_ascii(value: Any) -> bytes:
    """As ``dumps``, ASCII only: any JSON reader takes it, also for text with lone surrogates."""
    try:
        return json.dumps(wrap(value)).encode()
    except RecursionError:
        raise TypeError("The value refers to itself or is nested too deeply to be serialized.") from None


def loads(data: bytes) -> Any:
    """The value again. Raises TypeError for a class that cannot be read back, ImportError when its module is gone."""
    return unwrap(json.loads(data.decode("utf-8", "surrogatepass")))


def wrap(value: Any) -> Any:
    """``value`` in JSON's types."""
    if value is None or isinstance(value, bool | int | float | str):
        return _plain(value)
    if isinstance(value, list):
        return [wrap(item) for item in value]
    if isinstance(value, Mapping):
        return _wrap_mapping(value)
    if isinstance(value, tuple | set | frozenset):
        plain: type = next(plain for plain in (tuple, frozenset, set) if isinstance(value, plain))
        items = [wrap(item) for item in value]
        return wrapped(plain, 1, items if plain is tuple else sorted(items, key=json.dumps))  # the same in any process
    for kind, version, write in _WRITERS:
        if isinstance(value, kind):
            return wrapped(type(value), version, write(value))
    return _wrap_object(value)


def wrapped(kind: type, version: int, data: Any) -> dict[str, Any]:
    return {CLASSNAME: f"{kind.__module__}.{kind.__qualname__}", VERSION: version, DATA: data}


def _plain(value: Any) -> Any:
    """Without the subclass (a ``str`` enum becomes its text); numpy's ``float64`` is a ``float`` and keeps its type."""
    if type(value).__module__ == "numpy":
        return wrapped(type(value), 1, value.item())
    if isinstance(value, Enum):
        return value.value
    return value


def _wrap_mapping(value: Mapping[Any, Any]) -> dict[str, Any]:
    if CLASSNAME in value:
        raise TypeError(f"A dict with the reserved key {CLASSNAME!r} cannot be serialized.")
    return {str(key): wrap(item) for key, item in value.items()}


def _wrap_object(value: Any) -> Any:
    kind = type(value)
    if kind.__module__ == "numpy" and hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        return wrapped(kind, 1, wrap(value.item()))
    if callable(getattr(kind, "serialize", None)):
        return wrapped(kind, getattr(kind, VERSION, 1), wrap(value.serialize()))
    if _is_pydantic(kind):
        return wrapped(kind, 1, value.model_dump(mode="json"))
    if dataclasses.is_dataclass(kind):
        fields = {field.name: wrap(getattr(value, field.name)) for field in dataclasses.fields(kind)}
        return wrapped(kind, getattr(kind, VERSION, 0), fields)
    if hasattr(kind, "__attrs_attrs__"):
        fields = {attribute.name: wrap(getattr(value, attribute.name)) for attribute in kind.__attrs_attrs__}
        return wrapped(kind, getattr(kind, VERSION, 0), fields)
    raise TypeError(
        f"A value of type {kind.__module__}.{kind.__qualname__} cannot be serialized to JSON. Return or push JSON "
        "types, dates, Decimal, UUID, sets, tuples, dataclasses, attrs classes, pydantic models, tables, or give the "
        "class `serialize()` and `deserialize(data, version)`; or set [core] enable_xcom_pickling."
    )


def _is_pydantic(kind: type) -> bool:
    models = sys.modules.get("pydantic")
    return models is not None and issubclass(kind, models.BaseModel)


# ── back ─────────────────────────────────────────────────────────────────────────────────────────
def unwrap(value: Any) -> Any:
    """The Python value of what ``wrap`` made."""
    if isinstance(value, list):
        return [unwrap(item) for item in value]
    if not isinstance(value, dict):
        return value
    if CLASSNAME not in value:
        return {key: unwrap(item) for key, item in value.items()}
    name, version, data = str(value[CLASSNAME]), value.get(VERSION, 0), value.get(DATA)
    if name.startswith("airflow."):
        importlib.import_module("airflow")  # user code of this process may name Queuack's classes so
    read = _READERS.get(name)
    if read is not None:
        return read(data)
    return _read_object(name, version, data)


def _read_object(name: str, version: int, data: Any) -> Any:
    kind = find_class(name)
    if kind.__module__ == "numpy":
        return kind(data)
    deserialize = getattr(kind, "deserialize", None)
    if callable(deserialize):
        return deserialize(unwrap(data), version)
    if _is_pydantic(kind):
        return kind.model_validate(data)
    if dataclasses.is_dataclass(kind) or hasattr(kind, "__attrs_attrs__"):
        if version > getattr(kind, VERSION, 0):
            raise TypeError(f"The value was written by a newer version ({version}) of {name}.")
        return kind(**{key: unwrap(item) for key, item in data.items()})
    raise TypeError(f"Values of class {name} cannot be read from JSON: it has no deserialize().")


def find_class(name: str) -> Any:
    """The class of a qualified name; nested ones too. Raises ImportError."""
    module_name, _, rest = name.rpartition(".")
    attributes = [rest]
    while module_name:
        try:
            found: Any = sys.modules.get(module_name) or importlib.import_module(module_name)
        except ModuleNotFoundError:
            module_name, _, outer = module_name.rpartition(".")
            attributes.insert(0, outer)
            continue
        for attribute in attributes:
            found = getattr(found, attribute, None)
        if isinstance(found, type):
            return found
        break
    raise ImportError(f"The class {name} of a serialized value is not there.")


# ── dates and the like ───────────────────────────────────────────────────────────────────────────
def _write_datetime(value: datetime.datetime) -> dict[str, Any]:
    return {"timestamp": value.timestamp(), "tz": None if value.tzinfo is None else _write_timezone(value)}


def _write_timezone(value: datetime.datetime) -> dict[str, Any]:
    zone = value.tzinfo
    key = getattr(zone, "key", None) or getattr(zone, "zone", None)
    if key is None:
        offset = value.utcoffset()
        seconds = offset.total_seconds() if offset else 0.0
        entry: list[Any] = ["UTC" if not seconds else int(seconds), "pendulum.tz.timezone.FixedTimezone", 1, True]
    else:
        entry = [key, f"{type(zone).__module__}.{type(zone).__qualname__}", 1, True]
    return wrapped(tuple, 1, entry)


def _read_timezone(data: Any) -> datetime.tzinfo | None:
    if data is None:
        return None
    entry = data[DATA] if isinstance(data, dict) else data
    key, kind = entry[0], entry[1] if len(entry) > 1 else ""
    if isinstance(key, int | float):
        import pendulum  # start-up time: only values with a zone need it

        return pendulum.FixedTimezone(int(key))
    if "pendulum" in kind and "FixedTimezone" not in kind:
        import pendulum  # as above

        zone: datetime.tzinfo = pendulum.timezone(key)
        return zone
    return datetime.UTC if key == "UTC" else zoneinfo.ZoneInfo(key)


def _read_datetime(data: Any) -> datetime.datetime:
    if isinstance(data, int | float):
        return datetime.datetime.fromtimestamp(data, datetime.UTC)
    return datetime.datetime.fromtimestamp(float(data["timestamp"]), _read_timezone(data.get("tz")))


def _read_pendulum(data: Any) -> Any:
    import pendulum  # start-up time

    zone = _read_timezone(data.get("tz"))
    if zone is datetime.UTC:
        zone = pendulum.UTC
    return pendulum.DateTime.fromtimestamp(float(data["timestamp"]), tz=zone)


def _read_pendulum_date(data: str) -> Any:
    import pendulum  # start-up time

    return pendulum.Date.fromisoformat(data)


def _read_pendulum_timezone(data: Any) -> Any:
    return _read_timezone([data, "pendulum.tz.timezone.Timezone"])


def _iso(value: datetime.date) -> str:
    return f"{value.year:04}-{value.month:02}-{value.day:02}"


_WRITERS: tuple[tuple[type, int, Callable[[Any], Any]], ...] = (
    (datetime.datetime, 2, _write_datetime),
    (datetime.date, 2, _iso),
    (datetime.timedelta, 2, datetime.timedelta.total_seconds),
    (decimal.Decimal, 1, str),
    (uuid.UUID, 1, str),
    (zoneinfo.ZoneInfo, 1, lambda zone: zone.key),
)

_READERS: dict[str, Callable[[Any], Any]] = {
    "builtins.tuple": lambda data: tuple(unwrap(data)),
    "builtins.set": lambda data: set(unwrap(data)),
    "builtins.frozenset": lambda data: frozenset(unwrap(data)),
    "datetime.datetime": _read_datetime,
    "datetime.date": datetime.date.fromisoformat,
    "datetime.timedelta": lambda data: datetime.timedelta(seconds=float(data)),
    "decimal.Decimal": lambda data: decimal.Decimal(str(data)),
    "pendulum.datetime.DateTime": _read_pendulum,
    "pendulum.date.Date": _read_pendulum_date,
    "pendulum.duration.Duration": lambda data: datetime.timedelta(seconds=float(data)),
    "pendulum.tz.timezone.Timezone": _read_pendulum_timezone,
    "uuid.UUID": uuid.UUID,
    "zoneinfo.ZoneInfo": zoneinfo.ZoneInfo,
}
