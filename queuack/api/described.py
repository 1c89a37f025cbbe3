"""An OpenAPI document flattened to lines that people and tests can read: fields by path, with their types."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

Document = dict[str, Any]

DEEPEST = 6
METHODS = ("get", "post", "put", "patch", "delete")


class Field(NamedTuple):
    path: str
    """``dags[].tags[].name``."""
    type: str
    """``string``, ``integer|null``, ``[string]``, ``string:date-time``."""
    required: bool
    description: str


class Endpoint(NamedTuple):
    method: str
    """In capitals."""
    path: str
    operation: Document

    @property
    def tag(self) -> str:
        tags: list[str] = self.operation.get("tags") or ["Other"]
        return tags[0]


def endpoints(document: Document) -> list[Endpoint]:
    """All of a document, in its order."""
    return [
        Endpoint(method.upper(), path, operations[method])
        for path, operations in document["paths"].items()
        for method in METHODS
        if method in operations
    ]


def parameters(document: Document, operation: Document) -> list[Field]:
    """``path`` is the name with its place before it: ``query limit``."""
    return [
        Field(
            f"{one['in']} {one['name']}",
            type_of(document, one.get("schema", {})),
            bool(one.get("required")),
            one.get("description") or "",
        )
        for one in operation.get("parameters", ())
    ]


def body_fields(document: Document, operation: Document) -> list[Field]:
    """Of the JSON that is sent."""
    return _of_content(document, operation.get("requestBody", {}).get("content", {}))


def answer_fields(document: Document, answer: Document) -> list[Field]:
    """Of the JSON that is answered."""
    return _of_content(document, answer.get("content", {}))


def type_of(document: Document, schema: Document) -> str:
    """The type of a field in one word."""
    schema = _resolved(document, schema)
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices:
        return "|".join(sorted({type_of(document, one) for one in choices}))
    if schema.get("type") == "array":
        return f"[{type_of(document, schema.get('items', {}))}]"
    kind = str(schema.get("type", "any"))
    return f"{kind}:{schema['format']}" if "format" in schema else kind


def _of_content(document: Document, content: Document) -> list[Field]:
    found = content.get("application/json")
    return list(dict.fromkeys(_fields(document, found["schema"], "", 0))) if found else []


def _fields(document: Document, schema: Document, path: str, depth: int) -> Iterator[Field]:
    schema = _resolved(document, schema)
    if depth > DEEPEST:
        return
    for choice in schema.get("anyOf") or schema.get("oneOf") or ():
        yield from _fields(document, choice, path, depth)
    if schema.get("type") == "array":
        yield from _fields(document, schema.get("items", {}), f"{path}[]", depth + 1)
    required = set(schema.get("required", ()))
    for name, field in schema.get("properties", {}).items():
        place = f"{path}.{name}" if path else name
        yield Field(place, type_of(document, field), name in required, field.get("description") or "")
        yield from _fields(document, field, place, depth + 1)


def _resolved(document: Document, schema: Document) -> Document:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema
