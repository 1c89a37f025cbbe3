"""Shared streams: event triggers with the same ``shared_stream_key`` share one source of raw events.

Each subscriber has a bounded queue; one that falls behind fails alone. The source is opened with the first subscriber
and closed with the last. Airflow page: authoring-and-scheduling/event-scheduling ("shared stream").
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import suppress
from typing import Any

from queuack.authoring.trigger import BaseEventTrigger, TriggerEvent
from queuack.errors import NotBuilt

Item = tuple[Any, BaseException | None]


class Stream:
    """One source and those who read from it."""

    def __init__(self, trigger: BaseEventTrigger, capacity: int) -> None:
        self._capacity = capacity
        self._kind = type(trigger)
        self._kwargs = trigger.serialize()[1]
        self.queues: set[asyncio.Queue[Item]] = set()
        self.task = asyncio.get_running_loop().create_task(self._poll())

    async def _poll(self) -> None:
        try:
            async for event in self._kind.open_shared_stream(self._kwargs):
                for queue in list(self.queues):
                    self._put(queue, (event, None))
            error: BaseException = RuntimeError("The shared stream ended.")
        except Exception as failure:
            error = failure
        for queue in list(self.queues):
            self._put(queue, (None, error))

    def _put(self, queue: asyncio.Queue[Item], item: Item) -> None:
        if queue.full():
            while not queue.empty():
                queue.get_nowait()
            item = (None, RuntimeError(f"The trigger fell more than {self._capacity} events behind its shared stream."))
            self.queues.discard(queue)
        queue.put_nowait(item)


class Streams:
    """All shared streams of a triggerer."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._streams: dict[Hashable, Stream] = {}

    def events_of(self, trigger: Any) -> AsyncIterator[TriggerEvent]:
        """What ``trigger`` fires: by itself, or out of the stream it shares."""
        key = trigger.shared_stream_key() if isinstance(trigger, BaseEventTrigger) else None
        if key is None:
            events: AsyncIterator[TriggerEvent] = trigger.run()
            return events
        if getattr(trigger, "create_shared_stream_producer", None) is not None:
            raise NotBuilt("Shared streams whose events are acknowledged (create_shared_stream_producer)")
        picked: AsyncIterator[TriggerEvent] = trigger.filter_shared_stream(self._raw(key, trigger))
        return picked

    async def _raw(self, key: Hashable, trigger: BaseEventTrigger) -> AsyncIterator[Any]:
        stream = self._streams.get(key)
        if stream is None or stream.task.done():
            stream = self._streams[key] = Stream(trigger, self._capacity)
        queue: asyncio.Queue[Item] = asyncio.Queue(self._capacity)
        stream.queues.add(queue)
        try:
            while True:
                event, error = await queue.get()
                if error is not None:
                    raise error
                yield event
        finally:
            stream.queues.discard(queue)
            if not stream.queues:
                stream.task.cancel()
                with suppress(asyncio.CancelledError):
                    await stream.task
                if self._streams.get(key) is stream:
                    del self._streams[key]
