"""PythonOperator and its relatives: a task that calls a function in the worker. Airflow page: howto/operator/python."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from queuack.authoring.assets.yielding import exhaust, exhaust_async
from queuack.authoring.async_tasks import is_async_callable
from queuack.authoring.call_arguments import determine_kwargs
from queuack.authoring.exceptions import AirflowException
from queuack.authoring.operator import BaseOperator
from queuack.operators.branch import BaseBranchOperator
from queuack.operators.skipmixin import SkipMixin

if TYPE_CHECKING:
    from queuack.authoring.context import Context


class BaseAsyncOperator(BaseOperator):
    """Base of operators that define ``async def aexecute(self, context)``: it runs on the worker's event loop, beside
    others. ``execute`` runs it by itself, for who calls that."""

    @property
    def is_async(self) -> bool:
        return True

    @classmethod
    def is_async_with(cls, arguments: Mapping[str, Any]) -> bool:
        return True

    async def aexecute(self, context: Context) -> Any:
        raise NotImplementedError(f"{self.task_type} does not define aexecute(context)")

    def execute(self, context: Context) -> Any:
        return asyncio.run(self.aexecute(context))


class PythonOperator(BaseAsyncOperator):
    """Calls ``python_callable(*op_args, **op_kwargs)``, plus the context keys that it names; ``async def`` too."""

    template_fields: Collection[str] = ("templates_dict", "op_args", "op_kwargs")
    template_fields_renderers: ClassVar[dict[str, str]] = {"templates_dict": "json", "op_args": "py", "op_kwargs": "py"}
    ui_color = "#ffefeb"
    shallow_copy_attrs: Sequence[str] = ("python_callable", "op_kwargs")

    def __init__(
        self,
        *,
        python_callable: Callable[..., Any],
        op_args: Collection[Any] | None = None,
        op_kwargs: Mapping[str, Any] | None = None,
        templates_dict: dict[str, Any] | None = None,
        templates_exts: Sequence[str] | None = None,
        show_return_value_in_logs: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not callable(python_callable):
            raise AirflowException("`python_callable` param must be callable")
        self.python_callable = python_callable
        self.op_args: Collection[Any] = op_args or ()
        self.op_kwargs: Mapping[str, Any] = op_kwargs or {}
        self.templates_dict = templates_dict
        if templates_exts:
            self.template_ext = templates_exts
        self.show_return_value_in_logs = show_return_value_in_logs

    @property
    def is_async(self) -> bool:
        return is_async_callable(self.python_callable)

    @classmethod
    def is_async_with(cls, arguments: Mapping[str, Any]) -> bool:
        return is_async_callable(arguments.get("python_callable"))

    def execute(self, context: Context) -> Any:
        context.update(self.op_kwargs, templates_dict=self.templates_dict)
        self.op_kwargs = self.determine_kwargs(context)
        value = self.execute_callable()
        if inspect.iscoroutine(value):
            value = asyncio.run(value)
        elif inspect.isasyncgen(value):
            value = asyncio.run(exhaust_async(value, context["outlet_events"]))
        self._log_result(value)
        return value

    async def aexecute(self, context: Context) -> Any:
        context.update(self.op_kwargs, templates_dict=self.templates_dict)
        self.op_kwargs = self.determine_kwargs(context)
        value = self.execute_callable()
        if inspect.isawaitable(value):
            value = await value
        elif inspect.isasyncgen(value):
            value = await exhaust_async(value, context["outlet_events"])
        self._log_result(value)
        return value

    def determine_kwargs(self, context: Mapping[str, Any]) -> Mapping[str, Any]:
        return determine_kwargs(self.python_callable, self.op_args, context)

    def execute_callable(self) -> Any:
        """Call the function; one that yields ``Metadata`` about its outlets is run to its end."""
        value = self.python_callable(*self.op_args, **self.op_kwargs)
        if inspect.isgeneratorfunction(self.python_callable):
            return exhaust(value, get_current_context()["outlet_events"])
        return value

    def _log_result(self, value: Any) -> None:
        if self.show_return_value_in_logs:
            self.log.info("Done. Returned value was: %s", value)
        else:
            self.log.info("Done. Returned value not shown")


class BranchPythonOperator(BaseBranchOperator, PythonOperator):
    """Follows the task or group ids that the function returns; skips the other tasks directly downstream."""

    def choose_branch(self, context: Context) -> str | Iterable[str] | None:
        chosen: str | Iterable[str] | None = PythonOperator.execute(self, context)
        return chosen

    async def aexecute(self, context: Context) -> Any:
        return self.do_branch(context, await super().aexecute(context))


class ShortCircuitOperator(PythonOperator, SkipMixin):
    """Skips what is downstream when the function returns something falsy.

    With ``ignore_downstream_trigger_rules`` (default) all of it, however far; else only what is directly downstream.
    """

    _can_skip_downstream = True

    def __init__(self, *, ignore_downstream_trigger_rules: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ignore_downstream_trigger_rules = ignore_downstream_trigger_rules

    def execute(self, context: Context) -> Any:
        return self._decide(context, super().execute(context))

    async def aexecute(self, context: Context) -> Any:
        return self._decide(context, await super().aexecute(context))

    def _decide(self, context: Context, condition: Any) -> Any:
        self.log.info("Condition result is %s", condition)
        if condition:
            self.log.info("Proceeding with downstream tasks...")
            return condition
        if not self.downstream_task_ids:
            self.log.info("No downstream tasks; nothing to do.")
            return condition
        task = context["task"]
        if self.ignore_downstream_trigger_rules:
            tasks = task.get_flat_relatives(upstream=False)
        else:
            tasks = task.get_direct_relatives(upstream=False)
        self.log.info("Skipping downstream tasks")
        self.skip(ti=context["ti"], tasks=[one for one in tasks if not one.is_teardown])
        return condition


def get_current_context() -> Context:
    """2.x place of ``queuack.get_current_context``."""
    from queuack.authoring.context import get_current_context as current  # the name is taken here

    return current()
