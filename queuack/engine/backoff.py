"""How long a failed attempt waits before the next: constant, or exponential with a jitter that is not random.

https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/tasks.html#retries
"""

from __future__ import annotations

import hashlib
import math

from queuack.engine.instants import SECOND, from_us
from queuack.engine.spec import TaskDocument


def retry_delay(
    task: TaskDocument, dag_id: str, logical_date: int | None, try_number: int, max_delay: float = 86_400.0
) -> int:
    """Microseconds between the end of attempt ``try_number`` and the next.

    ``max_delay`` (seconds) bounds exponential backoff.
    """
    multiplier = task.retry_exponential_backoff
    if multiplier <= 0 or multiplier == 1.0:
        return round(task.retry_delay * SECOND)
    try:
        base = math.ceil(task.retry_delay * multiplier ** (try_number - 1))
    except OverflowError:
        base = int(max_delay)
    base = max(base, 1)
    date = None if logical_date is None else from_us(logical_date)
    identity = f"{dag_id}#{task.task_id}#{date}#{try_number}".encode()
    jitter = int(hashlib.sha1(identity, usedforsecurity=False).hexdigest(), 16) % base
    seconds = min(float(base + jitter), max_delay)
    if task.max_retry_delay:
        seconds = min(seconds, task.max_retry_delay)
    return round(seconds * SECOND)
