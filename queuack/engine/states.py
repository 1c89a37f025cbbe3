"""States of task instances and runs, and the one table of transitions. Everything else about states derives from it.

Inside the engine a state is a small int (``NONE`` … ``ABSENT``, an index into ``NAMES``); outside it is the text that
Airflow uses. This file decides what may follow what; it does not decide when.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum


class TaskInstanceState(StrEnum):
    """Airflow's task instance states; ``None`` (no state) is a task instance that nothing was decided about."""

    REMOVED = "removed"
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    RUNNING = "running"
    SUCCESS = "success"
    RESTARTING = "restarting"
    FAILED = "failed"
    UP_FOR_RETRY = "up_for_retry"
    UP_FOR_RESCHEDULE = "up_for_reschedule"
    UPSTREAM_FAILED = "upstream_failed"
    SKIPPED = "skipped"
    DEFERRED = "deferred"
    AWAITING_INPUT = "awaiting_input"


class DagRunState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"


class DagRunType(StrEnum):
    BACKFILL_JOB = "backfill"
    SCHEDULED = "scheduled"
    MANUAL = "manual"
    OPERATOR_TRIGGERED = "operator_triggered"
    ASSET_TRIGGERED = "asset_triggered"
    ASSET_MATERIALIZATION = "asset_materialization"


class Move(IntEnum):
    """What happens to a task instance."""

    SCHEDULE = 0
    """Its dependencies are met."""
    QUEUE = 1
    """Every limit admits it; it is handed to the executor."""
    RETURN = 2
    """It was handed out and never begun."""
    START = 3
    SUCCEED = 4
    FAIL = 5
    RETRY = 6
    RESCHEDULE = 7
    SKIP_ITSELF = 8
    SKIP = 9
    """Its trigger rule or a branch passes it over."""
    FAIL_UPSTREAM = 10
    REMOVE = 11
    SHORTCUT = 12
    """An EmptyOperator succeeds without a worker."""
    KILL = 13
    """Failed by decision, not by its own outcome (``fail_fast``, run marked failed)."""
    ABANDON = 14
    """Skipped because its run ends (timed out, marked)."""
    FINISH = 15
    """Success because its run was marked so."""
    CLEAR = 16
    MARK_SUCCESS = 17
    MARK_FAILED = 18
    MARK_SKIPPED = 19
    DEFER = 20
    """It waits for a trigger; no worker has it."""
    AWAIT = 21
    """It waits for a person's answer; no worker has it."""
    RESUME = 22
    """What it waited for has come."""
    SHRINK = 23
    """What its task is mapped over has become shorter."""


_S = TaskInstanceState
State = TaskInstanceState | None

_FINISHED: frozenset[State] = frozenset({_S.SUCCESS, _S.FAILED, _S.SKIPPED, _S.UPSTREAM_FAILED, _S.REMOVED})
_ALL: frozenset[State] = frozenset({None, *_S})
_UNFINISHED = _ALL - _FINISHED
_SCHEDULABLE: frozenset[State] = frozenset({None, _S.UP_FOR_RETRY, _S.UP_FOR_RESCHEDULE})
_WAITING: frozenset[State] = frozenset({_S.DEFERRED, _S.AWAITING_INPUT})
_BEGUN: frozenset[State] = frozenset({_S.RUNNING}) | _WAITING


def _table() -> dict[tuple[State, Move], State]:
    rows: list[tuple[frozenset[State], Move, State]] = [
        (_SCHEDULABLE, Move.SCHEDULE, _S.SCHEDULED),
        (frozenset({_S.SCHEDULED}), Move.QUEUE, _S.QUEUED),
        (frozenset({_S.QUEUED}), Move.RETURN, _S.SCHEDULED),
        (frozenset({_S.QUEUED}), Move.START, _S.RUNNING),
        (_BEGUN, Move.SUCCEED, _S.SUCCESS),
        (_BEGUN, Move.FAIL, _S.FAILED),
        (_BEGUN, Move.RETRY, _S.UP_FOR_RETRY),
        (frozenset({_S.RUNNING}), Move.RESCHEDULE, _S.UP_FOR_RESCHEDULE),
        (_BEGUN, Move.SKIP_ITSELF, _S.SKIPPED),
        (_SCHEDULABLE | {_S.RUNNING}, Move.DEFER, _S.DEFERRED),
        (frozenset({_S.RUNNING}), Move.AWAIT, _S.AWAITING_INPUT),
        (_WAITING, Move.RESUME, _S.SCHEDULED),
        (_SCHEDULABLE | {_S.SCHEDULED, _S.QUEUED}, Move.SKIP, _S.SKIPPED),
        (_SCHEDULABLE, Move.FAIL_UPSTREAM, _S.UPSTREAM_FAILED),
        (frozenset({None}), Move.REMOVE, _S.REMOVED),
        (_SCHEDULABLE, Move.SHORTCUT, _S.SUCCESS),
        (_UNFINISHED, Move.KILL, _S.FAILED),
        (_UNFINISHED, Move.ABANDON, _S.SKIPPED),
        (_UNFINISHED, Move.FINISH, _S.SUCCESS),
        (_ALL, Move.SHRINK, _S.REMOVED),
        (_ALL, Move.CLEAR, None),
        (_ALL, Move.MARK_SUCCESS, _S.SUCCESS),
        (_ALL, Move.MARK_FAILED, _S.FAILED),
        (_ALL, Move.MARK_SKIPPED, _S.SKIPPED),
    ]
    return {(state, move): after for befores, move, after in rows for state in befores}


TRANSITIONS: dict[tuple[State, Move], State] = _table()
"""(state, move) → state: the whole life of a task instance. What is not here is illegal."""

RUN_TRANSITIONS: dict[tuple[DagRunState, str], DagRunState] = {
    (DagRunState.QUEUED, "start"): DagRunState.RUNNING,
    (DagRunState.RUNNING, "succeed"): DagRunState.SUCCESS,
    (DagRunState.RUNNING, "fail"): DagRunState.FAILED,
    (DagRunState.QUEUED, "succeed"): DagRunState.SUCCESS,
    (DagRunState.QUEUED, "fail"): DagRunState.FAILED,
    (DagRunState.SUCCESS, "queue"): DagRunState.QUEUED,
    (DagRunState.FAILED, "queue"): DagRunState.QUEUED,
    (DagRunState.RUNNING, "hold"): DagRunState.QUEUED,
}
"""(state, move) → state: the whole life of a run. A queued run ends only by hand. What is held is the run of a SubDAG
whose task above was cleared: it waits for that task."""

NAMES: tuple[str | None, ...] = (None, *(str(state) for state in _S), "absent")
"""Code → text. The last code is no state of Airflow's: the task has no instance in this run."""
CODES: dict[str | None, int] = {name: code for code, name in enumerate(NAMES)}

NONE = CODES[None]
REMOVED = CODES["removed"]
SCHEDULED = CODES["scheduled"]
QUEUED = CODES["queued"]
RUNNING = CODES["running"]
SUCCESS = CODES["success"]
FAILED = CODES["failed"]
UP_FOR_RETRY = CODES["up_for_retry"]
UP_FOR_RESCHEDULE = CODES["up_for_reschedule"]
UPSTREAM_FAILED = CODES["upstream_failed"]
SKIPPED = CODES["skipped"]
DEFERRED = CODES["deferred"]
AWAITING_INPUT = CODES["awaiting_input"]
ABSENT = CODES["absent"]
"""The run was created without this task (outside the task's start and end date)."""


def _codes(states: frozenset[State]) -> frozenset[int]:
    return frozenset(CODES[None if state is None else str(state)] for state in states)


FINISHED = _codes(_FINISHED)
"""Nothing more happens by itself."""
UNFINISHED = _codes(_UNFINISHED)
ALL = _codes(_ALL)
SUCCESS_LIKE = _codes(frozenset({_S.SUCCESS, _S.SKIPPED}))
"""What lets a run succeed and satisfies depends_on_past."""
FAILED_LIKE = _codes(frozenset({_S.FAILED, _S.UPSTREAM_FAILED}))
RUNNING_LIKE = _codes(frozenset({_S.QUEUED, _S.RUNNING}))
"""Occupies slots: an attempt is in somebody's hands."""
SCHEDULABLE = _codes(_SCHEDULABLE)
WAITING = _codes(_WAITING)
"""Begun and in nobody's hands: something outside has to happen first."""
FINISHED_NAMES = frozenset(str(state) for state in _FINISHED)
UNFINISHED_NAMES: frozenset[str | None] = frozenset(NAMES[code] for code in UNFINISHED)

ILLEGAL = -1


def _compiled() -> tuple[tuple[int, ...], ...]:
    table = [[ILLEGAL] * len(NAMES) for _ in Move]
    for (before, move), after in TRANSITIONS.items():
        table[move][CODES[before]] = CODES[after]
    return tuple(map(tuple, table))


MOVES: tuple[tuple[int, ...], ...] = _compiled()
"""``MOVES[move][code]`` → code or ILLEGAL: the table of transitions for machines."""
IS_FINISHED: tuple[bool, ...] = tuple(code in FINISHED for code in range(len(NAMES)))
IS_SCHEDULABLE: tuple[bool, ...] = tuple(code in SCHEDULABLE for code in range(len(NAMES)))
