-- name: trends_of_tasks
-- How long tasks take, over their latest $runs successes among the newest rows; the latest quarter of them beside the
-- rest. Those with too few successes are left out before lists are made of the others; most time first.
WITH known AS (
    SELECT dag_id, task_id
    FROM task_instance
    WHERE id > $from_id::BIGINT AND state = 'success' AND duration IS NOT NULL
    GROUP BY dag_id, task_id
    HAVING count(*) >= $least::BIGINT
), listed AS (
    SELECT dag_id, task_id, list(duration ORDER BY id DESC)[:$runs::BIGINT] AS durations
    FROM task_instance
    SEMI JOIN known USING (dag_id, task_id)
    WHERE id > $from_id::BIGINT AND state = 'success' AND duration IS NOT NULL
    GROUP BY dag_id, task_id
), halved AS (
    SELECT
        *, durations[:ceil(len(durations) / 4)::BIGINT] AS last_ones,
        durations[ceil(len(durations) / 4)::BIGINT + 1:] AS before
    FROM listed
)
SELECT
    dag_id, task_id, len(durations) AS n, list_aggregate(durations, 'median') AS p50,
    list_aggregate(durations, 'quantile_cont', 0.95) AS p95, list_aggregate(last_ones, 'median') AS recent,
    list_aggregate(before, 'median') AS earlier, list_aggregate(before, 'mad') AS spread
FROM halved
ORDER BY list_sum(durations) DESC, dag_id, task_id
LIMIT $most::BIGINT;

-- name: work_of_dags
-- Mean seconds of all tasks of a DAG together, by DAG, over the newest rows.
SELECT dag_id, sum(mean_duration) AS work
FROM (
    SELECT dag_id, task_id, avg(duration) AS mean_duration
    FROM task_instance
    WHERE id > $from_id::BIGINT AND state = 'success' AND duration IS NOT NULL
    GROUP BY dag_id, task_id
)
GROUP BY dag_id;

-- name: durations_of_dag
-- Durations of the tasks of a DAG in its latest runs, oldest first; of a mapped task its longest instance.
WITH latest AS (
    SELECT id, run_id FROM dag_run WHERE dag_id = $dag_id ORDER BY dag_run.id DESC LIMIT $runs::BIGINT
)
SELECT
    t.task_id, t.dag_run_id AS run_key, max(l.run_id) AS run_id, max(t.duration) AS duration,
    CASE WHEN bool_or(t.state = 'failed') THEN 'failed' ELSE max(t.state) END AS state
FROM task_instance t
JOIN latest l ON l.id = t.dag_run_id
WHERE t.dag_id = $dag_id AND t.id > $from_id::BIGINT AND t.duration IS NOT NULL
GROUP BY t.task_id, t.dag_run_id
ORDER BY t.task_id, t.dag_run_id;

-- name: waiting_by_pool
-- How long tasks waited lately: for a slot (scheduled to queued), and for a worker (queued to started); seconds.
SELECT
    pool, count(*) AS n,
    quantile_cont((epoch_us(queued_dttm) - epoch_us(scheduled_dttm)) / 1e6, [0.5, 0.95, 1.0]) AS for_slot,
    quantile_cont((epoch_us(start_date) - epoch_us(queued_dttm)) / 1e6, [0.5, 0.95, 1.0]) AS for_worker
FROM task_instance
WHERE id > $from_id::BIGINT AND start_date >= queued_dttm AND queued_dttm >= scheduled_dttm
GROUP BY pool
ORDER BY pool;

-- name: slots_in_use
-- Slots that running tasks held, on average over each stretch of $width microseconds since $since; empty ones are left out.
WITH spans AS (
    SELECT
        pool_slots, greatest(epoch_us(start_date), $since::BIGINT) AS s,
        least(epoch_us(coalesce(end_date, make_timestamptz($now::BIGINT))), $now::BIGINT) AS e
    FROM task_instance
    WHERE id > $from_id::BIGINT AND start_date < make_timestamptz($now::BIGINT)
        AND ((end_date IS NULL AND state = 'running') OR end_date >= make_timestamptz($since::BIGINT))
), pieces AS (
    SELECT pool_slots, s, e, unnest(range((s - $since::BIGINT) // $width::BIGINT, (e - $since::BIGINT) // $width::BIGINT + 1)) AS k
    FROM spans
)
SELECT
    k AS stretch,
    sum(
        pool_slots
        * (least(e, $since::BIGINT + (k + 1) * $width::BIGINT) - greatest(s, $since::BIGINT + k * $width::BIGINT))
    ) / $width::DOUBLE AS slots
FROM pieces
GROUP BY k
ORDER BY k;

-- name: first_instance_after
-- When the earliest of the rows that are looked at began.
SELECT epoch_us(start_date) FROM task_instance
WHERE id > $from_id::BIGINT AND start_date IS NOT NULL
ORDER BY id LIMIT 1;

-- name: lengths_of_runs
-- Median seconds of the latest successful runs by DAG.
SELECT dag_id, median((epoch_us(end_date) - epoch_us(start_date)) / 1e6) AS length
FROM dag_run
WHERE id > $from_id::BIGINT AND state = 'success' AND end_date IS NOT NULL AND start_date IS NOT NULL
GROUP BY dag_id;

-- name: last_run_id
-- The highest id there is.
SELECT coalesce(max(id), 0) FROM dag_run;

-- name: tasks_of_run
-- The tasks of a run, mapped ones by the instance that ended last, with when it began and ended.
SELECT
    task_id, count(*) AS instances, arg_max(map_index, end_date) AS map_index, arg_max(state, end_date) AS state,
    arg_max(epoch_us(start_date), end_date) AS start_us, epoch_us(max(end_date)) AS end_us
FROM task_instance
WHERE dag_run_id = $run_key::BIGINT AND start_date IS NOT NULL AND end_date IS NOT NULL
GROUP BY task_id
ORDER BY task_id;
