"""Names of 1.10 that are in provider packages today: served when the package is installed, else an error names it."""

from __future__ import annotations

from queuack.compat.table.targets import Served, at

_P = "airflow.providers"

PROVIDED: Served = {
    "airflow.contrib.hooks.fs_hook": at(f"{_P}.standard.hooks.filesystem", "FSHook"),
    "airflow.contrib.hooks.gcs_hook": at(f"{_P}.google.cloud.hooks.gcs", "GCSHook", GoogleCloudStorageHook="GCSHook"),
    "airflow.contrib.hooks.bigquery_hook": at(f"{_P}.google.cloud.hooks.bigquery", "BigQueryHook"),
    "airflow.contrib.hooks.snowflake_hook": at(f"{_P}.snowflake.hooks.snowflake", "SnowflakeHook"),
    "airflow.contrib.hooks.ssh_hook": at(f"{_P}.ssh.hooks.ssh", "SSHHook"),
    "airflow.contrib.hooks.aws_hook": at(f"{_P}.amazon.aws.hooks.base_aws", "", AwsHook="AwsBaseHook"),
    "airflow.contrib.operators.gcs_to_bq": at(
        f"{_P}.google.cloud.transfers.gcs_to_bigquery",
        "GCSToBigQueryOperator",
        GoogleCloudStorageToBigQueryOperator="GCSToBigQueryOperator",
    ),
    "airflow.contrib.operators.bigquery_operator": at(
        f"{_P}.google.cloud.operators.bigquery", "", BigQueryOperator="BigQueryInsertJobOperator"
    ),
    "airflow.contrib.operators.kubernetes_pod_operator": at(
        f"{_P}.cncf.kubernetes.operators.pod", "KubernetesPodOperator"
    ),
    "airflow.contrib.operators.snowflake_operator": at(
        f"{_P}.snowflake.operators.snowflake", "", SnowflakeOperator="SnowflakeSqlApiOperator"
    ),
    "airflow.contrib.operators.spark_submit_operator": at(
        f"{_P}.apache.spark.operators.spark_submit", "SparkSubmitOperator"
    ),
    "airflow.contrib.operators.ssh_operator": at(f"{_P}.ssh.operators.ssh", "SSHOperator"),
    "airflow.contrib.sensors.file_sensor": at(f"{_P}.standard.sensors.filesystem", "FileSensor"),
    "airflow.hooks.dbapi": at(f"{_P}.common.sql.hooks.sql", "DbApiHook"),
    "airflow.hooks.dbapi_hook": at(f"{_P}.common.sql.hooks.sql", "DbApiHook"),
    "airflow.hooks.hive_hooks": at(f"{_P}.apache.hive.hooks.hive", "HiveCliHook HiveMetastoreHook HiveServer2Hook"),
    "airflow.hooks.http_hook": at(f"{_P}.http.hooks.http", "HttpHook"),
    "airflow.hooks.mysql_hook": at(f"{_P}.mysql.hooks.mysql", "MySqlHook"),
    "airflow.hooks.postgres_hook": at(f"{_P}.postgres.hooks.postgres", "PostgresHook"),
    "airflow.hooks.S3_hook": at(f"{_P}.amazon.aws.hooks.s3", "S3Hook"),
    "airflow.operators.generic_transfer": at(f"{_P}.common.sql.operators.generic_transfer", "GenericTransfer"),
    "airflow.operators.hive_operator": at(f"{_P}.apache.hive.operators.hive", "HiveOperator"),
    "airflow.operators.http_operator": at(f"{_P}.http.operators.http", "", SimpleHttpOperator="HttpOperator"),
    "airflow.operators.postgres_operator": at(
        f"{_P}.common.sql.operators.sql", "", PostgresOperator="SQLExecuteQueryOperator"
    ),
    "airflow.operators.sql": at(
        f"{_P}.common.sql.operators.sql",
        "BranchSQLOperator SQLCheckOperator SQLColumnCheckOperator SQLIntervalCheckOperator SQLTableCheckOperator "
        "SQLThresholdCheckOperator SQLValueCheckOperator",
    ),
    "airflow.sensors.sql": at(f"{_P}.common.sql.sensors.sql", "SqlSensor"),
    "airflow.sensors.sql_sensor": at(f"{_P}.common.sql.sensors.sql", "SqlSensor"),
    "airflow.sensors.http_sensor": at(f"{_P}.http.sensors.http", "HttpSensor"),
}
