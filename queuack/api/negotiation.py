"""Which form of an answer a client accepts: JSON, or plain text where an endpoint has it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Depends, Header

from queuack.api.errors import Refusal

Form = Literal["application/json", "text/plain", "*/*"]


def _accepted(
    accept: Annotated[
        str, Header(json_schema_extra={"type": "string", "enum": ["application/json", "text/plain", "*/*"]})
    ] = "*/*",
) -> Form:
    """Raises 406 for anything else."""
    for form in ("*/*", "application/json", "text/plain"):
        if accept.startswith(form):
            return form
    raise Refusal(406, "Only application/json or text/plain is supported")


Accepted = Annotated[Form, Depends(_accepted)]

TEXT_TOO: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}
"""For ``responses`` of an endpoint that answers both."""
