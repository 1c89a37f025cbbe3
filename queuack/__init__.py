"""Queuack: an Airflow-compatible DAG orchestrator that needs no infrastructure.

What DAG files import, lazily: ``import queuack`` alone loads nothing else.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "Asset": "queuack.authoring.assets",
    "AssetAlias": "queuack.authoring.assets",
    "AssetAll": "queuack.authoring.assets",
    "AssetAny": "queuack.authoring.assets",
    "BaseBranchOperator": "queuack.operators.branch",
    "BaseHook": "queuack.authoring.hooks",
    "BaseNotifier": "queuack.authoring.notifier",
    "BaseOperator": "queuack.authoring.operator",
    "BaseOperatorLink": "queuack.authoring.baseoperatorlink",
    "BaseSensorOperator": "queuack.sensors.base",
    "BashOperator": "queuack.operators.bash",
    "BranchPythonOperator": "queuack.operators.python",
    "Connection": "queuack.authoring.connection",
    "Context": "queuack.authoring.context",
    "CronDataIntervalTimetable": "queuack.authoring.timetables",
    "CronTriggerTimetable": "queuack.authoring.timetables",
    "DAG": "queuack.authoring.dag",
    "DagRunState": "queuack.authoring.state",
    "DeltaDataIntervalTimetable": "queuack.authoring.timetables",
    "DeltaTriggerTimetable": "queuack.authoring.timetables",
    "EdgeModifier": "queuack.authoring.edges",
    "EmptyOperator": "queuack.operators.empty",
    "EventsTimetable": "queuack.authoring.timetables",
    "Label": "queuack.authoring.edges",
    "LatestOnlyOperator": "queuack.operators.latest_only",
    "Metadata": "queuack.authoring.assets",
    "MultipleCronTriggerTimetable": "queuack.authoring.timetables",
    "Param": "queuack.authoring.params",
    "ParamsDict": "queuack.authoring.params",
    "PokeReturnValue": "queuack.sensors.base",
    "PythonOperator": "queuack.operators.python",
    "PythonSensor": "queuack.sensors.python",
    "ShortCircuitOperator": "queuack.operators.python",
    "SkipMixin": "queuack.operators.skipmixin",
    "TaskContext": "queuack.authoring.context",
    "TaskGroup": "queuack.authoring.taskgroup",
    "TaskInstance": "queuack.authoring.task_instance",
    "TaskInstanceState": "queuack.authoring.state",
    "TriggerRule": "queuack.authoring.trigger_rule",
    "Variable": "queuack.authoring.variable",
    "WeightRule": "queuack.authoring.weight",
    "XComArg": "queuack.authoring.xcomarg",
    "chain": "queuack.authoring.relationships",
    "chain_linear": "queuack.authoring.relationships",
    "cross_downstream": "queuack.authoring.relationships",
    "dag": "queuack.authoring.decorators",
    "get_current_context": "queuack.authoring.context",
    "get_parsing_context": "queuack.authoring.parsing_context",
    "setup": "queuack.authoring.decorators",
    "task": "queuack.authoring.decorators",
    "task_group": "queuack.authoring.decorators",
    "teardown": "queuack.authoring.decorators",
}
"""Public name → module."""

_MODULES = {"conf": "queuack.authoring.conf:conf", "macros": "queuack.authoring.macros"}

__all__: list[str] = sorted([*_HOMES, *_MODULES, "__version__"])  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
    elif name in _MODULES:
        module, _, attribute = _MODULES[name].partition(":")
        value = getattr(import_module(module), attribute) if attribute else import_module(module)
    else:
        raise AttributeError(f"module 'queuack' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
