"""How a connection is written: a URI, a JSON object, and the fields that both stand for. Pure: text in, fields out.

Decides Airflow's URI form (types with dashes, protocols before the host, extra in the query) and its JSON form. Fields
are a dict: conn_type, description, host, login, password, schema, port, extra (JSON text). No message repeats a text
that may hold a password. Airflow page: howto/connection, "URI format" and "JSON format".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

FIELDS = ("conn_type", "description", "host", "login", "password", "schema", "port", "extra")
EXTRA_WHOLE = "__extra__"
"""The query key whose value is all of ``extra``, where it is not just texts by name."""
LONGEST_ID = 200
_ID = re.compile(r"[\w.\-]+")

Fields = dict[str, Any]


def from_uri(uri: str) -> Fields:
    """The fields of a URI; values of the query stay texts. Raises ValueError for what is none."""
    if uri.count("://") > 2:
        raise ValueError("Invalid connection string: it has more than two '://'.")
    scheme = urlsplit(uri).scheme
    rest = uri.replace(f"{scheme}://", "", 1)
    protocol, separator, behind = rest.partition("://")
    inner = ""
    if separator and "?" not in protocol:
        if "@" in protocol or ":" in protocol:
            raise ValueError("Invalid connection string: login and port follow the second '://', not the first.")
        inner, rest = protocol, behind
    parts = urlsplit(f"//{rest}")
    host = _host(parts.netloc)
    path = parts.path[1:]
    found: Fields = dict.fromkeys(FIELDS)
    found |= {
        "conn_type": type_name(scheme),
        "host": f"{inner}://{host}" if inner and host else host,
        "schema": unquote(path),
        "login": unquote(parts.username) if parts.username else parts.username,
        "password": unquote(parts.password) if parts.password else parts.password,
        "port": parts.port,
    }
    if parts.query:
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        found["extra"] = query[EXTRA_WHOLE] if EXTRA_WHOLE in query else json.dumps(query)
    return found


def to_uri(fields: Mapping[str, Any]) -> str:
    """The URI of the fields. Raises ValueError when ``extra`` is not JSON."""
    kind, host = fields.get("conn_type") or "", fields.get("host") or ""
    uri = f"{kind.lower().replace('_', '-')}://" if kind else "//"
    if "://" in host:
        protocol, _, bare = host.partition("://")
        if protocol != kind:
            uri, host = f"{uri}{protocol}://", bare
    login, password, port, schema = (fields.get(name) for name in ("login", "password", "port", "schema"))
    user = "" if login is None else quote(login, safe="")
    user += "" if password is None else f":{quote(password, safe='')}"
    uri += f"{user}@" if user else ""
    uri += quote(host, safe="")
    if port:
        uri += f":{port}" if host or user else f"@:{port}"
    uri += f"/{quote(schema, safe='')}" if schema else ""
    return uri + _query(fields.get("extra"), bool(schema))


def from_json(text: str) -> Fields:
    """The fields of a JSON object; those it does not have are absent. Raises ValueError."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise ValueError(f"The connection is not JSON: {_without_text(error)}.") from None
    if not isinstance(found, dict):
        raise ValueError("The connection must be a JSON object.")
    return from_object(found)


def from_object(given: Mapping[str, Any]) -> Fields:
    """As ``from_json``, of what JSON or YAML gave."""
    fields = dict(given)
    extra = fields.pop("extra", None)
    if extra:
        fields["extra"] = extra if isinstance(extra, str) else json.dumps(extra)
    kind = fields.pop("conn_type", None)
    if kind:
        fields["conn_type"] = type_name(kind)
    port = fields.pop("port", None)
    if port:
        try:
            fields["port"] = int(port)
        except (TypeError, ValueError):
            raise ValueError(f"Expected integer value for `port`, but got {port!r} instead.") from None
    return fields


def from_text(text: str) -> Fields:
    """A URI or a JSON object, as an environment variable or a secrets backend holds it."""
    text = text.strip()
    return from_json(text) if text.startswith("{") else from_uri(text)


def typed_extra(extra: str | None) -> str | None:
    """The extra of a URI as Airflow stores it: values that are JSON (``true``, ``5``) are decoded."""
    if not extra:
        return extra
    values = json.loads(extra)
    if not isinstance(values, dict):
        return extra
    return json.dumps({key: decoded(value) for key, value in values.items()})


def type_name(scheme: str) -> str:
    return "postgres" if scheme == "postgresql" else scheme.replace("-", "_")


def check_id(conn_id: Any) -> str:
    """``conn_id``, if it may be one. Raises ValueError."""
    if not isinstance(conn_id, str) or not _ID.fullmatch(conn_id) or ".." in conn_id:
        raise ValueError(f"A connection id has letters, digits, dashes, dots and underscores only, not {conn_id!r}.")
    if len(conn_id) > LONGEST_ID:
        raise ValueError(f"A connection id has at most {LONGEST_ID} characters, not {len(conn_id)}.")
    return conn_id


def check_extra(extra: str | None) -> str | None:
    """``extra``, if it is empty or a JSON object. Raises ValueError."""
    if extra:
        try:
            is_object = isinstance(json.loads(extra), dict)
        except ValueError:
            raise ValueError("The extra of a connection must be JSON.") from None
        if not is_object:
            raise ValueError("The extra of a connection must be a JSON object.")
    return extra


def decoded(value: Any) -> Any:
    """A text that is JSON, decoded; anything else as it is."""
    if not isinstance(value, str) or not value:
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _host(netloc: str) -> str:
    """In lower case, as Airflow has it, unless it is a path."""
    host = netloc.rpartition("@")[2]
    bare = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    plain = unquote(bare)
    return plain if "/" in plain else unquote(bare.lower())


def _query(extra: str | None, has_schema: bool) -> str:
    if not extra:
        return ""
    mark = "?" if has_schema else "/?"
    values = json.loads(extra)
    if isinstance(values, dict) and all(isinstance(value, str) for value in values.values()):
        flat = urlencode(values)
        if flat and dict(parse_qsl(flat, keep_blank_values=True)) == values:
            return mark + flat
    return mark + urlencode({EXTRA_WHOLE: extra})


def _without_text(error: ValueError) -> str:
    return f"{error.msg} at character {error.pos + 1}" if isinstance(error, json.JSONDecodeError) else "it is no text"
