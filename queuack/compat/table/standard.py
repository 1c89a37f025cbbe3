"""Provider packages that Queuack stands in for when they are not installed: its own operators, hooks and triggers.

All of ``airflow.providers.standard``; of ``common.sql`` and ``smtp`` what needs no other database or mail library.
"""

from __future__ import annotations

from queuack.compat.table.targets import Served, at

PYTHON = (
    at("queuack.operators.python", "BranchPythonOperator PythonOperator ShortCircuitOperator")
    | at("queuack.operators.virtualenv", "BranchPythonVirtualenvOperator PythonVirtualenvOperator")
    | at("queuack.operators.external_python", "BranchExternalPythonOperator ExternalPythonOperator")
)
BASH = at("queuack.operators.bash", "BashOperator")
EMPTY = at("queuack.operators.empty", "EmptyOperator")
PYTHON_SENSOR = at("queuack.sensors.python", "PythonSensor")
LATEST_ONLY = at("queuack.operators.latest_only", "LatestOnlyOperator")
BRANCH = at("queuack.operators.branch", "BaseBranchOperator BranchMixIn")
BRANCH_DATETIME = at("queuack.operators.branch_datetime", "BranchDateTimeOperator")
BRANCH_WEEKDAY = at("queuack.operators.branch_weekday", "BranchDayOfWeekOperator")
BASH_SENSOR = at("queuack.sensors.bash", "BashSensor")
DATE_SENSORS = at("queuack.sensors.date_time", "DateTimeSensor DateTimeSensorAsync")
TIME_SENSORS = at("queuack.sensors.date_time", "TimeSensor TimeSensorAsync")
DELTA_SENSORS = at("queuack.sensors.time_delta", "TimeDeltaSensor TimeDeltaSensorAsync")
WEEKDAY_SENSOR = at("queuack.sensors.weekday", "DayOfWeekSensor")
FILE_SENSOR = at("queuack.sensors.filesystem", "FileSensor")
FS_HOOK = at("queuack.hooks.filesystem", "FSHook")
TRIGGER_DAG_RUN = at("queuack.operators.trigger_dagrun", "TriggerDagRunLink TriggerDagRunOperator")
EXTERNAL_TASK = at("queuack.sensors.external_task", "ExternalDagLink ExternalTaskMarker ExternalTaskSensor")
SQL_SENSOR = at("queuack.sensors.sql", "SqlSensor")
EMAIL = at("queuack.operators.email", "EmailOperator")
GET_CURRENT_CONTEXT = at("queuack.authoring.context", "get_current_context")
WEEKDAY = at("queuack.authoring.weekday", "WeekDay")

HITL_ERRORS = "HITLRejectException HITLTimeoutError HITLTriggerEventError"

_STANDARD = "airflow.providers.standard"

SERVED: Served = {
    f"{_STANDARD}.decorators.bash": at("queuack.operators.decorated", "_BashDecoratedOperator"),
    f"{_STANDARD}.decorators.python": at("queuack.operators.decorated", "_PythonDecoratedOperator"),
    f"{_STANDARD}.decorators.sensor": at("queuack.sensors.python", "DecoratedSensorOperator"),
    f"{_STANDARD}.hooks.filesystem": FS_HOOK,
    f"{_STANDARD}.hooks.package_index": at("queuack.hooks.package_index", "PackageIndexHook"),
    f"{_STANDARD}.hooks.subprocess": at(
        "queuack.operators.subprocess_hook", "SubprocessHook SubprocessResult working_directory"
    ),
    f"{_STANDARD}.operators.bash": BASH,
    f"{_STANDARD}.operators.branch": BRANCH,
    f"{_STANDARD}.operators.datetime": BRANCH_DATETIME
    | at("queuack.operators.branch_datetime", "target_times_as_dates"),
    f"{_STANDARD}.operators.empty": EMPTY,
    f"{_STANDARD}.operators.hitl": at(
        "queuack.operators.hitl",
        f"ApprovalOperator HITLBranchOperator HITLEntryOperator HITLOperator {HITL_ERRORS}",
    ),
    f"{_STANDARD}.operators.latest_only": LATEST_ONLY,
    f"{_STANDARD}.operators.python": PYTHON | GET_CURRENT_CONTEXT,
    f"{_STANDARD}.operators.smooth": at("queuack.operators.smooth", "SmoothOperator"),
    f"{_STANDARD}.operators.trigger_dagrun": TRIGGER_DAG_RUN
    | at("queuack.operators.trigger_dagrun", "DagIsPaused XCOM_RUN_ID"),
    f"{_STANDARD}.operators.weekday": BRANCH_WEEKDAY,
    f"{_STANDARD}.sensors.bash": BASH_SENSOR,
    f"{_STANDARD}.sensors.date_time": DATE_SENSORS,
    f"{_STANDARD}.exceptions": at("queuack.operators.hitl", HITL_ERRORS)
    | at(
        "queuack.sensors.external_task",
        "AirflowExternalTaskSensorException DuplicateStateError ExternalDagDeletedError ExternalDagFailedError "
        "ExternalDagNotFoundError ExternalTaskFailedError ExternalTaskGroupFailedError ExternalTaskGroupNotFoundError "
        "ExternalTaskNotFoundError",
    ),
    f"{_STANDARD}.sensors.external_task": EXTERNAL_TASK,
    f"{_STANDARD}.sensors.filesystem": FILE_SENSOR,
    f"{_STANDARD}.sensors.python": PYTHON_SENSOR,
    f"{_STANDARD}.sensors.time": TIME_SENSORS,
    f"{_STANDARD}.sensors.time_delta": DELTA_SENSORS | at("queuack.sensors.time_delta", "WaitSensor"),
    f"{_STANDARD}.sensors.weekday": WEEKDAY_SENSOR,
    f"{_STANDARD}.triggers.external_task": at("queuack.triggers.external_task", "DagStateTrigger WorkflowTrigger"),
    f"{_STANDARD}.triggers.file": at(
        "queuack.triggers.file", "DirectoryFileDeleteTrigger FileDeleteTrigger FileTrigger"
    ),
    f"{_STANDARD}.triggers.hitl": at(
        "queuack.triggers.hitl",
        "HITLTrigger HITLTriggerEventFailurePayload HITLTriggerEventSuccessPayload",
    ),
    f"{_STANDARD}.triggers.temporal": at("queuack.triggers.temporal", "DateTimeTrigger TimeDeltaTrigger"),
    f"{_STANDARD}.utils.skipmixin": at("queuack.operators.skipmixin", "SkipMixin"),
    f"{_STANDARD}.utils.weekday": WEEKDAY,
    "airflow.providers.common.sql.sensors.sql": SQL_SENSOR,
    "airflow.providers.smtp.notifications.smtp": at("queuack.hooks.smtp", "SmtpNotifier send_smtp_notification"),
    "airflow.providers.smtp.operators.smtp": EMAIL,
}
