"""Which package on PyPI an import comes from: Airflow's provider packages by rule, others by a short list.

Decides names only; whether a package is installed is not looked at.
"""

from __future__ import annotations

VENDORS = frozenset({"apache", "atlassian", "cncf", "common", "dbt", "microsoft"})
"""Components below ``airflow.providers`` that are folders of several packages."""

THIRD_PARTY = {
    "MySQLdb": "mysqlclient",
    "OpenSSL": "pyopenssl",
    "PIL": "pillow",
    "astro": "astro-sdk-python",
    "astronomer": "astronomer-providers",
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "cosmos": "astronomer-cosmos",
    "cv2": "opencv-python",
    "dagfactory": "dag-factory",
    "databricks": "databricks-sdk",
    "dateutil": "python-dateutil",
    "dbt": "dbt-core",
    "dotenv": "python-dotenv",
    "duckdb_provider": "airflow-provider-duckdb",
    "fivetran_provider": "airflow-provider-fivetran",
    "git": "gitpython",
    "great_expectations_provider": "airflow-provider-great-expectations",
    "jose": "python-jose",
    "jwt": "pyjwt",
    "kafka": "kafka-python",
    "kubernetes": "kubernetes",
    "ldap": "python-ldap",
    "mysql": "mysql-connector-python",
    "psycopg2": "psycopg2-binary",
    "pythonjsonlogger": "python-json-logger",
    "sklearn": "scikit-learn",
    "slack": "slack-sdk",
    "snowflake": "snowflake-connector-python",
    "telegram": "python-telegram-bot",
    "yaml": "pyyaml",
}
"""Module → package, where the names differ."""


def provider_package(module: str) -> str:
    """The package of ``airflow.providers.…``, from its path."""
    parts = module.split(".")[2:]
    size = 2 if parts[0] in VENDORS else 1
    known = parts[:size]
    return "-".join(["apache-airflow-providers", *known, *(["…"] if len(known) < size else [])]).replace("_", "-")


def package_of(module: str) -> str:
    """The package to install for a module that is not there."""
    if module.startswith("airflow.providers."):
        return provider_package(module)
    parts = module.split(".")
    if parts[0] == "google" and len(parts) > 1:
        return "-".join(parts[: 3 if parts[1] == "cloud" else 2])
    return THIRD_PARTY.get(parts[0], parts[0].replace("_", "-"))
