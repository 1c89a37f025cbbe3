"""Connections: where and as whom to reach another system. Reads URIs and JSON, environment, then the runtime.

Airflow page: howto/connection.
"""

from __future__ import annotations

import json
import os
from typing import Any, Self
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from queuack.authoring.exceptions import AirflowException, AirflowNotFoundException
from queuack.authoring.runtime import current_runtime, has_runtime

_FIELDS = ("conn_type", "description", "host", "login", "password", "schema", "port", "extra")
_EXTRA_WHOLE = "__extra__"


class Connection:
    """A connection: ``conn_id, conn_type, host, login, password, schema, port, extra`` (JSON text), or ``uri``."""

    def __init__(
        self,
        conn_id: str | None = None,
        conn_type: str | None = None,
        description: str | None = None,
        host: str | None = None,
        login: str | None = None,
        password: str | None = None,
        schema: str | None = None,
        port: int | None = None,
        extra: str | dict[str, Any] | None = None,
        uri: str | None = None,
    ) -> None:
        if uri and any((conn_type, host, login, password, schema, port)):
            raise AirflowException(
                "You must create an object using the URI or individual values "
                "(conn_type, host, login, password, schema, port or extra)."
                "You can't mix these two ways to create this object."
            )
        self.conn_id = conn_id or ""
        self.description = description
        self.conn_type, self.host, self.login, self.password = conn_type or "", host, login, password
        self.schema, self.port = schema, port
        self.extra: str | None = json.dumps(extra) if isinstance(extra, dict) else extra
        if uri:
            self._read_uri(uri)

    def _read_uri(self, uri: str) -> None:
        if uri.count("://") > 2:
            raise AirflowException(f"Invalid connection string: {uri}.")
        scheme, _, rest = uri.partition("://")
        inner = ""
        if "://" in rest and "://" in rest.split("@")[-1].split("?")[0]:
            inner, _, rest = rest.partition("://")
        parts = urlsplit(f"x://{rest}" if rest or "://" in uri else uri)
        self.conn_type = _type_name(scheme if "://" in uri else parts.scheme)
        host = unquote(_host_of(parts.netloc))
        self.host = f"{inner}://{host}" if inner else host
        self.schema = unquote(parts.path.lstrip("/"))
        self.login = unquote(parts.username) if parts.username else parts.username
        self.password = unquote(parts.password) if parts.password else parts.password
        self.port = parts.port
        if parts.query:
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            self.extra = query[_EXTRA_WHOLE] if _EXTRA_WHOLE in query else json.dumps(query)

    @property
    def extra_dejson(self) -> dict[str, Any]:
        """``extra`` decoded; {} when there is none. Raises ValueError for what is not JSON."""
        value = json.loads(self.extra) if self.extra else {}
        return value if isinstance(value, dict) else {}

    def get_extra_dejson(self, nested: bool = False) -> dict[str, Any]:
        """``extra`` decoded; with ``nested``, JSON texts inside it too."""
        values = self.extra_dejson
        return {key: _maybe_json(value) for key, value in values.items()} if nested else values

    def get_password(self) -> str | None:
        return self.password

    def get_extra(self) -> str | None:
        return self.extra

    def get_uri(self) -> str:
        """The connection as a URI."""
        kind = self.conn_type.lower().replace("_", "-")
        protocol, host = "", self.host or ""
        if "://" in host:
            protocol, _, host = host.partition("://")
            protocol += "://"
        login = quote(self.login or "", safe="")
        password = f":{quote(self.password, safe='')}" if self.password else ""
        user = f"{login}{password}@" if login or password else ""
        port = f":{self.port}" if self.port else ""
        schema = f"/{quote(self.schema, safe='')}" if self.schema else ""
        uri = f"{kind}://{protocol}{user}{quote(host, safe='')}{port}{schema}"
        return uri + self._query()

    def _query(self) -> str:
        if not self.extra:
            return ""
        values = self.extra_dejson
        flat = urlencode({key: value for key, value in values.items() if isinstance(value, str)})
        if values and dict(parse_qsl(flat, keep_blank_values=True)) == values:
            return f"/?{flat}" if not self.schema else f"?{flat}"
        return ("?" if self.schema else "/?") + urlencode({_EXTRA_WHOLE: self.extra})

    def to_dict(self) -> dict[str, Any]:
        values = {"conn_id": self.conn_id, **{name: getattr(self, name) for name in _FIELDS}}
        return {**{k: v for k, v in values.items() if v is not None and k != "extra"}, "extra": self.extra_dejson}

    def as_json(self) -> str:
        values = self.to_dict()
        values.pop("conn_id")
        return json.dumps(values)

    @classmethod
    def from_uri(cls, uri: str, conn_id: str | None = None) -> Self:
        return cls(conn_id=conn_id, uri=uri)

    @classmethod
    def from_json(cls, value: str, conn_id: str | None = None) -> Self:
        fields = json.loads(value)
        if fields.get("extra") is not None and not isinstance(fields["extra"], str):
            fields["extra"] = json.dumps(fields["extra"])
        if fields.get("conn_type"):
            fields["conn_type"] = _type_name(fields["conn_type"])
        if isinstance(fields.get("port"), str):
            fields["port"] = int(fields["port"])
        fields.pop("conn_id", None)
        return cls(conn_id=conn_id, **fields)

    @classmethod
    def get(cls, conn_id: str) -> Self:
        """From ``QUEUACK_CONN_*`` or ``AIRFLOW_CONN_*`` (URI or JSON), else the runtime.

        Raises AirflowNotFoundException.
        """
        for prefix in ("QUEUACK_CONN_", "AIRFLOW_CONN_"):
            text = os.environ.get(prefix + conn_id.upper())
            if text:
                is_json = text.lstrip().startswith("{")
                return cls.from_json(text, conn_id) if is_json else cls.from_uri(text, conn_id)
        fields = current_runtime().connection_get(conn_id) if has_runtime() else None
        if fields is None:
            raise AirflowNotFoundException(f"The conn_id `{conn_id}` isn't defined")
        return cls(conn_id=conn_id, **{name: fields.get(name) for name in _FIELDS})

    get_connection_from_secrets = get

    def get_hook(self, *, hook_params: dict[str, Any] | None = None) -> Any:
        """The hook of this connection type, from the installed providers.

        Raises AirflowException for an unknown type.
        """
        from queuack.errors import NotBuilt

        raise NotBuilt(
            f"Finding the hook of connection type {self.conn_type!r} (the providers manager) is not built yet."
        )

    def __repr__(self) -> str:
        return self.conn_id or ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Connection) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]


def _type_name(scheme: str) -> str:
    return "postgres" if scheme == "postgresql" else scheme.replace("-", "_")


def _host_of(netloc: str) -> str:
    host = netloc.rpartition("@")[2]
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _maybe_json(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
