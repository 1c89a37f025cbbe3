"""From what the daemon says of a trigger to the object that runs: class, arguments, the task it serves, templates.

Everything here may run user code and raise whatever that raises. Airflow page: authoring-and-scheduling/deferring.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

from queuack.authoring.assets.asset import Asset
from queuack.authoring.context import Context, make_context
from queuack.authoring.dag import DAG
from queuack.authoring.operator import BaseOperator
from queuack.authoring.state_store import AssetStateStoreAccessors
from queuack.authoring.trigger import BaseEventTrigger, BaseTrigger, StartTriggerArgs
from queuack.protocol import TriggerWork, WaitingTask
from queuack.serialization import typed_json


@dataclass
class TaskOfTrigger:
    """``trigger.task_instance``: the ids and numbers of the instance that waits."""

    id: int
    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    try_number: int
    task: Any = None
    """The operator, as far as it is known here: only where templates are rendered."""


def find_trigger(classpath: str) -> type[BaseTrigger]:
    """Raises ImportError that says what to do when the class is not there."""
    module_name, _, name = classpath.rpartition(".")
    try:
        found = getattr(importlib.import_module(module_name), name)
    except (ImportError, AttributeError, ValueError) as error:
        hint = ""
        if module_name.startswith("unusual_prefix_") or module_name in ("", "__main__"):
            hint = (
                " A trigger's class must be in a module that can be imported by its name, not in the DAG file itself:"
            )
            hint += " put it into plugins/, or name the module of the file in serialize()."
        raise ImportError(f"The trigger class {classpath} cannot be imported: {error}.{hint}") from error
    if not isinstance(found, type):
        raise ImportError(f"{classpath} is not a class.")
    return found


def make_trigger(work: TriggerWork) -> BaseTrigger:
    """The trigger, ready to run."""
    kind = find_trigger(work.classpath)
    trigger = kind(**typed_json.loads(work.kwargs))
    trigger.trigger_id = work.trigger_id
    if work.task is not None:
        _bind(trigger, work.task)
    if isinstance(trigger, BaseEventTrigger):
        watched = [Asset(name=name, uri=uri) for name, uri in work.assets]
        trigger.asset_state_store = AssetStateStoreAccessors(watched, [])
    return trigger


def _bind(trigger: BaseTrigger, waiting: WaitingTask) -> None:
    task = TaskOfTrigger(
        id=waiting.ti_id,
        dag_id=waiting.run.dag_id,
        run_id=waiting.run.run_id,
        task_id=waiting.task_id,
        map_index=waiting.map_index,
        try_number=waiting.try_number,
    )
    if not waiting.template_fields:
        trigger.task_instance = task
        return
    task.task = _operator(trigger, waiting)
    trigger.task_instance = task
    trigger.render_template_fields(_context(task.task, waiting))


def _operator(trigger: BaseTrigger, waiting: WaitingTask) -> BaseOperator:
    """Stands for the operator, whose class is in a DAG file that is not loaded here: template fields and params."""
    dag = DAG(waiting.run.dag_id, schedule=None, params=waiting.params)
    operator = BaseOperator(task_id=waiting.task_id, dag=dag)
    operator.template_fields = tuple(waiting.template_fields)
    given = dict.fromkeys(waiting.template_fields)
    operator.start_trigger_args = StartTriggerArgs(trigger_cls="", next_method="", trigger_kwargs=given)
    return operator


def _context(operator: BaseOperator, waiting: WaitingTask) -> Context:
    return make_context(
        task=operator,
        run=waiting.run,
        ti_id=waiting.ti_id,
        map_index=waiting.map_index,
        try_number=waiting.try_number,
        max_tries=waiting.max_tries,
    )
