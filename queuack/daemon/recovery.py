"""Recovery: what becomes of the attempts and callbacks that a daemon before this one had handed out.

Decides nothing about workers: the executor says what they still hold.
"""

from __future__ import annotations

from collections.abc import Sequence

from queuack import clock
from queuack.begun import Begun
from queuack.daemon.loop import Loop
from queuack.engine.events import AttemptLost, AttemptReturned, AttemptStarted
from queuack.executors.base import Executor
from queuack.faults import reach


async def recover(loop: Loop, executor: Executor, outstanding: Sequence[tuple[int, int, bool]], timeout: float) -> None:
    """Adopt what living workers of a daemon before this one hold; finish or queue again what nobody holds.

    ``outstanding`` is what the file said before the first step of this daemon; ``timeout``: seconds that workers have
    to come back.
    """
    reach("daemon.before_recovery")
    held = await executor.recover(timeout)
    still = {ti_id: (try_number, begun) for ti_id, try_number, begun in loop.engine.outstanding()}
    begun = executor.begun_by_the_dead()
    now = clock.now_us()
    for ti_id, try_number, _ in outstanding:
        if (ti_id, try_number) in held:
            continue
        current = still.get(ti_id)
        if current is None or current[0] != try_number:
            continue
        if current[1] or _began(loop, begun.get((ti_id, try_number))):
            reason = "its worker died while no daemon was running"
            loop.post(AttemptLost(ti_id=ti_id, try_number=try_number, at=now, reason=reason))
        else:
            loop.post(AttemptReturned(ti_id=ti_id, try_number=try_number))
    if begun:
        await loop.settled()
    executor.forget_the_dead()
    for callback in list(loop.engine.callbacks.values()):
        if callback.trigger_id is None and (-callback.id, 1) not in held:
            loop.resume_callback(callback)
    for ti_id, try_number in held:
        current = still.get(ti_id)
        if ti_id > 0 and (current is None or current[0] != try_number):
            executor.cancel(ti_id, try_number, "its state was decided meanwhile")
    reach("daemon.after_recovery")


def _began(loop: Loop, note: Begun | None) -> bool:
    """Whether a dead worker began an attempt that the file calls queued; the event that it began is posted."""
    if note is None:
        return False
    if note.queued_dttm != loop.engine.queued_at(note.ti_id):
        return False  # of the same try, before it was rescheduled or deferred
    started = AttemptStarted(
        ti_id=note.ti_id, try_number=note.try_number, at=note.at, pid=note.pid, queued_dttm=note.queued_dttm
    )
    loop.post(started)
    return True
