"""Which DAG, task group, and DAG file are being defined right now: stacks filled by ``with`` statements.

Decides what a new task belongs to when nobody says. Also gathers DAGs that were entered with ``with`` while a file
is loaded, so that they are found without a module variable. Runs no user code, knows no operator.
Airflow page: core-concepts/dags, "DAG Auto-registration".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from queuack.authoring.dag import DAG
    from queuack.authoring.taskgroup import TaskGroup


class DagContext:
    """The stack of ``with DAG(...)``."""

    _stack: ClassVar[list[DAG]] = []
    current_autoregister_module_name: ClassVar[str | None] = None
    """Name of the module being loaded as a DAG file, None when none is."""
    autoregistered_dags: ClassVar[list[DAG]] = []

    @classmethod
    def push(cls, dag: DAG) -> None:
        cls._stack.append(dag)

    @classmethod
    def pop(cls) -> DAG | None:
        dag = cls._stack.pop()
        if cls.current_autoregister_module_name is not None and dag.auto_register:
            cls.autoregistered_dags.append(dag)
        return dag

    @classmethod
    def get_current(cls) -> DAG | None:
        return cls._stack[-1] if cls._stack else None

    get_current_dag = get_current

    @classmethod
    def reset(cls) -> None:
        """Forget everything: a file that raised inside ``with`` leaves nothing behind."""
        cls._stack.clear()
        cls.autoregistered_dags.clear()
        cls.current_autoregister_module_name = None
        TaskGroupContext.reset()


class TaskGroupContext:
    """The stack of ``with TaskGroup(...)``; below it stands the current DAG's root group."""

    _stack: ClassVar[list[TaskGroup]] = []

    @classmethod
    def push(cls, group: TaskGroup) -> None:
        cls._stack.append(group)

    @classmethod
    def pop(cls) -> TaskGroup | None:
        return cls._stack.pop()

    @classmethod
    def get_current(cls, dag: DAG | None = None) -> TaskGroup | None:
        if cls._stack and (dag is None or cls._stack[-1].dag is dag):
            return cls._stack[-1]
        current = dag or DagContext.get_current()
        return current.task_group if current is not None else None

    get_current_task_group = get_current

    @classmethod
    def is_active(cls) -> bool:
        return bool(cls._stack)

    @classmethod
    def reset(cls) -> None:
        cls._stack.clear()
