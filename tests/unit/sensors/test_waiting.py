"""How sensors wait: intervals, timeouts, backoff, reschedule mode, skips instead of failures, deferral."""

from __future__ import annotations

from datetime import timedelta

import pytest

from queuack.authoring import timezone
from queuack.authoring.dag import DAG
from queuack.authoring.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowRescheduleException,
    AirflowSensorTimeout,
    AirflowSkipException,
    TaskDeferralError,
    TaskDeferralTimeout,
)
from queuack.sensors.base import BaseSensorOperator, PokeReturnValue
from queuack.sensors.python import PythonSensor


class Sensor(BaseSensorOperator):
    """Answers with one of ``answers`` after the other."""

    def __init__(self, *, answers, **kwargs):
        super().__init__(**kwargs)
        self.answers = answers
        self.pokes = 0

    def poke(self, context):
        self.pokes += 1
        answer = self.answers[min(self.pokes, len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer


def sensor(*answers, **arguments):
    with DAG("d"):
        return Sensor(task_id="t", answers=answers, **arguments)


def test_poking(desk, waits):
    assert desk.execute(sensor(False, False, PokeReturnValue(True, "v"), poke_interval=5)) == "v"
    assert waits == [5, 5]


def test_timeouts(desk, waits):
    with pytest.raises(AirflowSensorTimeout, match="exceeds the specified timeout of 10"):
        desk.execute(sensor(False, poke_interval=4, timeout=timedelta(seconds=10)))
    assert waits == [4, 4, 4]
    for arguments in ({"soft_fail": True}, {"never_fail": True}):
        kind = AirflowSkipException if "soft_fail" in arguments else AirflowSensorTimeout
        with pytest.raises(kind):
            desk.execute(sensor(False, poke_interval=4, timeout=1, **arguments))


@pytest.mark.parametrize(
    ("raised", "arguments", "expected"),
    [
        (ValueError("x"), {}, ValueError),
        (ValueError("x"), {"soft_fail": True}, ValueError),
        (ValueError("x"), {"never_fail": True}, AirflowSkipException),
        (AirflowFailException("x"), {}, AirflowFailException),
        (AirflowFailException("x"), {"soft_fail": True}, AirflowSkipException),
        (AirflowSensorTimeout("x"), {"never_fail": True}, AirflowSkipException),
        (AirflowSkipException("x"), {}, AirflowSkipException),
    ],
)
def test_errors_while_poking(desk, waits, raised, arguments, expected):
    with pytest.raises(expected):
        desk.execute(sensor(raised, **arguments))


def test_silent_fail_pokes_on(desk, waits):
    op = sensor(ValueError("x"), ValueError("y"), True, silent_fail=True)
    desk.execute(op)
    assert waits == [60, 60]


def test_backoff(desk, waits):
    desk.execute(sensor(*[False] * 6, True, exponential_backoff=True, poke_interval=2, max_wait=20))
    least = [1, 2, 4, 8, 16, 32]
    assert len(waits) == 6
    assert all(low <= wait <= 2 * low or wait == 20 for low, wait in zip(least, waits, strict=True))
    assert max(waits) == 20


def test_reschedule_mode(desk, waits):
    before = timezone.utcnow()
    with pytest.raises(AirflowRescheduleException) as caught:
        desk.execute(sensor(False, mode="reschedule", poke_interval=60))
    assert timedelta(seconds=60) <= caught.value.reschedule_date - before < timedelta(seconds=120)
    assert waits == []
    long_ago = 1_600_000_000_000_000
    with pytest.raises(AirflowSensorTimeout):
        desk.execute(sensor(False, mode="reschedule", timeout=60), first_reschedule_us=long_ago)
    desk.execute(sensor(True, mode="reschedule", timeout=60), first_reschedule_us=long_ago)


def test_going_on_after_a_deferral(desk):
    op = sensor(True)
    context = desk.context_of(op)
    fail = {"error": "Trigger timeout"}
    with pytest.raises(AirflowSensorTimeout):
        op.resume_execution("__fail__", fail, context)
    with pytest.raises(TaskDeferralError):
        op.resume_execution("__fail__", {"error": "Trigger failure", "traceback": ["line"]}, context)
    for arguments in ({"soft_fail": True}, {"never_fail": True}):
        soft = sensor(True, **arguments)
        for error in ("Trigger timeout", "Trigger failure"):
            with pytest.raises(AirflowSkipException):
                soft.resume_execution("__fail__", {"error": error}, context)
    assert not issubclass(TaskDeferralTimeout, AirflowSensorTimeout)


def test_what_is_refused():
    with pytest.raises(ValueError, match="mutually exclusive"):
        sensor(True, soft_fail=True, never_fail=True)
    with pytest.raises(ValueError, match="mode must be one of"):
        sensor(True, mode="sometimes")
    with pytest.raises(ValueError, match="poke_interval"):
        sensor(True, poke_interval=-1)


def test_python_sensor(desk, waits):
    with DAG("d"):
        op = PythonSensor(task_id="t", python_callable=lambda ds, n: (ds, n), op_kwargs={"n": "{{ run_id }}"})
    assert op.poke(desk.context_of(op)) is True
    with pytest.raises(AirflowException, match="Override"):
        BaseSensorOperator(task_id="b").poke({})
