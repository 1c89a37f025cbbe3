"""EmailOperator: a task that sends a mail.

Airflow: ``airflow.providers.smtp.operators.smtp``, before that ``airflow.operators.email``.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, ClassVar

from queuack.authoring.operator import BaseOperator
from queuack.hooks.email import send_email

if TYPE_CHECKING:
    from queuack.authoring.context import Context


class EmailOperator(BaseOperator):
    """Sends ``html_content`` (a text or a ``.html`` file, templated) to ``to``, ``cc`` and ``bcc``.

    Addresses are lists or texts with commas. ``files`` are attached. The server is that of the connection ``conn_id``,
    or of the settings ``[smtp]``. Raises what smtplib raises.
    """

    template_fields: Collection[str] = (
        "to",
        "subject",
        "html_content",
        "from_email",
        "files",
        "cc",
        "bcc",
        "mime_subtype",
        "mime_charset",
        "conn_id",
        "custom_headers",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"html_content": "html"}
    template_ext = (".html",)
    ui_color = "#e6faf9"

    def __init__(
        self,
        *,
        to: Any,
        subject: str,
        html_content: str,
        from_email: str | None = None,
        files: list[Any] | None = None,
        cc: Any = None,
        bcc: Any = None,
        mime_subtype: str = "mixed",
        mime_charset: str = "utf-8",
        conn_id: str | None = None,
        custom_headers: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.to, self.subject, self.html_content = to, subject, html_content
        self.from_email, self.files, self.cc, self.bcc = from_email, files or [], cc, bcc
        self.mime_subtype, self.mime_charset = mime_subtype, mime_charset
        self.conn_id, self.custom_headers = conn_id, custom_headers

    def execute(self, context: Context) -> None:
        sender: dict[str, Any] = {"from_email": self.from_email} if self.from_email else {}
        send_email(
            self.to,
            self.subject,
            self.html_content,
            files=self.files,
            cc=self.cc,
            bcc=self.bcc,
            mime_subtype=self.mime_subtype,
            mime_charset=self.mime_charset,
            conn_id=self.conn_id,
            custom_headers=self.custom_headers,
            **sender,
        )
