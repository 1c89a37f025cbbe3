"""What public DAG repositories import from ``airflow``: served, in a provider package, or refused with advice."""

from __future__ import annotations

import csv
import importlib
import warnings
from pathlib import Path

import pytest

IMPORTS = list(csv.DictReader((Path(__file__).parent / "dag_file_imports.csv").read_text().splitlines()))
"""module, name (may be empty: the module itself), outcome: served, provided (by a package) or absent."""

VERBS = ("use", "delete", "import", "are in", "write:", "schedule", "values of")
"""How advice begins to say what to do instead."""


def _statement(row: dict[str, str]) -> str:
    return f"from {row['module']} import {row['name']}" if row["name"] else f"import {row['module']}"


@pytest.mark.parametrize("row", IMPORTS, ids=_statement)
def test_import(row: dict[str, str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if row["outcome"] == "served":
            exec(_statement(row))
            return
        with pytest.raises(ImportError) as caught:
            exec(_statement(row))
    message = str(caught.value)
    if row["outcome"] == "provided":
        assert "pip install apache-airflow-providers-" in message or "not built in Queuack yet" in message
    else:
        assert ".".join(row["module"].split(".")[:2]) in message
        assert any(f" {verb} " in message for verb in VERBS), f"says what to do: {message}"


def test_every_import_is_known() -> None:
    modules = {row["module"] for row in IMPORTS}
    assert len(IMPORTS) > 90
    assert all(importlib.util.resolve_name(module, None) == module for module in modules)
