"""What tasks are mapped over, once it is there: sequences that are read element by element.

Decides how ``map``, ``zip`` and ``concat`` combine values, how results of a mapped task are fetched (many at once), and
what a process remembers of them, so that ten thousand instances over one list do not pull it ten thousand times.
Airflow page: authoring-and-scheduling/dynamic-task-mapping.
"""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice, zip_longest
from operator import index as as_index
from typing import Any, overload
from weakref import WeakKeyDictionary

from queuack.authoring.runtime import Runtime, current_runtime
from queuack.authoring.types import NOTSET, is_arg_set

AHEAD, AHEAD_BYTES = 1024, 1 << 20
"""Results of a mapped task fetched at once, at most: instances of the next ones usually run in the same process."""
_KEPT = 8192
"""Results of one mapped task that a process keeps."""
_REMEMBERED = 64
"""Values, and mapped tasks, of which a process keeps something."""

_remembered: WeakKeyDictionary[Runtime, OrderedDict[tuple[Any, ...], Any]] = WeakKeyDictionary()


def remember(key: tuple[Any, ...], fetch: Callable[[], Any]) -> Any:
    """What ``fetch`` gave when this process last asked for ``key``; for values that cannot have changed since."""
    values = _remembered.setdefault(current_runtime(), OrderedDict())
    found = values.get(key, NOTSET)
    if found is not NOTSET:
        with suppress(KeyError):  # another thread took it out meanwhile
            values.move_to_end(key)
        return found
    found = values[key] = fetch()
    if len(values) > _REMEMBERED:
        values.popitem(last=False)
    return found


def run_key(ti: Any) -> tuple[Any, ...]:
    """Identifies the run such that what was cleared in it, or a run of the same id, is another one."""
    run = ti._run
    return run.dag_id, run.run_id, run.clear_number, run.queued_at


def is_mappable_value(value: Any) -> bool:
    """Whether a task may return it to be mapped over: a sequence that is no text, or a dict."""
    return isinstance(value, (Sequence, dict)) and not isinstance(value, (bytearray, bytes, str))


def element(value: Any, index: int) -> Any:
    """The element at ``index``; of a mapping, a (key, value) pair. Raises TypeError for what cannot be mapped over."""
    if isinstance(value, Sequence):
        return value[index]
    if not isinstance(value, Mapping):
        raise TypeError(f"can't map over value of type {type(value)}")
    for pair in islice(value.items(), index, None):
        return pair
    raise IndexError(f"index {index} is over mapped length")


class Fresh(Sequence[Any]):
    """A remembered list or dict whose elements are copies: what one instance does to its element, no other sees."""

    def __init__(self, value: Sequence[Any] | dict[Any, Any]) -> None:
        self._value = value

    def __len__(self) -> int:
        return len(self._value)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        return fresh(element(self._value, index) if isinstance(self._value, dict) else self._value[index])

    def __repr__(self) -> str:
        return repr(self._value)


def fresh(value: Any) -> Any:
    """A copy of what can be changed in place; what cannot be copied as it is."""
    if value is None or isinstance(value, (str, bytes, int, float)):
        return value
    try:
        return copy.deepcopy(value)
    except Exception:  # user's objects
        return value


class MapResult(Sequence[Any]):
    """A value with ``map`` applied, to each element when it is taken."""

    def __init__(self, value: Any, callables: Iterable[Callable[[Any], Any]]) -> None:
        self.value, self.callables = value, tuple(callables)

    def __getitem__(self, index: Any) -> Any:
        value = self.value[index]
        for function in self.callables:
            value = function(value)
        return value

    def __len__(self) -> int:
        return len(self.value)


class ZipResult(Sequence[Any]):
    """Tuples of the values' elements; as long as the shortest, or with ``fillvalue`` as the longest."""

    def __init__(self, values: Sequence[Any], fillvalue: Any = NOTSET) -> None:
        self.values, self.fillvalue = values, fillvalue

    def __getitem__(self, index: Any) -> Any:
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        place = index if index >= 0 else index + len(self)
        return tuple(self._get(value, place) for value in self.values)

    def _get(self, value: Any, index: int) -> Any:
        try:
            return value[index]
        except (IndexError, KeyError):
            return self.fillvalue

    def __len__(self) -> int:
        lengths = [len(value) for value in self.values]
        return max(lengths) if is_arg_set(self.fillvalue) else min(lengths)


class ConcatResult(Sequence[Any]):
    """The elements of all values, one after the other."""

    def __init__(self, values: Sequence[Any]) -> None:
        self.values = values

    def __getitem__(self, index: Any) -> Any:
        place = index if index >= 0 else len(self) + index
        for value in self.values:
            if place < 0:
                break
            if place < (length := len(value)):
                return value[place] if isinstance(value, Sequence) else next(islice(iter(value), place, None))
            place -= length
        raise IndexError("list index out of range")

    def __len__(self) -> int:
        return sum(len(value) for value in self.values)


class LazyXComSequence(Sequence[Any]):
    """What the instances of a mapped task returned, by map index; fetched when it is looked at.

    Instances that returned nothing have no place in it. Equal to any sequence with equal elements.
    """

    def __init__(self, *, dag_id: str, task_id: str, key: str, ti: Any) -> None:
        self._place = {"dag_id": dag_id, "run_id": ti.run_id, "task_id": task_id, "key": key}
        self._run = run_key(ti)
        self._length: int | None = None

    def __len__(self) -> int:
        if self._length is None:
            self._length = current_runtime().xcom_count(**self._place)
        return self._length

    @overload
    def __getitem__(self, key: int) -> Any: ...

    @overload
    def __getitem__(self, key: slice) -> list[Any]: ...

    def __getitem__(self, key: int | slice) -> Any:
        if isinstance(key, slice):
            start, stop, step = key.start, key.stop, key.step
            if step in (None, 1) and (start is None or start >= 0) and (stop is None or stop >= 0):
                return self._slice(start or 0, stop)
            return [self[index] for index in range(*key.indices(len(self)))]
        try:
            index = as_index(key)
        except TypeError:
            raise TypeError(f"Sequence indices must be integers or slices not {type(key).__name__}") from None
        if index < 0 and (index := index + len(self)) < 0:
            raise IndexError(key)
        values = remember((*self._run, *self._place.values()), dict[int, Any])
        value = values.get(index, NOTSET)
        if value is NOTSET:
            if len(values) > _KEPT:
                values.clear()
            found = self._ahead(index)
            values.update(enumerate(found, index))
            if not found:
                raise IndexError(key)
            value = found[0]
        return fresh(value)

    def _ahead(self, start: int) -> list[Any]:
        """The values from ``start`` on, as many as it is sensible to fetch at once."""
        stop = start + AHEAD
        return current_runtime().xcom_slice(**self._place, start=start, stop=stop, max_bytes=AHEAD_BYTES)

    def _slice(self, start: int, stop: int | None) -> list[Any]:
        return current_runtime().xcom_slice(**self._place, start=start, stop=stop)

    def __iter__(self) -> Iterator[Any]:
        start = 0
        while values := self._ahead(start):
            yield from values
            start += len(values)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        missing = object()
        return all(one == two for one, two in zip_longest(self, other, fillvalue=missing))

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        if self._length is None:
            return "LazyXComSequence(<unevaluated length>)"
        return f"LazyXComSequence([{self._length} {'item' if self._length == 1 else 'items'}])"
