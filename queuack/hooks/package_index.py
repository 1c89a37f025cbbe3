"""PackageIndexHook: a package index behind a connection. Airflow: ``providers.standard.hooks.package_index``."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from queuack.authoring.hooks import BaseHook


class PackageIndexHook(BaseHook):
    """Of a connection of type ``package_index``: host (the URL), login and password."""

    conn_name_attr = "pi_conn_id"
    default_conn_name = "package_index_default"
    conn_type = "package_index"
    hook_name = "Package Index (Python)"

    def __init__(self, pi_conn_id: str = default_conn_name, **kwargs: str | None) -> None:
        super().__init__(**kwargs)
        self.pi_conn_id = pi_conn_id

    def get_conn(self) -> str:
        return self.get_connection_url()

    def get_connection_url(self) -> str:
        """The index URL with login and password in it. Raises ValueError when the connection has no host."""
        connection = self.get_connection(self.pi_conn_id)
        if not connection.host:
            raise ValueError("Please provide an index URL.")
        url = urlsplit(connection.host)
        if not connection.login:
            return url.geturl()
        secret = f":{quote(connection.password)}" if connection.password else ""
        host = url.netloc.rpartition("@")[2]
        return url._replace(netloc=f"{quote(connection.login)}{secret}@{host}").geturl()
