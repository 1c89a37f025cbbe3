"""The trigger that runs an AsyncCallback: one event when it begins, one when it has ended, whatever it does.

Airflow: ``airflow.triggers.callback``; page howto/deadline-alerts.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator
from typing import Any

from queuack.authoring.deadline_callbacks import arguments_for, context_of, import_path
from queuack.authoring.trigger import BaseTrigger, TriggerEvent

log = logging.getLogger(__name__)


class CallbackTrigger(BaseTrigger):
    """``dag_run`` and ``deadline``: what the context is made of; None = the function gets none."""

    def __init__(
        self,
        callback_path: str,
        callback_kwargs: dict[str, Any] | None = None,
        dag_run: dict[str, Any] | None = None,
        deadline: dict[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.callback_path = callback_path
        self.callback_kwargs = callback_kwargs or {}
        self.dag_run = dag_run
        self.deadline = deadline

    def serialize(self) -> tuple[str, dict[str, Any]]:
        names = ("callback_path", "callback_kwargs", "dag_run", "deadline")
        return "queuack.triggers.callback.CallbackTrigger", {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        yield TriggerEvent({"state": "running"})
        try:
            result = await self._call()
            said = {"state": "success", "body": None if result is None else str(result)}
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            log.exception("The callback %s failed", self.callback_path)
            said = {"state": "failed", "body": self._why(error)}
        yield TriggerEvent(said)
        await asyncio.Event().wait()  # until the event is taken: it must not begin again

    async def _call(self) -> Any:
        function = import_path(self.callback_path)
        kwargs = self.callback_kwargs
        if self.dag_run is not None and self.deadline is not None:
            kwargs = arguments_for(function, kwargs, context_of(self.dag_run, self.deadline))
        return await function(**kwargs)

    def _why(self, error: BaseException) -> str:
        text = "".join(traceback.format_exception(error))
        if isinstance(error, ImportError) and self.callback_path.startswith("unusual_prefix_"):
            return (
                "An AsyncCallback must be in a module that can be imported by its name, not in the DAG file itself: "
                f"put it into plugins/, or use SyncCallback.\n{text}"
            )
        return text
