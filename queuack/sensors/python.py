"""PythonSensor and ``@task.sensor``: wait until a function says yes. Airflow page.

Howto/operator/python (PythonSensor).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

from queuack.authoring.call_arguments import determine_kwargs
from queuack.authoring.decorators.base import FunctionDecoratedOperator
from queuack.sensors.base import BaseSensorOperator, PokeReturnValue

if TYPE_CHECKING:
    from queuack.authoring.context import Context


class PythonSensor(BaseSensorOperator):
    """Pokes by calling ``python_callable(*op_args, **op_kwargs)``, plus the context keys that it names."""

    template_fields: Collection[str] = ("templates_dict", "op_args", "op_kwargs")

    def __init__(
        self,
        *,
        python_callable: Callable[..., Any],
        op_args: Collection[Any] | None = None,
        op_kwargs: Mapping[str, Any] | None = None,
        templates_dict: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.python_callable = python_callable
        self.op_args: Collection[Any] = op_args or []
        self.op_kwargs: Mapping[str, Any] = op_kwargs or {}
        self.templates_dict = templates_dict

    def poke(self, context: Context) -> bool | PokeReturnValue:
        context.update(self.op_kwargs, templates_dict=self.templates_dict)
        kwargs = determine_kwargs(self.python_callable, self.op_args, context)
        self.log.info("Poking callable: %s", self.python_callable)
        answer = self.python_callable(*self.op_args, **kwargs)
        return answer if isinstance(answer, PokeReturnValue) else bool(answer)


class DecoratedSensorOperator(FunctionDecoratedOperator, PythonSensor):
    """``@task.sensor``."""

    custom_operator_name = "@task.sensor"

    def __init__(self, *, python_callable: Callable[..., Any], **kwargs: Any) -> None:
        kwargs.pop("multiple_outputs", None)
        super().__init__(python_callable=python_callable, **kwargs)
