"""The feed of changes: told after the commit, several at once, by subject."""

from __future__ import annotations

import asyncio

from queuack.daemon.changes import Changes
from queuack.engine.effects import LogRow, PoolRow, Write

POOL = PoolRow(pool="p", slots=1, description="", include_deferred=False)
NOBODYS = LogRow(event="x", at=0)


def story(*commits: Write) -> tuple[int, list[str]]:
    async def play() -> tuple[int, list[str]]:
        changes = Changes()
        number, _ = await changes.since(0)
        for write in commits:
            changes.committed([write])
        return await changes.since(number)

    return asyncio.run(play())


def test_a_change_is_told_once_with_its_subject() -> None:
    number, subjects = story(NOBODYS, POOL, POOL)
    assert (number, subjects) == (2, ["pools"])


def test_who_asks_later_hears_what_came_meanwhile() -> None:
    async def play() -> tuple[tuple[int, list[str]], list[str]]:
        changes = Changes()
        first, _ = await changes.since(0)
        changes.committed([POOL])
        told = await changes.since(first)
        return told, (await changes.since(first))[1]

    told, again = asyncio.run(play())
    assert told[1] == again == ["pools"]
