-- How long things are that mapped tasks expand over. Columns as Airflow's, whose keys column stays empty: an instance
-- finds its element where it runs. A row with a map index, which Airflow has not, says that the instance returned something.

CREATE TABLE task_map (
    dag_run_id BIGINT NOT NULL,
    dag_id VARCHAR NOT NULL,
    run_id VARCHAR NOT NULL,
    task_id VARCHAR NOT NULL,
    map_index INTEGER NOT NULL,
    length INTEGER NOT NULL,
    keys JSON
);
