"""BaseNotifier: a callback that is an object with templated fields. Airflow page: howto/notifications."""

from __future__ import annotations

import logging
from collections.abc import Collection, Generator, Sequence
from typing import TYPE_CHECKING, Any

from queuack.authoring.templating import Templater

if TYPE_CHECKING:
    from queuack.authoring.context import Context
    from queuack.authoring.dag import DAG


class BaseNotifier(Templater):
    """Subclasses define ``notify(context)`` and ``template_fields``; instances go where callbacks go."""

    template_fields: Collection[str] = ()
    template_ext: Sequence[str] = ()

    def __init__(self, context: Any = None, **kwargs: Any) -> None:
        """``context``: what it is awaited with, as an AsyncCallback."""
        super().__init__()
        self.context: Any = context or {}
        self._dag: DAG | None = None

    @property
    def log(self) -> logging.Logger:
        return logging.getLogger(f"{type(self).__module__}.{type(self).__name__}")

    def get_dag(self) -> DAG | None:
        return self.__dict__.get("_dag")

    def render_template_fields(self, context: Context, jinja_env: Any = None) -> None:
        """In place. The DAG of the context gives the environment."""
        if "dag" in context:
            self._dag = context["dag"]
        self._do_render_template_fields(self, self.template_fields, context, jinja_env, set())

    def notify(self, context: Context) -> None:
        """Send the message."""
        raise NotImplementedError(f"{type(self).__name__} does not define notify(context)")

    async def async_notify(self, context: Context) -> None:
        """Send the message from an event loop."""
        raise NotImplementedError(f"{type(self).__name__} does not define async_notify(context)")

    def __call__(self, *args: Any) -> None:
        """What callbacks are called with: a context (2.x gave SLA misses five arguments)."""
        context: Any = args[0] if len(args) == 1 else {"dag": args[0] if args else None}
        saved = {name: getattr(self, name) for name in self.template_fields if hasattr(self, name)}
        try:
            self.render_template_fields(context)
            self.notify(context)
        finally:
            for name, value in saved.items():
                setattr(self, name, value)

    def __await__(self) -> Generator[Any, None, None]:
        """``async_notify`` with the context it was made with."""
        self.render_template_fields(self.context)
        return self.async_notify(self.context).__await__()
