"""Mail as Airflow's functions send it: ``airflow.utils.email``. Decides what a message looks like and its sender."""

from __future__ import annotations

import re
from collections.abc import Iterable
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import formatdate
from importlib import import_module
from pathlib import Path
from typing import Any

from queuack.authoring.conf import conf
from queuack.authoring.exceptions import AirflowConfigException
from queuack.hooks.mail_server import mail_server

__all__ = ["build_mime_message", "get_email_address_list", "send_email", "send_email_smtp", "send_mime_email"]

OWN_BACKEND = "airflow.utils.email.send_email_smtp"
_EXAMPLE_SENDER = "airflow@example.com"
"""``[smtp] smtp_mail_from`` that nobody set."""


def get_email_address_list(addresses: str | Iterable[str]) -> list[str]:
    """Addresses out of a list or a text with commas or semicolons. Raises TypeError."""
    if isinstance(addresses, str):
        return [address for address in re.split(r"\s*[,;]\s*", addresses) if address]
    if isinstance(addresses, Iterable):
        found = list(addresses)
        if all(isinstance(address, str) for address in found):
            return found
    raise TypeError(f"addresses are a text or a list of texts, not {type(addresses).__name__}")


def build_mime_message(
    mail_from: str | None,
    to: str | Iterable[str],
    subject: str,
    html_content: str,
    files: list[str] | None = None,
    cc: str | Iterable[str] | None = None,
    bcc: str | Iterable[str] | None = None,
    mime_subtype: str = "mixed",
    mime_charset: str = "utf-8",
    custom_headers: dict[str, Any] | None = None,
) -> tuple[MIMEMultipart, list[str]]:
    """A message and all its recipients."""
    message = MIMEMultipart(mime_subtype)
    recipients = get_email_address_list(to)
    message["Subject"] = subject
    if mail_from:
        message["From"] = mail_from
    message["To"] = ", ".join(recipients)
    if cc:
        copies = get_email_address_list(cc)
        message["CC"] = ", ".join(copies)
        recipients += copies
    if bcc:
        recipients += get_email_address_list(bcc)
    message["Date"] = formatdate(localtime=True)
    message.attach(MIMEText(html_content, "html", mime_charset))
    for file in files or []:
        name = Path(file).name
        part = MIMEApplication(Path(file).read_bytes(), Name=name)
        part["Content-Disposition"] = f'attachment; filename="{name}"'
        part["Content-ID"] = f"<{name}>"
        message.attach(part)
    for header, value in (custom_headers or {}).items():
        message[header] = value
    return message, recipients


def send_email(
    to: str | Iterable[str],
    subject: str,
    html_content: str,
    files: list[str] | None = None,
    dryrun: bool = False,
    cc: str | Iterable[str] | None = None,
    bcc: str | Iterable[str] | None = None,
    mime_subtype: str = "mixed",
    mime_charset: str = "utf-8",
    conn_id: str | None = None,
    custom_headers: dict[str, Any] | None = None,
    **kwargs: Any,
) -> Any:
    """Send a mail through ``[email] email_backend``. ``dryrun``: make the message, send nothing."""
    kwargs.setdefault("from_email", _configured_sender() or conf.get("email", "from_email") or None)
    return email_backend()(
        ", ".join(get_email_address_list(to)),
        subject,
        html_content,
        files=files,
        dryrun=dryrun,
        cc=cc,
        bcc=bcc,
        mime_subtype=mime_subtype,
        mime_charset=mime_charset,
        conn_id=conn_id or conf.get("email", "email_conn_id"),
        custom_headers=custom_headers,
        **kwargs,
    )


def email_backend() -> Any:
    """The function that ``[email] email_backend`` names. Raises AirflowConfigException when there is none."""
    path = conf.get("email", "email_backend") or OWN_BACKEND
    if path == OWN_BACKEND:
        return send_email_smtp
    module, _, name = path.rpartition(".")
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise AirflowConfigException(f"[email] email_backend = {path!r} cannot be imported: {error}") from error


def send_email_smtp(
    to: str | Iterable[str],
    subject: str,
    html_content: str,
    files: list[str] | None = None,
    dryrun: bool = False,
    cc: str | Iterable[str] | None = None,
    bcc: str | Iterable[str] | None = None,
    mime_subtype: str = "mixed",
    mime_charset: str = "utf-8",
    conn_id: str | None = "smtp_default",
    from_email: str | None = None,
    custom_headers: dict[str, Any] | None = None,
    **kwargs: Any,
) -> None:
    """Send a mail by SMTP.

    The sender is ``from_email``, else ``[smtp] smtp_mail_from`` when that is set, else the one of the connection.
    Raises what smtplib raises, OSError.
    """
    server = mail_server(conn_id)
    sender = from_email or _configured_sender() or server.from_email or conf.get("smtp", "smtp_mail_from")
    if not sender:
        raise ValueError("You should set from email - either by smtp/smtp_mail_from config or `from_email` parameter")
    message, recipients = build_mime_message(
        sender, to, subject, html_content, files, cc, bcc, mime_subtype, mime_charset, custom_headers
    )
    if not dryrun:
        server.send(sender, recipients, message)


def _configured_sender() -> str | None:
    sender: str = conf.get("smtp", "smtp_mail_from")
    return sender if sender != _EXAMPLE_SENDER else None


def send_mime_email(
    e_from: str, e_to: str | list[str], mime_msg: MIMEMultipart, conn_id: str = "smtp_default", dryrun: bool = False
) -> None:
    """Send a message that is made already."""
    if not dryrun:
        mail_server(conn_id).send(e_from, get_email_address_list(e_to), mime_msg)
