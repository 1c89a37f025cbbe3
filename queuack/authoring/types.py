"""The marks "nothing was given" and "set when the task runs". Airflow: ``airflow.sdk.definitions._internal.types``."""

from __future__ import annotations

from typing import Any


class ArgNotSet:
    """Type of ``NOTSET``."""

    def __repr__(self) -> str:
        return "NOTSET"

    def __bool__(self) -> bool:
        return False

    def __copy__(self) -> ArgNotSet:
        return self

    def __deepcopy__(self, memo: Any) -> ArgNotSet:
        return self

    def __reduce__(self) -> str:
        return "NOTSET"


class SetDuringExecution(ArgNotSet):
    """Type of ``SET_DURING_EXECUTION``."""

    def __repr__(self) -> str:
        return "DYNAMIC (set during execution)"

    def __reduce__(self) -> str:
        return "SET_DURING_EXECUTION"


NOTSET = ArgNotSet()
SET_DURING_EXECUTION = SetDuringExecution()


def is_arg_set(value: Any) -> bool:
    """Whether something was given."""
    return not isinstance(value, ArgNotSet)
