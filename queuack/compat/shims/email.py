"""``airflow.utils.email``: address lists and messages. Sending is not built in Queuack yet."""

from __future__ import annotations

import re
from collections.abc import Iterable
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import formatdate
from pathlib import Path
from typing import Any

from queuack.errors import NotBuilt

__all__ = ["build_mime_message", "get_email_address_list", "send_email", "send_email_smtp"]


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
        part = MIMEApplication(Path(file).read_bytes(), Name=Path(file).name)
        part["Content-Disposition"] = f'attachment; filename="{Path(file).name}"'
        message.attach(part)
    for header, value in (custom_headers or {}).items():
        message[header] = value
    return message, recipients


def send_email(*args: Any, **kwargs: Any) -> None:
    """Raises NotBuilt."""
    raise NotBuilt(
        "Sending email is not built in Queuack yet: use apache-airflow-providers-smtp, or smtplib in a task."
    )


send_email_smtp = send_email
