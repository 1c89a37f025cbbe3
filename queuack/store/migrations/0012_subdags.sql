-- SubDAGs. A run of one names the task instance that runs it; dag has Airflow 2's two columns for it.

ALTER TABLE dag_run ADD COLUMN parent_dag_id VARCHAR;
ALTER TABLE dag_run ADD COLUMN parent_run_id VARCHAR;
ALTER TABLE dag_run ADD COLUMN parent_task_id VARCHAR;
ALTER TABLE dag_run ADD COLUMN parent_map_index INTEGER;

ALTER TABLE dag ADD COLUMN is_subdag BOOLEAN DEFAULT false;
ALTER TABLE dag ADD COLUMN root_dag_id VARCHAR;
