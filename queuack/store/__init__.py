"""The one database file: schema, writer, snapshot and queries. Only ``database.py`` imports duckdb."""
