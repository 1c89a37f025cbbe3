"""Params: a DAG's inputs, with defaults and a JSON schema. Decides whether a value fits.

Airflow page: core-concepts/params.
"""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import ItemsView, Iterator, Mapping, MutableMapping, ValuesView
from typing import TYPE_CHECKING, Any

from queuack.authoring.exceptions import ParamValidationError
from queuack.authoring.types import NOTSET, is_arg_set

if TYPE_CHECKING:
    from queuack.authoring.dag import DAG


class Param:
    """A value with a JSON schema: ``Param(5, type="integer", minimum=3)``.

    Keyword arguments are the schema, unless ``schema=`` gives it whole. Raises ParamValidationError for a default that
    is not JSON.
    """

    def __init__(
        self, default: Any = NOTSET, description: str | None = None, source: str | None = None, **kwargs: Any
    ) -> None:
        if is_arg_set(default):
            self._check_json(default)
        self.value = default
        self.description = description
        self.schema: dict[str, Any] = kwargs.pop("schema") if "schema" in kwargs else kwargs
        self.source = source

    def __copy__(self) -> Param:
        return Param(self.value, self.description, source=self.source, schema=self.schema)

    def __repr__(self) -> str:
        return f"Param({self.value!r}, {self.schema!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Param) and self.serialize() == other.serialize()

    __hash__ = None  # type: ignore[assignment]

    @staticmethod
    def _check_json(value: Any) -> None:
        try:
            json.dumps(value)
        except Exception:
            raise ParamValidationError(
                f"All provided parameters must be json-serializable. The value '{value}' is not serializable."
            ) from None

    def resolve(self, value: Any = NOTSET, suppress_exception: bool = False) -> Any:
        """The valid value: ``value`` if given, else the default. Raises ParamValidationError, or gives None."""
        given = is_arg_set(value)
        if given:
            self._check_json(value)
        final = value if given else self.value
        if not is_arg_set(final):
            if suppress_exception:
                return None
            raise ParamValidationError("No value passed and Param has no default value")
        problem = _problem(final, self.schema) if self.schema else None
        if problem is not None:
            if suppress_exception:
                return None
            raise ParamValidationError(problem)
        self.value = final
        return final

    def dump(self) -> dict[str, Any]:
        return {"__class": f"{type(self).__module__}.{type(self).__name__}", **self.serialize()}

    def serialize(self) -> dict[str, Any]:
        return {
            "value": self.value if is_arg_set(self.value) else None,
            "description": self.description,
            "schema": self.schema,
            "source": self.source,
        }

    @property
    def has_value(self) -> bool:
        return is_arg_set(self.value) and self.value is not None


def _problem(value: Any, schema: dict[str, Any]) -> str | None:
    import jsonschema  # start-up time: only params with a schema need it

    try:
        jsonschema.validate(value, schema, format_checker=jsonschema.FormatChecker())
    except jsonschema.ValidationError as error:
        return str(error)
    return None


class ParamsDict(MutableMapping[str, Any]):
    """Names → Params; reading gives the valid value, writing a plain value checks it."""

    def __init__(self, dict_obj: Mapping[str, Any] | None = None, suppress_exception: bool = False) -> None:
        if isinstance(dict_obj, ParamsDict):
            dict_obj = dict_obj._params
        self._params: dict[str, Param] = {
            k: v if isinstance(v, Param) else Param(v) for k, v in (dict_obj or {}).items()
        }
        self.suppress_exception = suppress_exception

    def __bool__(self) -> bool:
        return bool(self._params)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, ParamsDict):
            return self.dump() == other.dump()
        return self.dump() == other if isinstance(other, dict) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __copy__(self) -> ParamsDict:
        return ParamsDict(self._params, self.suppress_exception)

    def __deepcopy__(self, memo: Any) -> ParamsDict:
        return ParamsDict(copy.deepcopy(self._params, memo), self.suppress_exception)

    def copied(self) -> ParamsDict:
        """Params of its own, so that setting a value here leaves the original alone."""
        return ParamsDict({name: copy.copy(param) for name, param in self._params.items()}, self.suppress_exception)

    def __contains__(self, key: object) -> bool:
        return key in self._params

    def __len__(self) -> int:
        return len(self._params)

    def __delitem__(self, key: str) -> None:
        del self._params[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._params)

    def __repr__(self) -> str:
        return repr(self.dump())

    def __setitem__(self, key: str, value: Any) -> None:
        if isinstance(value, Param):
            self._params[key] = value
        elif key in self._params:
            try:
                self._params[key].resolve(value=value, suppress_exception=self.suppress_exception)
            except ParamValidationError as error:
                raise ParamValidationError(f"Invalid input for param {key}: {error}") from None
        else:
            self._params[key] = Param(value)

    def __getitem__(self, key: str) -> Any:
        return self._params[key].resolve(suppress_exception=self.suppress_exception)

    def get_param(self, key: str) -> Param:
        return self._params[key]

    def param_items(self) -> ItemsView[str, Param]:
        return self._params.items()

    def items(self) -> ItemsView[str, Any]:
        """Names and Param objects, as Airflow's."""
        return self._params.items()

    def values(self) -> ValuesView[Any]:
        return self._params.values()

    def update(self, *args: Any, **kwargs: Any) -> None:
        if len(args) == 1 and isinstance(args[0], ParamsDict):
            args = (args[0]._params,)
        super().update(*args, **kwargs)

    def dump(self) -> dict[str, Any]:
        """Values; None for what is not valid."""
        return {name: param.resolve(suppress_exception=True) for name, param in self._params.items()}

    def validate(self) -> dict[str, Any]:
        """Values. Raises ParamValidationError naming the param."""
        values = {}
        for name, param in self._params.items():
            try:
                values[name] = param.resolve(suppress_exception=self.suppress_exception)
            except ParamValidationError as error:
                raise ParamValidationError(f"Invalid input for param {name}: {error}") from None
        return values


class DagParam:
    """``dag.param("name")``: the value a param has in the run, resolved when the task is."""

    def __init__(self, current_dag: DAG, name: str, default: Any = NOTSET) -> None:
        if is_arg_set(default):
            current_dag.params[name] = default
        self._name = name
        self._default = default
        self.current_dag = current_dag

    def iter_references(self) -> Iterator[tuple[Any, str]]:
        return iter(())

    def resolve(self, context: Mapping[str, Any]) -> Any:
        """From the run's conf, else the default, else the param. Raises RuntimeError when there is none."""
        conf = context["dag_run"].conf if "dag_run" in context else None
        if conf and self._name in conf:
            return conf[self._name]
        if isinstance(self._default, Param):
            return self._default.resolve()
        if is_arg_set(self._default):
            return self._default
        with contextlib.suppress(KeyError):
            return context["params"][self._name]
        raise RuntimeError(f"No value could be resolved for parameter {self._name}")


def process_params(dag: Any, task: Any, conf: Mapping[str, Any] | None) -> dict[str, Any]:
    """The params of a task in a run: the DAG's, the task's, then ``conf``, validated. Raises ParamValidationError."""
    merged = ParamsDict()
    if dag is not None and dag.params:
        merged.update(dag.params.copied())
    if task is not None and task.params:
        merged.update(ParamsDict(task.params).copied())
    if conf:
        merged.update(conf)
    return merged.validate() if merged else {}
