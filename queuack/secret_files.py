"""Files of variables and connections: JSON, YAML and ``.env``. Reads; decides the forms that Airflow's commands and its
local filesystem backend take. No message repeats a value.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from queuack.connection_form import FIELDS, Fields, from_object, from_text

FORMATS = ("json", "yaml", "env")
_BY_ENDING = {".json": "json", ".yaml": "yaml", ".yml": "yaml", ".env": "env"}


def format_of(path: str | os.PathLike[str]) -> str:
    """json, yaml or env, by the ending. Raises ValueError."""
    file = Path(path)
    found = _BY_ENDING.get(".env" if file.name == ".env" else file.suffix.lower())
    if found is None:
        raise ValueError(f"{file}: the name must end in .json, .yaml, .yml or .env.")
    return found


def read_variables(path: str | os.PathLike[str]) -> dict[str, Any]:
    """key → value as the file has it. Raises ValueError that names file and place; OSError."""
    form = format_of(path)
    return parse(Path(path).read_text(encoding="utf-8"), form, str(path))


def read_connections(path: str | os.PathLike[str]) -> dict[str, Fields]:
    """conn_id → fields. Raises ValueError that names file and place; OSError."""
    return connections_of(read_variables(path), str(path))


def connections_of(content: Mapping[str, Any], source: str) -> dict[str, Fields]:
    """What ``parse`` gave, as connections. Raises ValueError."""
    found = {}
    for conn_id, value in content.items():
        try:
            found[conn_id] = _connection(conn_id, value)
        except (ValueError, TypeError) as error:
            raise ValueError(f"{source}: connection {conn_id!r}: {error}") from None
    return found


def parse(text: str, form: str, source: str) -> dict[str, Any]:
    """The object that a text in one of ``FORMATS`` holds. Raises ValueError."""
    content: Any
    if form == "env":
        return _parse_env(text, source)
    if form == "yaml":
        import yaml  # start-up time: only for YAML files

        try:
            content = yaml.safe_load(text)
        except yaml.MarkedYAMLError as error:
            line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
            raise ValueError(f"{source}{line} is not valid YAML: {error.problem}.") from None
        except yaml.YAMLError:
            raise ValueError(f"{source} is not valid YAML.") from None
    else:
        try:
            content = json.loads(text)
        except json.JSONDecodeError as error:
            raise ValueError(f"{source} is not valid JSON: {error}.") from None
    if not isinstance(content, dict):
        raise ValueError(f"{source} must hold an object, names with their values.")
    return {str(key): value for key, value in content.items()}


def _parse_env(text: str, source: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        key, equals, value = line.partition("=")
        if not equals or not key.strip() or not value.strip():
            raise ValueError(f"{source}, line {number}: write KEY=VALUE.")
        if key.strip() in found:
            raise ValueError(f"{source}, line {number}: {key.strip()} is there twice.")
        found[key.strip()] = value.strip()
    return found


def _connection(conn_id: str, value: Any) -> Fields:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, str):
        return from_text(value)
    if not isinstance(value, dict):
        raise ValueError("write a URI or an object.")
    fields = dict(value)
    if "extra_dejson" in fields:
        if "extra" in fields:
            raise ValueError("it has both extra and extra_dejson.")
        fields["extra"] = json.dumps(fields.pop("extra_dejson"))
    if fields.pop("conn_id", conn_id) != conn_id:
        raise ValueError("its conn_id is another one.")
    if set(fields) == {"uri"}:
        return from_text(str(fields["uri"]))
    unknown = fields.keys() - set(FIELDS)
    if unknown:
        raise ValueError(f"a connection has no {', '.join(sorted(unknown))}; it has {', '.join(FIELDS)}.")
    return from_object(fields)
