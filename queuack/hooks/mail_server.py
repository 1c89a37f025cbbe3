"""The mail server: where it is, how to get in, and handing it a message.

Decides whether a connection or the settings ``[smtp]`` say so. Must not know what a message says. Airflow page:
howto/email-config.
"""

from __future__ import annotations

import logging
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import Message
from typing import Any

from queuack.authoring.conf import conf
from queuack.authoring.connection import Connection
from queuack.authoring.exceptions import AirflowConfigException, AirflowNotFoundException

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class MailServer:
    """``ssl``: encrypted from the start; else ``starttls``: from the greeting on. ``timeout`` in seconds."""

    host: str
    port: int
    ssl: bool
    starttls: bool
    timeout: float
    retry_limit: int
    login: str | None = None
    password: str | None = None
    from_email: str | None = None
    """The sender that the connection names."""
    check_certificate: bool = True

    def send(self, sender: str, recipients: Sequence[str], message: Message) -> None:
        """Hand the message over. A server that hangs up is asked ``retry_limit`` times more.

        Raises what smtplib raises, OSError when the server is not reached.
        """
        for attempt in range(1, self.retry_limit + 2):
            log.info("Email alerting: attempt %s", attempt)
            try:
                with self._connect() as server:
                    server.sendmail(sender, recipients, message.as_string())
                log.info("Sent an alert email to %s", list(recipients))
                return
            except smtplib.SMTPServerDisconnected:
                if attempt > self.retry_limit:
                    raise

    def _connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context() if self.check_certificate else _unchecked()
        if self.ssl:
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout, context=context)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=self.timeout)
        try:
            if self.starttls and not self.ssl:
                server.starttls(context=context)
            if self.login and self.password:
                server.login(self.login, self.password)
        except BaseException:
            server.close()
            raise
        return server


def _unchecked() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def mail_server(conn_id: str | None = None) -> MailServer:
    """The server behind a connection (default ``[email] email_conn_id``).

    A connection with a host says all (extra: ``disable_ssl``, ``disable_tls``, ``timeout``, ``retry_limit``,
    ``from_email``, ``ssl_context``); one without gives login and password, and ``[smtp]`` the rest; without one there
    is no login. Raises AirflowConfigException for a bad ``ssl_context``.
    """
    connection = _connection(conn_id or conf.get("email", "email_conn_id"))
    if connection is not None and connection.host:
        return _of_connection(connection)
    return MailServer(
        host=conf.get("smtp", "smtp_host"),
        port=conf.getint("smtp", "smtp_port"),
        ssl=conf.getboolean("smtp", "smtp_ssl"),
        starttls=conf.getboolean("smtp", "smtp_starttls"),
        timeout=conf.getint("smtp", "smtp_timeout"),
        retry_limit=conf.getint("smtp", "smtp_retry_limit"),
        login=connection.login if connection is not None else None,
        password=connection.password if connection is not None else None,
        check_certificate=_is_checked(conf.get("email", "ssl_context")),
    )


def _connection(conn_id: str) -> Connection | None:
    try:
        found: Connection = Connection.get(conn_id)
    except AirflowNotFoundException:
        return None
    return found


def _of_connection(connection: Connection) -> MailServer:
    extra: dict[str, Any] = connection.extra_dejson
    use_ssl = not _as_bool(extra.get("disable_ssl", False))
    return MailServer(
        host=connection.host or "",
        port=connection.port or (465 if use_ssl else 25),
        ssl=use_ssl,
        starttls=not _as_bool(extra.get("disable_tls", False)),
        timeout=float(extra.get("timeout", 30)),
        retry_limit=int(extra.get("retry_limit", 5)),
        login=connection.login,
        password=connection.password,
        from_email=extra.get("from_email"),
        check_certificate=_is_checked(extra.get("ssl_context") or "default"),
    )


def _as_bool(value: Any) -> bool:
    """Extras of a connection URI are text."""
    return value.lower() in ("true", "1", "t") if isinstance(value, str) else bool(value)


def _is_checked(ssl_context: str) -> bool:
    if ssl_context not in ("default", "none"):
        raise AirflowConfigException(f"ssl_context must be 'default' or 'none', not {ssl_context!r}.")
    return ssl_context == "default"
