"""Writes docs/reference/rest-api.md from the OpenAPI document and the table of differences: ``python -m tests.api.rest_reference``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from queuack.api import described
from queuack.api.app import ApiSettings, create_app
from queuack.api.described import Document
from tests.api.differences import BEHAVIOUR, DIFFERENT, NOT_HERE, NOT_YET

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "rest-api.md"

HEAD = """# REST API

This page is rendered from the OpenAPI document: `python -m tests.api.rest_reference`.

`queuack standalone` and `queuack api-server` serve the REST API v2 of Airflow 3.3.2 below `/api/v2`: its paths,
parameters, bodies, status codes and errors (`{"detail": …}`). Airflow's Python client (`apache-airflow-client`) and
other clients work with it. The document is at `/openapi.json`, the same to read in a browser at `/docs`.

A token comes from `POST /auth/token` with a username and password, and goes into the header `Authorization: Bearer …`;
[Users](../how-to/users.md) says how people get in and what each role may.

Lists take `limit` (50, at most 100), `offset` and `order_by` (a leading `-` descends, several are applied in turn).
Filters named `…_pattern` match a part of the text in any case, with SQL's `%` and `_`, and alternatives between `|`;
`…_prefix_pattern` its beginning; `…_gte`, `…_gt`, `…_lte`, `…_lt` bound. A name given several times means any of them.

"""


class _Nobody:
    async def call(self, method: str, /, **params: Any) -> Any:
        raise AssertionError(method)


def our_document() -> Document:
    """The application's OpenAPI document, as JSON decodes it."""
    return create_app(_Nobody(), ApiSettings(signing_key="k" * 40)).openapi()


def page(document: Document) -> str:
    by_tag: dict[str, list[str]] = {}
    for one in described.endpoints(document):
        by_tag.setdefault(one.tag, []).append(_row(one.method, one.path, one.operation))
    text = HEAD + "## Endpoints\n"
    for tag in sorted(by_tag):
        text += f"\n### {tag}\n\n| endpoint | what it does |\n|---|---|\n" + "".join(by_tag[tag])
    text += "\n## What differs from Airflow\n\n| where | how |\n|---|---|\n"
    text += "".join(f"| {where} | {how} |\n" for where, how in BEHAVIOUR)
    text += "".join(f"| {method} `{path}` | {reason} |\n" for (method, path), (_, reason) in DIFFERENT.items())
    if NOT_HERE:
        text += "\nThese answer 501:\n\n| endpoint | why |\n|---|---|\n"
        text += "".join(f"| {method} `{path}` | {reason} |\n" for (method, path), reason in NOT_HERE.items())
    if NOT_YET:
        text += "\nNot complete yet: " + "; ".join(dict.fromkeys(reason for _, reason in NOT_YET)) + ".\n"
    return text


def _row(method: str, path: str, operation: dict[str, Any]) -> str:
    words = " ".join((operation.get("description") or "").split())
    return f"| {method} `{path}` | {words.replace('|', chr(92) + '|')} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(our_document()), encoding="utf-8")
