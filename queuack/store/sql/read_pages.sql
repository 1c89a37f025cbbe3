-- name: task_cells
-- What became of each task in some runs: for grids, one row per run, task and state. The join hands the keys down to the
-- scan as a filter, so that zone maps skip the row groups of other runs.
SELECT
    ti.dag_run_id AS run_key, ti.task_id, coalesce(ti.state, 'none') AS state, count(*) AS count,
    epoch_us(min(ti.start_date)) AS first_start, epoch_us(max(ti.end_date)) AS last_end,
    max(ti.try_number) AS tries, max(ti.map_index) AS last_map_index, max(ti.duration) AS longest
FROM (SELECT unnest($run_keys::BIGINT[]) AS run_key) wanted
JOIN task_instance ti ON ti.dag_run_id = wanted.run_key
GROUP BY ALL;

-- name: runs_by_day
-- How many runs of a DAG fall on each day (UTC), by state.
SELECT strftime(coalesce(logical_date, run_after) AT TIME ZONE 'UTC', '%Y-%m-%d') AS day, state, count(*) AS count
FROM dag_run
WHERE dag_id = $dag_id AND coalesce(logical_date, run_after) >= make_timestamptz($since::BIGINT)
GROUP BY ALL
ORDER BY ALL;

-- name: run_neighbours
-- The runs before and after one in a DAG's order, in one scan of the DAG's runs.
SELECT
    arg_max(n.run_id, (n.run_after, n.id)) FILTER ((n.run_after, n.id) < (r.run_after, r.id)) AS previous,
    arg_min(n.run_id, (n.run_after, n.id)) FILTER ((n.run_after, n.id) > (r.run_after, r.id)) AS next
FROM (SELECT id, dag_id, run_after FROM dag_run WHERE id = $run_key::BIGINT) r
JOIN dag_run n ON n.dag_id = r.dag_id
WHERE n.dag_id = $dag_id;

-- name: instances_by_start
-- Task instances of a run in the order in which they began, those that have not at the end.
SELECT
    ti.task_id, ti.map_index, ti.state, ti.try_number, epoch_us(ti.start_date) AS start_date,
    epoch_us(ti.end_date) AS end_date, epoch_us(ti.queued_dttm) AS queued_dttm, ti.duration
FROM task_instance ti
WHERE ti.dag_run_id = $run_key::BIGINT
ORDER BY ti.start_date NULLS LAST, ti.id
LIMIT $limit::BIGINT;
