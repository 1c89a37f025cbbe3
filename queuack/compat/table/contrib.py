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
    # ── contrib of 1.10 ──────────────────────────────────────────────────────────────────────────
    "airflow.contrib.hooks.databricks_hook": at(f"{_P}.databricks.hooks.databricks", "DatabricksHook"),
    "airflow.contrib.hooks.emr_hook": at(f"{_P}.amazon.aws.hooks.emr", "EmrHook"),
    "airflow.contrib.hooks.ftp_hook": at(f"{_P}.ftp.hooks.ftp", "FTPHook FTPSHook"),
    "airflow.contrib.hooks.gcp_api_base_hook": at(
        f"{_P}.google.common.hooks.base_google", "", GoogleCloudBaseHook="GoogleBaseHook"
    ),
    "airflow.contrib.hooks.mongo_hook": at(f"{_P}.mongo.hooks.mongo", "MongoHook"),
    "airflow.contrib.hooks.redis_hook": at(f"{_P}.redis.hooks.redis", "RedisHook"),
    "airflow.contrib.hooks.salesforce_hook": at(f"{_P}.salesforce.hooks.salesforce", "SalesforceHook"),
    "airflow.contrib.hooks.sftp_hook": at(f"{_P}.sftp.hooks.sftp", "SFTPHook"),
    "airflow.contrib.hooks.slack_webhook_hook": at(f"{_P}.slack.hooks.slack_webhook", "SlackWebhookHook"),
    "airflow.contrib.hooks.spark_submit_hook": at(f"{_P}.apache.spark.hooks.spark_submit", "SparkSubmitHook"),
    "airflow.contrib.hooks.wasb_hook": at(f"{_P}.microsoft.azure.hooks.wasb", "WasbHook"),
    "airflow.contrib.kubernetes.secret": at(f"{_P}.cncf.kubernetes.secret", "Secret"),
    "airflow.contrib.operators.databricks_operator": at(
        f"{_P}.databricks.operators.databricks", "DatabricksRunNowOperator DatabricksSubmitRunOperator"
    ),
    "airflow.contrib.operators.emr_add_steps_operator": at(f"{_P}.amazon.aws.operators.emr", "EmrAddStepsOperator"),
    "airflow.contrib.operators.emr_create_job_flow_operator": at(
        f"{_P}.amazon.aws.operators.emr", "EmrCreateJobFlowOperator"
    ),
    "airflow.contrib.operators.emr_terminate_job_flow_operator": at(
        f"{_P}.amazon.aws.operators.emr", "EmrTerminateJobFlowOperator"
    ),
    "airflow.contrib.operators.sftp_operator": at(f"{_P}.sftp.operators.sftp", "SFTPOperator"),
    "airflow.contrib.operators.slack_webhook_operator": at(
        f"{_P}.slack.operators.slack_webhook", "SlackWebhookOperator"
    ),
    "airflow.contrib.operators.spark_sql_operator": at(f"{_P}.apache.spark.operators.spark_sql", "SparkSqlOperator"),
    "airflow.contrib.operators.sqoop_operator": at(f"{_P}.apache.sqoop.operators.sqoop", "SqoopOperator"),
    "airflow.contrib.operators.winrm_operator": at(f"{_P}.microsoft.winrm.operators.winrm", "WinRMOperator"),
    "airflow.contrib.sensors.emr_job_flow_sensor": at(f"{_P}.amazon.aws.sensors.emr", "EmrJobFlowSensor"),
    "airflow.contrib.sensors.emr_step_sensor": at(f"{_P}.amazon.aws.sensors.emr", "EmrStepSensor"),
    "airflow.contrib.sensors.sftp_sensor": at(f"{_P}.sftp.sensors.sftp", "SFTPSensor"),
    # ── beside the core in 1.10 and 2.x ──────────────────────────────────────────────────────────
    "airflow.hooks.jdbc_hook": at(f"{_P}.jdbc.hooks.jdbc", "JdbcHook"),
    "airflow.hooks.mssql_hook": at(f"{_P}.microsoft.mssql.hooks.mssql", "MsSqlHook"),
    "airflow.hooks.oracle_hook": at(f"{_P}.oracle.hooks.oracle", "OracleHook"),
    "airflow.hooks.presto_hook": at(f"{_P}.presto.hooks.presto", "PrestoHook"),
    "airflow.hooks.slack_hook": at(f"{_P}.slack.hooks.slack", "SlackHook"),
    "airflow.hooks.sqlite_hook": at(f"{_P}.sqlite.hooks.sqlite", "SqliteHook"),
    "airflow.kubernetes.secret": at(f"{_P}.cncf.kubernetes.secret", "Secret"),
    "airflow.operators.docker_operator": at(f"{_P}.docker.operators.docker", "DockerOperator"),
    "airflow.operators.mssql_operator": at(
        f"{_P}.common.sql.operators.sql", "", MsSqlOperator="SQLExecuteQueryOperator"
    ),
    "airflow.operators.mysql_operator": at(
        f"{_P}.common.sql.operators.sql", "", MySqlOperator="SQLExecuteQueryOperator"
    ),
    "airflow.operators.papermill_operator": at(f"{_P}.papermill.operators.papermill", "PapermillOperator"),
    "airflow.operators.s3_file_transform_operator": at(f"{_P}.amazon.aws.operators.s3", "S3FileTransformOperator"),
    "airflow.operators.s3_to_redshift_operator": at(
        f"{_P}.amazon.aws.transfers.s3_to_redshift", "S3ToRedshiftOperator", S3ToRedshiftTransfer="S3ToRedshiftOperator"
    ),
    "airflow.operators.slack_operator": at(f"{_P}.slack.operators.slack", "SlackAPIPostOperator"),
    "airflow.operators.sqlite_operator": at(
        f"{_P}.common.sql.operators.sql", "", SqliteOperator="SQLExecuteQueryOperator"
    ),
    "airflow.sensors.hdfs_sensor": at(f"{_P}.apache.hdfs.sensors.hdfs", "HdfsSensor"),
    "airflow.sensors.hive_partition_sensor": at(f"{_P}.apache.hive.sensors.hive_partition", "HivePartitionSensor"),
    "airflow.sensors.s3_key_sensor": at(f"{_P}.amazon.aws.sensors.s3", "S3KeySensor"),
}
