"""The daemon: engine, store and executor in one event loop. It owns the database and runs no user code."""
