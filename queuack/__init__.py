"""Queuack: an Airflow-compatible DAG orchestrator that needs no infrastructure.

What DAG files import, lazily: ``import queuack`` alone loads nothing else.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "AllowedKeyMapper": "queuack.authoring.partition_mappers",
    "Asset": "queuack.authoring.assets",
    "AssetAccessControl": "queuack.authoring.assets",
    "AssetAlias": "queuack.authoring.assets",
    "AssetAll": "queuack.authoring.assets",
    "AssetAny": "queuack.authoring.assets",
    "AssetOrTimeSchedule": "queuack.authoring.timetables",
    "AssetWatcher": "queuack.authoring.assets",
    "AsyncCallback": "queuack.authoring.deadline_callbacks",
    "BaseAsyncOperator": "queuack.operators.python",
    "BaseBranchOperator": "queuack.operators.branch",
    "BaseDeadlineReference": "queuack.authoring.deadline",
    "BaseHook": "queuack.authoring.hooks",
    "BaseNotifier": "queuack.authoring.notifier",
    "BaseOperator": "queuack.authoring.operator",
    "BaseOperatorLink": "queuack.authoring.baseoperatorlink",
    "BaseSensorOperator": "queuack.sensors.base",
    "BashOperator": "queuack.operators.bash",
    "BashSensor": "queuack.sensors.bash",
    "BranchDateTimeOperator": "queuack.operators.branch_datetime",
    "BranchDayOfWeekOperator": "queuack.operators.branch_weekday",
    "BranchExternalPythonOperator": "queuack.operators.external_python",
    "BranchMixIn": "queuack.operators.branch",
    "BranchPythonOperator": "queuack.operators.python",
    "BranchPythonVirtualenvOperator": "queuack.operators.virtualenv",
    "ChainMapper": "queuack.authoring.partition_mappers",
    "Connection": "queuack.authoring.connection",
    "Context": "queuack.authoring.context",
    "CronDataIntervalTimetable": "queuack.authoring.timetables",
    "CronPartitionTimetable": "queuack.authoring.timetables",
    "CronTriggerTimetable": "queuack.authoring.timetables",
    "DAG": "queuack.authoring.dag",
    "DagRunState": "queuack.authoring.state",
    "DateTimeSensor": "queuack.sensors.date_time",
    "DayOfWeekSensor": "queuack.sensors.weekday",
    "DayWindow": "queuack.authoring.partition_windows",
    "DeadlineAlert": "queuack.authoring.deadline",
    "DeadlineReference": "queuack.authoring.deadline",
    "DeltaDataIntervalTimetable": "queuack.authoring.timetables",
    "DeltaTriggerTimetable": "queuack.authoring.timetables",
    "DuckDBHook": "queuack.hooks.duckdb",
    "DuckDBOperator": "queuack.operators.duckdb",
    "EdgeModifier": "queuack.authoring.edges",
    "EmailOperator": "queuack.operators.email",
    "EmptyOperator": "queuack.operators.empty",
    "EventsTimetable": "queuack.authoring.timetables",
    "ExceptionRetryPolicy": "queuack.authoring.retry_policy",
    "ExternalPythonOperator": "queuack.operators.external_python",
    "ExternalTaskMarker": "queuack.sensors.external_task",
    "ExternalTaskSensor": "queuack.sensors.external_task",
    "FanOutMapper": "queuack.authoring.partition_mappers",
    "FileSensor": "queuack.sensors.filesystem",
    "FixedKeyMapper": "queuack.authoring.partition_mappers",
    "HourWindow": "queuack.authoring.partition_windows",
    "IdentityMapper": "queuack.authoring.partition_mappers",
    "Label": "queuack.authoring.edges",
    "LatestOnlyOperator": "queuack.operators.latest_only",
    "Metadata": "queuack.authoring.assets",
    "MinimumCount": "queuack.authoring.partition_windows",
    "MonthWindow": "queuack.authoring.partition_windows",
    "MultipleCronTriggerTimetable": "queuack.authoring.timetables",
    "NEVER_EXPIRE": "queuack.authoring.state_store",
    "ObjectStoragePath": "queuack.authoring.storage.path",
    "Param": "queuack.authoring.params",
    "ParamsDict": "queuack.authoring.params",
    "PartitionMapper": "queuack.authoring.partition_mappers",
    "PartitionedAssetTimetable": "queuack.authoring.timetables",
    "PartitionedAtRuntime": "queuack.authoring.timetables",
    "PokeReturnValue": "queuack.sensors.base",
    "ProductMapper": "queuack.authoring.partition_mappers",
    "PythonOperator": "queuack.operators.python",
    "PythonSensor": "queuack.sensors.python",
    "PythonVirtualenvOperator": "queuack.operators.virtualenv",
    "QuarterWindow": "queuack.authoring.partition_windows",
    "ResumableJobMixin": "queuack.operators.resumable",
    "RetryAction": "queuack.authoring.retry_policy",
    "RetryDecision": "queuack.authoring.retry_policy",
    "RetryPolicy": "queuack.authoring.retry_policy",
    "RetryRule": "queuack.authoring.retry_policy",
    "RollupMapper": "queuack.authoring.partition_mappers",
    "SegmentWindow": "queuack.authoring.partition_windows",
    "ShortCircuitOperator": "queuack.operators.python",
    "SkipMixin": "queuack.operators.skipmixin",
    "SmtpNotifier": "queuack.hooks.smtp",
    "SqlSensor": "queuack.sensors.sql",
    "StartOfDayMapper": "queuack.authoring.partition_mappers",
    "StartOfHourMapper": "queuack.authoring.partition_mappers",
    "StartOfMonthMapper": "queuack.authoring.partition_mappers",
    "StartOfQuarterMapper": "queuack.authoring.partition_mappers",
    "StartOfWeekMapper": "queuack.authoring.partition_mappers",
    "StartOfYearMapper": "queuack.authoring.partition_mappers",
    "SyncCallback": "queuack.authoring.deadline_callbacks",
    "TaskContext": "queuack.authoring.context",
    "TaskGroup": "queuack.authoring.taskgroup",
    "TaskInstance": "queuack.authoring.task_instance",
    "TaskInstanceState": "queuack.authoring.state",
    "TimeDeltaSensor": "queuack.sensors.time_delta",
    "TimeSensor": "queuack.sensors.date_time",
    "TriggerDagRunOperator": "queuack.operators.trigger_dagrun",
    "TriggerRule": "queuack.authoring.trigger_rule",
    "Variable": "queuack.authoring.variable",
    "WaitForAll": "queuack.authoring.partition_windows",
    "WaitSensor": "queuack.sensors.time_delta",
    "WeekWindow": "queuack.authoring.partition_windows",
    "WeightRule": "queuack.authoring.weight",
    "Window": "queuack.authoring.partition_windows",
    "XComArg": "queuack.authoring.xcomarg",
    "YearWindow": "queuack.authoring.partition_windows",
    "asset": "queuack.operators.assets",
    "chain": "queuack.authoring.relationships",
    "chain_linear": "queuack.authoring.relationships",
    "cross_downstream": "queuack.authoring.relationships",
    "dag": "queuack.authoring.decorators",
    "deadline_reference": "queuack.authoring.deadline",
    "get_current_context": "queuack.authoring.context",
    "get_parsing_context": "queuack.authoring.parsing_context",
    "result": "queuack.authoring.decorators",
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
