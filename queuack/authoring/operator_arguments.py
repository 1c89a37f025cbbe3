"""Reading and checking the arguments of an operator: types, units, old names. Knows no operator.

Airflow page: ``airflow.sdk.BaseOperator``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from queuack import config
from queuack.authoring.deprecation import warn_old
from queuack.authoring.trigger_rule import TriggerRule
from queuack.authoring.weight import WeightRule

EXPECTED_TYPES: dict[str, type | tuple[type, ...]] = {
    "task_id": str,
    "email": (str, Sequence),
    "email_on_retry": bool,
    "email_on_failure": bool,
    "depends_on_past": bool,
    "ignore_first_depends_on_past": bool,
    "wait_for_past_depends_before_skipping": bool,
    "wait_for_downstream": bool,
    "queue": str,
    "pool": str,
    "pool_slots": int,
    "run_as_user": str,
    "map_index_template": str,
    "max_active_tis_per_dag": int,
    "max_active_tis_per_dagrun": int,
    "executor": str,
    "do_xcom_push": bool,
    "multiple_outputs": bool,
    "doc_md": str,
    "doc_json": str,
    "doc_yaml": str,
    "doc_rst": str,
    "allow_nested_operators": bool,
}

OLD_ARGUMENTS: Mapping[str, str] = {
    "provide_context": "leave it out, the context is always given",
    "sla": "use deadline alerts",
    "task_concurrency": "write max_active_tis_per_dag",
    "queue_name": "write queue",
    "adhoc": "leave it out",
    "start_date_tz": "leave it out",
    "subdag": "use task groups",
    "run_as_owner": "write run_as_user",
    "xcom_push": "leave it out, or write do_xcom_push",
}
"""Old argument → what to write."""


def reject_or_warn(operator: str, task_id: str, unknown: dict[str, Any]) -> dict[str, Any]:
    """The old arguments among ``unknown``, after a warning each. Raises TypeError for any other."""
    bad = {name: value for name, value in unknown.items() if name not in OLD_ARGUMENTS}
    if bad:
        listed = ", ".join(f"{name}={value!r}"[:200] for name, value in bad.items())
        raise TypeError(
            f"Invalid arguments were passed to {operator} (task_id: {task_id}). Invalid arguments were:\n{listed}"
        )
    for name in unknown:
        warn_old(f"the operator argument {name!r}", OLD_ARGUMENTS[name])
    return unknown


def check_types(operator: Any) -> None:
    """Raise TypeError for an argument of the wrong type."""
    values = operator.__dict__
    for name, expected in EXPECTED_TYPES.items():
        value = values.get(name)
        if value is not None and not isinstance(value, expected):
            raise TypeError(
                f"'{name}' for task '{operator.task_id}' expects {expected}, got {type(value)} with value {value!r}"
            )


def as_retries(value: Any) -> int:
    """A count; None is the deployment's default. Raises TypeError."""
    if value is None:
        return config.get_int("core", "default_task_retries")
    if type(value) is int:
        return value
    try:
        return int(value)
    except (TypeError, ValueError):
        raise TypeError(f"'retries' type must be int, not {type(value).__name__}") from None


def as_timedelta(value: timedelta | float | None, default: float = 0) -> timedelta:
    """Seconds or a timedelta. Raises TypeError."""
    if isinstance(value, timedelta):
        return value
    return timedelta(seconds=default if value is None else value)


def as_float_or_bool(value: Any) -> float:
    """The backoff's multiplier: True is 2.0, False and 0 are none."""
    if value is True:
        return 2.0
    if isinstance(value, (int, float)):
        return float(value)
    raise TypeError(f"'retry_exponential_backoff' must be a number or a bool, not {type(value).__name__}")


def as_list(value: Any) -> list[Any]:
    """None and the empty → [], one → [one], many → a list of them."""
    if value is None or (isinstance(value, Collection) and not value):
        return []
    if isinstance(value, (list, tuple, set, frozenset)):
        return list(value)
    return [value]


def as_trigger_rule(value: Any, dag_id: str, task_id: str) -> TriggerRule:
    """Raises ValueError naming the rules there are."""
    try:
        return TriggerRule(value)
    except ValueError:
        rules = [rule.value for rule in TriggerRule]
        raise ValueError(f"The trigger_rule must be one of {rules},'{dag_id}.{task_id}'; received '{value}'.") from None


def as_weight_rule(value: Any, task_id: str) -> Any:
    """A WeightRule; a custom strategy, or the dotted path of its class, as it is. Raises ValueError for other names."""
    if value is None:
        value = config.get_str("core", "default_task_weight_rule")
    if not isinstance(value, str) or "." in value:
        return value
    try:
        return WeightRule(value)
    except ValueError:
        rules = [rule.value for rule in WeightRule]
        raise ValueError(f"The weight_rule of task '{task_id}' must be one of {rules}; received '{value}'.") from None
