-- list: pools
-- Pools with the slots that task instances of unfinished runs hold, by state.
-- base: slot_pool p
-- key: p.pool
-- column: pool p.pool
-- column: name p.pool
-- column: slots p.slots
SELECT
    p.pool AS name, p.slots, p.description, p.include_deferred,
    coalesce(o.running, 0) AS running_slots, coalesce(o.queued, 0) AS queued_slots,
    coalesce(o.scheduled, 0) AS scheduled_slots, coalesce(o.deferred, 0) AS deferred_slots,
    coalesce(o.running, 0) + coalesce(o.queued, 0)
        + CASE WHEN p.include_deferred THEN coalesce(o.deferred, 0) ELSE 0 END AS occupied_slots,
    CASE WHEN p.slots < 0 THEN -1 ELSE greatest(0, p.slots - coalesce(o.running, 0) - coalesce(o.queued, 0)
        - CASE WHEN p.include_deferred THEN coalesce(o.deferred, 0) ELSE 0 END) END AS open_slots
FROM {page} p
LEFT JOIN (
    SELECT
        pool,
        CAST(sum(pool_slots) FILTER (state IN ('running', 'restarting')) AS BIGINT) AS running,
        CAST(sum(pool_slots) FILTER (state = 'queued') AS BIGINT) AS queued,
        CAST(sum(pool_slots) FILTER (state = 'scheduled') AS BIGINT) AS scheduled,
        CAST(sum(pool_slots) FILTER (state = 'deferred') AS BIGINT) AS deferred
    FROM task_instance
    WHERE dag_run_id IN (SELECT id FROM dag_run WHERE state IN ('queued', 'running'))
    GROUP BY pool
) o ON o.pool = p.pool;

-- list: variables
-- Variables, values as they are stored: encrypted where is_encrypted says so.
-- base: variable v
-- key: v.key
-- column: key v.key
-- column: description v.description
-- column: is_encrypted coalesce(v.is_encrypted, false)
SELECT v.key, v.val, v.description, coalesce(v.is_encrypted, false) AS is_encrypted FROM {page} v;

-- list: connections
-- Connections, password and extra as they are stored.
-- base: connection c
-- key: c.conn_id
-- column: conn_id c.conn_id
-- column: connection_id c.conn_id
-- column: conn_type c.conn_type
-- column: description c.description
-- column: host c.host
-- column: port c.port
SELECT
    c.conn_id, c.conn_type, c.description, c.host, c.login, c.password, c.schema, c.port, c.extra,
    coalesce(c.is_encrypted, false) AS is_encrypted, coalesce(c.is_extra_encrypted, false) AS is_extra_encrypted
FROM {page} c;
