"""The operators behind ``@task``, ``@task.branch``, ``@task.short_circuit``, ``@task.bash`` and unbuilt relatives.

Airflow page: core-concepts/taskflow.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from queuack.authoring.call_arguments import determine_kwargs
from queuack.authoring.decorators.base import DecoratedOperator, FunctionDecoratedOperator
from queuack.authoring.types import SET_DURING_EXECUTION
from queuack.errors import NotBuilt
from queuack.operators.bash import BashOperator
from queuack.operators.external_python import BranchExternalPythonOperator, ExternalPythonOperator
from queuack.operators.python import BranchPythonOperator, PythonOperator, ShortCircuitOperator
from queuack.operators.virtualenv import BranchPythonVirtualenvOperator, PythonVirtualenvOperator

if TYPE_CHECKING:
    from queuack.authoring.context import Context

_ARGUMENTS = ("python_callable", "op_args", "op_kwargs")


class _PythonDecoratedOperator(FunctionDecoratedOperator, PythonOperator):
    """``@task``."""

    template_fields_renderers: ClassVar[dict[str, str]] = PythonOperator.template_fields_renderers
    custom_operator_name = "@task"


class _BranchPythonDecoratedOperator(_PythonDecoratedOperator, BranchPythonOperator):
    """``@task.branch``."""

    custom_operator_name = "@task.branch"
    _can_skip_downstream = True

    def execute(self, context: Context) -> Any:
        return self.do_branch(context, PythonOperator.execute(self, context))


class _ShortCircuitDecoratedOperator(_PythonDecoratedOperator, ShortCircuitOperator):
    """``@task.short_circuit``."""

    custom_operator_name = "@task.short_circuit"


class _PythonVirtualenvDecoratedOperator(_PythonDecoratedOperator, PythonVirtualenvOperator):
    """``@task.virtualenv``."""

    template_fields: Collection[str] = PythonVirtualenvOperator.template_fields
    custom_operator_name = "@task.virtualenv"


class _PythonExternalDecoratedOperator(_PythonDecoratedOperator, ExternalPythonOperator):
    """``@task.external_python``."""

    template_fields: Collection[str] = ExternalPythonOperator.template_fields
    custom_operator_name = "@task.external_python"


class _BranchPythonVirtualenvDecoratedOperator(_PythonDecoratedOperator, BranchPythonVirtualenvOperator):
    """``@task.branch_virtualenv``."""

    template_fields: Collection[str] = BranchPythonVirtualenvOperator.template_fields
    custom_operator_name = "@task.branch_virtualenv"


class _BranchExternalPythonDecoratedOperator(_PythonDecoratedOperator, BranchExternalPythonOperator):
    """``@task.branch_external_python``."""

    template_fields: Collection[str] = BranchExternalPythonOperator.template_fields
    custom_operator_name = "@task.branch_external_python"


class _BashDecoratedOperator(DecoratedOperator, BashOperator):
    """``@task.bash``: runs the command that the function returns."""

    template_fields: Collection[str] = (*DecoratedOperator.template_fields, *BashOperator.template_fields)
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **DecoratedOperator.template_fields_renderers,
        **BashOperator.template_fields_renderers,
    }
    custom_operator_name = "@task.bash"
    overwrite_rtif_after_execution = True

    def __init__(self, *, python_callable: Callable[..., Any], **kwargs: Any) -> None:
        super().__init__(python_callable=python_callable, bash_command=SET_DURING_EXECUTION, **kwargs)

    def execute(self, context: Context) -> Any:
        context.update(self.op_kwargs)
        kwargs = determine_kwargs(self.python_callable, self.op_args, context)
        command = self.python_callable(*self.op_args, **kwargs)
        if not isinstance(command, str) or not command.strip():
            raise TypeError("The returned value from the TaskFlow callable must be a non-empty string.")
        self.bash_command = command
        self.render_template_fields(context)
        return BashOperator.execute(self, context)


class StubDecoratedOperator(DecoratedOperator):
    """``@task.stub``: a task that another language runs. Parses; raises NotBuilt when it runs."""

    custom_operator_name = "@task.stub"

    def execute(self, context: Context) -> NoReturn:
        raise NotBuilt("@task.stub (tasks in other languages) is not built in Queuack yet.")


class UnbuiltDecoratedOperator(DecoratedOperator):
    """A kind whose provider is not supported yet: parses; raises NotBuilt when it runs."""

    def __init__(self, *, kind: str, kind_arguments: dict[str, Any], **kwargs: Any) -> None:
        self.kind, self.kind_arguments = kind, kind_arguments
        super().__init__(**kwargs)

    @property
    def operator_name(self) -> str:
        return f"@task.{self.kind}"

    def execute(self, context: Context) -> NoReturn:
        raise NotBuilt(f"@task.{self.kind} is not built in Queuack yet.")
