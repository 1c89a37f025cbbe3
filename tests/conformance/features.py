"""What people check first when they come from Airflow, feature by feature: works, differs or missing, and the test.

Data only; ``compatibility.py`` makes ``docs/reference/airflow-compatibility.md`` of it, and a test checks that every
named test exists. ``works``: as Airflow 3.3.2, and a test shows it. ``differs``: it is there, the note says what is
otherwise. ``missing``: a DAG file that needs it gets an error that says so; the note says what to do meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    WORKS = "works"
    DIFFERS = "differs"
    MISSING = "missing"


@dataclass(frozen=True)
class Feature:
    """``test``: ``path below tests::name``; needed unless it is missing. ``note``: needed unless it works."""

    name: str
    status: Status
    test: str = ""
    note: str = ""


def works(name: str, test: str, note: str = "") -> Feature:
    return Feature(name, Status.WORKS, test, note)


def differs(name: str, test: str, note: str) -> Feature:
    return Feature(name, Status.DIFFERS, test, note)


def missing(name: str, note: str) -> Feature:
    return Feature(name, Status.MISSING, "", note)


PLANNING = "engine/test_planning.py"
RUNS = "engine/test_runs.py"
ATTEMPTS = "engine/test_attempts.py"
RULES = "engine/test_trigger_rules.py"
ADMISSION = "engine/test_admission.py"
CONTROL = "engine/test_controlling.py"
DEFERRAL = "engine/test_deferral.py"
RECORDED = "schedule/test_recorded_timetables.py::test_every_recorded_case"
EXAMPLES = "conformance/test_examples.py::test_the_run_ends_as_in_airflow"
SERVICES = "integration/test_services.py"
SETUP = "engine/test_trigger_rules.py::test_a_teardown_runs_although_work_failed_and_does_not_decide_the_run"
TASKFLOW = "unit/authoring/test_taskflow.py"
OPERATORS = "unit/authoring/test_operators.py"
TEMPLATING = "unit/authoring/test_templating.py"

MAPPED = "conformance/test_mapping.py"

FEATURES: dict[str, list[Feature]] = {
    "Schedules": [
        works("run ids: `scheduled__…`, `manual__…`", f"{PLANNING}::test_manual_ids_and_intervals"),
        works("data intervals of cron, `timedelta`, `relativedelta`, presets", RECORDED),
        works("`@once`", f"{PLANNING}::test_once"),
        works("`@continuous`", f"{PLANNING}::test_continuous_runs_one_at_a_time"),
        works("`None`: runs by hand only", f"{PLANNING}::test_manual_ids_and_intervals"),
        works("cron and delta timetables, trigger and interval, several crons, events", RECORDED),
        works("first run and `catchup`", f"{PLANNING}::test_catchup_fills_the_past_within_max_active_runs"),
        works("assets, `Dataset`, and their conditions", "engine/test_assets.py::test_conditions"),
        works("assets or time", "engine/test_assets.py::test_assets_or_time"),
        works(
            "custom timetables from plugins, asked outside the daemon",
            "integration/test_plugins.py::test_a_custom_timetable_schedules_and_one_that_fails_is_mended",
        ),
        works(
            "generated cases: catchup, limits, time zones, against Airflow",
            "conformance/test_scheduling.py::test_every_decision_is_airflows",
        ),
        works("daylight saving time, both directions", "schedule/test_zones.py::test_clocks_set_back"),
        works(
            "`logical_date` None for runs by hand without a date",
            f"{RUNS}::test_a_run_without_logical_date_has_no_past",
        ),
        works("`end_date` of a DAG", f"{PLANNING}::test_end_date_ends_the_schedule"),
        differs(
            "a new DAG is active at once",
            "engine/test_registering.py::test_paused_at_creation",
            "Airflow pauses it; `[core] dags_are_paused_at_creation = true` does so here",
        ),
    ],
    "Assets": [
        works(
            "runs of assets, with all events since the last",
            "engine/test_assets.py::test_a_run_consumes_all_events_since_the_last",
        ),
        works("`@asset`", "unit/authoring/test_assets.py::test_asset_makes_a_dag_of_one_task"),
        works("aliases", "engine/test_assets.py::test_an_alias_brings_assets_into_being"),
        works("extra and `Metadata`", "unit/authoring/test_assets.py::test_yielded_metadata"),
        works("watchers", "engine/test_assets.py::test_a_watcher_runs_while_a_dag_waits_and_updates_its_asset"),
        works(
            "partitioned schedules, mappers, windows",
            "schedule/test_recorded_partitions.py::test_the_same_keys_and_dates_as_airflow",
        ),
        differs(
            "partition mappers of your own",
            "unit/authoring/test_assets.py::test_a_mapper_of_ones_own_is_not_built",
            "refused when the file is parsed; those of Airflow work",
        ),
        works("task and asset state stores", "store/test_assets.py::test_state_stores"),
    ],
    "Dependencies and trigger rules": [
        works("every trigger rule", f"{RULES}::test_verdict"),
        works("`depends_on_past`", f"{RUNS}::test_depends_on_past"),
        works("`wait_for_downstream`", f"{RUNS}::test_wait_for_downstream"),
        works("branching, and the join after it", f"{RULES}::test_a_branch_skips_what_it_names_and_the_join_runs"),
        works("short circuit, `ignore_downstream_trigger_rules`", f"{OPERATORS}::test_short_circuit"),
        works("`LatestOnlyOperator`", f"{OPERATORS}::test_latest_only"),
        works("task groups: prefixes, nesting, links", "unit/authoring/test_taskgroup.py::test_prefixes_and_nesting"),
        works("labels", "unit/authoring/test_operator.py::test_labels"),
        works("setup and teardown scopes", "unit/authoring/test_operator.py::test_scopes_of_several_setups"),
        works("teardown and the state of the run", SETUP),
        works("leaves decide the state of the run", f"{RUNS}::test_leaves_decide"),
    ],
    "Retries, failures, time limits": [
        works(
            "retries with delay, backoff, `max_retry_delay`",
            f"{ATTEMPTS}::test_backoff_gives_the_seconds_that_airflow_gives",
        ),
        works("`AirflowFailException`", f"{ATTEMPTS}::test_fail_without_retry"),
        works("`AirflowSkipException`", "integration/worker/test_attempts.py::test_exceptions_with_a_meaning"),
        works("`fail_fast`", f"{ATTEMPTS}::test_fail_fast_fails_the_running_and_skips_the_rest"),
        works("`execution_timeout`", "integration/worker/test_attempts.py::test_execution_timeout"),
        works("`dagrun_timeout`", f"{RUNS}::test_dagrun_timeout"),
        works("callbacks of tasks", "integration/worker/test_attempts.py::test_the_callbacks_of_each_outcome"),
        works("callbacks of DAGs", "integration/worker/test_attempts.py::test_a_callback_of_the_dag"),
        works("`max_consecutive_failed_dag_runs`", f"{RUNS}::test_repeated_failure_pauses_the_dag"),
        works(
            "retry policies (`RetryPolicy`, `ExceptionRetryPolicy`, `RetryRule`)",
            "integration/worker/test_attempts.py::test_a_retry_policy_is_asked",
        ),
        works(
            "deadline alerts: references, `SyncCallback`, `AsyncCallback`",
            "integration/test_deadlines.py::test_deadlines",
        ),
        works(
            "deadlines of runs that fail, are cleared, end in time",
            "engine/test_deadlines.py::test_a_run_that_failed_has_still_missed_it",
        ),
        differs(
            "custom deadline references",
            "integration/test_deadlines.py::test_deadlines",
            "they run in a worker, and need not be registered by a plugin",
        ),
        works("notifiers", "unit/operators/test_email.py::test_the_notifier"),
        differs(
            "`sla`, `sla_miss_callback`",
            "unit/authoring/test_operator.py::test_old_arguments_work_with_a_warning",
            "taken with a warning and without effect, as in Airflow 3",
        ),
    ],
    "Limits": [
        works("pools, `pool_slots`", f"{ADMISSION}::test_pool_slots"),
        works("`priority_weight`, weight rules", "engine/test_plan.py::test_weights_by_rule"),
        works("`max_active_runs`", f"{PLANNING}::test_queued_runs_start_in_order_within_max_active_runs"),
        works("`max_active_tasks`", f"{ADMISSION}::test_max_active_tasks_is_per_run"),
        works(
            "`max_active_tis_per_dag`, `…_per_dagrun`", f"{ADMISSION}::test_limits_of_a_task_over_all_runs_and_in_one"
        ),
        differs(
            "`[core] parallelism`",
            f"{ADMISSION}::test_async_tasks_need_no_worker_of_their_own",
            "default 1024; tasks that are not async are besides limited by `[workers] max_workers`, 32 where neither is set",
        ),
    ],
    "TaskFlow and operators": [
        works("`@task`, XComArgs, `override`", f"{TASKFLOW}::test_values_flow"),
        works("`multiple_outputs`", f"{TASKFLOW}::test_outputs_must_be_a_dict_of_texts"),
        works("`@task.branch`, `@task.short_circuit`, `run_if`, `skip_if`", f"{TASKFLOW}::test_conditions_skip"),
        works("`PythonOperator`", f"{OPERATORS}::test_python_operator_takes_arguments_and_context"),
        works("`BashOperator`, `@task.bash`", f"{OPERATORS}::test_bash_returns_the_last_line_and_knows_the_context"),
        works("`ResumableJobMixin`", "unit/authoring/test_resumable.py::test_a_retry_follows_the_job_that_runs"),
        works("`@result`", "api/test_published_client_runs.py::test_waiting_for_a_run_gives_what_it_returned"),
        works("sensors in poke and reschedule mode", "unit/sensors/test_waiting.py::test_reschedule_mode"),
        works("`soft_fail`, timeouts", "unit/sensors/test_waiting.py::test_timeouts"),
        works("exponential backoff of sensors", "unit/sensors/test_waiting.py::test_backoff"),
        works("`FileSensor`, also deferrable", "unit/sensors/test_standard.py::test_files_deferred"),
        works(
            "`DateTimeSensor`, `TimeSensor`, `TimeDeltaSensor`, `DayOfWeekSensor`, `BashSensor`",
            "unit/sensors/test_standard.py::test_date_time",
        ),
        works("`SqlSensor`, DuckDB SQL", "unit/operators/test_duckdb.py::test_sql_sensor"),
        works("`BranchDateTimeOperator`, `BranchDayOfWeekOperator`", "unit/operators/test_branches.py::test_weekdays"),
        works(
            "virtualenv and external Python", "unit/operators/test_python_elsewhere.py::test_arguments_result_and_log"
        ),
        works("`EmailOperator`, mail on failure and retry", "unit/operators/test_email.py::test_the_operator"),
        works(
            "the real `apache-airflow-providers-standard`, when installed",
            "conformance/test_standard_provider.py::test_its_operators_run",
        ),
        works("`async def` tasks", f"{TASKFLOW}::test_async_functions_run"),
        differs(
            "`async def` tasks and `BaseAsyncOperator` in a worker",
            "integration/worker/test_coroutines.py::"
            "test_they_run_at_once_beside_a_sync_task_and_each_has_its_own_log_and_context",
            "up to 1000 at once in one worker (Airflow: a process each); `AIRFLOW_CTX_…` is not set in the environment",
        ),
        works(
            "`TriggerDagRunOperator`, waiting in the worker or deferred",
            "integration/test_triggering_live.py::test_runs_are_triggered_once_and_waited_for",
        ),
        works(
            "`trigger_run_id`, `reset_dag_run`, `skip_when_already_exists`, `run_after`, `note`",
            "integration/test_triggering_runs.py::test_a_run_of_the_id_or_date_is_reset",
        ),
        works(
            "`ExternalTaskSensor`: DAG, tasks, group; poke, reschedule, deferred",
            "unit/sensors/test_external_task.py::test_dates",
        ),
        differs(
            "`check_existence`, mapped tasks and failed groups of `ExternalTaskSensor`",
            "unit/sensors/test_external_task.py::test_failed_and_skipped",
            "as Airflow's page says; Airflow 3.3 looks at no existence, never ends on a mapped task and fails only "
            "when a whole group is in failed_states",
        ),
        differs(
            "`ExternalTaskMarker`, `recursion_depth`",
            "integration/test_triggering_runs.py::test_clearing_follows_markers",
            "as Airflow's page says; clearing in Airflow 3.3 passes over it",
        ),
        works(
            "`HITLOperator`, `ApprovalOperator`, `HITLBranchOperator`, `HITLEntryOperator`",
            "integration/test_hitl.py::test_people_answer",
            "answered by `queuack tasks respond`",
        ),
        works("defaults after `response_timeout`", f"{DEFERRAL}::test_nobody_answers_in_time"),
        works(
            "`SubDagOperator` of 1.10 and 2.x, nested, with `propagate_skipped_state`",
            "engine/test_subdags.py::test_three_levels_in_a_pool_of_one_slot_restarted_at_every_step",
            "gone in Airflow 3, kept here; no worker and no slot waits: [SubDAGs](../concepts/subdags.md)",
        ),
        missing("`@task.docker`, `@task.kubernetes` and the like", "the operator of the provider package"),
    ],
    "XComs, templates, params": [
        works(
            "`xcom_push`, `xcom_pull` with keys, lists, map indexes",
            "unit/authoring/test_context.py::test_xcom_pull_shapes",
        ),
        works("`include_prior_dates`", "store/test_writer.py::test_xcom_of_prior_dates"),
        works("typed values, tables, files for large ones", "unit/worker/test_xcom.py::test_typed_values"),
        works(
            "`XCom.get_one`, `get_all`, `set`, `delete`; `[core] xcom_backend`",
            "integration/test_xcom_backend.py::test_values_pass_through_it",
        ),
        works("templated fields, nested", f"{TEMPLATING}::test_containers_and_objects"),
        works("template files", f"{TEMPLATING}::test_files_are_read_from_the_search_path"),
        works("native objects", f"{TEMPLATING}::test_native_objects"),
        works("filters, `user_defined_macros`", f"{TEMPLATING}::test_user_macros_filters_and_environment"),
        works("context keys", "unit/authoring/test_context.py::test_airflows_keys_and_values"),
        works(
            "`execution_date`, `next_ds`, `yesterday_ds` and the like",
            "unit/authoring/test_context.py::test_keys_of_old_versions_answer_but_are_not_listed",
            "gone in Airflow 3, kept here",
        ),
        works("rendered fields are stored", "unit/testing/test_command.py::test_rendered_fields"),
        works(
            "params with JSON schema, overridden by `conf`",
            "integration/test_services.py::test_conf_is_checked_against_the_params",
        ),
        works(
            "`ObjectStoragePath`",
            "unit/authoring/test_storage.py::test_a_file_of_this_machine",
            "with the extra `objectstorage`",
        ),
    ],
    "Deferral": [
        works(
            "deferrable tasks hold no worker slot",
            "integration/test_deferral.py::test_a_task_waits_without_a_worker_and_goes_on",
        ),
        works("trigger timeouts", f"{DEFERRAL}::test_a_trigger_that_takes_too_long"),
        works("`start_from_trigger`", f"{DEFERRAL}::test_starting_from_the_trigger"),
        works("triggers survive the triggerer's and the daemon's death", "integration/test_deferral.py::test_both_die"),
    ],
    "Dynamic task mapping": [
        works(
            "`expand`, `partial`, a task over a mapped task", "conformance/test_eras_live.py::test_the_run_ends_well"
        ),
        works("`expand_kwargs`", "unit/authoring/test_mapping_values.py::test_expand_kwargs"),
        works("`map`, `zip`, `concat`", "unit/authoring/test_mapping_values.py::test_map_zip_concat"),
        works("mapped sensors, `@task.bash`, `@task.short_circuit`, operators", f"{MAPPED}::test_in_a_daemon"),
        works("`map_index_template`, lazy results, `xcom_pull` with map indexes", f"{MAPPED}::test_in_a_daemon"),
        differs(
            "mapped task groups, also in one another",
            f"{MAPPED}::test_where_airflow_is_not_followed",
            "as documented: a branch in a mapped group skips the instances of its own index, groups mapped in mapped "
            "groups get their own arguments; Airflow 3.3.2 does neither",
        ),
        works(
            "mapped deferrable tasks, one over the other, with limits",
            "integration/test_deferral.py::test_mapped_ones_wait_and_one_is_mapped_over_them",
        ),
        works("trigger rules over mapped upstreams, empty and failed ones", f"{MAPPED}::test_in_a_daemon"),
    ],
    "Runs, by hand and again": [
        works("clear, with relatives", f"{CONTROL}::test_clearing_with_relatives_in_a_running_run"),
        differs(
            "clear what is running",
            f"{CONTROL}::test_a_running_task_may_be_left_alone",
            "it is stopped and begins anew at once; Airflow shows `restarting` and waits for `retry_delay`",
        ),
        works(
            "clear takes setups and teardowns along",
            "conformance/test_clearing.py::test_setups_and_teardowns_come_along_as_in_airflow",
        ),
        works(
            "clear by dates, map index, task group, past and future, without the run, dry run",
            f"{SERVICES}::test_runs_between_dates_are_cleared_with_a_note_and_an_audit_row",
        ),
        works("`tasks clear`, `dags clear`", "integration/test_run_control.py::test_a_run_is_controlled_by_hand"),
        works(
            "a cleared task that a branch had skipped stays skipped",
            f"{SERVICES}::test_a_branch_in_the_store_has_still_decided",
        ),
        works("`rerun_with_latest_version`", f"{SERVICES}::test_which_version_a_cleared_run_goes_on_in"),
        works("clear only what a newer version adds", f"{SERVICES}::test_whole_runs_and_what_a_newest_version_adds"),
        works("mark success and failed", f"{CONTROL}::test_marking_a_run"),
        works("mark with upstream, downstream, past and future", f"{SERVICES}::test_past_and_future_of_a_run"),
        differs(
            "`wait_for_past_depends_before_skipping`",
            f"{CONTROL}::test_a_skip_may_wait_for_the_past",
            "a skip by a branch does not wait",
        ),
        works(
            "a run keeps the version of the DAG it began with",
            "integration/test_daemon.py::test_an_edited_file_is_a_new_version_and_a_running_run_keeps_its_own",
        ),
        works("trigger with conf", "integration/test_services.py::test_conf_is_checked_against_the_params"),
        works("notes on runs and task instances", f"{CONTROL}::test_notes"),
        works("backfill: dates, reprocess behavior, refusals", "conformance/test_backfills.py::test_runs_that_exist"),
        works(
            "backfill: pause, cancel, a limit of its own",
            "engine/test_backfill.py::test_cancelling_fails_what_is_queued_and_leaves_what_runs",
        ),
        differs(
            "backfill: limits after a cancel",
            "engine/test_backfill.py::test_a_run_of_a_cancelled_backfill_can_be_cleared_and_counts_for_the_dag",
            "runs of a backfill that is over count for the DAG's `max_active_runs`; in Airflow a run of a cancelled "
            "backfill that is cleared stays queued",
        ),
    ],
    "REST API": [
        works(
            "endpoints, parameters, bodies and answers",
            "api/test_openapi.py::test_parameters_bodies_and_answers_are_airflows",
            "[what differs](rest-api.md#what-differs-from-airflow)",
        ),
        works("`apache-airflow-client`: DAGs", "api/test_published_client.py::test_dags"),
        works("versions, tasks, sources, import errors", "api/test_published_client.py::test_what_files_define"),
        works("`PUT /parseDagFile`", "api/test_published_client.py::test_a_file_is_parsed_again"),
        works("pools, variables, connections, in bulk too", "api/test_configuration.py::test_bulk"),
        differs(
            "testing connections",
            "api/test_published_client.py::test_connections",
            "a queued test runs on this machine, and is forgotten when the API restarts",
        ),
        differs(
            "`GET /jobs`",
            "api/test_published_client.py::test_the_deployment",
            "the processes that are there; those that ended are not kept",
        ),
        works(
            "`GET /config`, as `[api] expose_config` allows",
            "api/test_definitions.py::test_settings_are_told_when_allowed",
        ),
        works("runs: list, trigger, mark, note", "api/test_published_client_runs.py::test_runs"),
        works(
            "`GET …/wait`, with results",
            "api/test_published_client_runs.py::test_waiting_for_a_run_gives_what_it_returned",
        ),
        works("runs: clear, one and many, partitions", "api/test_runs.py::test_several_runs_are_cleared"),
        works("runs: delete", "api/test_runs.py::test_a_deleted_run_is_gone_with_everything_on_it"),
        works("task instances: lists, tries, links", "api/test_published_client_runs.py::test_task_instances"),
        works(
            "task instances and groups: mark, note, dry run",
            "api/test_instances.py::test_a_state_is_set_with_what_it_reaches",
        ),
        works("`clearTaskInstances`", "api/test_instances.py::test_clearing_is_asked_first_and_then_done"),
        differs(
            "task instances: delete",
            "api/test_instances.py::test_many_instances_are_changed_and_deleted",
            "single instances of an expanded task are not deleted one by one",
        ),
        differs(
            "task instances: dependencies",
            "api/test_published_client_runs.py::test_what_holds_a_task_back",
            "the reasons are Queuack's, with its names",
        ),
        works("logs, as JSON and NDJSON", "api/test_published_client_runs.py::test_logs_as_json_and_line_by_line"),
        works("XComs", "api/test_published_client_runs.py::test_xcoms"),
        works("assets, events, materializing", "api/test_published_client_assets.py::test_assets_and_what_is_kept"),
        works("queued asset events: list, delete", "api/test_assets.py::test_updates_wait_and_are_forgotten"),
        differs(
            "state stores of assets and task instances",
            "api/test_task_state_store.py::test_keys_are_set_changed_and_deleted",
            "what has expired is not listed",
        ),
        works("backfills", "api/test_published_client_assets.py::test_backfills"),
        differs(
            "`hitlDetails`",
            "api/test_published_client_assets.py::test_questions",
            "a user's id is the user name; params left out have their default",
        ),
        works("audit log", "api/test_definitions.py::test_the_audit_log_is_filtered"),
    ],
    "Variables, connections, secrets": [
        works(
            "`Variable.get` in tasks and at import",
            "integration/parser/test_scan.py::test_the_runtime_of_the_caller_answers",
        ),
        works(
            "`AIRFLOW_VAR_*`, `AIRFLOW_CONN_*`",
            "unit/authoring/test_connections_and_variables.py::test_connections_of_environment_and_store",
        ),
        works("connection URIs and JSON", "unit/test_connection_form.py::test_as_airflow_reads_and_writes_them"),
        works("connections in the store, encrypted", "integration/test_vault.py::test_a_connection"),
        works("secrets backends", "unit/authoring/test_connections_and_variables.py::test_the_backend_comes_first"),
        works("secrets are masked in logs and rendered fields", "integration/test_secrets.py::test_no_log_has_them"),
    ],
    "Plugins": [
        works(
            "macros, timetables, listeners, operator links, weight strategies",
            "integration/test_plugins.py::test_listeners_links_and_weights",
        ),
        works(
            "a plugin that fails is an entry in a list",
            "integration/test_plugins.py::test_the_command_lists_what_works_and_what_does_not",
        ),
        works("cluster policies", "integration/parser/test_policies.py::test_policies"),
        works("`get_airflow_context_vars`", "integration/parser/test_policies.py::test_environment_of_tasks"),
        differs(
            "`task_instance_mutation_hook`",
            "integration/parser/test_policies.py::test_policies",
            "called once a task when its file is parsed (no run, try 0), so it cannot tell retries or runs apart",
        ),
        works("lineage of hooks", "unit/authoring/test_lineage.py::test_reports_are_counted"),
    ],
    "Provider packages": [
        works(
            "a stand-in for `apache-airflow`, so that `pip install apache-airflow-providers-…` works",
            "unit/migrate/test_stand_in.py::test_the_wheel_has_metadata_and_no_code",
            "`queuack migrate stand-in`",
        ),
        works(
            "`ProvidersManager`: providers and SQL dialects",
            "unit/migrate/test_stand_in.py::test_what_providers_say_of_themselves",
        ),
    ],
    "Files of Airflow 1.10 and 2.x": [
        works(
            "names of 1.10: `contrib`, `bash_operator`, `days_ago`, …",
            "conformance/test_eras.py::test_old_names_warn_with_advice",
        ),
        works(
            "`schedule_interval`, `timetable`, `concurrency`",
            "unit/authoring/test_dag.py::test_old_arguments_work_with_a_warning",
        ),
        works("a DAG of each era in a daemon", "conformance/test_eras_live.py::test_the_run_ends_well"),
        differs(
            "`provide_session`, `settings.Session`, `DagRun.find`",
            "conformance/test_models.py::test_runs_are_found",
            "reads of `DagModel`, `DagRun`, `TaskInstance`, `Pool`, `Log`; writes and SQLAlchemy's expressions are refused",
        ),
        works("`DagBag`", "unit/compat/test_dagbag.py::test_a_folder"),
    ],
}
"""Area → its features."""
