"""A mapped ``@task``: what it is mapped over are the function's arguments, not the operator's.

Airflow page: dynamic-task-mapping.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from queuack.authoring import timezone
from queuack.authoring.dag_stack import DagContext, TaskGroupContext
from queuack.authoring.decorated_ids import get_unique_task_id
from queuack.authoring.expand_input import ExpandInput, prevent_duplicates
from queuack.authoring.mapped import MappedOperator
from queuack.authoring.operator import BaseOperator
from queuack.authoring.operator_meta import merged_defaults
from queuack.authoring.partial import operator_arguments


class DecoratedMappedOperator(MappedOperator):
    """What ``expand`` on a decorated function makes."""

    def __init__(
        self, *, python_callable: Callable[..., Any], multiple_outputs: bool, expand_input: ExpandInput, **given: Any
    ) -> None:
        self.python_callable = python_callable
        self._multiple_outputs = multiple_outputs
        super().__init__(expand_input=expand_input, **given)

    @classmethod
    def of_function(
        cls,
        function: Callable[..., Any],
        operator_class: type[BaseOperator],
        given: dict[str, Any],
        expand_input: ExpandInput,
        *,
        multiple_outputs: bool,
        strict: bool,
    ) -> DecoratedMappedOperator:
        """``given``: the decorator's arguments, with ``op_args``, ``op_kwargs`` and ``task_id``."""
        dag = given.pop("dag", None) or DagContext.get_current()
        group = given.pop("task_group", None) or TaskGroupContext.get_current(dag)
        own = given.pop("default_args", None)
        defaults, params = merged_defaults(dag, group, given.pop("params", None), own)
        arguments = {**operator_arguments(defaults, given), **given}
        if own is not None:
            arguments["default_args"] = own
        task_id = get_unique_task_id(arguments.pop("task_id"), dag, group)
        return cls(
            python_callable=function,
            multiple_outputs=multiple_outputs,
            operator_class=operator_class,
            expand_input=expand_input,
            task_id=group.child_id(task_id) if group is not None else task_id,
            dag=dag,
            task_group=group,
            start_date=timezone.convert_to_utc(arguments.pop("start_date", None)),
            end_date=timezone.convert_to_utc(arguments.pop("end_date", None)),
            partial_kwargs=arguments,
            params=params,
            strict=strict,
        )

    @property
    def multiple_outputs(self) -> bool:
        return self._multiple_outputs

    @property
    def is_async(self) -> bool:
        return self.operator_class.is_async_with({"python_callable": self.python_callable})

    @property
    def op_kwargs_expand_input(self) -> ExpandInput:
        """Airflow's name for it."""
        return self.expand_input

    def mapped_kwargs(self, context: Mapping[str, Any]) -> tuple[Mapping[str, Any], set[int]]:
        op_kwargs, resolved = super().mapped_kwargs(context)
        return {"op_kwargs": op_kwargs}, resolved

    def unmap_kwargs(self, mapped: Mapping[str, Any], *, strict: bool) -> dict[str, Any]:
        given = self.partial_kwargs["op_kwargs"]
        if strict:
            prevent_duplicates(given, mapped["op_kwargs"], fail_reason="mapping already partial")
        function = {
            "python_callable": self.python_callable,
            "multiple_outputs": self.multiple_outputs,
            "op_kwargs": {**given, **mapped["op_kwargs"]},
        }
        return super().unmap_kwargs(function, strict=False)
