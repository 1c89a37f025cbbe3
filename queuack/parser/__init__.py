"""The parser: finds DAG files, runs each in a forked child, and says what came of it."""
