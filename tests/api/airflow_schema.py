"""Checks answers against Airflow's OpenAPI document, taken from its released wheel."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import jsonschema
import yaml

DOCUMENT = "airflow/api_fastapi/core_api/openapi/v2-rest-api-generated.yaml"


class AirflowSchema:
    def __init__(self, wheels: Path) -> None:
        (wheel,) = wheels.glob("apache_airflow_core-*.whl")
        with zipfile.ZipFile(wheel) as archive:
            loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
            self._document = yaml.load(archive.read(DOCUMENT), Loader=loader)

    def check(self, value: Any, component: str) -> Any:
        """``value``, when it is what the component of that name describes. Raises jsonschema.ValidationError."""
        schema = {"$ref": f"#/components/schemas/{component}", "components": self._document["components"]}
        jsonschema.validate(value, schema)
        return value
