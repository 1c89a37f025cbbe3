"""Which tasks send mail about a failed attempt: ``email`` with ``email_on_failure`` and ``email_on_retry``.

Airflow page: howto/email-config.
"""

from __future__ import annotations

from typing import Any

from queuack.authoring.conf import conf

KINDS = {"on_failure_callback": "email_on_failure", "on_retry_callback": "email_on_retry"}
"""The callbacks of an outcome → the argument of the operator that asks for mail."""


def sends_mail(task: Any, kind: str | None) -> bool:
    """Whether ``task`` wants mail for the outcome whose callbacks are ``kind``.

    A task that does not say follows ``[email] default_email_on_failure`` and ``default_email_on_retry``.
    """
    argument = KINDS.get(kind or "")
    if argument is None or not getattr(task, "email", None):
        return False
    given = {
        **(getattr(task, "default_args", None) or {}),
        **getattr(task, "partial_kwargs", {}),
        **getattr(task, "_init_kwargs", {}),
    }
    if argument in given:
        return bool(getattr(task, argument))
    return conf.getboolean("email", f"default_{argument}", fallback=True)
