"""What the daemon, the API and the command line read: one module a subject, plain functions over a Reader.

Rows are dicts under Airflow's column names; instants are ISO 8601 strings unless a function says otherwise.
"""
