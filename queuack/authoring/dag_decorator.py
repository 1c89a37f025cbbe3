"""``@dag``: a function whose call builds a DAG; its parameters are the DAG's params.

Airflow page: core-concepts/dags, "DAG decorator".
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from typing import Any

from queuack.authoring.dag import DAG

_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def dag(dag_id: str | Callable[..., Any] = "", **dag_kwargs: Any) -> Any:
    """``@dag``: calling the function gives the DAG; takes what ``DAG`` takes.

    ``dag_id`` defaults to the function's name.
    """
    if callable(dag_id):
        return _decorated(dag_id, "", dag_kwargs)
    return functools.partial(_decorated, dag_id=dag_id.strip(), dag_kwargs=dag_kwargs)


def _decorated(function: Callable[..., Any], dag_id: str, dag_kwargs: dict[str, Any]) -> Callable[..., DAG]:
    signature = inspect.signature(function)

    @functools.wraps(function)
    def factory(*args: Any, **kwargs: Any) -> DAG:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        with DAG(dag_id or function.__name__, **dag_kwargs) as built:
            if function.__doc__ and not built.doc_md:
                built.doc_md = function.__doc__
            built.fileloc = sys._getframe(1).f_code.co_filename
            function(
                **{
                    name: built.param(name, value)
                    for name, value in bound.arguments.items()
                    if signature.parameters[name].kind not in _VARIADIC
                }
            )
        return built

    return factory
