-- Statements that delete a run, or one task instance, from every table that knows it.

-- name: forget_partitions
-- Runs of a DAG have no partition any more.
UPDATE dag_run SET partition_key = NULL, partition_date = NULL
WHERE dag_id = $dag_id AND run_id IN (SELECT unnest($run_id::VARCHAR[]));

-- name: keep_run_id_floor
-- Before the rows go: the highest ids they used, so that no id is ever handed out twice.
INSERT INTO id_floor
SELECT 'dag_run', $run_key::BIGINT
UNION ALL SELECT 'task_instance', coalesce(max(id), 0) FROM task_instance WHERE dag_run_id = $run_key::BIGINT
UNION ALL SELECT 'callback', coalesce(max(id), 0) FROM callback;

-- name: delete_run_questions
-- What tasks of a run have asked people: before the task instances go.
DELETE FROM hitl_detail WHERE ti_id IN (SELECT id FROM task_instance WHERE dag_run_id = $run_key::BIGINT);

-- name: delete_run_old_questions
-- What earlier tries have asked: before the task instances go.
DELETE FROM hitl_detail_history WHERE ti_history_id IN (SELECT id FROM task_instance WHERE dag_run_id = $run_key::BIGINT);

-- name: delete_run_instance_notes
-- Notes on its task instances, before these go.
DELETE FROM task_instance_note WHERE ti_id IN (SELECT id FROM task_instance WHERE dag_run_id = $run_key::BIGINT);

-- name: delete_note_of_run
-- The note on the run.
DELETE FROM dag_run_note WHERE dag_run_id = $run_key::BIGINT;

-- name: delete_run_reschedules
-- All that a run left in task_reschedule.
DELETE FROM task_reschedule WHERE dag_run_id = $run_key::BIGINT;

-- name: delete_run_history
-- All that a run left in task_instance_history.
DELETE FROM task_instance_history WHERE dag_run_id = $run_key::BIGINT;

-- name: delete_run_rendered_fields
-- All that a run left in rendered_task_instance_fields.
DELETE FROM rendered_task_instance_fields WHERE dag_run_id = $run_key::BIGINT;

-- name: delete_run_xcoms
-- All that a run left in xcom.
DELETE FROM xcom WHERE dag_run_id = $run_key::BIGINT;

-- name: delete_run_lengths
-- All that a run left in task_map.
DELETE FROM task_map WHERE dag_run_id = $run_key::BIGINT;

-- name: delete_run_state
-- All that a run left in task_state_store.
DELETE FROM task_state_store WHERE dag_run_id = $run_key::BIGINT;

-- name: delete_run_asset_events
-- All that a run left in dagrun_asset_event.
DELETE FROM dagrun_asset_event WHERE dag_run_id = $run_key::BIGINT;

-- name: delete_run_instances
-- All that a run left in task_instance.
DELETE FROM task_instance WHERE dag_run_id = $run_key::BIGINT;

-- name: delete_run_deadlines
-- Its deadlines.
DELETE FROM deadline WHERE dagrun_id = $run_key::BIGINT;

-- name: delete_run_callbacks
-- Its callbacks, run or not.
DELETE FROM callback WHERE dag_id = $dag_id AND run_id = $run_id;

-- name: delete_run
-- The run itself.
DELETE FROM dag_run WHERE id = $run_key::BIGINT;

-- name: keep_instance_id_floor
-- Before the row goes: its id, so that it is never handed out twice.
INSERT INTO id_floor SELECT 'task_instance', $ti_id::BIGINT WHERE $run_key::BIGINT IS NOT NULL;

-- name: delete_instance_questions
-- What it has asked people.
DELETE FROM hitl_detail WHERE ti_id = $ti_id::BIGINT AND $run_key::BIGINT IS NOT NULL;

-- name: delete_instance_old_questions
-- What its earlier tries have asked.
DELETE FROM hitl_detail_history WHERE ti_history_id = $ti_id::BIGINT AND $run_key::BIGINT IS NOT NULL;

-- name: delete_instance_notes_of
-- The note on it.
DELETE FROM task_instance_note WHERE ti_id = $ti_id::BIGINT AND $run_key::BIGINT IS NOT NULL;

-- name: delete_instance_reschedules
-- When its sensor looked.
DELETE FROM task_reschedule WHERE ti_id = $ti_id::BIGINT AND dag_run_id = $run_key::BIGINT;

-- name: delete_instance_history
-- Its earlier tries.
DELETE FROM task_instance_history WHERE task_instance_id = $ti_id::BIGINT AND dag_run_id = $run_key::BIGINT;

-- name: delete_instance_rendered_fields
-- All that a task instance left in rendered_task_instance_fields: before it goes.
DELETE FROM rendered_task_instance_fields d USING task_instance ti
WHERE ti.id = $ti_id::BIGINT AND d.dag_run_id = $run_key::BIGINT AND d.dag_run_id = ti.dag_run_id
    AND d.task_id = ti.task_id AND d.map_index = ti.map_index;

-- name: delete_instance_xcoms
-- All that a task instance left in xcom: before it goes.
DELETE FROM xcom d USING task_instance ti
WHERE ti.id = $ti_id::BIGINT AND d.dag_run_id = $run_key::BIGINT AND d.dag_run_id = ti.dag_run_id
    AND d.task_id = ti.task_id AND d.map_index = ti.map_index;

-- name: delete_instance_lengths
-- All that a task instance left in task_map: before it goes.
DELETE FROM task_map d USING task_instance ti
WHERE ti.id = $ti_id::BIGINT AND d.dag_run_id = $run_key::BIGINT AND d.dag_run_id = ti.dag_run_id
    AND d.task_id = ti.task_id AND d.map_index = ti.map_index;

-- name: delete_instance_state
-- All that a task instance left in task_state_store: before it goes.
DELETE FROM task_state_store d USING task_instance ti
WHERE ti.id = $ti_id::BIGINT AND d.dag_run_id = $run_key::BIGINT AND d.dag_run_id = ti.dag_run_id
    AND d.task_id = ti.task_id AND d.map_index = ti.map_index;

-- name: delete_instance
-- The task instance itself.
DELETE FROM task_instance WHERE id = $ti_id::BIGINT AND dag_run_id = $run_key::BIGINT;
