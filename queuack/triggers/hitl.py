"""What a task that asked a person goes on with, and the trigger for operators that defer instead of awaiting input.

An answer ends the deferral by itself; the trigger only watches the time. Airflow:
``airflow.providers.standard.triggers.hitl``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Literal, TypedDict

from queuack.authoring import timezone
from queuack.authoring.hitl import HITLUser, get_hitl_detail_content_detail, update_hitl_detail_response
from queuack.authoring.params import Param, ParamsDict
from queuack.authoring.trigger import BaseTrigger, TriggerEvent


class HITLTriggerEventSuccessPayload(TypedDict, total=False):
    """What a task goes on with, and what the operators return."""

    chosen_options: list[str]
    params_input: dict[str, Any]
    responded_by_user: HITLUser | None
    """None: the time was over, and the defaults counted."""
    responded_at: datetime
    timedout: bool


class HITLTriggerEventFailurePayload(TypedDict):
    """What a task goes on with when there is no answer."""

    error: str
    error_type: Literal["timeout", "unknown", "validation"]


class HITLTrigger(BaseTrigger):
    """Fires when ``timeout_datetime`` (None: never) has passed: the ``defaults``, or an error of type "timeout".

    ``params``: name → ``{"value", "description", "schema"}`` or a plain value; ``poke_interval``: seconds it sleeps at
    most."""

    def __init__(
        self,
        *,
        ti_id: int,
        options: list[str],
        params: dict[str, Any],
        defaults: list[str] | None = None,
        multiple: bool = False,
        timeout_datetime: datetime | None,
        poke_interval: float = 5.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.ti_id = ti_id
        self.options = options
        self.defaults = defaults
        self.multiple = multiple
        self.timeout_datetime = timeout_datetime
        self.poke_interval = poke_interval
        self.params = ParamsDict({name: _param(value) for name, value in params.items()})

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return (
            "airflow.providers.standard.triggers.hitl.HITLTrigger",
            {
                "ti_id": self.ti_id,
                "options": self.options,
                "params": {name: param.serialize() for name, param in self.params.param_items()},
                "defaults": self.defaults,
                "multiple": self.multiple,
                "timeout_datetime": self.timeout_datetime,
                "poke_interval": self.poke_interval,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        while self.timeout_datetime is None or timezone.utcnow() < self.timeout_datetime:
            left = (
                None if self.timeout_datetime is None else (self.timeout_datetime - timezone.utcnow()).total_seconds()
            )
            await asyncio.sleep(max(0.0, self.poke_interval if left is None else min(left, self.poke_interval)))
        yield TriggerEvent(await asyncio.to_thread(self._over))

    def _over(self) -> HITLTriggerEventSuccessPayload | HITLTriggerEventFailurePayload:
        found = get_hitl_detail_content_detail(self.ti_id)
        if not found.response_received:
            if self.defaults is None:
                error = "The timeout has passed, and the response has not yet been received."
                return HITLTriggerEventFailurePayload(error=error, error_type="timeout")
            found = update_hitl_detail_response(self.ti_id, self.defaults, self.params.dump())
        assert found.responded_at is not None
        return HITLTriggerEventSuccessPayload(
            chosen_options=found.chosen_options or [],
            params_input=found.params_input,
            responded_by_user=found.responded_by_user,
            responded_at=found.responded_at,
            timedout=found.responded_by_user is None,
        )


def _param(value: Any) -> Param:
    if isinstance(value, dict) and value.keys() >= {"value", "description", "schema"}:
        return Param(value["value"], value["description"], schema=value["schema"])
    return Param(value)
