"""A stand-in that computes its value when it is first used.

For functions that take the whole context as ``**kwargs``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_UNSET: Any = object()


class LazyValue:
    """Behaves as the value of ``compute()`` in nearly every way; ``value is None`` is the exception."""

    __slots__ = ("_compute", "_value")

    def __init__(self, compute: Callable[[], Any]) -> None:
        self._compute = compute
        self._value = _UNSET

    def _get(self) -> Any:
        if self._value is _UNSET:
            self._value = self._compute()
        return self._value

    @property  # type: ignore[misc]  # what isinstance() asks
    def __class__(self) -> Any:
        return type(self._get())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._get(), name)

    def __str__(self) -> str:
        return str(self._get())

    def __repr__(self) -> str:
        return repr(self._get())

    def __bool__(self) -> bool:
        return bool(self._get())

    def __hash__(self) -> int:
        return hash(self._get())

    def __eq__(self, other: object) -> bool:
        return bool(self._get() == _plain(other))

    def __lt__(self, other: Any) -> bool:
        return bool(self._get() < _plain(other))

    def __le__(self, other: Any) -> bool:
        return bool(self._get() <= _plain(other))

    def __gt__(self, other: Any) -> bool:
        return bool(self._get() > _plain(other))

    def __ge__(self, other: Any) -> bool:
        return bool(self._get() >= _plain(other))

    def __add__(self, other: Any) -> Any:
        return self._get() + other

    def __sub__(self, other: Any) -> Any:
        return self._get() - _plain(other)

    def __rsub__(self, other: Any) -> Any:
        return other - self._get()

    def __format__(self, spec: str) -> str:
        return format(self._get(), spec)

    def __reduce__(self) -> Any:
        return _itself, (self._get(),)


def _plain(value: Any) -> Any:
    return value._get() if type(value) is LazyValue else value


def _itself(value: Any) -> Any:
    return value
