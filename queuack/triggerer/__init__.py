"""The triggerer: one process, one event loop, the triggers of all deferred tasks and of asset watchers."""
