"""What is secret and how it is hidden."""

from __future__ import annotations

import pytest

from queuack import config
from queuack.authoring import masking
from queuack.authoring.masking import Masker
from queuack.home import Home


@pytest.mark.parametrize(
    "name", ["password", "DB_PASSWORD", "my_api_key", "x-token", "proxy", "api key", "slack.webhook_url"]
)
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


def test_forms_of_a_secret():
    masker = Masker()
    masker.mask_secret('a "quoted" söcret\nof two lines, the second long')
    assert masker.redact_text("of two lines, the second long") == "***"
    assert masker.redact_text(repr('a "quoted" söcret\nof two lines, the second long')) == "'***'"
    masker.mask_secret("with space & more")
    assert masker.redact_text("with+space+%26+more with%20space%20%26%20more") == "*** ***"


def test_what_says_nothing_is_no_secret():
    masker = Masker()
    masker.mask_secret("airflow")
    masker.mask_secret("*****")
    masker.mask_connection("", "{}")
    assert masker.redact_text("airflow ***** {}") == "airflow ***** {}"


def test_names_count_at_any_depth():
    value = {"a": {"a": {"a": {"a": {"a": {"a": {"a": {"password": "x"}}}}}}}}
    assert str(Masker().redact(value)).count("***") == 1


def test_the_functions_of_airflow(tmp_path, monkeypatch):
    settings = config.load(Home(tmp_path), {"core.sensitive_var_conn_names": "salary, Bonus"}, {})
    monkeypatch.setattr(config, "_current", settings)
    before = masking.install(None)
    try:
        masking.mask_secret("the-secret")
        masking.mask_secret("visible", "harmless")
        masking.mask_secret(None)
        assert masking.redact({"bonus_2026": 5, "x": "the-secret visible"}) == {"bonus_2026": "***", "x": "*** visible"}
        assert masking.redact("the-secret", replacement="?") == "?"
        assert masking.should_hide_value_for_key("My Salary")
        assert not masking.should_hide_value_for_key(5)
    finally:
        masking.install(before)
