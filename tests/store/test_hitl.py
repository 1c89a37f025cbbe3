"""Questions and answers come back as they were written; a later try keeps what earlier ones asked."""

from __future__ import annotations

import msgspec

from queuack.engine import effects as fx
from queuack.engine.snapshot import QuestionSnapshot
from queuack.store.database import Database
from queuack.store.snapshot import load_snapshot
from queuack.store.writer import Writer
from tests.store import sample as make

ASKED = fx.HitlDetailRow(
    ti_id=2,
    try_number=1,
    options=["a", "b"],
    subject="?",
    body=None,
    defaults=["a"],
    multiple=True,
    params={"n": {"value": 1}},
    assignees=[{"id": "7", "name": "Alice"}],
    created_at=make.NOW,
)
ANSWERED = fx.HitlAnswered(
    ti_id=2,
    responded_at=make.NOW + 5,
    responded_by={"id": "7", "name": "Alice"},
    chosen_options=["b"],
    params_input={"n": 2},
)
AGAIN = msgspec.structs.replace(ASKED, try_number=2, defaults=None)


def test_they_come_back_and_are_kept(database: Database, writer: Writer) -> None:
    started = [make.dag(), make.version(), make.run(1), make.instances(1, 1, 2), make.instance(2, "awaiting_input")]
    writer.commit([*started, ASKED, ANSWERED])
    one, two = load_snapshot(database).runs[0].instances
    assert one.question is None
    assert two.question == QuestionSnapshot(try_number=1, defaults=["a"], params={"n": {"value": 1}}, answer=ANSWERED)
    writer.commit([AGAIN])
    two = load_snapshot(database).runs[0].instances[1]
    assert two.question == QuestionSnapshot(try_number=2, defaults=None, params={"n": {"value": 1}})
    with database.reader() as reader:
        reader.execute("SELECT ti_history_id, try_number, chosen_options::VARCHAR FROM hitl_detail_history")
        assert reader.fetchall() == [(2, 1, '["b"]')]


def test_asked_and_answered_and_asked_again_in_one_batch(database: Database, writer: Writer) -> None:
    started = [make.dag(), make.version(), make.run(1), make.instances(1, 1, 2)]
    writer.commit([*started, ASKED, ANSWERED, AGAIN])
    with database.reader() as reader:
        reader.execute("SELECT chosen_options::VARCHAR FROM hitl_detail_history UNION ALL "
                       "SELECT chosen_options::VARCHAR FROM hitl_detail")  # fmt: skip
        assert reader.fetchall() == [('["b"]',), (None,)]
