"""Every name of three lists is what the table says: served, served with one warning, in a package, or refused.

The lists: ``airflow.sdk``'s public names, what six public DAG repositories import, what 52 provider packages need.
"""

from __future__ import annotations

import csv
import warnings
from pathlib import Path

import pytest

from queuack.compat.answers import Answer, Kind, answer
from queuack.compat.table import ABSENT

HERE = Path(__file__).parent
SDK = [("airflow.sdk", name) for name in (HERE / "sdk_names.txt").read_text().split()]
DAG_FILES = [
    (row["module"], row["name"]) for row in csv.DictReader((HERE / "dag_file_imports.csv").read_text().splitlines())
]
NEEDED = [
    (module or name, name if module else "")
    for module, _, name in (line.rpartition(".") for line in (HERE / "provider_symbols_needed.txt").read_text().split())
]
ALL = sorted({*SDK, *DAG_FILES, *NEEDED})
VERBS = ("use ", "delete ", "import ", "write: ", "write ", "schedule ", "install ", "are in ", "is in ", "set ")
"""How advice says what to do."""
REFUSES = ("cannot ", "Queuack has no", "user code has no use", "its own", "nothing")
"""How advice says that there is nothing to do."""


def statement(module: str, name: str) -> str:
    return f"from {module} import {name}" if name else f"import {module}"


@pytest.mark.parametrize(("module", "name"), ALL, ids=[statement(*name) for name in ALL])
def test_name(module: str, name: str) -> None:
    found = answer(module, name)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            exec(statement(module, name), {})
        except ImportError as error:
            refused = str(error)
        else:
            refused = ""
    said = [str(warning.message) for warning in caught if "old spelling" in str(warning.message)]
    if found.kind is Kind.SERVED:
        assert (refused, said) == ("", [])
    elif found.kind is Kind.MOVED:
        assert (refused, len(said)) == ("", 1)
    elif found.kind is Kind.ABSENT:
        assert says_what_to_do(refused), refused
    else:
        assert not refused or found.package in refused
        assert found.package.startswith("apache-airflow-providers-")


def says_what_to_do(message: str) -> bool:
    return any(word in message for word in (*VERBS, *REFUSES))


def test_the_lists_are_whole() -> None:
    assert len(SDK) == len(set(SDK)) == 98
    assert len(DAG_FILES) == 193
    assert len(NEEDED) == 136


def test_what_airflow_sdk_lacks_is_listed_with_advice() -> None:
    absent = {name for module, name in SDK if answer(module, name).kind is Kind.ABSENT}
    assert absent == set(ABSENT.get("airflow.sdk", {}))


def test_an_import_by_attribute_and_by_name_agree() -> None:
    assert answer("airflow.utils", "dates") == Answer(Kind.SERVED)
    assert answer("airflow.operators", "bash").kind is Kind.SERVED
    assert answer("airflow.contrib.hooks.gcs_hook", "GCSHook").package == "apache-airflow-providers-google"
    assert answer("airflow.providers.http.hooks.http", "HttpHook").package == "apache-airflow-providers-http"
    assert "pip" not in answer("airflow.nothing").advice
