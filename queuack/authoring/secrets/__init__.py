"""Secrets backends: where variables and connections come from. Airflow page: security/secrets/secrets-backend."""
