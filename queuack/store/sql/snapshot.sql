-- fragment: run_columns
    id, dag_id, run_id, run_type, state, epoch_us(logical_date), epoch_us(data_interval_start),
    epoch_us(data_interval_end), epoch_us(run_after), epoch_us(queued_at), epoch_us(start_date), epoch_us(end_date),
    conf::VARCHAR, triggered_by, triggering_user_name, note, created_dag_version_id, clear_number,
    epoch_us(updated_at), partition_key, epoch_us(partition_date), backfill_id,
    parent_dag_id, parent_run_id, parent_task_id, coalesce(parent_map_index, -1)

-- name: snapshot_dags
-- Every DAG with its newest version. Ids of versions grow, so the newest is the one with the highest id.
SELECT
    d.dag_id, d.is_paused, d.is_stale, d.relative_fileloc, v.id, v.version_number, s.dag_hash, c.source_code_hash,
    s.data::VARCHAR, d.has_import_errors, epoch_us(d.last_parsed_time), d.max_consecutive_failed_dag_runs
FROM dag d
JOIN (SELECT dag_id, max(id) AS id FROM dag_version GROUP BY dag_id) newest ON newest.dag_id = d.dag_id
JOIN dag_version v ON v.id = newest.id
JOIN serialized_dag s ON s.dag_version_id = newest.id
JOIN dag_code c ON c.dag_version_id = newest.id
ORDER BY d.dag_id;

-- name: snapshot_last_runs
-- Of each DAG the automated run with the latest logical date (with partitions: the latest), from which the next follows.
SELECT {run_columns}
FROM dag_run
WHERE id IN (
    SELECT arg_max(id, coalesce(logical_date, run_after)) FROM dag_run
    WHERE run_type = 'scheduled' AND (logical_date IS NOT NULL OR partition_key IS NOT NULL)
    GROUP BY dag_id
);

-- name: snapshot_unfinished_runs
-- Runs that scheduling has to go on with.
SELECT {run_columns}
FROM dag_run
WHERE state IS NULL OR state IN ('queued', 'running')
ORDER BY id;

-- name: snapshot_runs_called_back
-- Finished runs of which a callback has still to run: whoever runs it needs the run; and with a deadline to miss.
SELECT {run_columns}
FROM dag_run
WHERE state IN ('success', 'failed')
    AND (
        (dag_id, run_id) IN (SELECT dag_id, run_id FROM callback WHERE callback.state = 'pending')
        OR id IN (SELECT dagrun_id FROM deadline WHERE NOT missed)
    )
ORDER BY id;

-- name: snapshot_runs_of_subdags
-- Finished runs of SubDAGs below an unfinished run, to any depth: a retry of the task above goes on with them.
WITH RECURSIVE tree AS (
    SELECT id, dag_id, run_id FROM dag_run WHERE state IS NULL OR state IN ('queued', 'running')
    UNION
    SELECT r.id, r.dag_id, r.run_id
    FROM dag_run r
    JOIN tree ON r.parent_dag_id = tree.dag_id AND r.parent_run_id = tree.run_id
    WHERE r.parent_run_id IS NOT NULL
)
SELECT {run_columns}
FROM dag_run
WHERE id IN (SELECT id FROM tree) AND state IN ('success', 'failed')
ORDER BY id;

-- name: recalled_family
-- The other finished runs of a tree of SubDAGs, found from any run of it.
WITH RECURSIVE up AS (
    SELECT id, dag_id, run_id, parent_dag_id, parent_run_id FROM dag_run WHERE id = $id
    UNION
    SELECT r.id, r.dag_id, r.run_id, r.parent_dag_id, r.parent_run_id
    FROM dag_run r
    JOIN up ON r.dag_id = up.parent_dag_id AND r.run_id = up.parent_run_id
),
tree AS (
    SELECT id, dag_id, run_id FROM up
    UNION
    SELECT r.id, r.dag_id, r.run_id
    FROM dag_run r
    JOIN tree ON r.parent_dag_id = tree.dag_id AND r.parent_run_id = tree.run_id
    WHERE r.parent_run_id IS NOT NULL
)
SELECT {run_columns}
FROM dag_run
WHERE id IN (SELECT id FROM tree) AND id <> $id AND state IN ('success', 'failed')
ORDER BY id;

-- name: snapshot_taken_dates
-- Dates that runs by hand have and the schedule has not come to yet, where there is a schedule.
SELECT r.dag_id, list(epoch_us(r.logical_date) ORDER BY r.logical_date)
FROM dag_run r
JOIN dag d ON d.dag_id = r.dag_id
LEFT JOIN (
    SELECT dag_id, max(logical_date) AS logical_date FROM dag_run WHERE run_type = 'scheduled' GROUP BY dag_id
) latest ON latest.dag_id = r.dag_id
WHERE r.run_type <> 'scheduled' AND r.logical_date IS NOT NULL AND d.timetable_type <> 'NullTimetable'
    AND (latest.logical_date IS NULL OR r.logical_date > latest.logical_date)
GROUP BY r.dag_id;

-- name: recalled_run
-- One run by name, to be changed by hand.
SELECT {run_columns} FROM dag_run WHERE dag_id = $dag_id AND run_id = $run_id;

-- name: recalled_runs
-- Some runs by id, to run again.
SELECT {run_columns} FROM dag_run WHERE id IN (SELECT unnest($run_key::BIGINT[])) ORDER BY id;

-- name: recalled_run_before
-- The run before a date, for the tasks that depend on the past; with catchup, runs by hand are no past.
SELECT {run_columns}
FROM dag_run
WHERE dag_id = $dag_id AND logical_date < make_timestamptz($logical_date::BIGINT)
    AND NOT ($only_automated AND run_type = 'manual')
ORDER BY dag_run.logical_date DESC
LIMIT 1;

-- name: snapshot_past_runs
-- Of DAGs in which a task depends on the past, what later runs look back at: the finished run right before each
-- unfinished one, and the latest; of all that have a logical date, and of those that nobody made by hand (all that
-- counts where the DAG has catchup).
WITH dated AS (
    SELECT id, dag_id, logical_date, state, run_type <> 'manual' AS is_automated
    FROM dag_run
    WHERE dag_id IN (SELECT unnest($dag_id::VARCHAR[])) AND logical_date IS NOT NULL
),
looking_back AS (
    SELECT
        state,
        lag(id) OVER earlier AS before,
        last_value(CASE WHEN is_automated THEN id END IGNORE NULLS) OVER earlier AS automated_before
    FROM dated
    WINDOW earlier AS (
        PARTITION BY dag_id ORDER BY logical_date, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
),
wanted AS (
    SELECT unnest([before, automated_before]) AS id
    FROM looking_back
    WHERE coalesce(state NOT IN ('success', 'failed'), true)
    UNION
    SELECT unnest([
        arg_max(id, (logical_date, id)), arg_max(id, (logical_date, id)) FILTER (WHERE is_automated)
    ])
    FROM dated
    WHERE state IN ('success', 'failed')
    GROUP BY dag_id
)
SELECT {run_columns}
FROM dag_run
WHERE id IN (SELECT id FROM wanted) AND state IN ('success', 'failed')
ORDER BY id;

-- name: snapshot_instances
-- The task instances of some runs. Rows of a run lie together, so zone maps skip the rest of the table.
SELECT
    ti.dag_run_id, ti.id, ti.task_id, ti.map_index, ti.state, ti.try_number, ti.max_tries,
    epoch_us(ti.scheduled_dttm), epoch_us(ti.queued_dttm), epoch_us(ti.start_date), epoch_us(ti.end_date),
    epoch_us(ti.next_try_at), ti.pid, ti.hostname, ti.unixname, ti.external_executor_id
FROM task_instance ti
WHERE ti.dag_run_id IN (SELECT unnest($run_key::BIGINT[]))
ORDER BY ti.id;

-- name: snapshot_lengths
-- How long what mapped tasks of some runs expand over is.
SELECT dag_run_id, task_id, map_index, length FROM task_map
WHERE dag_run_id IN (SELECT unnest($run_key::BIGINT[]))
ORDER BY task_id, map_index;

-- name: snapshot_reschedules
-- How often the present tries of the task instances of some runs asked to be run again later.
SELECT s.ti_id, count(*)
FROM task_reschedule s
JOIN task_instance ti ON ti.id = s.ti_id AND ti.try_number = s.try_number
WHERE s.dag_run_id IN (SELECT unnest($run_key::BIGINT[]))
    AND ti.dag_run_id IN (SELECT unnest($run_key::BIGINT[]))
GROUP BY s.ti_id;

-- name: snapshot_deferrals
-- What the deferred task instances of some runs wait for, or how they go on.
SELECT ti.id, ti.trigger_id, epoch_us(ti.trigger_timeout), ti.next_method, ti.next_kwargs::VARCHAR
FROM task_instance ti
WHERE ti.dag_run_id IN (SELECT unnest($run_key::BIGINT[]))
    AND (ti.next_method IS NOT NULL OR ti.trigger_id IS NOT NULL);

-- name: snapshot_questions
-- What the task instances of some runs have asked a person, and the answers.
SELECT
    h.ti_id, h.try_number, h.defaults::VARCHAR, h.params::VARCHAR, epoch_us(h.responded_at), h.responded_by::VARCHAR,
    h.chosen_options::VARCHAR, h.params_input::VARCHAR
FROM hitl_detail h
JOIN task_instance ti ON ti.id = h.ti_id
WHERE ti.dag_run_id IN (SELECT unnest($run_key::BIGINT[]));

-- name: snapshot_triggers
-- Every trigger.
SELECT id, classpath, kwargs, epoch_us(created_date), queue, fired_by, fired_seq FROM trigger ORDER BY id;

-- name: snapshot_versions
-- Versions by id, for unfinished runs that use an older one.
SELECT v.id, v.version_number, v.dag_id, s.data::VARCHAR, c.source_code_hash
FROM dag_version v
JOIN serialized_dag s ON s.dag_version_id = v.id
JOIN dag_code c ON c.dag_version_id = v.id
WHERE v.id IN (SELECT unnest($version_id::BIGINT[]))
ORDER BY v.id;

-- name: snapshot_consecutive_failures
-- Failed runs after the last successful one, for the DAGs that pause themselves after so many.
SELECT r.dag_id, count(*)
FROM dag_run r
LEFT JOIN (
    SELECT dag_id, max(run_after) AS run_after FROM dag_run
    WHERE state = 'success' AND dag_id IN (SELECT unnest($dag_id::VARCHAR[]))
    GROUP BY dag_id
) good ON good.dag_id = r.dag_id
WHERE r.state = 'failed' AND r.dag_id IN (SELECT unnest($dag_id::VARCHAR[]))
    AND (good.run_after IS NULL OR r.run_after > good.run_after)
GROUP BY r.dag_id;

-- name: snapshot_pools
-- Every pool.
SELECT pool, slots, description, include_deferred FROM slot_pool ORDER BY pool;

-- name: snapshot_callbacks
-- Callbacks that nobody has run yet.
SELECT
    id, dag_id, run_id, task_id, map_index, kind, reason, epoch_us(created_at), data::VARCHAR, type, state, trigger_id
FROM callback
WHERE state IN ('pending', 'queued')
ORDER BY id;

-- name: snapshot_deadlines
-- Deadlines that are not missed, with what their alerts say.
SELECT
    d.dagrun_id, d.deadline_alert_id, epoch_us(d.deadline_time), epoch_us(d.created_at), a.name, a.reference::VARCHAR,
    a.interval::VARCHAR, a.callback_def::VARCHAR
FROM deadline d
JOIN deadline_alert a ON a.id = d.deadline_alert_id
WHERE NOT d.missed
ORDER BY d.id;

-- name: snapshot_failed_files
-- Files with import errors.
SELECT DISTINCT filename FROM import_error ORDER BY filename;

-- name: snapshot_next_ids
-- The next free ids, above everything ever handed out.
SELECT
    1 + greatest((SELECT coalesce(max(id), 0) FROM dag_version), coalesce(max(value) FILTER (name = 'dag_version'), 0)),
    1 + greatest((SELECT coalesce(max(id), 0) FROM dag_run), coalesce(max(value) FILTER (name = 'dag_run'), 0)),
    1 + greatest(
        (SELECT coalesce(max(id), 0) FROM task_instance), coalesce(max(value) FILTER (name = 'task_instance'), 0)
    ),
    1 + greatest((SELECT coalesce(max(id), 0) FROM callback), coalesce(max(value) FILTER (name = 'callback'), 0)),
    1 + greatest((SELECT coalesce(max(id), 0) FROM trigger), coalesce(max(value) FILTER (name = 'trigger'), 0)),
    1 + greatest((SELECT coalesce(max(id), 0) FROM backfill), coalesce(max(value) FILTER (name = 'backfill'), 0)),
    1 + greatest(
        (SELECT coalesce(max(id), 0) FROM backfill_dag_run), coalesce(max(value) FILTER (name = 'backfill_dag_run'), 0)
    )
FROM id_floor;

-- name: snapshot_backfills
-- Backfills that are not over.
SELECT
    id, dag_id, epoch_us(from_date), epoch_us(to_date), dag_run_conf::VARCHAR, is_paused, reprocess_behavior,
    max_active_runs, epoch_us(created_at), epoch_us(completed_at), epoch_us(updated_at), triggering_user_name,
    run_on_latest_version
FROM backfill
WHERE completed_at IS NULL
ORDER BY id;

-- name: snapshot_backfill_dates
-- Their dates, but for those that get no run.
SELECT
    backfill_id, id, sort_ordinal, dag_run_id, epoch_us(logical_date), epoch_us(data_interval_start),
    epoch_us(data_interval_end), epoch_us(run_after), partition_key, epoch_us(partition_date)
FROM backfill_dag_run
WHERE exception_reason IS NULL AND backfill_id IN (SELECT id FROM backfill WHERE completed_at IS NULL)
ORDER BY backfill_id, sort_ordinal;
