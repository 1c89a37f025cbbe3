"""Which control a param gets. Airflow page: core-concepts/params, "Use Params to Provide a Trigger UI Form"."""

from __future__ import annotations

from typing import Any

import pytest

from queuack.web.fields import field_of, sections_of


def field(value: Any = None, **schema: Any) -> Any:
    return field_of("p", {"value": value, "schema": schema}, {})


@pytest.mark.parametrize(
    ("value", "schema", "kind"),
    [
        ("a", {"type": "string"}, "string"),
        ("a", {"type": "string", "format": "multiline"}, "multiline"),
        ("2026-01-02", {"type": "string", "format": "date"}, "date"),
        ("12:00:00", {"type": "string", "format": "time"}, "time"),
        (None, {"type": ["null", "string"], "format": "date-time"}, "datetime"),
        (1, {"type": "integer"}, "integer"),
        (1, {"type": "number"}, "number"),
        (True, {"type": "boolean"}, "boolean"),
        (None, {"type": ["boolean", "null"]}, "choice"),
        ("a", {"type": "string", "enum": ["a", "b"]}, "choice"),
        (["a"], {"type": "array"}, "lines"),
        (["a"], {"type": "array", "examples": ["a", "b"]}, "choices"),
        ([1], {"type": "array", "items": {"type": "number"}}, "json"),
        ([1], {}, "json"),
        ({}, {"type": "object"}, "json"),
        (5, {"const": 5}, "const"),
        (5, {}, "integer"),
        (False, {}, "boolean"),
        ("text", {}, "string"),
        (None, {}, "string"),
    ],
)
def test_the_control_follows_the_schema_and_else_the_value(value: Any, schema: dict[str, Any], kind: str) -> None:
    assert field(value, **schema).kind == kind


def test_only_what_may_not_be_null_is_needed() -> None:
    assert field("a", type="string").required
    assert not field("a", type=["string", "null"]).required
    assert not field("a").required
    assert field(None).nullable


def test_choices_keep_their_types_and_their_words() -> None:
    made = field(1, enum=[1, "1", None], values_display={"1": "one"})
    assert [(option.value, option.word, option.chosen) for option in made.options] == [
        ("1", "one", True),
        ('"1"', "one", False),
        ("", "–", False),
    ]


def test_limits_and_sections() -> None:
    params = {
        "b": {"value": "x", "schema": {"type": "string", "section": "More", "minLength": 2, "pattern": "[a-z]+"}},
        "a": {"value": 1, "schema": {"type": "integer", "maximum": 9}, "description": "how many"},
    }
    (first, ones), (second, others) = sections_of(params, {"a": 3})
    assert (first, ones[0].name, ones[0].text, ones[0].limits) == ("Parameters", "a", "3", {"max": "9"})
    assert (second, others[0].limits) == ("More", {"minlength": "2", "pattern": "[a-z]+"})
