-- name: insert_instances_of_runs
-- New task instances of runs that share one plan: the runs' few values crossed with the tasks' lists, so that a run of
-- 100,000 tasks passes each of its own values once. A list whose values are all equal comes with one element (a Python
-- list costs about a microsecond an element on its way in). Ids follow the position in the plan.
INSERT INTO task_instance (
    id, dag_run_id, dag_id, run_id, task_id, dag_version_id, try_number, max_tries, pool, pool_slots, queue,
    priority_weight, operator, custom_operator_name, hostname, unixname, external_executor_id, run_after, updated_at
)
SELECT
    r.first_id + t.position, r.run_key, r.dag_id, r.run_id, t.task_id, r.dag_version_id, 0,
    list_extract($max_tries::INTEGER[], 1 + t.position % len($max_tries::INTEGER[])),
    list_extract($pools::VARCHAR[], 1 + t.position % len($pools::VARCHAR[])),
    list_extract($pool_slots::INTEGER[], 1 + t.position % len($pool_slots::INTEGER[])),
    list_extract($queues::VARCHAR[], 1 + t.position % len($queues::VARCHAR[])),
    list_extract($priority_weights::INTEGER[], 1 + t.position % len($priority_weights::INTEGER[])),
    list_extract($operators::VARCHAR[], 1 + t.position % len($operators::VARCHAR[])),
    list_extract($operator_names::VARCHAR[], 1 + t.position % len($operator_names::VARCHAR[])),
    '', '', '', make_timestamptz(r.run_after), make_timestamptz(r.at)
FROM (
    SELECT
        unnest($first_id::BIGINT[]) AS first_id, unnest($run_key::BIGINT[]) AS run_key,
        unnest($dag_id::VARCHAR[]) AS dag_id, unnest($run_id::VARCHAR[]) AS run_id,
        unnest($dag_version_id::BIGINT[]) AS dag_version_id, unnest($run_after::BIGINT[]) AS run_after,
        unnest($at::BIGINT[]) AS at
) r
CROSS JOIN (
    SELECT
        unnest($task_ids::VARCHAR[]) AS task_id, unnest(range(len($task_ids::VARCHAR[]))) AS position
) t;

-- name: insert_instances
-- New task instances of runs of different plans, flat: a thousand small DAGs that start at midnight are one statement.
INSERT INTO task_instance (
    id, dag_run_id, dag_id, run_id, task_id, dag_version_id, try_number, max_tries, pool, pool_slots, queue,
    priority_weight, operator, custom_operator_name, hostname, unixname, external_executor_id, run_after, updated_at
)
SELECT
    unnest($id::BIGINT[]), unnest($run_key::BIGINT[]), unnest($dag_id::VARCHAR[]), unnest($run_id::VARCHAR[]),
    unnest($task_ids::VARCHAR[]), unnest($dag_version_id::BIGINT[]), 0, unnest($max_tries::INTEGER[]),
    unnest($pools::VARCHAR[]), unnest($pool_slots::INTEGER[]), unnest($queues::VARCHAR[]),
    unnest($priority_weights::INTEGER[]), unnest($operators::VARCHAR[]), unnest($operator_names::VARCHAR[]),
    '', '', '', make_timestamptz(unnest($run_after::BIGINT[])), make_timestamptz(unnest($at::BIGINT[]));

-- name: update_instances
-- The changing columns of task instances. No index: the join hands its range of ids to the scan, whose zone maps skip
-- the rest of the table. Duration is computed here, in seconds.
UPDATE task_instance SET
    state = u.state, try_number = u.try_number, max_tries = u.max_tries,
    scheduled_dttm = make_timestamptz(u.scheduled_dttm), queued_dttm = make_timestamptz(u.queued_dttm),
    start_date = make_timestamptz(u.start_date), end_date = make_timestamptz(u.end_date),
    duration = (u.end_date - u.start_date) / 1e6, next_try_at = make_timestamptz(u.retry_at), pid = u.pid,
    hostname = u.hostname, unixname = u.unixname, external_executor_id = u.worker_id,
    updated_at = make_timestamptz(u.updated_at)
FROM (
    SELECT
        unnest($id::BIGINT[]) AS id, unnest($state::VARCHAR[]) AS state,
        unnest($try_number::INTEGER[]) AS try_number, unnest($max_tries::INTEGER[]) AS max_tries,
        unnest($scheduled_dttm::BIGINT[]) AS scheduled_dttm, unnest($queued_dttm::BIGINT[]) AS queued_dttm,
        unnest($start_date::BIGINT[]) AS start_date, unnest($end_date::BIGINT[]) AS end_date,
        unnest($retry_at::BIGINT[]) AS retry_at, unnest($pid::INTEGER[]) AS pid,
        unnest($hostname::VARCHAR[]) AS hostname, unnest($unixname::VARCHAR[]) AS unixname,
        unnest($worker_id::VARCHAR[]) AS worker_id, unnest($updated_at::BIGINT[]) AS updated_at
) u
WHERE task_instance.id = u.id;

-- name: update_instance
-- The same for a single task instance, half the price of the join: what a quiet system does all day.
UPDATE task_instance SET
    state = $state, try_number = $try_number, max_tries = $max_tries,
    scheduled_dttm = make_timestamptz($scheduled_dttm::BIGINT), queued_dttm = make_timestamptz($queued_dttm::BIGINT),
    start_date = make_timestamptz($start_date::BIGINT), end_date = make_timestamptz($end_date::BIGINT),
    duration = ($end_date::BIGINT - $start_date::BIGINT) / 1e6, next_try_at = make_timestamptz($retry_at::BIGINT),
    pid = $pid, hostname = $hostname, unixname = $unixname, external_executor_id = $worker_id,
    updated_at = make_timestamptz($updated_at::BIGINT)
WHERE id = $id::BIGINT;

-- name: insert_instance_history
-- Attempts that ended and were not the last: what changed comes from the list, what is fixed from the row itself.
INSERT INTO task_instance_history (
    task_instance_id, dag_run_id, dag_id, run_id, task_id, map_index, dag_version_id, state, try_number, max_tries,
    start_date, end_date, duration, scheduled_dttm, queued_dttm, pool, pool_slots, queue, priority_weight, operator,
    custom_operator_name, hostname, unixname, pid, external_executor_id, rendered_map_index, updated_at,
    retry_delay_override, retry_reason
)
SELECT
    ti.id, ti.dag_run_id, ti.dag_id, ti.run_id, ti.task_id, ti.map_index, ti.dag_version_id, u.state, u.try_number,
    u.max_tries, make_timestamptz(u.start_date), make_timestamptz(u.end_date), (u.end_date - u.start_date) / 1e6,
    make_timestamptz(u.scheduled_dttm), make_timestamptz(u.queued_dttm), ti.pool, ti.pool_slots, ti.queue,
    ti.priority_weight, ti.operator, ti.custom_operator_name, u.hostname, u.unixname, u.pid, u.worker_id,
    ti.rendered_map_index, make_timestamptz(u.updated_at), u.retry_delay_override, u.retry_reason
FROM task_instance ti
JOIN (
    SELECT
        unnest($id::BIGINT[]) AS id, unnest($state::VARCHAR[]) AS state,
        unnest($try_number::INTEGER[]) AS try_number, unnest($max_tries::INTEGER[]) AS max_tries,
        unnest($scheduled_dttm::BIGINT[]) AS scheduled_dttm, unnest($queued_dttm::BIGINT[]) AS queued_dttm,
        unnest($start_date::BIGINT[]) AS start_date, unnest($end_date::BIGINT[]) AS end_date,
        unnest($pid::INTEGER[]) AS pid, unnest($hostname::VARCHAR[]) AS hostname,
        unnest($unixname::VARCHAR[]) AS unixname, unnest($worker_id::VARCHAR[]) AS worker_id,
        unnest($updated_at::BIGINT[]) AS updated_at,
        unnest($retry_delay_override::DOUBLE[]) AS retry_delay_override,
        unnest($retry_reason::VARCHAR[]) AS retry_reason
) u ON ti.id = u.id;

-- name: update_retry_overrides
-- What retry policies said of the retries that task instances wait for; NULL = nothing any more. Seconds.
UPDATE task_instance SET retry_delay_override = u.retry_delay_override, retry_reason = u.retry_reason
FROM (
    SELECT
        unnest($id::BIGINT[]) AS id, unnest($retry_delay_override::DOUBLE[]) AS retry_delay_override,
        unnest($retry_reason::VARCHAR[]) AS retry_reason
) u
WHERE task_instance.id = u.id;
