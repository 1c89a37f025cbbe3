"""Every setting there is, in one table: section, key, type, default, help.

Code, command line, documentation and the ``airflow.configuration.conf`` emulation derive from it. It decides names,
types, limits and defaults; it must not read anything. Names are Airflow's where Airflow has the setting.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["bool", "int", "float", "str", "path"]
"""How a text is read. ``path``: relative ones are taken from the home folder."""

Scalar = bool | int | float | str | None


@dataclass(frozen=True, slots=True)
class Setting:
    """One row. ``default=None`` marks a setting that may be unset (write it empty to unset it)."""

    section: str
    key: str
    type: Kind
    default: Scalar
    help: str
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    secret: bool = False
    """Hidden in lists, refused on the command line (other users see that in ``ps``)."""
    daemon_only: bool = False
    """Kept from user code: ``conf`` does not tell it, child processes do not inherit its variables."""

    @property
    def name(self) -> str:
        """``section.key``, as commands and messages write it."""
        return f"{self.section}.{self.key}"

    @property
    def environment_key(self) -> str:
        """What follows ``QUEUACK__`` or ``AIRFLOW__`` in the environment."""
        return f"{self.section}__{self.key}".upper()


SECTIONS: dict[str, str] = {
    "core": "Folders, limits and the defaults of DAGs and tasks.",
    "scheduler": "How runs come to be.",
    "dag_processor": "How DAG files are found and parsed.",
    "workers": "The processes that run tasks.",
    "triggerer": "The process in which deferred tasks and asset watchers wait.",
    "secrets": "Where variables and connections are looked up before the environment and the store.",
    "operators": "Defaults of operators.",
    "state_store": "What tasks keep over their tries, and for assets.",
    "email": "Mail that tasks send.",
    "smtp": "The mail server, where no connection names one.",
    "logging": "Log files of tasks and of the daemon.",
    "api": "Where the REST API and the pages are.",
    "api_auth": "Tokens of the REST API.",
    "database": "The DuckDB file.",
}

SETTINGS: tuple[Setting, ...] = (
    # ── core ──
    Setting("core", "dags_folder", "path", "dags", "Folder of the DAG files."),
    Setting("core", "plugins_folder", "path", "plugins", "Folder of the plugins; importable by DAG files."),
    Setting("core", "parallelism", "int", 1024, "Task instances that may run at once, over all DAGs.", minimum=1),
    Setting("core", "dags_are_paused_at_creation", "bool", False, "A new DAG starts paused."),
    Setting("core", "max_active_tasks_per_dag", "int", 16, "Default of a DAG's max_active_tasks.", minimum=0),
    Setting("core", "max_active_runs_per_dag", "int", 16, "Default of a DAG's max_active_runs.", minimum=0),
    Setting(
        "core",
        "max_consecutive_failed_dag_runs_per_dag",
        "int",
        0,
        "Default of a DAG's max_consecutive_failed_dag_runs: so many failures in a row pause it. 0 = never.",
        minimum=0,
    ),
    Setting("core", "default_timezone", "str", "utc", "Time zone of naive dates: utc, system or an IANA name."),
    Setting("core", "default_task_retries", "int", 0, "Retries of a task that does not say.", minimum=0),
    Setting("core", "default_task_retry_delay", "int", 300, "Seconds between tries of a task.", minimum=0),
    Setting("core", "max_task_retry_delay", "int", 86_400, "Longest delay between tries, in seconds.", minimum=0),
    Setting(
        "core", "default_task_execution_timeout", "int", None, "Seconds a task may run; unset = no limit.", minimum=0
    ),
    Setting(
        "core",
        "default_task_weight_rule",
        "str",
        "downstream",
        "How priority weights add up over a DAG.",
        choices=("downstream", "upstream", "absolute"),
    ),
    Setting("core", "dagbag_import_timeout", "float", 30.0, "Seconds one DAG file may take to import.", minimum=0),
    Setting(
        "core",
        "plugin_timeout",
        "float",
        10.0,
        "Seconds one plugin may take to import, and a custom timetable to answer.",
        minimum=0.1,
    ),
    Setting(
        "core",
        "dag_discovery_safe_mode",
        "bool",
        True,
        "Look only into files whose text has both 'dag' and 'airflow' or 'queuack' in it.",
    ),
    Setting(
        "core", "dag_ignore_file_syntax", "str", "glob", "Syntax of .airflowignore files.", choices=("glob", "regexp")
    ),
    Setting("core", "dag_run_conf_overrides_params", "bool", True, "The conf of a run overrides the DAG's params."),
    Setting("core", "enable_xcom_pickling", "bool", False, "XCom values that are not JSON may be pickled."),
    Setting(
        "core",
        "xcom_backend",
        "str",
        "airflow.sdk.execution_time.xcom.BaseXCom",
        "Import path of the class that stores XCom values; loaded in workers, never in the daemon.",
    ),
    Setting(
        "core",
        "xcom_max_inline_bytes",
        "int",
        262_144,
        "Larger XCom values go to a file beside the database.",
        minimum=0,
    ),
    Setting(
        "core", "killed_task_cleanup_time", "int", 60, "Seconds that running tasks have to end at a stop.", minimum=0
    ),
    Setting(
        "core",
        "max_map_length",
        "int",
        1024,
        "Elements that a task may return to be mapped over; with more it fails. Lists in the DAG file have no limit.",
        minimum=0,
    ),
    Setting(
        "core", "max_templated_field_length", "int", 4096, "Characters of a rendered field that are kept.", minimum=0
    ),
    Setting(
        "core",
        "fernet_key",
        "str",
        None,
        "Keys that encrypt passwords, extras and variables in the database, comma-separated, newest first; unset = the "
        "file fernet.key in the home folder.",
        secret=True,
        daemon_only=True,
    ),
    Setting(
        "core",
        "test_connection",
        "str",
        "Disabled",
        "Whether connections may be tried, by command and REST API.",
        choices=("Disabled", "Enabled", "Hidden"),
    ),
    Setting("core", "sensitive_var_conn_names", "str", "", "More words, comma-separated, that mark a name as secret."),
    Setting(
        "core",
        "rerun_with_latest_version",
        "bool",
        False,
        "Whether a cleared run goes on in its DAG's newest version.",
    ),
    # ── scheduler ──
    Setting("scheduler", "catchup_by_default", "bool", False, "Default of a DAG's catchup."),
    Setting(
        "scheduler",
        "partition_mapper_max_downstream_keys",
        "int",
        1_000,
        "So many partitions one asset event may count for, where the mapper says nothing else.",
        minimum=1,
    ),
    Setting(
        "scheduler",
        "create_cron_data_intervals",
        "bool",
        False,
        "A cron schedule spans data intervals (as in Airflow 2) instead of being points in time.",
    ),
    Setting(
        "scheduler",
        "create_delta_data_intervals",
        "bool",
        False,
        "A timedelta schedule spans data intervals (as in Airflow 2) instead of being points in time.",
    ),
    # ── dag_processor ──
    Setting("dag_processor", "parsing_processes", "int", 2, "DAG files parsed at once.", minimum=1),
    Setting(
        "dag_processor",
        "refresh_interval",
        "int",
        30,
        "Seconds between full scans of the folder; changes are seen at once without it.",
        minimum=1,
    ),
    Setting(
        "dag_processor",
        "min_file_process_interval",
        "int",
        30,
        "Seconds until a file that failed, or that asked for variables, connections or the network, is parsed again; "
        "0 = only when something changes.",
        minimum=0,
    ),
    Setting(
        "dag_processor",
        "dag_file_processor_timeout",
        "int",
        50,
        "Seconds until a parsing process is killed.",
        minimum=1,
    ),
    Setting(
        "dag_processor",
        "max_file_memory_mb",
        "int",
        2048,
        "Memory one parsing process may take. 0 = no limit.",
        minimum=0,
    ),
    # ── workers ──
    Setting("workers", "min_workers", "int", 2, "Workers kept warm while there is nothing to do.", minimum=0),
    Setting(
        "workers",
        "max_workers",
        "int",
        None,
        "Workers at most, each for one task that is not async. Unset = core.parallelism if that is set, else 32.",
        minimum=1,
    ),
    Setting(
        "workers",
        "async_tasks_per_worker",
        "int",
        1000,
        "Async tasks (async def) that one worker runs at once, beside one that is not async.",
        minimum=1,
    ),
    Setting(
        "workers",
        "max_tasks_per_worker",
        "int",
        10_000,
        "Tasks after which a worker is replaced. 0 = never.",
        minimum=0,
    ),
    Setting(
        "workers", "max_worker_memory_mb", "int", 0, "Memory after which a worker is replaced. 0 = no limit.", minimum=0
    ),
    Setting("workers", "reconnect_timeout", "float", 300.0, "Seconds a worker waits for a lost daemon.", minimum=0),
    Setting(
        "workers",
        "adopt_timeout",
        "float",
        30.0,
        "Seconds a restarted daemon waits for the workers of the one before it; what they held is then retried.",
        minimum=0,
    ),
    Setting(
        "workers", "idle_timeout", "float", 60.0, "Seconds until an idle worker beyond min_workers leaves.", minimum=0
    ),
    Setting(
        "workers",
        "heartbeat_timeout",
        "float",
        300.0,
        "Seconds of silence after which a worker counts as dead.",
        minimum=1,
    ),
    Setting(
        "workers", "kill_grace", "float", 5.0, "Seconds from asking a task to stop to killing its process.", minimum=0
    ),
    Setting(
        "workers",
        "isolation",
        "str",
        "warm",
        "warm: tasks run in the worker itself; fork: each in a fork of it.",
        choices=("warm", "fork"),
    ),
    Setting(
        "workers",
        "secrets_backend",
        "str",
        None,
        "As secrets.backend, for the processes that run user code; unset = that one.",
    ),
    Setting(
        "workers",
        "secrets_backend_kwargs",
        "str",
        None,
        "Arguments of secrets_backend, a JSON object.",
        secret=True,
    ),
    # ── secrets ──
    Setting("secrets", "backend", "str", None, "Class of a secrets backend, as module.Class; asked first."),
    Setting("secrets", "backend_kwargs", "str", None, "Arguments of that class, a JSON object.", secret=True),
    # ── state_store ──
    Setting(
        "state_store",
        "default_retention_days",
        "int",
        30,
        "Days a key of a task instance is kept after it was set; 0 = for ever.",
    ),
    Setting(
        "state_store",
        "max_value_storage_bytes",
        "int",
        65_535,
        "Larger values of a key are warned of in the log; 0 = no limit.",
        minimum=0,
    ),
    Setting("state_store", "clear_on_success", "bool", False, "Delete the keys of a task instance when it succeeds."),
    # ── triggerer ──
    Setting("triggerer", "capacity", "int", 1000, "Triggers that run at once; more wait their turn.", minimum=1),
    Setting(
        "triggerer",
        "blocked_main_thread_warning_threshold",
        "float",
        0.2,
        "Seconds that a trigger may block the event loop until it is named in the log.",
        minimum=0,
    ),
    Setting(
        "triggerer",
        "on_kill_timeout",
        "float",
        30.0,
        "Seconds that on_kill() of a trigger may take when its task is cleared or marked.",
        minimum=0,
    ),
    Setting(
        "triggerer",
        "shared_stream_subscriber_queue_size",
        "int",
        1024,
        "Raw events that may wait for one of the triggers that share a stream.",
        minimum=1,
    ),
    Setting(
        "triggerer", "idle_timeout", "float", 60.0, "Seconds until a triggerer without triggers leaves.", minimum=0
    ),
    # ── operators ──
    Setting("operators", "default_owner", "str", "airflow", "Owner of a task that names none."),
    Setting("operators", "default_queue", "str", "default", "Queue of a task that names none."),
    # ── email ──
    Setting(
        "email",
        "email_backend",
        "str",
        "airflow.utils.email.send_email_smtp",
        "Function that sends mail: the import path of one that takes what airflow.utils.email.send_email does.",
    ),
    Setting("email", "email_conn_id", "str", "smtp_default", "Connection of the mail server."),
    Setting("email", "default_email_on_retry", "bool", True, "Tasks with `email` send mail when they are retried."),
    Setting("email", "default_email_on_failure", "bool", True, "Tasks with `email` send mail when they fail."),
    Setting("email", "subject_template", "path", None, "File with the subject (Jinja) of such mail."),
    Setting("email", "html_content_template", "path", None, "File with the text (Jinja, HTML) of such mail."),
    Setting("email", "from_email", "str", None, "Sender of mail that names none; unset = smtp.smtp_mail_from."),
    Setting(
        "email",
        "ssl_context",
        "str",
        "default",
        "default: the mail server's certificate is checked; none: it is not.",
        choices=("default", "none"),
    ),
    # ── smtp ──
    Setting("smtp", "smtp_host", "str", "localhost", "Host of the mail server."),
    Setting("smtp", "smtp_port", "int", 25, "Port of the mail server.", minimum=1),
    Setting("smtp", "smtp_starttls", "bool", True, "Encrypt by STARTTLS."),
    Setting("smtp", "smtp_ssl", "bool", False, "Encrypt from the start."),
    Setting("smtp", "smtp_mail_from", "str", "airflow@example.com", "Sender of mail."),
    Setting("smtp", "smtp_timeout", "int", 30, "Seconds that the mail server has to answer.", minimum=1),
    Setting("smtp", "smtp_retry_limit", "int", 5, "More attempts when it hangs up.", minimum=0),
    # ── logging ──
    Setting("logging", "base_log_folder", "path", "logs", "Folder of the log files."),
    Setting(
        "logging",
        "logging_level",
        "str",
        "INFO",
        "Least level that is written.",
        choices=("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"),
    ),
    Setting("logging", "min_length_masked_secret", "int", 5, "Shorter secrets are not masked in logs.", minimum=1),
    # ── api ──
    Setting("api", "base_url", "str", "http://localhost:8080", "Address that links in logs and messages start with."),
    Setting("api", "host", "str", "127.0.0.1", "Address to listen on; 0.0.0.0 = every one of this machine."),
    Setting("api", "port", "int", 8080, "Port to listen on; 0 = any that is free.", minimum=0),
    Setting(
        "api",
        "expose_config",
        "str",
        "False",
        "Whether the REST API tells settings; secrets stay hidden (non-sensitive-only: as True).",
        choices=("False", "True", "non-sensitive-only"),
    ),
    # ── api_auth ──
    Setting(
        "api_auth",
        "jwt_secret",
        "str",
        None,
        "Key that signs tokens; unset = the file jwt.key in the home folder.",
        secret=True,
        daemon_only=True,
    ),
    Setting("api_auth", "jwt_expiration_time", "int", 86_400, "Seconds a token is valid.", minimum=1),
    # ── database ──
    Setting("database", "memory_limit", "str", "1GB", "Memory DuckDB may take, as DuckDB writes it."),
    Setting("database", "threads", "int", 1, "Threads DuckDB may use.", minimum=1),
    Setting("database", "backup_interval", "float", 0.0, "Seconds between two backups; 0 = none are made.", minimum=0),
    Setting("database", "backup_folder", "path", "backups", "Folder of the backups."),
    Setting("database", "backup_keep", "int", 7, "Backups that are kept in that folder; 0 = all.", minimum=0),
)

BY_NAME: dict[tuple[str, str], Setting] = {(setting.section, setting.key): setting for setting in SETTINGS}
