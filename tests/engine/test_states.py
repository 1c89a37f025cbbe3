"""The table of transitions."""

from __future__ import annotations

import pytest

from queuack.engine import states
from queuack.engine.states import Move, TaskInstanceState
from queuack.errors import IllegalTransition
from tests.engine.driver import Driver, dag, task


def test_only_a_person_or_less_to_map_over_takes_an_instance_out_of_a_finished_state() -> None:
    by_hand = {Move.CLEAR, Move.MARK_SUCCESS, Move.MARK_FAILED, Move.MARK_SKIPPED}
    leaving = {move for (state, move) in states.TRANSITIONS if states.CODES[state] in states.FINISHED}
    assert leaving == by_hand | {Move.SHRINK}


def test_every_unfinished_state_leads_to_a_finished_one() -> None:
    for state in states.UNFINISHED_NAMES:
        key = TaskInstanceState(state) if state else None
        assert states.TRANSITIONS[key, Move.ABANDON] is TaskInstanceState.SKIPPED


def test_the_table_for_machines_is_the_same_table() -> None:
    for move in Move:
        for code, name in enumerate(states.NAMES):
            if name == "absent":
                assert states.MOVES[move][code] == states.ILLEGAL
                continue
            state = TaskInstanceState(name) if name else None
            legal = (state, move) in states.TRANSITIONS
            expected = states.CODES[states.TRANSITIONS[state, move]] if legal else states.ILLEGAL
            assert states.MOVES[move][code] == expected


def test_an_illegal_transition_tells_the_story() -> None:
    driver = Driver(dag(task("a")))
    key = driver.trigger()
    run = driver.engine.runs[key]
    with pytest.raises(IllegalTransition, match=r"d/manual__.*/a \(id 1\) is queued at try 1 of 1 and cannot succeed"):
        run.move(0, Move.SUCCEED)
