"""The endpoints, one file a subject of Airflow's API. ``app.py`` lists them."""
