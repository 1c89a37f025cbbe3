"""Two OpenAPI documents beside each other: what an endpoint takes and gives, flattened to lines that can be compared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Document = dict[str, Any]
Endpoint = tuple[str, str]
"""Method in capitals, path."""

DEEPEST = 6
METHODS = ("get", "post", "put", "patch", "delete")


def endpoints(document: Document) -> dict[Endpoint, Document]:
    """Those below /api/v2."""
    return {
        (method.upper(), path): operation
        for path, operations in document["paths"].items()
        if path.startswith("/api/v2/")
        for method, operation in operations.items()
        if method in METHODS
    }


def features(document: Document, operation: Document) -> set[str]:
    """What a client can rely on: the operation's id, parameters with type and default, bodies and answers by field."""
    found = {f"operation {operation['operationId']}"}
    for parameter in operation.get("parameters", ()):
        found.add(f"{parameter['in']} {parameter['name']}: {_parameter(document, parameter)}")
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body:
        found |= {f"body {line}" for line in _lines(document, body["schema"])}
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            found.add(f"status {status}")
            content = answer.get("content", {})
            found |= {f"answer as {kind}" for kind in content}
            if "application/json" in content:
                found |= {f"answer {line}" for line in _lines(document, content["application/json"]["schema"])}
    return found


def _parameter(document: Document, parameter: Document) -> str:
    schema = parameter.get("schema", {})
    default = schema.get("default")
    kind = _type(document, schema)
    if parameter["in"] == "path" and kind == "any":
        kind = "string"
    # A query string cannot say null, and the order of a list where none is asked is no matter of form.
    kind = kind.removeprefix("null|").removesuffix("|null").replace("|null|", "|")
    if parameter["name"] == "order_by":
        default = None
    return (
        kind
        + (f" = {default}" if default not in (None, []) else "")
        + (" required" if parameter.get("required") else "")
    )


def _lines(document: Document, schema: Document) -> Iterator[str]:
    """``path: type``, with ``?`` behind a field that may be left out."""
    yield from _fields(document, schema, "", 0)


def _fields(document: Document, schema: Document, path: str, depth: int) -> Iterator[str]:
    schema = _resolved(document, schema)
    if depth > DEEPEST:
        return
    choices = [_resolved(document, one) for one in schema.get("anyOf") or schema.get("oneOf") or ()]
    for choice in choices:
        yield from _fields(document, choice, path, depth)
    if schema.get("type") == "array":
        yield from _fields(document, schema.get("items", {}), f"{path}[]", depth + 1)
    required = set(schema.get("required", ()))
    for name, field in schema.get("properties", {}).items():
        place = f"{path}.{name}" if path else name
        yield f"{place}{'' if name in required else '?'}: {_type(document, field)}"
        yield from _fields(document, field, place, depth + 1)


def _type(document: Document, schema: Document) -> str:
    schema = _resolved(document, schema)
    if "anyOf" in schema or "oneOf" in schema:
        choices = schema.get("anyOf") or schema.get("oneOf") or []
        return "|".join(sorted({_type(document, one) for one in choices}))
    if schema.get("type") == "array":
        return f"[{_type(document, schema.get('items', {}))}]"
    kind = str(schema.get("type", "any"))
    return f"{kind}:{schema['format']}" if "format" in schema else kind


def _resolved(document: Document, schema: Document) -> Document:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema
