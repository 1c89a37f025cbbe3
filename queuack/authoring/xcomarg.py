"""XComArg: what a task will return, used before it has run. Decides how it resolves and what it makes depend on what.

Airflow page: core-concepts/xcoms and tutorial/taskflow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from queuack.authoring.exceptions import XComNotFound
from queuack.authoring.node import DependencyMixin
from queuack.authoring.params import DagParam
from queuack.authoring.setup_teardown import SetupTeardownContext
from queuack.authoring.types import NOTSET, is_arg_set
from queuack.errors import NotBuilt

if TYPE_CHECKING:
    from queuack.authoring.edges import EdgeModifier
    from queuack.authoring.operator import BaseOperator

XCOM_RETURN_KEY = "return_value"


class XComArg(DependencyMixin):
    """A reference to an XCom; ``XComArg(operator, key)`` gives a PlainXComArg."""

    def __new__(cls, *args: Any, **kwargs: Any) -> XComArg:
        return super().__new__(PlainXComArg if cls is XComArg else cls)

    if TYPE_CHECKING:

        def __init__(self, operator: BaseOperator, key: str = XCOM_RETURN_KEY) -> None: ...

    def iter_references(self) -> Iterator[tuple[BaseOperator, str]]:
        raise NotBuilt(f"{type(self).__name__} refers to no XCom.")

    def resolve(self, context: Mapping[str, Any]) -> Any:
        """The value, in a running task."""
        raise NotBuilt(f"{type(self).__name__} cannot be resolved.")

    @staticmethod
    def iter_xcom_references(value: Any) -> Iterator[tuple[BaseOperator, str]]:
        """References in ``value``, also inside lists, tuples, sets, dicts and objects with template fields."""
        if isinstance(value, (XComArg, DagParam)):
            yield from value.iter_references()
        elif isinstance(value, (tuple, set, list)):
            for element in value:
                yield from XComArg.iter_xcom_references(element)
        elif isinstance(value, dict):
            for element in value.values():
                yield from XComArg.iter_xcom_references(element)
        elif not isinstance(value, (str, bytes, int, float, type(None), type)) and hasattr(value, "task_id"):
            for name in getattr(value, "template_fields", ()):
                yield from XComArg.iter_xcom_references(getattr(value, name, None))

    @staticmethod
    def apply_upstream_relationship(operator: DependencyMixin, value: Any) -> None:
        """Put ``operator`` after every task that ``value`` refers to."""
        for other, _ in XComArg.iter_xcom_references(value):
            operator.set_upstream(other)

    @property
    def roots(self) -> list[BaseOperator]:
        return [operator for operator, _ in self.iter_references()]

    @property
    def leaves(self) -> list[BaseOperator]:
        return [operator for operator, _ in self.iter_references()]

    def set_upstream(self, other: Any, edge_modifier: EdgeModifier | None = None) -> None:
        for operator, _ in self.iter_references():
            operator.set_upstream(other, edge_modifier)

    def set_downstream(self, other: Any, edge_modifier: EdgeModifier | None = None) -> None:
        for operator, _ in self.iter_references():
            operator.set_downstream(other, edge_modifier)

    def map(self, function: Callable[[Any], Any]) -> XComArg:
        raise NotBuilt("XComArg.map (dynamic task mapping) is not built yet.")

    def zip(self, *others: XComArg, fillvalue: Any = NOTSET) -> XComArg:
        raise NotBuilt("XComArg.zip (dynamic task mapping) is not built yet.")

    def concat(self, *others: XComArg) -> XComArg:
        raise NotBuilt("XComArg.concat (dynamic task mapping) is not built yet.")


class PlainXComArg(XComArg):
    """The XCom of one task under one key."""

    def __init__(self, operator: BaseOperator, key: str = XCOM_RETURN_KEY) -> None:
        self.operator = operator
        self.key = key

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PlainXComArg) and self.operator == other.operator and self.key == other.key

    def __hash__(self) -> int:
        return hash((self.operator.dag_id, self.operator.task_id, self.key))

    def __getitem__(self, key: str) -> PlainXComArg:
        """Another key of the same task: ``result["name"]``."""
        if not isinstance(key, str):
            raise ValueError(f"XComArg only supports str lookup, received {type(key).__name__}")
        return PlainXComArg(self.operator, key)

    def __iter__(self) -> NoReturn:
        raise TypeError("'XComArg' object is not iterable")

    def __repr__(self) -> str:
        key = "" if self.key == XCOM_RETURN_KEY else f", {self.key!r}"
        return f"XComArg({self.operator!r}{key})"

    def __str__(self) -> str:
        """A Jinja expression, for use inside other templates."""
        where = f"task_ids='{self.operator.task_id}', dag_id='{self.operator.dag_id}', key='{self.key}'"
        return f"{{{{ task_instance.xcom_pull({where}) }}}}"

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    @property
    def is_setup(self) -> bool:
        return self.operator.is_setup

    @is_setup.setter
    def is_setup(self, value: bool) -> None:
        self.operator.is_setup = value

    @property
    def is_teardown(self) -> bool:
        return self.operator.is_teardown

    @is_teardown.setter
    def is_teardown(self, value: bool) -> None:
        self.operator.is_teardown = value

    @property
    def on_failure_fail_dagrun(self) -> bool:
        return self.operator.on_failure_fail_dagrun

    @on_failure_fail_dagrun.setter
    def on_failure_fail_dagrun(self, value: bool) -> None:
        self.operator.on_failure_fail_dagrun = value

    def as_setup(self) -> PlainXComArg:
        self.operator.as_setup()
        return self

    def as_teardown(self, *, setups: Any = None, on_failure_fail_dagrun: bool | None = None) -> PlainXComArg:
        self.operator.as_teardown(setups=setups, on_failure_fail_dagrun=on_failure_fail_dagrun)
        return self

    def __enter__(self) -> type[SetupTeardownContext]:
        return SetupTeardownContext.push(self.operator)

    def __exit__(self, *_: object) -> None:
        SetupTeardownContext.pop()

    def iter_references(self) -> Iterator[tuple[BaseOperator, str]]:
        yield self.operator, self.key

    def resolve(self, context: Mapping[str, Any]) -> Any:
        """The value; None where the task returned nothing. Raises XComNotFound for any other key that is not there."""
        ti = context["ti"]
        value = ti.xcom_pull(task_ids=self.operator.task_id, key=self.key, default=NOTSET, map_indexes=None)
        if is_arg_set(value):
            return value
        if self.key == XCOM_RETURN_KEY or self.operator.multiple_outputs:
            return None
        raise XComNotFound(ti.dag_id, self.operator.task_id, self.key)
