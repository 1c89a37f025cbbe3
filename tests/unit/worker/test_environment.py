"""What is secret of a worker's environment, and what a task's environment says of the task."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest

from queuack.authoring.context_variables import export_context
from queuack.authoring.masking import Masker
from queuack.worker.environment import mask_environment


@pytest.mark.parametrize(
    ("name", "text", "said", "shown"),
    [
        ("AIRFLOW_CONN_DB", "postgres://me:s3cret%2Fpass@host/db", "s3cret/pass s3cret%2Fpass me", "*** *** me"),
        ("QUEUACK_CONN_DB", "postgres://me:hunter2hunter2@host", "hunter2hunter2 host", "*** host"),
        ("AIRFLOW_CONN_S3", "aws://?token=tok-12345&region=europe", "tok-12345 europe", "*** europe"),
        ("AIRFLOW_CONN_J", '{"conn_type": "x", "password": "in-json", "port": "80"}', "in-json 80", "*** 80"),
        ("AIRFLOW_CONN_E", '{"conn_type": "x", "extra": {"api_key": "deep-key"}}', "deep-key", "***"),
        ("AIRFLOW_CONN_BAD", '{"password": "broken-json"', '{"password": "broken-json"', "***"),
        ("AIRFLOW_VAR_API_KEY", "hunter2hunter2", "hunter2hunter2", "***"),
        ("QUEUACK_VAR_DB_PASSWORD", "hunter2hunter2", "hunter2hunter2", "***"),
        ("AIRFLOW_VAR_HARMLESS", "plain-value", "plain-value", "plain-value"),
        ("AIRFLOW_VAR_SETTINGS", '{"token": "tok-12345", "size": 3}', "tok-12345", "***"),
        ("API_KEY", "not-ours-to-hide", "not-ours-to-hide", "not-ours-to-hide"),
    ],
)
def test_secrets_of_the_environment(name, text, said, shown):
    masker = Masker()
    mask_environment(masker, {name: text})
    assert masker.redact_text(said) == shown


def context(task_id, *, email=None, owner="me", run_id="r"):
    return {
        "task": SimpleNamespace(email=email, owner=owner),
        "ti": SimpleNamespace(dag_id="d", task_id=task_id, try_number=1),
        "dag_run": SimpleNamespace(logical_date=None, run_id=run_id),
    }


def exported():
    found = {name: value for name, value in os.environ.items() if name.startswith("AIRFLOW_CTX_")}
    return {name.removeprefix("AIRFLOW_CTX_").lower(): value for name, value in found.items()}


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    for name in exported():
        monkeypatch.delenv(f"AIRFLOW_CTX_{name.upper()}")
    yield
    for name in exported():
        del os.environ[f"AIRFLOW_CTX_{name.upper()}"]


def test_a_task_finds_its_own_values_and_nothing_of_the_one_before():
    export_context(context("a", email="a@b.c", run_id="r1"))
    export_context(context("b", owner="you", run_id="r2"))
    assert exported() == {"dag_owner": "you", "dag_id": "d", "task_id": "b", "try_number": "1", "dag_run_id": "r2"}


def test_an_environment_that_was_cleared_is_filled_again():
    export_context(context("a"))
    for name in exported():
        del os.environ[f"AIRFLOW_CTX_{name.upper()}"]
    export_context(context("a"))
    assert exported()["dag_id"] == "d"
