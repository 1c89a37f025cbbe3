"""Which XComs and rendered fields cannot exist yet, so that writing them needs no DELETE first.

For a run created by this writer every row of it has passed through here, so what was not seen is not in the table.
Of any other run nothing is known, and everything may exist. A hash that collides costs a needless DELETE, no more.
"""

from __future__ import annotations

from queuack.store.batch import Place


class Freshness:
    """Remembers, for each unfinished run of this process, what has been written."""

    def __init__(self) -> None:
        self._written: dict[int, set[int]] = {}

    def run_created(self, run_key: int) -> None:
        self._written.setdefault(run_key, set())

    def run_ended(self, run_key: int) -> None:
        """Forget the run: from now on everything of it may exist."""
        self._written.pop(run_key, None)

    def written(self, run_key: int, place: Place, key: str) -> None:
        seen = self._written.get(run_key)
        if seen is not None:
            seen.add(hash((place[2], place[3])))
            seen.add(hash((place[2], place[3], key)))

    def may_exist(self, run_key: int, place: Place, key: str | None) -> bool:
        """Whether the table may hold ``key`` (None = any key) of a task instance."""
        seen = self._written.get(run_key)
        if seen is None:
            return True
        return hash((place[2], place[3]) if key is None else (place[2], place[3], key)) in seen
