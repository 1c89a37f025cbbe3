"""The connections that ``connections create-default-connections`` makes: one for each id that hooks of Airflow's
providers look for when a task names none. Data only; places and names are examples to be changed.
"""

from __future__ import annotations

import json
from typing import Any

from queuack.connection_form import from_uri

DEFAULT_CONNECTIONS: tuple[tuple[str, str, dict[str, Any] | None], ...] = (
    ("airflow_db", "mysql://root@mysql/airflow", None),
    ("athena_default", "athena://", None),
    ("aws_default", "aws://", None),
    ("azure_batch_default", "azure-batch://%3CACCOUNT_NAME%3E@", {"account_url": "<ACCOUNT_URL>"}),
    (
        "azure_cosmos_default",
        "azure-cosmos://",
        {"database_name": "<DATABASE_NAME>", "collection_name": "<COLLECTION_NAME>"},
    ),
    (
        "azure_data_explorer_default",
        "azure-data-explorer://https://%3CCLUSTER%3E.kusto.windows.net",
        {
            "auth_method": "<AAD_APP | AAD_APP_CERT | AAD_CREDS | AAD_DEVICE>",
            "tenant": "<TENANT ID>",
            "certificate": "<APPLICATION PEM CERTIFICATE>",
            "thumbprint": "<APPLICATION CERTIFICATE THUMBPRINT>",
        },
    ),
    ("azure_data_lake_default", "azure-data-lake://", {"tenant": "<TENANT>", "account_name": "<ACCOUNTNAME>"}),
    ("azure_default", "azure://", None),
    ("cassandra_default", "cassandra://cassandra:9042", None),
    ("databricks_default", "databricks://localhost", None),
    ("dingding_default", "http://", None),
    ("drill_default", "drill://localhost:8047", {"dialect_driver": "drill+sadrill", "storage_plugin": "dfs"}),
    ("druid_broker_default", "druid://druid-broker:8082", {"endpoint": "druid/v2/sql"}),
    ("druid_ingest_default", "druid://druid-overlord:8081", {"endpoint": "druid/indexer/v1/task"}),
    ("elasticsearch_default", "elasticsearch://localhost:9200/http", None),
    ("emr_default", "emr://", None),
    (
        "facebook_default",
        "facebook-social://",
        {
            "account_id": "<AD_ACCOUNT_ID>",
            "app_id": "<FACEBOOK_APP_ID>",
            "app_secret": "<FACEBOOK_APP_SECRET>",
            "access_token": "<FACEBOOK_AD_ACCESS_TOKEN>",
        },
    ),
    ("fs_default", "fs://", {"path": "/"}),
    ("ftp_default", "ftp://airflow:airflow@localhost:21", {"key_file": "~/.ssh/id_rsa", "no_host_key_check": True}),
    ("google_cloud_default", "google-cloud-platform:///default", None),
    ("gremlin_default", "gremlin://gremlin:8182", None),
    ("hive_cli_default", "hive-cli://localhost:10000/default", {"use_beeline": True, "auth": ""}),
    ("hiveserver2_default", "hiveserver2://localhost:10000/default", None),
    ("http_default", "http://https://www.httpbin.org%2F", None),
    ("iceberg_default", "iceberg://https://api.iceberg.io%2Fws%2Fv1", None),
    ("impala_default", "impala://localhost:21050", None),
    ("kafka_default", "kafka://", {"bootstrap.servers": "broker:29092", "group.id": "my-group"}),
    ("kubernetes_default", "kubernetes://", None),
    ("kylin_default", "kylin://ADMIN:KYLIN@localhost:7070", None),
    ("leveldb_default", "leveldb://localhost", None),
    ("livy_default", "livy://livy:8998", None),
    ("local_mysql", "mysql://airflow:airflow@localhost/airflow", None),
    ("metastore_default", "hive-metastore://localhost:9083", {"authMechanism": "PLAIN"}),
    ("mongo_default", "mongo://mongo:27017", None),
    ("mssql_default", "mssql://localhost:1433", None),
    ("mysql_default", "mysql://root@mysql/airflow", None),
    ("opensearch_default", "opensearch://localhost:9200/http", None),
    ("opsgenie_default", "http://", None),
    ("oracle_default", "oracle://root:password@localhost:1521/schema", None),
    (
        "oss_default",
        "oss://",
        {
            "auth_type": "AK",
            "access_key_id": "<ACCESS_KEY_ID>",
            "access_key_secret": "<ACCESS_KEY_SECRET>",
            "region": "<YOUR_OSS_REGION>",
        },
    ),
    ("pig_cli_default", "pig-cli:///default", None),
    ("pinot_admin_default", "pinot://localhost:9000", None),
    ("pinot_broker_default", "pinot://localhost:9000", {"endpoint": "/query", "schema": "http"}),
    ("postgres_default", "postgres://postgres:airflow@postgres/airflow", None),
    ("presto_default", "presto://localhost:3400/hive", None),
    ("qdrant_default", "qdrant://qdrant:6333", None),
    ("redis_default", "redis://redis:6379", {"db": 0}),
    (
        "redshift_default",
        "redshift://",
        {
            "iam": True,
            "cluster_identifier": "<REDSHIFT_CLUSTER_IDENTIFIER>",
            "port": 5439,
            "profile": "default",
            "db_user": "awsuser",
            "database": "dev",
            "region": "",
        },
    ),
    ("salesforce_default", "salesforce://username:password@", {"security_token": "security_token"}),
    ("segment_default", "segment://", {"write_key": "my-segment-write-key"}),
    ("sftp_default", "sftp://airflow@localhost:22", {"key_file": "~/.ssh/id_rsa", "no_host_key_check": True}),
    ("spark_default", "spark://yarn", {"queue": "root.default"}),
    ("sqlite_default", "sqlite://%2Ftmp%2Fsqlite_default.db", None),
    ("ssh_default", "ssh://localhost", None),
    ("tableau_default", "tableau://https://user:password@tableau.server.url", {"site_id": "my_site"}),
    ("teradata_default", "teradata://user:password@localhost/schema", None),
    ("trino_default", "trino://localhost:3400/hive", None),
    ("vertica_default", "vertica://localhost:5433", None),
    ("wasb_default", "wasb://", {"sas_token": None}),
    ("webhdfs_default", "hdfs://localhost:50070", None),
    ("yandexcloud_default", "yandexcloud:///default", None),
    ("ydb_default", "ydb://grpc://localhost:2135", {"database": "/local"}),
)
"""conn_id, URI, extra."""


def default_connections() -> list[dict[str, Any]]:
    """Their fields, with ``conn_id``."""
    return [
        {"conn_id": conn_id, **from_uri(uri), "extra": json.dumps(extra) if extra else None}
        for conn_id, uri, extra in DEFAULT_CONNECTIONS
    ]
