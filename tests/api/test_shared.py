"""Answers that are shared: asked once for many, never older than what the asker did."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from queuack.api import shared
from queuack.api.shared import PASSING, READS, SharedBackend
from queuack.daemon import services


class Counting:
    """Counts questions; answers when ``gate`` is open."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.broken = False

    async def call(self, method: str, /, **params: Any) -> Any:
        self.asked.append(method)
        await self.gate.wait()
        if self.broken:
            raise ValueError("no")
        return {"number": len(self.asked)}


def test_the_table_names_methods_that_exist() -> None:
    assert services.METHODS.keys() >= READS
    assert PASSING - {"changes"} <= services.METHODS.keys()
    assert not any(name.startswith(("set_", "add_", "delete_", "clear_", "create_", "change_")) for name in READS)


def test_many_who_ask_at_once_are_one_question() -> None:
    async def play() -> None:
        behind = Counting()
        backend = SharedBackend(behind)
        behind.gate.clear()
        asking = [asyncio.ensure_future(backend.call("get_dag", dag_id="d")) for _ in range(50)]
        await asyncio.sleep(0)
        asking[0].cancel()  # the first goes away
        behind.gate.set()
        answers = await asyncio.gather(*asking[1:])
        assert len(behind.asked) == 1
        assert {answer["number"] for answer in answers} == {1}
        await backend.call("get_dag", dag_id="another")
        assert len(behind.asked) == 2

    asyncio.run(play())


def test_what_was_done_makes_kept_answers_void_also_those_under_way() -> None:
    async def play() -> None:
        behind = Counting()
        backend = SharedBackend(behind)
        await backend.call("get_dag", dag_id="d")
        await backend.call("set_paused", dag_id="d", paused=True)
        assert (await backend.call("get_dag", dag_id="d"))["number"] == 3
        behind.gate.clear()
        early = asyncio.ensure_future(backend.call("list_pools"))
        await asyncio.sleep(0)
        doing = asyncio.ensure_future(backend.call("add_pool", name="p"))
        await asyncio.sleep(0)
        behind.gate.set()
        await asyncio.gather(early, doing)
        assert (await backend.call("list_pools"))["number"] == 6

    asyncio.run(play())


def test_an_error_is_not_kept_and_an_answer_gets_old(monkeypatch: pytest.MonkeyPatch) -> None:
    async def play() -> None:
        behind = Counting()
        backend = SharedBackend(behind)
        behind.broken = True
        for _ in range(2):
            with pytest.raises(ValueError, match="no"):
                await backend.call("get_dag", dag_id="d")
        behind.broken = False
        await backend.call("get_dag", dag_id="d")
        now = shared.time.monotonic() + shared.KEPT_SECONDS
        monkeypatch.setattr(shared.time, "monotonic", lambda: now + 0.1)
        await backend.call("get_dag", dag_id="d")
        assert len(behind.asked) == 4

    asyncio.run(play())
