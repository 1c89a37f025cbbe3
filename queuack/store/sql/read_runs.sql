-- fragment: run_columns
    id, dag_id, run_id, run_type, state, epoch_us(logical_date) AS logical_date,
    epoch_us(data_interval_start) AS data_interval_start, epoch_us(data_interval_end) AS data_interval_end,
    epoch_us(run_after) AS run_after, epoch_us(queued_at) AS queued_at, epoch_us(start_date) AS start_date,
    epoch_us(end_date) AS end_date, (epoch_us(end_date) - epoch_us(start_date)) / 1e6 AS duration,
    conf::VARCHAR AS conf, triggered_by, triggering_user_name, note, created_dag_version_id, clear_number,
    epoch_us(updated_at) AS updated_at, partition_key, epoch_us(partition_date) AS partition_date, backfill_id,
    parent_dag_id, parent_run_id, parent_task_id, parent_map_index

-- fragment: run_info
    dag_id, run_id, run_type, epoch_us(logical_date) AS logical_date,
    epoch_us(data_interval_start) AS data_interval_start, epoch_us(data_interval_end) AS data_interval_end,
    epoch_us(run_after) AS run_after, epoch_us(queued_at) AS queued_at, epoch_us(start_date) AS start_date,
    epoch_us(end_date) AS end_date, state, conf::VARCHAR AS conf, coalesce(triggered_by, '') AS triggered_by,
    triggering_user_name, note, clear_number, partition_key, epoch_us(partition_date) AS partition_date

-- name: run_key
-- The id of a run known by name, first step to everything that hangs on it.
SELECT id FROM dag_run WHERE dag_id = $dag_id AND run_id = $run_id;

-- name: list_runs
-- Runs, newest first. A filter that is NULL does not filter; the bounds are on the logical date, inclusive, and on
-- run_after where a run has none.
SELECT {run_columns}
FROM dag_run
WHERE ($dag_id::VARCHAR IS NULL OR dag_id = $dag_id)
    AND ($states::VARCHAR[] IS NULL OR list_contains($states::VARCHAR[], state))
    AND ($start::BIGINT IS NULL OR coalesce(logical_date, run_after) >= make_timestamptz($start::BIGINT))
    AND ($end::BIGINT IS NULL OR coalesce(logical_date, run_after) <= make_timestamptz($end::BIGINT))
ORDER BY dag_run.run_after DESC, dag_run.id DESC
LIMIT $limit::BIGINT OFFSET $offset::BIGINT;

-- name: recent_runs
-- The last few runs of each DAG, newest first, for overviews.
SELECT {run_columns}
FROM dag_run
WHERE $dag_id::VARCHAR[] IS NULL OR list_contains($dag_id::VARCHAR[], dag_id)
QUALIFY row_number() OVER (PARTITION BY dag_run.dag_id ORDER BY dag_run.run_after DESC, dag_run.id DESC) <= $per_dag
ORDER BY dag_run.dag_id, dag_run.run_after DESC, dag_run.id DESC;

-- name: scheduled_run_before
-- The latest scheduled run of a DAG but one, from which the schedule goes on when that one is deleted.
SELECT
    epoch_us(coalesce(data_interval_start, run_after)), epoch_us(coalesce(data_interval_end, run_after)),
    epoch_us(run_after)
FROM dag_run
WHERE dag_id = $dag_id AND id <> $run_key::BIGINT AND run_type = 'scheduled'
    AND (logical_date IS NOT NULL OR partition_key IS NOT NULL)
ORDER BY coalesce(logical_date, run_after) DESC
LIMIT 1;

-- name: get_run
-- One run by its id.
SELECT {run_columns} FROM dag_run WHERE dag_id = $dag_id AND run_id = $run_id;

-- name: get_run_by_date
-- One run by its logical date.
SELECT {run_columns} FROM dag_run WHERE dag_id = $dag_id AND logical_date = make_timestamptz($logical_date::BIGINT);

-- name: previous_run
-- The run before a moment: the latest logical date below it, or for runs without one the latest run_after below it.
SELECT {run_info}
FROM dag_run
WHERE dag_id = $dag_id
    AND ($state::VARCHAR IS NULL OR state = $state)
    AND CASE
        WHEN $logical_date::BIGINT IS NULL THEN dag_run.run_after < make_timestamptz($run_after::BIGINT)
        ELSE dag_run.logical_date < make_timestamptz($logical_date::BIGINT)
    END
ORDER BY
    CASE WHEN $logical_date::BIGINT IS NULL THEN dag_run.run_after ELSE dag_run.logical_date END DESC, id DESC
LIMIT 1;

-- name: runs_by
-- Runs of a DAG by name, logical date or state. A filter that is NULL does not filter.
SELECT {run_info}
FROM dag_run
WHERE dag_id = $dag_id
    AND ($run_ids::VARCHAR[] IS NULL OR list_contains($run_ids::VARCHAR[], run_id))
    AND ($logical_dates::BIGINT[] IS NULL OR list_contains($logical_dates::BIGINT[], epoch_us(dag_run.logical_date)))
    AND ($states::VARCHAR[] IS NULL OR list_contains($states::VARCHAR[], state))
ORDER BY dag_run.run_after, id;

-- name: run_states
-- How many runs DAGs have in each state; an empty list asks for all.
SELECT r.dag_id, coalesce(d.dag_display_name, r.dag_id) AS dag_display_name, r.state, count(*) AS count
FROM dag_run r
JOIN dag d ON d.dag_id = r.dag_id
WHERE len($dag_ids::VARCHAR[]) = 0 OR list_contains($dag_ids::VARCHAR[], r.dag_id)
GROUP BY ALL
ORDER BY r.dag_id;

-- name: count_runs
-- How many runs each DAG has in each state.
SELECT dag_id, state, count(*) AS count
FROM dag_run
WHERE $dag_id::VARCHAR IS NULL OR dag_id = $dag_id
GROUP BY dag_id, state
ORDER BY dag_id, state;

-- name: list_children
-- The runs of SubDAGs directly below a run, in the order in which they were made.
SELECT {run_columns}
FROM dag_run
WHERE parent_run_id = $run_id AND parent_dag_id = $dag_id
ORDER BY dag_run.id;

-- name: list_tree
-- A run and the runs of SubDAGs below it, to any depth; a parent before its children.
WITH RECURSIVE tree AS (
    SELECT id AS run_key, dag_id AS above_dag, run_id AS above_run, 0 AS depth
    FROM dag_run
    WHERE dag_id = $dag_id AND run_id = $run_id
    UNION ALL
    SELECT r.id, r.dag_id, r.run_id, tree.depth + 1
    FROM tree
    JOIN dag_run r ON r.parent_run_id = tree.above_run AND r.parent_dag_id = tree.above_dag
)
SELECT {run_columns}, tree.depth
FROM dag_run
JOIN tree ON tree.run_key = dag_run.id
ORDER BY tree.depth, dag_run.id;
