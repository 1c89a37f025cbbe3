"""The bodies of requests and answers: Airflow's field names and types, one file a subject. They decide form only."""
