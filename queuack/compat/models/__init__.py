"""Airflow's database models as DAG files of 2.x read them: queries over this deployment's tables, nothing written.

``columns`` are the conditions, ``session`` the queries, ``tables`` the classes, ``dagbag`` the loader of DAG files. A
row is fetched through the process's Runtime, so it is what the daemon knows at that moment.
"""
