"""airflow dag file."""

from airflow import DAG
import no_such_module_anywhere

DAG("never")
