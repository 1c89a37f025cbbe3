"""Questions: what an attempt asks a person, and what counts as the answer. Where the answer leads is not decided here.

A question belongs to the try that asked it; another try asks anew. Whether an answer fits the question was checked
before. Airflow page: tutorial/hitl.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from queuack.engine.effects import HitlAnswered, HitlDetailRow
from queuack.engine.instants import SECOND

if TYPE_CHECKING:
    from queuack.engine.events import InputAsked
    from queuack.engine.run import Run
    from queuack.engine.snapshot import InstanceSnapshot
    from queuack.engine.world import World

UNANSWERED = b'{"error":"The Human-in-the-loop response timeout has passed without a response.","error_type":"timeout"}'
ANSWERED = "update_hitl_detail"
"""What Airflow's audit log calls an answer."""


class Question:
    """Of one try: what the engine must know of it."""

    __slots__ = ("answer", "defaults", "params", "try_number")

    def __init__(self, try_number: int, defaults: list[str] | None, params: dict[str, Any]) -> None:
        self.try_number = try_number
        self.defaults = defaults
        self.params = params
        self.answer: HitlAnswered | None = None


def ask(world: World, run: Run, i: int, event: InputAsked) -> None:
    """A running attempt asks; what it asked before is void."""
    run.detail(i).question = Question(run.tries[i], event.defaults, event.params)
    world.writes.append(
        HitlDetailRow(
            ti_id=event.ti_id,
            try_number=run.tries[i],
            options=event.options,
            subject=event.subject,
            body=event.body,
            defaults=event.defaults,
            multiple=event.multiple,
            params=event.params,
            assignees=event.assignees,
            created_at=world.now,
        )
    )


def of(run: Run, i: int) -> Question | None:
    """What the present try has asked."""
    detail = run.details[i]
    question = None if detail is None else detail.question
    return question if question is not None and question.try_number == run.tries[i] else None


def answer(
    world: World, run: Run, i: int, by: dict[str, str] | None, chosen: list[str], given: dict[str, Any]
) -> HitlAnswered:
    """Note the answer; ``by`` None: the time is over, these are the defaults."""
    question = of(run, i)
    assert question is not None
    found = question.answer = HitlAnswered(
        ti_id=run.ti_ids[i], responded_at=world.now, responded_by=by, chosen_options=chosen, params_input=given
    )
    world.writes.append(found)
    if by is not None:
        world.log_task(run, i, ANSWERED, json.dumps({"chosen_options": chosen, "user_id": by["id"]}), by["name"])
    return found


def unanswered(world: World, run: Run, i: int) -> bytes:
    """The time is over: the payload to go on with, of the defaults where there are any."""
    question = of(run, i)
    if question is None or question.defaults is None:
        run.detail(i).question = None
        return UNANSWERED
    values = {name: _value(param) for name, param in question.params.items()}
    return payload(answer(world, run, i, None, list(question.defaults), values))


def payload(found: HitlAnswered) -> bytes:
    """What ``execute_complete`` gets as ``event``: JSON, the instant as ``serialization.typed_json`` reads it."""
    return msgspec.json.encode(
        {
            "chosen_options": found.chosen_options,
            "params_input": found.params_input,
            "responded_at": {
                "__classname__": "datetime.datetime",
                "__version__": 2,
                "__data__": found.responded_at / SECOND,
            },
            "responded_by_user": found.responded_by,
            "timedout": found.responded_by is None,
        }
    )


def restore(run: Run, i: int, row: InstanceSnapshot) -> None:
    """What the store says of one instance of an unfinished run."""
    if row.question is None:
        return
    found = run.detail(i).question = Question(row.question.try_number, row.question.defaults, row.question.params)
    found.answer = row.question.answer


def _value(param: Any) -> Any:
    return param["value"] if isinstance(param, dict) and "value" in param else param
