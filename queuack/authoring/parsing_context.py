"""``get_parsing_context()``: which DAG and task a file is loaded for, so that dynamic files can build only that one.

Airflow page: howto/dynamic-dag-generation, "Optimizing DAG parsing delays during execution".
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

_DAG_ID, _TASK_ID = "_AIRFLOW_PARSING_CONTEXT_DAG_ID", "_AIRFLOW_PARSING_CONTEXT_TASK_ID"


class AirflowParsingContext(NamedTuple):
    dag_id: str | None
    task_id: str | None


def get_parsing_context() -> AirflowParsingContext:
    """The ``dag_id`` and ``task_id`` a file is being loaded for; both None when the whole file is wanted."""
    return AirflowParsingContext(os.environ.get(_DAG_ID), os.environ.get(_TASK_ID))


@contextmanager
def parsing_for(dag_id: str | None, task_id: str | None = None) -> Iterator[None]:
    """Say, while a file is loaded, what for."""
    before = {name: os.environ.pop(name, None) for name in (_DAG_ID, _TASK_ID)}
    given = {name: value for name, value in ((_DAG_ID, dag_id), (_TASK_ID, task_id)) if value is not None}
    os.environ.update(given)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
