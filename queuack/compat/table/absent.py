"""Names of Airflow that are not there: not built in Queuack yet, or gone; each with what to do instead."""

from __future__ import annotations

from collections.abc import Mapping

from queuack.compat.table.targets import Reasons, reason

_YET = "not built in Queuack yet"
_SENSORS = f"it is {_YET}; use PythonSensor or @task.sensor with a function that looks"
_TRIGGERS = f"deferral and triggers are {_YET}; do the work in execute()"
_ASSETS = f"asset-driven scheduling is {_YET}; schedule by time or `queuack dags trigger`"
_PARTITIONS = f"partitioned schedules are {_YET}; schedule by time"
_DEADLINES = f"deadlines are {_YET}; use dagrun_timeout"
_RETRY_POLICIES = f"retry policies are {_YET}; use retries, retry_delay and AirflowFailException"
_MAPPING = f"dynamic task mapping is {_YET}; make the tasks in a loop"
_MASKING = f"masking at a task's request is {_YET}; values of sensitive connections and variables are masked"
_MAPPERS = (
    "AllowedKeyMapper ChainMapper CronPartitionTimetable DayWindow FanOutMapper FixedKeyMapper HourWindow "
    "IdentityMapper MinimumCount MonthWindow PartitionMapper PartitionedAssetTimetable PartitionedAtRuntime "
    "ProductMapper QuarterWindow RollupMapper SegmentWindow StartOfDayMapper StartOfHourMapper StartOfMonthMapper "
    "StartOfQuarterMapper StartOfWeekMapper StartOfYearMapper WaitForAll WeekWindow Window YearWindow"
)
_STANDARD = "airflow.providers.standard"
_PLACES = f"{_STANDARD} or another provider package, a plugin's in its own module."

ABSENT: Reasons = {
    "airflow.sdk": reason(_PARTITIONS, _MAPPERS)
    | reason(_ASSETS, "AssetAccessControl AssetOrTimeSchedule")
    | reason(
        _DEADLINES,
        "AsyncCallback BaseDeadlineReference DeadlineAlert DeadlineReference SyncCallback deadline_reference",
    )
    | reason(_RETRY_POLICIES, "ExceptionRetryPolicy RetryAction RetryDecision RetryPolicy RetryRule")
    | reason(f"state stores are {_YET}; keep state in a Variable or an XCom", "NEVER_EXPIRE ResumableJobMixin")
    | reason(f"object storage is {_YET}; use fsspec or a hook", "ObjectStoragePath")
    | reason(f"lineage is {_YET}; delete what reports it", "lineage")
    | reason(f"it is {_YET}; return the value, another task pulls it as XCom", "result"),
    "airflow.sdk.execution_time.context": reason(
        f"state stores are {_YET}; keep state in a Variable or an XCom", "NEVER_EXPIRE"
    ),
    "airflow.sdk.execution_time.task_runner": reason(
        f"it is {_YET}; use airflow.sdk.TaskInstance", "RuntimeTaskInstance"
    ),
    "airflow.sdk.log": reason(_MASKING, "mask_secret redact"),
    "airflow.sdk.execution_time.secrets_masker": reason(_MASKING, "mask_secret redact"),
    "airflow.utils.log.secrets_masker": reason(_MASKING, "mask_secret redact"),
    "airflow.partition_mappers.base": reason(_PARTITIONS, "PartitionMapper"),
    "airflow.partition_mappers.window": reason(_PARTITIONS, "Window"),
    "airflow.timetables.assets": reason(_ASSETS, "AssetOrTimeSchedule"),
    "airflow.timetables.datasets": reason(_ASSETS, "DatasetOrTimeSchedule"),
    "airflow.io.path": reason(f"object storage is {_YET}; use fsspec or a hook", "ObjectStoragePath"),
    "airflow.triggers.base": reason(
        _TRIGGERS, "BaseEventTrigger BaseTrigger StartTriggerArgs TaskSuccessEvent TriggerEvent"
    ),
    "airflow.models": reason(_MAPPING, "MappedOperator"),
    "airflow.models.mappedoperator": reason(_MAPPING, "MappedOperator"),
    "airflow.sdk.definitions.mappedoperator": reason(_MAPPING, "MappedOperator"),
    "airflow.sdk.definitions.asset": reason(_ASSETS, "AssetAccessControl AssetNameRef AssetUriRef"),
    "airflow.operators.trigger_dagrun": reason(f"it is {_YET}; use `queuack dags trigger`", "TriggerDagRunOperator"),
    "airflow.operators.dagrun_operator": reason(f"it is {_YET}; use `queuack dags trigger`", "TriggerDagRunOperator"),
    "airflow.operators.datetime": reason(f"it is {_YET}; use @task.branch", "BranchDateTimeOperator"),
    "airflow.operators.weekday": reason(f"it is {_YET}; use @task.branch", "BranchDayOfWeekOperator"),
    "airflow.operators.sensors": reason(_SENSORS, "ExternalTaskSensor"),
    "airflow.sensors.bash": reason(_SENSORS, "BashSensor"),
    "airflow.sensors.date_time": reason(_SENSORS, "DateTimeSensor DateTimeSensorAsync"),
    "airflow.sensors.external_task": reason(_SENSORS, "ExternalTaskMarker ExternalTaskSensor"),
    "airflow.sensors.external_task_sensor": reason(_SENSORS, "ExternalTaskMarker ExternalTaskSensor"),
    "airflow.sensors.filesystem": reason(_SENSORS, "FileSensor"),
    "airflow.sensors.time_delta": reason(_SENSORS, "TimeDeltaSensor TimeDeltaSensorAsync"),
    "airflow.sensors.time_sensor": reason(_SENSORS, "TimeSensor TimeSensorAsync"),
    "airflow.sensors.weekday": reason(_SENSORS, "DayOfWeekSensor"),
    f"{_STANDARD}.operators.trigger_dagrun": reason(
        f"it is {_YET}; use `queuack dags trigger`", "TriggerDagRunOperator"
    ),
    f"{_STANDARD}.operators.datetime": reason(f"it is {_YET}; use @task.branch", "BranchDateTimeOperator"),
    f"{_STANDARD}.operators.weekday": reason(f"it is {_YET}; use @task.branch", "BranchDayOfWeekOperator"),
    f"{_STANDARD}.operators.hitl": reason(
        f"human-in-the-loop operators are {_YET}", "ApprovalOperator HITLBranchOperator HITLEntryOperator HITLOperator"
    ),
    f"{_STANDARD}.operators.smooth": reason(f"it is {_YET}; use EmptyOperator", "SmoothOperator"),
    f"{_STANDARD}.hooks.filesystem": reason(f"it is {_YET}; use pathlib", "FSHook"),
    f"{_STANDARD}.hooks.package_index": reason(f"it is {_YET}", "PackageIndexHook"),
    f"{_STANDARD}.sensors.bash": reason(_SENSORS, "BashSensor"),
    f"{_STANDARD}.sensors.date_time": reason(_SENSORS, "DateTimeSensor DateTimeSensorAsync"),
    f"{_STANDARD}.sensors.external_task": reason(_SENSORS, "ExternalTaskMarker ExternalTaskSensor"),
    f"{_STANDARD}.sensors.filesystem": reason(_SENSORS, "FileSensor"),
    f"{_STANDARD}.sensors.time": reason(_SENSORS, "TimeSensor TimeSensorAsync"),
    f"{_STANDARD}.sensors.time_delta": reason(_SENSORS, "TimeDeltaSensor TimeDeltaSensorAsync WaitSensor"),
    f"{_STANDARD}.sensors.weekday": reason(_SENSORS, "DayOfWeekSensor"),
    f"{_STANDARD}.triggers.external_task": reason(_TRIGGERS, "DagStateTrigger WorkflowTrigger"),
    f"{_STANDARD}.triggers.file": reason(_TRIGGERS, "DirectoryFileDeleteTrigger FileDeleteTrigger FileTrigger"),
    f"{_STANDARD}.triggers.temporal": reason(_TRIGGERS, "DateTimeTrigger TimeDeltaTrigger"),
}

REMOVED: Mapping[str, str] = {
    "airflow.contrib": "contrib went away in Airflow 2; import from the provider package that took it over.",
    "airflow.executors": "Queuack has its own executors, chosen by its settings; user code cannot subclass Airflow's.",
    "airflow.jobs": "Airflow's jobs are parts of its own processes; delete the import, Queuack has no counterpart.",
    "airflow.www": "the Flask web server went away in Airflow 3.",
    "airflow.api_fastapi": "Airflow's API server is not part of Queuack; user code cannot extend it.",
    "airflow.serialization": "DAG serialization is Queuack's own; user code has no use for Airflow's.",
    "airflow.providers_manager": "provider discovery is not built in Queuack yet.",
    "airflow.secrets": "secrets backends are not built in Queuack yet; use AIRFLOW_VAR_*, AIRFLOW_CONN_* or the store.",
    "airflow.lineage": "lineage is not built in Queuack yet.",
    "airflow.kubernetes": "it went away in Airflow 2; write airflow.providers.cncf.kubernetes.",
    "airflow.config_templates": "delete the import: logging is set in queuack.toml, not by a dictionary.",
    "airflow.cli": "Queuack's command line is its own; user code cannot extend it.",
    "airflow.gcp": "it went away in Airflow 2; write airflow.providers.google.",
    "airflow.triggers": f"{_TRIGGERS}.",
    "airflow.sensors": f"it went away; sensors are in {_PLACES}",
    "airflow.operators": f"it went away; operators are in {_PLACES}",
    "airflow.hooks": "it went away; hooks are in provider packages or a plugin's own module, BaseHook in airflow.sdk.",
}
