"""How Python values become bytes and come back. Used by workers, ``dag.test()`` and testing; never by the daemon."""
