"""SmtpNotifier: a callback that sends a mail. Airflow: ``airflow.providers.smtp.notifications.smtp``."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from queuack.authoring.notifier import BaseNotifier
from queuack.hooks.email import send_email_smtp

if TYPE_CHECKING:
    from queuack.authoring.context import Context

_SUBJECT = "DAG {{ dag.dag_id }}{% if ti %} - Task {{ ti.task_id }}{% endif %} - Run ID {{ run_id }}"
_TEXT = """\
<p>Run {{ run_id }}{% if ti %}, task {{ ti.task_id }}, try {{ ti.try_number }}{% endif %}</p>
{% if exception %}<pre>{{ exception | e }}</pre>{% endif %}
{% if ti %}<p><a href="{{ ti.log_url }}">Log</a></p>{% endif %}
"""


class SmtpNotifier(BaseNotifier):
    """Sends a mail to ``to``; subject and text are templates and have defaults that tell the task instance."""

    template_fields: Collection[str] = (
        "from_email",
        "to",
        "subject",
        "html_content",
        "files",
        "cc",
        "bcc",
        "mime_subtype",
        "mime_charset",
        "custom_headers",
        "smtp_conn_id",
    )

    def __init__(
        self,
        to: str | Iterable[str],
        from_email: str | None = None,
        subject: str | None = None,
        html_content: str | None = None,
        files: list[str] | None = None,
        cc: str | Iterable[str] | None = None,
        bcc: str | Iterable[str] | None = None,
        mime_subtype: str = "mixed",
        mime_charset: str = "utf-8",
        custom_headers: dict[str, Any] | None = None,
        smtp_conn_id: str | None = None,
        auth_type: str = "basic",
        *,
        template: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if auth_type != "basic":
            raise ValueError("Logging in by OAuth needs apache-airflow-providers-smtp.")
        self.to, self.from_email, self.files, self.cc, self.bcc = to, from_email, files, cc, bcc
        self.mime_subtype, self.mime_charset, self.custom_headers = mime_subtype, mime_charset, custom_headers
        self.smtp_conn_id = smtp_conn_id
        self.subject = subject or _SUBJECT
        self.html_content = html_content or (Path(template).read_text() if template else _TEXT)

    def notify(self, context: Context) -> None:
        """Raises what smtplib raises."""
        send_email_smtp(
            self.to,
            " ".join(self.subject.split()),
            self.html_content,
            files=self.files,
            cc=self.cc,
            bcc=self.bcc,
            mime_subtype=self.mime_subtype,
            mime_charset=self.mime_charset,
            conn_id=self.smtp_conn_id,
            from_email=self.from_email,
            custom_headers=self.custom_headers,
        )

    async def async_notify(self, context: Context) -> None:
        """In a thread of its own: the loop goes on."""
        await asyncio.to_thread(self.notify, context)


send_smtp_notification = SmtpNotifier
