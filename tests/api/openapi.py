"""Two OpenAPI documents beside each other: what an endpoint takes and gives, as a set of lines that can be compared."""

from __future__ import annotations

from queuack.api import described
from queuack.api.described import Document, Field

Endpoint = tuple[str, str]
"""Method in capitals, path."""


def endpoints(document: Document) -> dict[Endpoint, Document]:
    """Those below /api/v2."""
    found = described.endpoints(document)
    return {(one.method, one.path): one.operation for one in found if one.path.startswith("/api/v2/")}


def features(document: Document, operation: Document) -> set[str]:
    """What a client can rely on: the operation's id, parameters with type and default, bodies and answers by field."""
    found = {f"operation {operation['operationId']}"}
    for field, said in zip(described.parameters(document, operation), operation.get("parameters", ()), strict=True):
        found.add(_parameter(field, said))
    found |= {f"body {_line(field)}" for field in described.body_fields(document, operation)}
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            found.add(f"status {status}")
            found |= {f"answer as {kind}" for kind in answer.get("content", {})}
            found |= {f"answer {_line(field)}" for field in described.answer_fields(document, answer)}
    return found


def _parameter(field: Field, said: Document) -> str:
    kind, default = field.type, said.get("schema", {}).get("default")
    if said["in"] == "path" and kind == "any":
        kind = "string"
    if said["name"] == "order_by" or default == []:  # the order where none is asked is no matter of form
        default = None
    # A query string cannot say null.
    kind = "|".join(part for part in kind.split("|") if part != "null")
    return f"{field.path}: {kind}{'' if default is None else f' = {default}'}{' required' if field.required else ''}"


def _line(field: Field) -> str:
    return f"{field.path}{'' if field.required else '?'}: {field.type}"
