"""EmailOperator: imports and parses; sending mail is not built. Airflow: ``airflow.operators.email``."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, NoReturn

from queuack.authoring.operator import BaseOperator
from queuack.errors import NotBuilt

if TYPE_CHECKING:
    from queuack.authoring.context import Context


class EmailOperator(BaseOperator):
    """Sends a mail. Not built: raises NotBuilt when it runs."""

    template_fields: Collection[str] = ("to", "subject", "from_email", "html_content", "files", "cc", "bcc")
    template_ext = (".html",)
    ui_color = "#e6faf9"

    def __init__(
        self,
        *,
        to: Any,
        subject: str,
        html_content: str,
        files: list[Any] | None = None,
        cc: Any = None,
        bcc: Any = None,
        from_email: str | None = None,
        mime_subtype: str = "mixed",
        mime_charset: str = "utf-8",
        conn_id: str | None = None,
        custom_headers: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.to, self.subject, self.html_content = to, subject, html_content
        self.files, self.cc, self.bcc, self.from_email = files or [], cc, bcc, from_email
        self.mime_subtype, self.mime_charset = mime_subtype, mime_charset
        self.conn_id, self.custom_headers = conn_id, custom_headers

    def execute(self, context: Context) -> NoReturn:
        raise NotBuilt("EmailOperator is not built in Queuack; use SmtpNotifier or a hook of the smtp provider.")
