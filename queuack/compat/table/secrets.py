"""``airflow.secrets`` and the masking of secrets, under their names of every era."""

from __future__ import annotations

from queuack.compat.table.targets import Served, at

_P = "queuack.authoring.secrets"

BACKEND = at(f"{_P}.base", "BaseSecretsBackend")
ENVIRONMENT = at(f"{_P}.environment", "EnvironmentVariablesBackend")
FILES = at(f"{_P}.local_filesystem", "LocalFilesystemBackend load_connections_dict load_variables")
MASKING = at("queuack.authoring.masking", "mask_secret redact should_hide_value_for_key")

SERVED: Served = {
    "airflow.secrets": BACKEND,
    "airflow.secrets.base_secrets": BACKEND,
    "airflow.secrets.environment_variables": ENVIRONMENT
    | at(f"{_P}.environment", "", CONN_ENV_PREFIX="CONN_ENV_PREFIX", VAR_ENV_PREFIX="VAR_ENV_PREFIX"),
    "airflow.secrets.local_filesystem": FILES,
    "airflow.secrets.metastore": at(f"{_P}.store", "MetastoreBackend"),
    "airflow.sdk.bases.secrets_backend": BACKEND,
    "airflow.sdk.execution_time.secrets": at(f"{_P}.store", "", ExecutionAPISecretsBackend="MetastoreBackend"),
    "airflow.sdk.execution_time.secrets.execution_api": at(
        f"{_P}.store", "", ExecutionAPISecretsBackend="MetastoreBackend"
    ),
    "airflow.sdk.log": at("queuack.authoring.masking", "amask_secret mask_secret redact"),
    "airflow.sdk.execution_time.secrets_masker": MASKING,
    "airflow.sdk._shared.secrets_masker": MASKING,
    "airflow.utils.log.secrets_masker": MASKING,
}
