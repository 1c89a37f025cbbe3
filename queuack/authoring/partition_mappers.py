"""Partition mappers, as DAG files write them: which runs an asset event's partition key counts for.

Decides what is valid; how keys are mapped is ``queuack.schedule.partition_mappers``'s.
Airflow page: authoring-and-scheduling/assets, "Asset partitioning".
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo
from typing import Any, ClassVar

from queuack.authoring.partition_windows import WaitForAll, WaitPolicy, Window
from queuack.errors import NotBuilt
from queuack.schedule import partition_mappers as schedule
from queuack.schedule.partition_keys import key_pattern
from queuack.schedule.zones import offset_name, zone


class PartitionMapper:
    """Base of all mappers. ``max_downstream_keys``: the most runs one event may count for, default the deployment's.

    Raises ValueError when that is not a positive number.
    """

    is_rollup: ClassVar[bool] = False
    expected_decoded_type: ClassVar[type] = str
    """What a window paired with it must understand."""

    def __init__(self, *, max_downstream_keys: int | None = None) -> None:
        limit = max_downstream_keys
        if limit is not None and (not isinstance(limit, int) or limit < 1):
            raise ValueError(f"max_downstream_keys must be a positive integer or None, got {limit!r}")
        self.max_downstream_keys = limit

    @property
    def document(self) -> schedule.Mapper:
        """The mapper as data. Raises NotBuilt for a class of the DAG author's."""
        if type(self).__module__ != __name__:
            raise NotBuilt(
                f"Partition mappers of your own are not built in Queuack yet: {type(self).__name__}. "
                "Combine the built-in ones with ChainMapper, ProductMapper, RollupMapper and FanOutMapper."
            )
        return self._document()

    def _document(self) -> schedule.Mapper:
        raise NotImplementedError

    def to_downstream(self, key: str) -> str | Iterable[str]:
        """The key, or keys, of the runs an event with ``key`` counts for."""
        found = self.document.downstream(key)
        return found if schedule.is_fanning_out(self.document) and len(found) != 1 else found[0]

    def to_partition_date(self, downstream_key: str) -> datetime | None:
        """The start of the period that a run's key names."""
        return self.document.partition_date(downstream_key)


class IdentityMapper(PartitionMapper):
    """The key as it is."""

    def _document(self) -> schedule.Mapper:
        return schedule.IdentityMapper(max_downstream_keys=self.max_downstream_keys)


class FixedKeyMapper(PartitionMapper):
    """The same key for every event. Raises ValueError for an empty one."""

    def __init__(self, downstream_key: str, *, max_downstream_keys: int | None = None) -> None:
        super().__init__(max_downstream_keys=max_downstream_keys)
        if not downstream_key or not isinstance(downstream_key, str):
            raise ValueError(f"FixedKeyMapper downstream_key must be a non-empty str; got {downstream_key!r}.")
        self.downstream_key = downstream_key

    def _document(self) -> schedule.Mapper:
        return schedule.FixedKeyMapper(downstream_key=self.downstream_key, max_downstream_keys=self.max_downstream_keys)


class AllowedKeyMapper(PartitionMapper):
    """The key as it is, if it is one of these; an event with another counts for nothing."""

    def __init__(self, allowed_keys: list[str], *, max_downstream_keys: int | None = None) -> None:
        super().__init__(max_downstream_keys=max_downstream_keys)
        self.allowed_keys = allowed_keys

    def _document(self) -> schedule.Mapper:
        return schedule.AllowedKeyMapper(
            allowed_keys=tuple(self.allowed_keys), max_downstream_keys=self.max_downstream_keys
        )


class _TemporalMapper(PartitionMapper):
    """Base of the mappers to the start of a period."""

    expected_decoded_type = datetime
    default_output_format: ClassVar[str]
    _period: ClassVar[str]

    def __init_subclass__(cls, *, period: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if period:
            cls._period = period
            cls.default_output_format = schedule.DEFAULT_FORMATS[period]

    def __init__(
        self,
        *,
        timezone: str | tzinfo = "UTC",
        input_format: str = "%Y-%m-%dT%H:%M:%S",
        output_format: str | None = None,
        max_downstream_keys: int | None = None,
    ) -> None:
        """``input_format``: of the events' keys; one without offset is wall time in ``timezone``. ``output_format``:
        of the runs' keys. Raises ValueError for an output format that cannot be read back."""
        super().__init__(max_downstream_keys=max_downstream_keys)
        self._timezone = timezone
        self.input_format = input_format
        self.output_format = output_format or self.default_output_format
        zone(_zone_name(timezone))
        if self._period in ("week", "quarter"):
            key_pattern(self.output_format, {"quarter": "[1-4]"})

    def _document(self) -> schedule.Mapper:
        return schedule.TemporalMapper(
            period=self._period,
            timezone=_zone_name(self._timezone),
            input_format=self.input_format,
            output_format=self.output_format,
            max_downstream_keys=self.max_downstream_keys,
        )


class StartOfHourMapper(_TemporalMapper, period="hour"):
    """``2024-03-13T10:42:15`` → ``2024-03-13T10``."""


class StartOfDayMapper(_TemporalMapper, period="day"):
    """``2024-03-13T10:42:15`` → ``2024-03-13``."""


class StartOfWeekMapper(_TemporalMapper, period="week"):
    """``2024-03-13T10:42:15`` → ``2024-03-11 (W11)``: the Monday of the ISO week."""


class StartOfMonthMapper(_TemporalMapper, period="month"):
    """``2024-03-13T10:42:15`` → ``2024-03``."""


class StartOfQuarterMapper(_TemporalMapper, period="quarter"):
    """``2024-03-13T10:42:15`` → ``2024-Q1``; ``{quarter}`` in ``output_format`` is 1 to 4."""


class StartOfYearMapper(_TemporalMapper, period="year"):
    """``2024-03-13T10:42:15`` → ``2024``."""


class ProductMapper(PartitionMapper):
    """One mapper for each segment of the key."""

    def __init__(
        self,
        mapper0: PartitionMapper,
        mapper1: PartitionMapper,
        /,
        *mappers: PartitionMapper,
        delimiter: str = "|",
        max_downstream_keys: int | None = None,
    ) -> None:
        super().__init__(max_downstream_keys=max_downstream_keys)
        self.mappers = [mapper0, mapper1, *mappers]
        self.delimiter = delimiter

    def _document(self) -> schedule.Mapper:
        return schedule.ProductMapper(
            mappers=tuple(mapper.document for mapper in self.mappers),
            delimiter=self.delimiter,
            max_downstream_keys=self.max_downstream_keys,
        )


class ChainMapper(PartitionMapper):
    """One mapper after the other."""

    def __init__(
        self,
        mapper0: PartitionMapper,
        mapper1: PartitionMapper,
        /,
        *mappers: PartitionMapper,
        max_downstream_keys: int | None = None,
    ) -> None:
        super().__init__(max_downstream_keys=max_downstream_keys)
        self.mappers = [mapper0, mapper1, *mappers]

    def _document(self) -> schedule.Mapper:
        return schedule.ChainMapper(
            mappers=tuple(mapper.document for mapper in self.mappers), max_downstream_keys=self.max_downstream_keys
        )


class RollupMapper(PartitionMapper):
    """One run for many events: it comes when the keys of ``window`` are there, as many as ``wait_policy`` says.

    ``upstream_mapper`` maps each event's key to the run's. Raises TypeError when window and mapper do not fit.
    """

    is_rollup = True

    def __init__(
        self,
        *,
        upstream_mapper: PartitionMapper,
        window: Window,
        wait_policy: WaitPolicy | None = None,
        max_downstream_keys: int | None = None,
    ) -> None:
        super().__init__(max_downstream_keys=max_downstream_keys)
        expected, given = window.expected_decoded_type, upstream_mapper.expected_decoded_type
        if given is not expected:
            raise TypeError(
                f"{type(window).__name__} expects decoded values of type {expected.__name__!r}, but "
                f"{type(upstream_mapper).__name__} decodes to {given.__name__!r}. Pair a window and an "
                f"upstream mapper whose 'expected_decoded_type' match."
            )
        self.upstream_mapper = upstream_mapper
        self.window = window
        self.wait_policy = wait_policy if wait_policy is not None else WaitForAll()

    def _document(self) -> schedule.Mapper:
        return schedule.RollupMapper(
            upstream_mapper=self.upstream_mapper.document,
            window=self.window.document,
            wait_policy=self.wait_policy.document,
            max_downstream_keys=self.max_downstream_keys,
        )

    def to_upstream(self, downstream_key: str) -> frozenset[str]:
        """All keys that make up one run's."""
        document = self.document
        assert isinstance(document, schedule.RollupMapper)  # what _document makes
        return document.upstream(downstream_key)


class FanOutMapper(PartitionMapper):
    """Many runs for one event: one for each member of ``window``, named by ``downstream_mapper``.

    Raises ValueError when the window has no usual downstream mapper (HourWindow) and none is given.
    """

    default_downstream_mapper_by_window_name: ClassVar[dict[str, type[PartitionMapper]]] = {
        "DayWindow": StartOfHourMapper,
        "WeekWindow": StartOfDayMapper,
        "MonthWindow": StartOfDayMapper,
        "QuarterWindow": StartOfMonthMapper,
        "YearWindow": StartOfMonthMapper,
    }

    def __init__(
        self,
        *,
        upstream_mapper: PartitionMapper,
        window: Window,
        downstream_mapper: PartitionMapper | None = None,
        max_downstream_keys: int | None = None,
    ) -> None:
        super().__init__(max_downstream_keys=max_downstream_keys)
        self.upstream_mapper = upstream_mapper
        self.window = window
        self.downstream_mapper = downstream_mapper or self._usual_mapper(window)

    @classmethod
    def _usual_mapper(cls, window: Window) -> PartitionMapper:
        found = cls.default_downstream_mapper_by_window_name.get(type(window).__name__)
        if found is None:
            raise ValueError(
                f"{cls.__name__} has no default downstream_mapper for window type "
                f"{type(window).__name__}; pass downstream_mapper explicitly."
            )
        return found()

    def _document(self) -> schedule.Mapper:
        return schedule.FanOutMapper(
            upstream_mapper=self.upstream_mapper.document,
            window=self.window.document,
            downstream_mapper=self.downstream_mapper.document,
            max_downstream_keys=self.max_downstream_keys,
        )


def _zone_name(tz: str | tzinfo) -> str:
    if isinstance(tz, str):
        return tz
    for attribute in ("key", "name", "zone"):  # zoneinfo and pendulum, pendulum 2, pytz
        if isinstance(name := getattr(tz, attribute, None), str) and name:
            return name
    offset = tz.utcoffset(None)
    return offset_name(offset if offset is not None else timedelta())
