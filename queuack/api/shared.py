"""The same question asked by many at once is asked once: its answer serves all of them for a moment.

Fifty open pages ask the daemon what one page asks. Whatever changes something, and whatever this file does not know,
makes every kept answer void, so that a person sees what they did; what others did is seen a moment later. Answers are
shared: nobody may change one.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import msgspec

from queuack.api.backend import Backend

KEPT_SECONDS = 0.5
"""Changes of tasks are seen up to 100 ms late anyway (ADR 0006), and pages look anew 200 ms after a change."""

MOST = 256
"""Answers that are kept."""

READS = frozenset(
    {
        "critical_path", "dag_details", "dag_document", "dag_durations", "code_versions", "favorites", "forecast",
        "get_dag", "get_run", "get_user", "group_tasks", "health", "info", "instance_page_rows", "list_assets",
        "asset_graph", "list_backfills", "list_import_errors", "list_page", "list_pools", "list_tags", "list_tasks",
        "overview", "partition_days", "recent_runs", "run_neighbours", "run_states", "run_timeline", "run_tree",
        "runs_by_day", "slot_use", "task_attempts", "task_cells", "task_trends", "task_tries", "version_code",
        "version_document", "version_source", "waiting_times",
    }
)  # fmt: skip
"""Methods that only read, and whose answers may be a moment old."""

PASSING = frozenset({"changes", "read_log", "read_log_piece", "failed_deps", "sql", "use_login_link", "check_password"})
"""Methods that change nothing either, but are never shared."""


@dataclass
class _Kept:
    answer: asyncio.Future[Any]
    until: float


class SharedBackend:
    """``backend``, with answers shared."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._kept: dict[bytes, _Kept] = {}
        self._age = 0

    async def call(self, method: str, /, **params: Any) -> Any:
        if method not in READS:
            if method in PASSING:
                return await self._backend.call(method, **params)
            try:
                return await self._backend.call(method, **params)
            finally:
                self._age += 1
                self._kept.clear()
        try:
            key = msgspec.msgpack.encode((method, params), order="deterministic")
        except (OverflowError, UnicodeEncodeError):
            return await self._backend.call(method, **params)  # which says what is wrong with it
        kept = self._kept.get(key)
        if kept is None or (kept.answer.done() and kept.until < time.monotonic()):
            kept = self._ask(key, method, params)
        return await asyncio.shield(kept.answer)

    def _ask(self, key: bytes, method: str, params: dict[str, Any]) -> _Kept:
        """Ask in a task of its own: who asked first may go away before the answer comes."""
        answer = asyncio.ensure_future(self._backend.call(method, **params))
        kept = _Kept(answer, 0.0)
        age = self._age
        if len(self._kept) >= MOST:
            self._kept.clear()
        self._kept[key] = kept

        def settle(done: asyncio.Future[Any]) -> None:
            failed = done.cancelled() or done.exception() is not None
            if failed or age != self._age:
                if self._kept.get(key) is kept:
                    del self._kept[key]
            else:
                kept.until = time.monotonic() + KEPT_SECONDS

        answer.add_done_callback(settle)
        return kept
