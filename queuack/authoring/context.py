"""What a running task knows: a mapping with Airflow's context keys, computed when they are read.

Decides which keys exist (a run without logical date lacks those that derive from it) and what they hold. It reaches the
system only through the runtime. Airflow page: templates-ref, "Variables".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

from queuack.authoring.assets.asset import Asset, AssetAlias, AssetRef
from queuack.authoring.context_values import DATED, LAZY, LEGACY, LEGACY_DATED, SLOW, SLOW_LEGACY, WITH_ASSETS
from queuack.authoring.lazy import LazyValue
from queuack.authoring.runtime import NO_XCOM
from queuack.authoring.task_instance import TaskInstance

Maker = Callable[["Context"], Any]

_WITHOUT_DATE: dict[str, Maker] = {name: maker for name, maker in LAZY.items() if name not in DATED}
_LEGACY_WITHOUT_DATE: dict[str, Maker] = {name: maker for name, maker in LEGACY.items() if name not in LEGACY_DATED}

_ASSETS = (Asset, AssetAlias, AssetRef)

KNOWN_CONTEXT_KEYS: frozenset[str] = frozenset(LAZY | WITH_ASSETS) | {
    "exception",
    "reason",
    "templates_dict",
    "expanded_ti_count",
}
"""Names a TaskFlow function may leave to the context."""

INJECTED_NAMES: frozenset[str] = frozenset(LEGACY)
"""Names of 1.x and 2.x, and ``context``/``ctx``: given to functions that ask for them, not listed by the mapping."""


class Context(dict[str, Any]):
    """The context of a task. A dict that computes what is not there yet; 2.x keys answer but are not listed.

    Beyond Airflow: ``upstream(task_id)``, ``has_upstream(task_id)``, ``upstream_results()``, ``upstream_ids``.
    """

    _lazy: dict[str, Maker] = {}
    _legacy: dict[str, Maker] = {}
    _task: Any = None
    _run: Any = None
    _ti: Any = None

    def __missing__(self, key: str) -> Any:
        maker = self._lazy.get(key) or self._legacy.get(key)
        if maker is None:
            raise KeyError(key)
        value = maker(self)
        if key in self._lazy:
            dict.__setitem__(self, key, value)
        return value

    def __contains__(self, key: object) -> bool:
        return dict.__contains__(self, key) or key in self._lazy or key in self._legacy

    def get(self, key: str, default: Any = None) -> Any:
        return self[key] if key in self else default  # noqa: SIM401 (this is get)

    def __iter__(self) -> Iterator[str]:
        yield from dict.__iter__(self)
        yield from [key for key in self._lazy if not dict.__contains__(self, key)]

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def keys(self) -> Any:
        return dict.fromkeys(self).keys()

    def items(self) -> Any:
        return [(key, self[key]) for key in self]

    def values(self) -> Any:
        return [self[key] for key in self]

    def __delitem__(self, key: str) -> None:
        if key not in self:
            raise KeyError(key)
        self._lazy = {name: maker for name, maker in self._lazy.items() if name != key}
        dict.pop(self, key, None)

    def pop(self, key: str, *default: Any) -> Any:
        if key not in self and default:
            return default[0]
        value = self[key]
        if dict.__contains__(self, key):
            del self[key]
        return value

    def copy(self) -> Context:
        other = Context(dict.items(self))
        other.__dict__.update(self.__dict__)
        return other

    __copy__ = copy

    def __repr__(self) -> str:
        return f"<Context of {self._ti!r}>"

    def replace_task(self, task: Any) -> None:
        """From here on it is the context of ``task``: the operator of one instance of what was mapped."""
        self._task = self._ti.task = task
        for key in ("inlets", "map_index_template", "outlets", "params", "task"):
            dict.pop(self, key, None)

    def as_kwargs(self) -> dict[str, Any]:
        """Every listed key and the dates of 1.x and 2.x (``execution_date`` and its like): what a function of those
        days finds in its ``**kwargs``. What would ask the daemon is a stand-in that asks when it is used."""
        old = self._legacy.keys() & LEGACY_DATED
        return {
            key: LazyValue(partial(self.__getitem__, key)) if key in SLOW or key in SLOW_LEGACY else self[key]
            for key in (*self, *old)
        }

    # ── beyond Airflow ───────────────────────────────────────────────────────────────────────────
    @property
    def upstream_ids(self) -> list[str]:
        """Ids of the tasks directly before this one, sorted."""
        return sorted(self._task.upstream_task_ids)

    def has_upstream(self, task_id: str) -> bool:
        """Whether the task is directly before this one and has left a result in this run."""
        return task_id in self._task.upstream_task_ids and self._result(task_id) is not NO_XCOM

    def upstream(self, task_id: str, default: Any = None) -> Any:
        """What a task of this run returned; ``default`` when it returned nothing."""
        value = self._result(task_id)
        return default if value is NO_XCOM else value

    def upstream_results(self) -> dict[str, Any]:
        """Task id → what it returned, for the tasks directly before this one that returned something."""
        found = ((task_id, self._result(task_id)) for task_id in self.upstream_ids)
        return {task_id: value for task_id, value in found if value is not NO_XCOM}

    def _result(self, task_id: str) -> Any:
        """What it returned: of a mapped task all instances, in a mapped group the instance of the same index."""
        return self._ti.pull_result(task_id, NO_XCOM)


TaskContext = Context


def make_context(
    *,
    task: Any,
    run: Any,
    ti_id: int,
    map_index: int = -1,
    try_number: int = 1,
    max_tries: int = 0,
    start_date_us: int | None = None,
    log_path: str = "",
    test_mode: bool = False,
    task_reschedule_count: int = 0,
    first_reschedule_us: int | None = None,
) -> Context:
    """The context for one attempt. ``task`` is the copy to be run, ``run`` has the fields of ``protocol.RunInfo``.

    ``task_reschedule_count`` and ``first_reschedule_us`` tell a sensor in reschedule mode how often and since when it
    has waited.
    """
    ti = TaskInstance(
        task=task,
        run=run,
        ti_id=ti_id,
        map_index=map_index,
        try_number=try_number,
        max_tries=max_tries,
        start_date_us=start_date_us,
        log_path=log_path,
        test_mode=test_mode,
    )
    ti.task_reschedule_count, ti.first_reschedule_us = task_reschedule_count, first_reschedule_us
    context = Context()
    context._task, context._run, context._ti = task, run, ti
    dated = run.logical_date is not None
    context._lazy = LAZY if dated else _WITHOUT_DATE
    if any(isinstance(used, _ASSETS) for used in (*task.inlets, *task.outlets)):
        context._lazy = context._lazy | WITH_ASSETS
    context._legacy = LEGACY if dated else _LEGACY_WITHOUT_DATE
    ti.context = context
    return context


_current: list[Context] = []
"""Of the task that has the process's main thread, and of any thread it starts."""
_own: ContextVar[list[Context] | None] = ContextVar("queuack_current_context", default=None)
"""Of an async task, which shares the process with others."""


def keep_apart() -> None:
    """From here on, what runs in this contextvars context has current contexts of its own."""
    _own.set([])


@contextmanager
def current_context(context: Context) -> Iterator[Context]:
    """Make ``context`` what ``get_current_context()`` answers."""
    contexts = _contexts()
    contexts.append(context)
    try:
        yield context
    finally:
        contexts.pop()


def _contexts() -> list[Context]:
    own = _own.get()
    return _current if own is None else own


def get_current_context() -> Context:
    """The context of the running task. Raises RuntimeError outside one."""
    contexts = _contexts()
    if not contexts:
        raise RuntimeError(
            "Current context was requested but no context was found! Are you running within an Airflow task?"
        )
    return contexts[-1]


def context_merge(context: Any, *args: Any, **kwargs: Any) -> None:
    """Update ``context`` in place."""
    context.update(*args, **kwargs)
