"""Checks the ``conf`` of a run against the params of its DAG, before the run exists."""

from __future__ import annotations

from typing import Any

from queuack.engine.spec import DagDocument
from queuack.errors import InvalidRequest


def checked_conf(document: DagDocument, conf: dict[str, Any]) -> None:
    """Raises InvalidRequest that names the param, the value and the rule. Airflow: "Params", JSON schema validation."""
    if not isinstance(conf, dict):
        raise InvalidRequest("conf must be a JSON object.")
    if not document.params:
        return
    for name, param in document.params.items():
        if name in conf:
            value = conf[name]
        elif "value" in param:
            value = param["value"]
        else:
            raise InvalidRequest(f"Param {name!r} of DAG {document.dag_id!r} has no default: give it in conf.")
        checked_value(name, f"DAG {document.dag_id!r}", value, param.get("schema") or {})


def checked_value(name: str, owner: str, value: Any, schema: dict[str, Any]) -> None:
    """One value of a param; ``owner``: whose it is, for the error. Raises InvalidRequest."""
    import jsonschema  # slow to import, needed here only

    try:
        jsonschema.validate(value, schema, format_checker=jsonschema.FormatChecker())
    except jsonschema.ValidationError as error:
        rule = f"{error.validator}: {error.validator_value!r}"
        raise InvalidRequest(f"Param {name!r} of {owner} breaks its rule {rule}. {error.message}.") from None
    except jsonschema.SchemaError as error:
        raise InvalidRequest(f"Param {name!r} has a bad JSON schema: {error.message}.") from None
