"""Speed, measured beside peers in one run. Nothing here asserts a time."""
