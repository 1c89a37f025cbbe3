"""The trigger form: which control each param of a DAG gets, from its JSON schema and its value.

Decides as Airflow's form does (Airflow page: core-concepts/params, "Use Params to Provide a Trigger UI Form").
``static/trigger.js`` reads the controls back into a configuration by their ``kind``. What is valid is decided by the
server when the run is made; a control only refuses what a browser can see.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

RUN_PARAMETERS = "Parameters"
"""The section of params that name none."""


@dataclass(frozen=True)
class Option:
    """One choice: ``value`` as JSON text."""

    value: str
    word: str
    chosen: bool


@dataclass(frozen=True)
class Field:
    """One control. ``kind``: string, multiline, date, time, datetime, integer, number, boolean, choice, choices, lines,
    json or const; ``text``: its value as the control shows it."""

    name: str
    title: str
    kind: str
    text: str
    checked: bool
    required: bool
    nullable: bool
    description: str | None
    description_md: str | None
    options: tuple[Option, ...]
    suggestions: tuple[str, ...]
    limits: Mapping[str, str]
    """HTML attributes: min, max, minlength, maxlength, pattern."""


def sections_of(params: Mapping[str, Mapping[str, Any]], conf: Mapping[str, Any]) -> list[tuple[str, list[Field]]]:
    """(section, fields) in the order in which they are named first; those without one lead. ``conf`` overrides the
    defaults."""
    found: dict[str, list[Field]] = {RUN_PARAMETERS: []}
    for name, param in params.items():
        schema = param.get("schema") or {}
        found.setdefault(str(schema.get("section") or RUN_PARAMETERS), []).append(field_of(name, param, conf))
    return [(section, fields) for section, fields in found.items() if fields]


def field_of(name: str, param: Mapping[str, Any], conf: Mapping[str, Any]) -> Field:
    """The control of one param: {"value", "schema", "description"} as a DagDocument has it."""
    schema = param.get("schema") or {}
    value = conf[name] if name in conf else param.get("value")
    said = schema.get("type")
    types = [said] if isinstance(said, str) else list(said or ())
    nullable = "null" in types or (not types and value is None)
    kind = _kind(schema, next((one for one in types if one != "null"), _type_of(value)), value, nullable)
    return Field(
        name=name,
        title=str(schema.get("title") or name),
        kind=kind,
        text=_text(kind, value),
        checked=value is True,
        required=bool(types) and not nullable and kind not in ("boolean", "lines", "choices"),
        nullable=nullable,
        description=param.get("description") or schema.get("description"),
        description_md=schema.get("description_md"),
        options=_options(schema, kind, value, nullable),
        suggestions=tuple(map(str, schema.get("examples") or ())) if kind == "string" else (),
        limits=_limits(schema, kind),
    )


def _type_of(value: Any) -> str:
    """JSON schema's name of a value's type; string for nothing."""
    for kinds, name in ((bool, "boolean"), (int, "integer"), (float, "number"), (list, "array"), (dict, "object")):
        if isinstance(value, kinds):
            return name
    return "string"


def _kind(schema: Mapping[str, Any], kind: str, value: Any, nullable: bool) -> str:
    if "const" in schema:
        return "const"
    if isinstance(schema.get("enum"), list) or (kind == "boolean" and nullable):
        return "choice"
    if kind == "array":
        items = schema.get("items")
        if isinstance(schema.get("examples"), list):
            return "choices"
        if isinstance(items, dict) and items.get("type", "string") != "string":
            return "json"
        return "lines" if all(isinstance(item, str) for item in value or ()) else "json"
    if kind == "object":
        return "json"
    if kind == "string":
        return {"date": "date", "time": "time", "date-time": "datetime", "multiline": "multiline"}.get(
            str(schema.get("format")), "string"
        )
    return kind if kind in ("integer", "number", "boolean") else "json"


def _text(kind: str, value: Any) -> str:
    if kind in ("json", "const"):
        return "" if value is None else json.dumps(value, indent=2, ensure_ascii=False)
    if value is None:
        return ""
    if kind == "lines":
        return "\n".join(map(str, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _options(schema: Mapping[str, Any], kind: str, value: Any, nullable: bool) -> tuple[Option, ...]:
    if kind not in ("choice", "choices"):
        return ()
    shown = schema.get("values_display")
    words = shown if isinstance(shown, dict) else {}
    listed = list(schema.get("enum") or [True, False]) if kind == "choice" else list(schema.get("examples") or ())
    chosen = [value] if kind == "choice" else list(value or ())
    listed += [one for one in chosen if one not in listed and one is not None and kind == "choices"]
    if kind == "choice" and (value is None or nullable) and None not in listed:
        listed.insert(0, None)
    return tuple(
        Option(
            "" if one is None else json.dumps(one, ensure_ascii=False),
            "–" if one is None else str(words.get(str(one), one if isinstance(one, str) else json.dumps(one))),
            any(one == other and type(one) is type(other) for other in chosen),
        )
        for one in listed
    )


def _limits(schema: Mapping[str, Any], kind: str) -> dict[str, str]:
    names = {"integer": _NUMBERS, "number": _NUMBERS, "string": _TEXTS, "multiline": _TEXTS}.get(kind, {})
    return {attribute: str(schema[name]) for name, attribute in names.items() if name in schema}


_NUMBERS = {"minimum": "min", "maximum": "max"}
_TEXTS = {"minLength": "minlength", "maxLength": "maxlength", "pattern": "pattern"}
