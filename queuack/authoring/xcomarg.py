"""XComArg: what a task will return, used before it has run. Decides how it resolves and what it makes depend on what.

Airflow pages: core-concepts/xcoms, tutorial/taskflow, authoring-and-scheduling/dynamic-task-mapping.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from queuack.authoring.exceptions import XComNotFound
from queuack.authoring.map_indexes import mapped_groups
from queuack.authoring.mapped_values import (
    ConcatResult,
    Fresh,
    LazyXComSequence,
    MapResult,
    ZipResult,
    remember,
    run_key,
)
from queuack.authoring.node import DependencyMixin
from queuack.authoring.params import DagParam
from queuack.authoring.setup_teardown import SetupTeardownContext
from queuack.authoring.types import NOTSET, is_arg_set

if TYPE_CHECKING:
    from queuack.authoring.edges import EdgeModifier
    from queuack.authoring.operator import BaseOperator

XCOM_RETURN_KEY = "return_value"


class Reference:
    """What stands in an argument for a value that is known when the task runs."""

    def iter_references(self) -> Iterator[tuple[BaseOperator, str]]:
        """The tasks and XCom keys that the value comes from."""
        raise NotImplementedError(type(self).__name__)

    def resolve(self, context: Mapping[str, Any]) -> Any:
        """The value, in a running task."""
        raise NotImplementedError(type(self).__name__)


class XComArg(DependencyMixin):
    """A reference to an XCom; ``XComArg(operator, key)`` gives a PlainXComArg."""

    def __new__(cls, *args: Any, **kwargs: Any) -> XComArg:
        return super().__new__(PlainXComArg if cls is XComArg else cls)

    if TYPE_CHECKING:

        def __init__(self, operator: BaseOperator, key: str = XCOM_RETURN_KEY) -> None: ...

    def iter_references(self) -> Iterator[tuple[BaseOperator, str]]:
        """The tasks and keys it is made of. Each kind of reference says its own."""
        raise NotImplementedError(type(self).__name__)

    def resolve(self, context: Mapping[str, Any]) -> Any:
        """The value, in a running task."""
        raise NotImplementedError(type(self).__name__)

    def elements(self, context: Mapping[str, Any]) -> Any:
        """The value, in a running task that wants one element of it: remembered, and its elements are copies."""
        return self.resolve(context)

    @staticmethod
    def iter_xcom_references(value: Any) -> Iterator[tuple[BaseOperator, str]]:
        """References in ``value``, also inside lists, tuples, sets, dicts and objects with template fields."""
        if isinstance(value, (XComArg, DagParam, Reference)):
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

    def map(self, function: Callable[[Any], Any]) -> MapXComArg:
        """The same with ``function`` applied to each element when a mapped task takes it.

        A function that raises AirflowSkipException skips the instance. Raises ValueError for an ``@task``.
        """
        return MapXComArg(self, [function])

    def zip(self, *others: XComArg, fillvalue: Any = NOTSET) -> ZipXComArg:
        """Tuples of the elements of this and ``others``, as many as the shortest has (``fillvalue``: the longest)."""
        return ZipXComArg([self, *others], fillvalue=fillvalue)

    def concat(self, *others: XComArg) -> ConcatXComArg:
        """The elements of this, then those of ``others``."""
        return ConcatXComArg([self, *others])


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

    def map(self, function: Callable[[Any], Any]) -> MapXComArg:
        self._needs_return_key("map against")
        return super().map(function)

    def zip(self, *others: XComArg, fillvalue: Any = NOTSET) -> ZipXComArg:
        self._needs_return_key("map against")
        return super().zip(*others, fillvalue=fillvalue)

    def concat(self, *others: XComArg) -> ConcatXComArg:
        self._needs_return_key("concatenate")
        return super().concat(*others)

    def _needs_return_key(self, what: str) -> None:
        if self.key != XCOM_RETURN_KEY:
            raise ValueError(f"cannot {what} non-return XCom")

    def resolve(self, context: Mapping[str, Any]) -> Any:
        """The value; None where the task returned nothing. Raises XComNotFound for any other key that is not there.

        Of a mapped task: a LazyXComSequence. Of a task in a mapped group: that of the same instance, or of all
        instances when it is asked for outside the group.
        """
        ti = context["ti"]
        if self.operator.is_mapped:
            return self._sequence(ti)
        indexes: Any = None
        if next(mapped_groups(self.operator), None) is not None:
            indexes = ti.get_relevant_upstream_map_indexes(self.operator)
            indexes = NOTSET if indexes is None else indexes
        value = ti.xcom_pull(task_ids=self.operator.task_id, key=self.key, default=NOTSET, map_indexes=indexes)
        if is_arg_set(value):
            return value
        if self.key == XCOM_RETURN_KEY or self.operator.multiple_outputs:
            return None
        raise XComNotFound(ti.dag_id, self.operator.task_id, self.key)

    def elements(self, context: Mapping[str, Any]) -> Any:
        ti = context["ti"]
        if self.operator.is_mapped:
            return self._sequence(ti)
        if next(mapped_groups(self.operator), None) is not None:
            alone = ti.get_relevant_upstream_map_indexes(self.operator) is not None
            return self.resolve(context) if alone else self._sequence(ti)
        value = remember((*run_key(ti), self.operator.task_id, self.key), lambda: self.resolve(context))
        return Fresh(value) if isinstance(value, (list, tuple, dict)) else value

    def _sequence(self, ti: Any) -> LazyXComSequence:
        operator = self.operator
        return LazyXComSequence(dag_id=operator.dag_id, task_id=operator.task_id, key=self.key, ti=ti)


class MapXComArg(XComArg):
    """``arg.map(function)``, also several times."""

    def __init__(self, arg: XComArg, callables: Sequence[Callable[[Any], Any]]) -> None:
        for function in callables:
            if getattr(function, "_airflow_is_task_decorator", False):
                raise ValueError("map() argument must be a plain function, not a @task operator")
        self.arg, self.callables = arg, list(callables)

    def __repr__(self) -> str:
        calls = "".join(f".map({getattr(one, '__name__', '<function>')})" for one in self.callables)
        return f"{self.arg!r}{calls}"

    def iter_references(self) -> Iterator[tuple[BaseOperator, str]]:
        yield from self.arg.iter_references()

    def map(self, function: Callable[[Any], Any]) -> MapXComArg:
        return MapXComArg(self.arg, [*self.callables, function])

    def resolve(self, context: Mapping[str, Any]) -> MapResult:
        return MapResult(_elements("map", self.arg, context), self.callables)


class ZipXComArg(XComArg):
    """``arg.zip(other, …)``."""

    def __init__(self, args: Sequence[XComArg], fillvalue: Any = NOTSET) -> None:
        self.args, self.fillvalue = list(args), fillvalue

    def __repr__(self) -> str:
        others = [repr(arg) for arg in self.args[1:]]
        if is_arg_set(self.fillvalue):
            others.append(f"fillvalue={self.fillvalue!r}")
        return f"{self.args[0]!r}.zip({', '.join(others)})"

    def iter_references(self) -> Iterator[tuple[BaseOperator, str]]:
        for arg in self.args:
            yield from arg.iter_references()

    def resolve(self, context: Mapping[str, Any]) -> ZipResult:
        return ZipResult([_elements("zip", arg, context) for arg in self.args], self.fillvalue)


class ConcatXComArg(XComArg):
    """``arg.concat(other, …)``."""

    def __init__(self, args: Sequence[XComArg]) -> None:
        self.args = list(args)

    def __repr__(self) -> str:
        return f"{self.args[0]!r}.concat({', '.join(repr(arg) for arg in self.args[1:])})"

    def iter_references(self) -> Iterator[tuple[BaseOperator, str]]:
        for arg in self.args:
            yield from arg.iter_references()

    def concat(self, *others: XComArg) -> ConcatXComArg:
        return ConcatXComArg([*self.args, *others])

    def resolve(self, context: Mapping[str, Any]) -> ConcatResult:
        return ConcatResult([_elements("concat", arg, context) for arg in self.args])


def _elements(what: str, arg: XComArg, context: Mapping[str, Any]) -> Any:
    value = arg.elements(context)
    if not isinstance(value, (Sequence, dict)):
        raise ValueError(f"XCom {what} expects sequence or dict, not {type(value).__name__}")
    return value
