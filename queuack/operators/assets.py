"""``@asset`` and ``@asset.multi``: a function that makes assets, as a DAG of one task.

Decides what the function's parameters mean and what its DAG and task look like.
Airflow page: authoring-and-scheduling/assets, "@asset".
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from queuack.authoring.assets import Asset, AssetAll, BaseAsset
from queuack.authoring.assets.events import find_asset
from queuack.authoring.dag import DAG
from queuack.operators.python import PythonOperator

_EMPTY = inspect.Parameter.empty
_NOT_INLETS = ("self", "context", "outlet_events")


class _AssetMainOperator(PythonOperator):
    """Calls the function with the assets that its parameters name; those are the task's inlets."""

    def __init__(self, *, definition_name: str, uri: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._definition_name = definition_name

    @classmethod
    def from_definition(cls, definition: AssetDefinition | MultiAssetDefinition) -> _AssetMainOperator:
        function = definition._function
        _check_parameters(function)
        parameters = inspect.signature(function).parameters.items()
        inlets = [
            Asset.ref(name=name)
            for name, parameter in parameters
            if name not in _NOT_INLETS and parameter.default is _EMPTY
        ]
        return cls(
            task_id=function.__name__,
            inlets=inlets,
            outlets=list(definition.iter_outlets()),
            python_callable=function,
            definition_name=definition.name,
        )

    def determine_kwargs(self, context: Mapping[str, Any]) -> Mapping[str, Any]:
        return {
            name: self._argument(name, parameter, context)
            for name, parameter in inspect.signature(self.python_callable).parameters.items()
        }

    def _argument(self, name: str, parameter: inspect.Parameter, context: Mapping[str, Any]) -> Any:
        if parameter.default is not _EMPTY:
            return parameter.default
        if name == "context":
            return context
        if name == "outlet_events":
            return context["outlet_events"]
        return find_asset(name=self._definition_name if name == "self" else name)


def _check_parameters(function: Callable[..., Any]) -> None:
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind == inspect.Parameter.VAR_POSITIONAL:
            raise TypeError(f"wildcard '*{name}' is not supported in @asset")
        if parameter.kind == inspect.Parameter.VAR_KEYWORD:
            raise TypeError(f"wildcard '**{name}' is not supported in @asset")
        if parameter.kind == inspect.Parameter.POSITIONAL_ONLY and parameter.default is _EMPTY:
            raise TypeError(f"positional-only argument '{name}' without a default is not supported in @asset")


def _make_task(definition: AssetDefinition | MultiAssetDefinition) -> None:
    function: Any = definition._function
    if not getattr(function, "_airflow_is_task_decorator", False):
        _AssetMainOperator.from_definition(definition)
        return
    if "outlets" in function.kwargs:
        raise TypeError("@task decorator with 'outlets' argument is not supported in @asset")
    function.kwargs["outlets"] = list(definition.iter_outlets())
    function()


class AssetDefinition(Asset):
    """The asset that ``@asset`` makes of a function."""

    def __init__(self, *, function: Callable[..., Any], source: asset, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._function = function
        with source.create_dag(default_dag_id=self.name):
            _make_task(self)

    def iter_outlets(self) -> Iterator[BaseAsset]:
        yield self


class MultiAssetDefinition(AssetAll):
    """The assets that ``@asset.multi`` makes of a function; a condition for all of them."""

    def __init__(self, *, name: str, function: Callable[..., Any], source: asset.multi) -> None:
        super().__init__(*source.outlets)
        self.name = name
        self._function = function
        with source.create_dag(default_dag_id=name):
            _make_task(self)

    def iter_outlets(self) -> Iterator[BaseAsset]:
        yield from self.objects


@dataclass(kw_only=True)
class _DagFactory:
    """The arguments that go to the DAG."""

    schedule: Any
    is_paused_upon_creation: bool | None = None
    dag_id: str | None = None
    dag_display_name: str | None = None
    description: str | None = None
    params: Any = None
    on_success_callback: Any = None
    on_failure_callback: Any = None
    access_control: dict[str, Any] | None = None
    owner_links: dict[str, str] = field(default_factory=dict)
    tags: Collection[str] = field(default_factory=set)

    def create_dag(self, *, default_dag_id: str) -> DAG:
        dag_id = self.dag_id or default_dag_id
        return DAG(
            dag_id=dag_id,
            schedule=self.schedule,
            is_paused_upon_creation=self.is_paused_upon_creation,
            catchup=False,
            dag_display_name=self.dag_display_name or dag_id,
            description=self.description,
            params=self.params,
            on_success_callback=self.on_success_callback,
            on_failure_callback=self.on_failure_callback,
            access_control=self.access_control,
            owner_links=self.owner_links,
            tags=self.tags,
            auto_register=True,
        )


def _check_function(function: Callable[..., Any]) -> None:
    if function.__name__ != function.__qualname__:
        raise ValueError("nested function not supported")


@dataclass(kw_only=True)
class asset(_DagFactory):  # noqa: N801  (a decorator, by Airflow's name)
    """Decorates a function that makes an asset: its DAG (with ``schedule``) has one task, with the asset as outlet.

    ``name`` defaults to the function's, ``uri`` to the name. A parameter without default names an asset, which becomes
    an inlet; ``self`` is the asset itself, ``context`` and ``outlet_events`` are the task's.
    """

    name: str | None = None
    uri: Any = None
    group: str = Asset.asset_type
    extra: dict[str, Any] = field(default_factory=dict)
    watchers: list[Any] = field(default_factory=list)

    @dataclass(kw_only=True)
    class multi(_DagFactory):  # noqa: N801  (as above)
        """As ``@asset``, with several ``outlets``."""

        outlets: Collection[BaseAsset]

        def __call__(self, f: Callable[..., Any]) -> MultiAssetDefinition:
            _check_function(f)
            if not self.outlets:
                raise ValueError("no outlets provided")
            return MultiAssetDefinition(function=f, source=self, name=f.__name__)

    def __call__(self, f: Callable[..., Any]) -> AssetDefinition:
        _check_function(f)
        name = self.name or f.__name__
        return AssetDefinition(
            name=name,
            uri=name if self.uri is None else str(self.uri),
            group=self.group,
            extra=self.extra,
            watchers=self.watchers,
            function=f,
            source=self,
        )
