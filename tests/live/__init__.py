"""A real daemon in a folder of its own, for tests of any kind."""
