"""The mail about a failed attempt: what it says. Which tasks send it is ``authoring.alerts``'s decision.

How it is sent is ``[email] email_backend``'s business. A mail that cannot be sent is logged, no more.
Airflow page: howto/email-config.
"""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

from queuack.authoring.conf import conf
from queuack.authoring.templating import compiled, render_template
from queuack.worker.logs import TaskLog

_SUBJECT = "Airflow alert: {{ti}}"
_TEXT = """\
Try {{try_number}} out of {{max_tries + 1}}<br>
{{exception_html}}<br>
Host: {{ti.hostname}}<br>
<a href="{{ti.log_url}}">Log</a><br>
"""


def send_alert(task: Any, context: Any, error: Any, log: TaskLog) -> None:
    """Send it; ``error``: an exception, or a text when the process is gone."""
    from queuack.hooks.email import email_backend  # start-up time: most tasks send none

    try:
        ti = context["ti"]
        values = {
            "exception": error,
            "exception_html": html.escape(str(error)).replace("\n", "<br>"),
            "try_number": ti.try_number,
            "max_tries": ti.max_tries,
        }
        told = context.copy()
        told.update(values)
        email_backend()(
            task.email,
            _rendered(task, told, "subject_template", _SUBJECT),
            _rendered(task, told, "html_content_template", _TEXT),
            conn_id=conf.get("email", "email_conn_id"),
            from_email=conf.get("email", "from_email") or None,
        )
    except Exception as failure:
        log.write_exception("The mail about this attempt could not be sent", failure)


def _rendered(task: Any, context: Any, setting: str, default: str) -> str:
    path = conf.get("email", setting)
    text = Path(path).read_text() if path and Path(path).is_file() else default
    env = task.dag.template_environment(False)
    return str(render_template(compiled(env, text), context, native=False))
