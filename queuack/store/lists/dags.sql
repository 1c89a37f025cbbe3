-- list: dags
-- DAGs with their tags and the state of their latest run.
-- base: dag
-- key: dag.dag_id
-- column: dag_id dag.dag_id
-- column: dag_display_name coalesce(dag.dag_display_name, dag.dag_id)
-- column: is_paused dag.is_paused
-- column: is_stale dag.is_stale
-- column: has_import_errors dag.has_import_errors
-- column: bundle_name dag.bundle_name
-- column: timetable_type dag.timetable_type
-- column: next_dagrun dag.next_dagrun
-- column: last_parsed_time dag.last_parsed_time
-- column: last_run_state (SELECT arg_max(l.state, l.run_after) FROM dag_run l WHERE l.dag_id = dag.dag_id)
-- column: last_run_start_date (SELECT arg_max_null(l.start_date, l.run_after) FROM dag_run l WHERE l.dag_id = dag.dag_id)
-- column: last_run_run_after (SELECT max(l.run_after) FROM dag_run l WHERE l.dag_id = dag.dag_id)
-- condition: any_tag EXISTS (SELECT 1 FROM dag_tag t WHERE t.dag_id = dag.dag_id AND list_contains($value, t.name))
-- condition: all_tags (SELECT count(DISTINCT t.name) FROM dag_tag t WHERE t.dag_id = dag.dag_id AND list_contains($value::VARCHAR[], t.name)) = len(list_distinct($value::VARCHAR[]))
-- condition: owners len(list_filter($value::VARCHAR[], lambda wanted: contains(lower(dag.owners), lower(wanted)))) > 0
-- condition: run_state list_contains($value, (SELECT arg_max_null(l.state, l.id) FROM dag_run l WHERE l.dag_id = dag.dag_id))
-- condition: run_start_date_gte (SELECT arg_max_null(l.start_date, l.id) FROM dag_run l WHERE l.dag_id = dag.dag_id) >= make_timestamptz($value::BIGINT)
-- condition: run_start_date_gt (SELECT arg_max_null(l.start_date, l.id) FROM dag_run l WHERE l.dag_id = dag.dag_id) > make_timestamptz($value::BIGINT)
-- condition: run_start_date_lte (SELECT arg_max_null(l.start_date, l.id) FROM dag_run l WHERE l.dag_id = dag.dag_id) <= make_timestamptz($value::BIGINT)
-- condition: run_start_date_lt (SELECT arg_max_null(l.start_date, l.id) FROM dag_run l WHERE l.dag_id = dag.dag_id) < make_timestamptz($value::BIGINT)
-- condition: run_end_date_gte (SELECT arg_max_null(l.end_date, l.id) FROM dag_run l WHERE l.dag_id = dag.dag_id) >= make_timestamptz($value::BIGINT)
-- condition: run_end_date_gt (SELECT arg_max_null(l.end_date, l.id) FROM dag_run l WHERE l.dag_id = dag.dag_id) > make_timestamptz($value::BIGINT)
-- condition: run_end_date_lte (SELECT arg_max_null(l.end_date, l.id) FROM dag_run l WHERE l.dag_id = dag.dag_id) <= make_timestamptz($value::BIGINT)
-- condition: run_end_date_lt (SELECT arg_max_null(l.end_date, l.id) FROM dag_run l WHERE l.dag_id = dag.dag_id) < make_timestamptz($value::BIGINT)
-- condition: favorite_of dag.dag_id IN (SELECT f.dag_id FROM dag_favorite f WHERE f.username = $value)
-- condition: no_favorite_of dag.dag_id NOT IN (SELECT f.dag_id FROM dag_favorite f WHERE f.username = $value)
-- condition: bundle_version $value IS NULL
-- condition: has_asset_schedule (dag.asset_expression IS NOT NULL AND dag.asset_expression::VARCHAR <> 'null') = $value
-- condition: asset_dependency dag.dag_id IN (SELECT s.dag_id FROM dag_schedule_asset_reference s JOIN asset a ON a.id = s.asset_id WHERE contains(lower(a.name), lower($value)) OR contains(lower(a.uri), lower($value)))
SELECT
    dag.dag_id, dag.is_paused, dag.is_stale, epoch_us(dag.last_parsed_time) AS last_parsed_time, dag.fileloc,
    dag.relative_fileloc, dag.bundle_name, dag.owners, coalesce(dag.dag_display_name, dag.dag_id) AS dag_display_name,
    dag.description, dag.timetable_type, dag.timetable_summary, dag.timetable_description, dag.max_active_tasks,
    dag.max_active_runs, dag.max_consecutive_failed_dag_runs, dag.has_import_errors,
    coalesce(dag.timetable_partitioned, false) AS timetable_partitioned, dag.asset_expression::VARCHAR AS asset_expression,
    coalesce((
        SELECT contains(s.data::VARCHAR, '"max_active_tis_per_dag":') OR contains(s.data::VARCHAR, '"max_active_tis_per_dagrun":')
        FROM serialized_dag s
        WHERE s.dag_version_id = (SELECT max(v.id) FROM dag_version v WHERE v.dag_id = dag.dag_id)
    ), false) AS has_task_concurrency_limits,
    epoch_us(dag.next_dagrun) AS next_dagrun,
    epoch_us(dag.next_dagrun_data_interval_start) AS next_dagrun_data_interval_start,
    epoch_us(dag.next_dagrun_data_interval_end) AS next_dagrun_data_interval_end,
    epoch_us(dag.next_dagrun_create_after) AS next_dagrun_create_after,
    coalesce((SELECT list(t.name ORDER BY t.name) FROM dag_tag t WHERE t.dag_id = dag.dag_id), []) AS tags
FROM {page} dag;
