"""Connections: where and as whom to reach another system.

The forms (URI, JSON) are ``connection_form``'s, where they are looked for is ``secrets/search``'s, hooks are
``provider_hooks``'s business; here is the object. Airflow page: howto/connection.
"""

from __future__ import annotations

import json
import logging
from typing import Any, Self

from queuack import connection_form
from queuack.authoring import masking
from queuack.authoring.exceptions import AirflowException, AirflowNotFoundException
from queuack.authoring.secrets import search
from queuack.connection_form import EXTRA_WHOLE, FIELDS

log = logging.getLogger("queuack.connection")


class Connection:
    """A connection: ``conn_id, conn_type, host, login, password, schema, port, extra`` (JSON text), or ``uri``.

    Making one masks its password and extra in the logs of this process. Raises AirflowException for a bad URI, or for
    both a URI and fields."""

    EXTRA_KEY = EXTRA_WHOLE

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
        team_name: str | None = None,
    ) -> None:
        if uri and any((conn_type, host, login, password, schema, port, extra)):
            raise AirflowException(
                "You must create an object using the URI or individual values "
                "(conn_type, host, login, password, schema, port or extra)."
                "You can't mix these two ways to create this object."
            )
        self.conn_id = conn_id or ""
        self.description = description
        self.conn_type, self.host, self.login, self.password = conn_type, host, login, password
        self.schema, self.port = schema, port
        self.extra: str | None = json.dumps(extra) if isinstance(extra, dict) else extra
        if uri:
            found = _fields(connection_form.from_uri, uri)
            found.pop("description")
            vars(self).update(found)
        masking.current().mask_connection(self.password, self.extra)

    @property
    def extra_dejson(self) -> dict[str, Any]:
        """``extra`` decoded; {} when there is none, or what it holds is not a JSON object (that is logged)."""
        if not self.extra:
            return {}
        try:
            value = json.loads(self.extra)
        except ValueError:
            log.error("The extra of connection %r is not JSON; it is taken as empty.", self.conn_id)
            return {}
        if not isinstance(value, dict):
            log.error("The extra of connection %r is not a JSON object; it is taken as empty.", self.conn_id)
            return {}
        masking.current().mask_secret(value)
        return value

    async def aextra_dejson(self) -> dict[str, Any]:
        """As ``extra_dejson``; nothing waits."""
        return self.extra_dejson

    def get_extra_dejson(self, nested: bool = False) -> dict[str, Any]:
        """``extra`` decoded; with ``nested``, JSON texts inside it too."""
        values = self.extra_dejson
        return {key: connection_form.decoded(value) for key, value in values.items()} if nested else values

    def get_password(self) -> str | None:
        return self.password

    def set_password(self, value: str | None) -> None:
        if value:
            self.password = value
            masking.mask_secret(value)

    def get_extra(self) -> str | None:
        return self.extra

    def set_extra(self, value: str | None) -> None:
        """Raises ValueError for what is not a JSON object."""
        self.extra = connection_form.check_extra(value)
        masking.current().mask_connection(None, self.extra)

    def get_uri(self) -> str:
        """The connection as a URI. Raises ValueError when ``extra`` is not JSON."""
        return connection_form.to_uri(self._fields())

    async def aget_uri(self) -> str:
        return self.get_uri()

    def to_dict(self, *, prune_empty: bool = False, validate: bool = True) -> dict[str, Any]:
        """Every field, ``extra`` decoded; without what is None with ``prune_empty``.

        Raises TypeError with ``validate`` when it is not JSON."""
        values = {"conn_id": self.conn_id, **self._fields()}
        del values["extra"]
        if prune_empty:
            values = {name: value for name, value in values.items() if value is not None}
        extra = self.extra_dejson
        if extra or not prune_empty:
            values["extra"] = extra
        if validate:
            json.dumps(values)
        return values

    def as_json(self) -> str:
        """The JSON form, without the id and what is empty."""
        values = self.to_dict(prune_empty=True, validate=False)
        values.pop("conn_id")
        return json.dumps(values)

    @classmethod
    def from_uri(cls, uri: str, conn_id: str | None = None) -> Self:
        """Raises AirflowException."""
        return cls(conn_id=conn_id, uri=uri)

    @classmethod
    def from_json(cls, value: str, conn_id: str | None = None) -> Self:
        """Raises ValueError for what is not a JSON object, TypeError for a field that a connection has not."""
        fields = connection_form.from_json(value)
        fields.pop("conn_id", None)
        return cls(conn_id=conn_id, **fields)

    @classmethod
    def get(cls, conn_id: str) -> Any:
        """From the secrets backend, the environment (``AIRFLOW_CONN_*``, ``QUEUACK_CONN_*``) or the store.

        Raises AirflowNotFoundException."""
        found = search.find_connection(conn_id)
        if found is None:
            raise AirflowNotFoundException(f"The conn_id `{conn_id}` isn't defined")
        return found

    @classmethod
    async def async_get(cls, conn_id: str) -> Any:
        """As ``get``."""
        found = await search.find_connection_async(conn_id)
        if found is None:
            raise AirflowNotFoundException(f"The conn_id `{conn_id}` isn't defined")
        return found

    @classmethod
    def get_connection_from_secrets(cls, conn_id: str, team_name: str | None = None) -> Any:
        """As ``get``, its name in Airflow 2."""
        return cls.get(conn_id)

    def get_hook(self, *, hook_params: dict[str, Any] | None = None) -> Any:
        """The hook of this connection's type, from the installed providers.

        Raises AirflowException for an unknown type,
        ImportError where the provider's hook cannot be imported."""
        from queuack.authoring.provider_hooks import hook_class  # start-up time: reads every provider's metadata

        kind, parameter = hook_class(self.conn_type or "")
        return kind(**{parameter: self.conn_id}, **(hook_params or {}))

    def test_connection(self) -> tuple[bool, str]:
        """Whether the hook of this connection can connect, and what it said. Raises nothing."""
        with search.preset(self):
            try:
                hook = self.get_hook()
                if not hasattr(hook, "test_connection"):
                    return False, f"Hook {type(hook).__name__} doesn't implement or inherit test_connection method"
                status, message = hook.test_connection()
            except Exception as error:
                return False, str(error)
        return bool(status), str(message)

    def _fields(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in FIELDS}

    def __repr__(self) -> str:
        return self.conn_id or ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Connection) and (self.conn_id, self._fields()) == (other.conn_id, other._fields())

    __hash__ = None  # type: ignore[assignment]


def _fields(read: Any, text: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = read(text)
    except ValueError as error:
        raise AirflowException(str(error)) from None
    return found
