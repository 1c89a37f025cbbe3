"""Names that DAG files import to write DAGs, by the paths that Airflow 3 documents outside ``airflow.sdk``."""

from __future__ import annotations

from queuack.compat.table.targets import Served, at

VERSION = at("queuack.compat.shims.version", "", __version__="AIRFLOW_VERSION")
HOOKIMPL = at("queuack.compat.shims.listeners", "hookimpl")
LISTENERS = at("queuack.authoring.listeners", "ListenerManager get_listener_manager")
WEIGHT_RULE = at("queuack.authoring.weight", "WeightRule")
TRIGGER_RULE = at("queuack.authoring.trigger_rule", "TriggerRule")
INTERVAL = at("queuack.authoring.timetables.interval", "CronDataIntervalTimetable DeltaDataIntervalTimetable")
TRIGGER = at(
    "queuack.authoring.timetables.trigger", "CronTriggerTimetable DeltaTriggerTimetable MultipleCronTriggerTimetable"
)
EVENTS = at("queuack.authoring.timetables.events", "EventsTimetable")
DECORATOR_BASE = at(
    "queuack.authoring.decorators.base",
    "DecoratedOperator get_unique_task_id task_decorator_factory",
    TaskDecorator="_TaskDecorator",
)
DECORATORS = at("queuack.authoring.decorators", "result setup task task_group teardown")
SETUP_TEARDOWN = at("queuack.authoring.decorators", "setup teardown") | at(
    "queuack.authoring.setup_teardown", "ContextWrapper context_wrapper"
)
HOOK = at("queuack.authoring.hooks", "BaseHook")
ASSETS = at("queuack.authoring.assets", "Asset AssetAlias AssetAll AssetAny AssetWatcher")
METADATA = at("queuack.authoring.assets", "Metadata")
NOTIFIER = at("queuack.authoring.notifier", "BaseNotifier")
PARSING_CONTEXT = at("queuack.authoring.parsing_context", "get_parsing_context")
PLUGIN = at("queuack.authoring.plugin", "AirflowPlugin")
SENSOR = at("queuack.sensors.base", "BaseSensorOperator PokeReturnValue")
POKE_MODE_ONLY = at("queuack.sensors.base", "poke_mode_only")

SERVED: Served = {
    "airflow": VERSION
    | at("queuack.authoring.dag", "DAG")
    | at("queuack.authoring.assets", "Asset Dataset")
    | at("queuack.authoring.xcomarg", "XComArg")
    | at("queuack.authoring.exceptions", "AirflowException"),
    "airflow.version": VERSION | at("queuack.compat.shims.version", "", version="AIRFLOW_VERSION"),
    "airflow.configuration": at("queuack.authoring.conf", "conf AirflowConfigParser")
    | at("queuack.authoring.exceptions", "AirflowConfigException")
    | at("queuack.compat.shims.configuration", "get getboolean getfloat getint has_option get_airflow_home"),
    "airflow.providers_manager": {"*": "queuack.compat.shims.providers_manager"},
    "airflow.settings": {"*": "queuack.compat.shims.settings"},
    "airflow.macros": {"*": "queuack.authoring.macros"},
    "airflow.plugins_manager": PLUGIN | at("queuack.authoring.plugin", "AirflowPluginException"),
    "airflow.listeners": HOOKIMPL,
    "airflow.listeners.listener": LISTENERS,
    "airflow.listeners.types": at("queuack.authoring.listeners", "AssetEvent"),
    "airflow.policies": at("queuack.compat.shims.listeners", "", hookimpl="policy_hookimpl"),
    "airflow.security.permissions": {"*": "queuack.compat.shims.permissions"},
    "airflow.security.utils": {"*": "queuack.compat.shims.principals"},
    "airflow.task.trigger_rule": TRIGGER_RULE,
    "airflow.task.weight_rule": WEIGHT_RULE,
    "airflow.task.priority_strategy": at("queuack.authoring.weight", "PriorityWeightStrategy"),
    "airflow.timetables.base": at(
        "queuack.authoring.timetables.base", "DagRunInfo DataInterval TimeRestriction Timetable"
    ),
    "airflow.timetables.simple": at(
        "queuack.authoring.timetables.simple", "ContinuousTimetable NullTimetable OnceTimetable"
    ),
    "airflow.timetables.interval": INTERVAL,
    "airflow.timetables.trigger": TRIGGER,
    "airflow.timetables.events": EVENTS,
    "airflow.triggers.base": at(
        "queuack.authoring.trigger",
        "BaseEventTrigger BaseTaskEndEvent BaseTrigger StartTriggerArgs TaskFailedEvent TaskSkippedEvent "
        "TaskSuccessEvent TriggerEvent",
    ),
}
