"""The OpenAPI document says what Airflow's says: endpoints, parameters, bodies and answers, compared field by field."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from queuack.api.described import Document
from tests.api.differences import DIFFERENT, NOT_HERE, not_yet
from tests.api.openapi import Endpoint, endpoints, features
from tests.api.rest_reference import PAGE, our_document, page
from tests.conformance.conftest import airflow_wheel

__all__ = ["airflow_wheel"]

THEIRS = "airflow/api_fastapi/core_api/openapi/v2-rest-api-generated.yaml"


@pytest.fixture(scope="module")
def theirs(airflow_wheel: Path) -> Document:
    """Airflow's, from its released wheel."""
    (wheel,) = airflow_wheel.glob("apache_airflow_core-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        found: Document = yaml.load(archive.read(THEIRS), Loader=loader)
    return found


@pytest.fixture(scope="module")
def ours() -> Document:
    return our_document()


def test_every_endpoint_of_airflow_is_there(ours: Document, theirs: Document) -> None:
    missing = {endpoint for endpoint in endpoints(theirs) if not_yet(endpoint[1]) is None} - set(endpoints(ours))
    assert not missing, "add them, or say in tests/api/differences.py why not"
    assert set(endpoints(ours)) <= set(endpoints(theirs)), "/api/v2 is Airflow's"
    assert set(NOT_HERE) <= set(endpoints(ours)), "501 is an answer of an endpoint that is there"


def test_parameters_bodies_and_answers_are_airflows(ours: Document, theirs: Document) -> None:
    found: dict[Endpoint, set[str]] = {}
    for endpoint, operation in endpoints(ours).items():
        if not_yet(endpoint[1]) or endpoint in NOT_HERE:
            continue
        here, there = features(ours, operation), features(theirs, endpoints(theirs)[endpoint])
        different = {f"+ {line}" for line in here - there} | {f"- {line}" for line in there - here}
        if different:
            found[endpoint] = different
    assert found == {endpoint: set(lines) for endpoint, (lines, _) in DIFFERENT.items()}


def test_operation_ids_are_unique(ours: Document) -> None:
    names = [operation["operationId"] for operation in endpoints(ours).values()]
    assert len(names) == len(set(names))


def test_the_reference_page_is_what_the_document_says(ours: Document) -> None:
    assert PAGE.read_text(encoding="utf-8") == page(ours), "run python -m tests.api.rest_reference"
