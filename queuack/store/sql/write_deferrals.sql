-- name: update_deferrals
-- What deferred task instances wait for and how they go on; NULL = nothing any more. No index, as in update_instances.
UPDATE task_instance SET
    trigger_id = u.trigger_id, trigger_timeout = make_timestamptz(u.trigger_timeout), next_method = u.next_method,
    next_kwargs = u.next_kwargs
FROM (
    SELECT
        unnest($id::BIGINT[]) AS id, unnest($trigger_id::BIGINT[]) AS trigger_id,
        unnest($trigger_timeout::BIGINT[]) AS trigger_timeout, unnest($next_method::VARCHAR[]) AS next_method,
        unnest($next_kwargs::VARCHAR[]) AS next_kwargs
) u
WHERE task_instance.id = u.id;

-- name: delete_triggers
-- Triggers by id: those that are over, and those that are written anew.
DELETE FROM trigger WHERE id IN (SELECT unnest($id::BIGINT[]));

-- name: insert_triggers
-- Triggers that are to run.
INSERT INTO trigger (id, classpath, kwargs, created_date, queue, fired_by, fired_seq)
SELECT
    unnest($id::BIGINT[]), unnest($classpath::VARCHAR[]), unnest($kwargs::VARCHAR[]),
    make_timestamptz(unnest($created_date::BIGINT[])), unnest($queue::VARCHAR[]), unnest($fired_by::VARCHAR[]),
    unnest($fired_seq::BIGINT[]);

-- name: raise_trigger_floor
-- The highest id a trigger ever had, so that none is handed out twice.
UPDATE id_floor SET value = greatest(value, $value::BIGINT) WHERE name = 'trigger';
