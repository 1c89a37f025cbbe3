"""What is secret and how it is hidden."""

from __future__ import annotations

import pytest

from queuack.worker.masking import Masker


@pytest.mark.parametrize("name", ["password", "DB_PASSWORD", "my_api_key", "x_token", "proxy"])
def test_sensitive_names(name):
    assert Masker().is_sensitive(name)


def test_names_of_the_deployment():
    assert Masker(extra_names=["salary", ""]).is_sensitive("Salary_2024")
    assert not Masker(extra_names=[""]).is_sensitive("harmless")


def test_values_are_replaced_longest_first():
    masker = Masker()
    masker.mask_secret("hunter")
    masker.mask_secret("hunter2hunter2")
    assert masker.redact_text("a hunter2hunter2 b hunter") == "a *** b ***"


def test_short_values_are_not_secrets():
    masker = Masker(min_length=5)
    masker.mask_secret("abc")
    assert masker.redact_text("abc") == "abc"


def test_a_variable_is_a_secret_when_its_name_is():
    masker = Masker()
    masker.mask_secret("visible-value", "harmless")
    masker.mask_secret("hidden-value", "api_key")
    assert masker.redact_text("visible-value hidden-value") == "visible-value ***"


def test_connections():
    masker = Masker()
    masker.mask_connection("pass word", '{"token": "tok-12345", "region": "europe", "n": {"secret": "deep-secret"}}')
    assert masker.redact_text("pass%20word pass word tok-12345 europe deep-secret") == "*** *** *** europe ***"


def test_redact_by_name_and_value():
    masker = Masker()
    masker.mask_secret("the-secret")
    value = {"password": "x", "list": ["the-secret", 1], "token": {"a": None, "b": 5}}
    assert masker.redact(value) == {"password": "***", "list": ["***", 1], "token": {"a": None, "b": "***"}}
