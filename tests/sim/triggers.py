"""A simulated triggerer. It lives and dies with the daemon; triggers run again in the next."""

from __future__ import annotations

import asyncio

from queuack import clock
from queuack.daemon.loop import Loop
from queuack.engine.effects import StartTrigger, StopTrigger
from queuack.engine.events import TriggerFailed, TriggerFired
from tests.sim.chance import Chance, pick
from tests.sim.story import Story

ENDINGS = {"fires": 6.0, "fails": 1.0, "success": 1.0, "failed": 1.0, "skipped": 0.5, "twice": 1.0}


class SimTriggers:
    """Implements the front's ``TriggerHost``."""

    def __init__(self, loop: Loop, events: asyncio.AbstractEventLoop, chance: Chance, story: Story) -> None:
        self._loop = loop
        self._events = events
        self._chance = chance
        self._story = story
        self._running: dict[int, asyncio.TimerHandle] = {}
        self._dead = False
        self.calm = False

    def start(self) -> None:
        for trigger_id in sorted(self._loop.engine.triggers):
            self._run(trigger_id)

    def stop(self) -> None:
        self._dead = True
        for timer in self._running.values():
            timer.cancel()

    def act(self, command: StartTrigger | StopTrigger) -> None:
        if isinstance(command, StartTrigger):
            self._run(command.trigger_id)
        elif (timer := self._running.pop(command.trigger_id, None)) is not None:
            timer.cancel()

    def acknowledge(self, name: str, seq: int) -> bool:
        return False

    def _run(self, trigger_id: int) -> None:
        if trigger_id in self._running:
            return
        rng = self._chance.of("trigger", trigger_id)
        seconds = 0.01 if self.calm else rng.choice([0.01, 1.0, 60.0, 5_000.0])
        ending = "fires" if self.calm else pick(rng, ENDINGS)
        self._running[trigger_id] = self._events.call_later(seconds, self._end, trigger_id, ending)

    def hurry(self) -> None:
        """All goes well from now on, and quickly."""
        self.calm = True
        for trigger_id, timer in list(self._running.items()):
            timer.cancel()
            del self._running[trigger_id]
            self._run(trigger_id)

    def _end(self, trigger_id: int, ending: str) -> None:
        self._running.pop(trigger_id, None)
        if self._dead:
            return
        self._story.say(f"trigger {trigger_id}: {ending}")
        now = clock.now_us()
        if ending == "fails":
            self._loop.post_outcome(TriggerFailed(trigger_id=trigger_id, at=now, traceback=("x",)))
            return
        fired = TriggerFired(
            trigger_id=trigger_id, at=now, payload=b"1", ends=ending if ending not in ("fires", "twice") else "",
            source="t", seq=trigger_id,
        )  # fmt: skip
        self._loop.post_outcome(fired)
        if ending == "twice":
            self._loop.post_outcome(fired)
