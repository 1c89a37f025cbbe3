"""Partition mappers as data: from the key of an asset event to the keys of the runs it counts for, and back.

Pure: a key and the mapper decide all. What is waited for and when a run comes is decided in ``engine.partitions``.
Airflow page: authoring-and-scheduling/assets, "Asset partitioning".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache

import msgspec

from queuack.schedule.partition_keys import key_pattern
from queuack.schedule.windows import SegmentWindow, TimeWindow, WaitPolicy, Window
from queuack.schedule.zones import instant_of, zone

Decoded = datetime | str


class MapperBase(msgspec.Struct, frozen=True, tag_field="type", omit_defaults=True, kw_only=True):
    """What every mapper answers."""

    max_downstream_keys: int | None = None
    """The most keys one event may count for; None = the deployment's ``partition_mapper_max_downstream_keys``."""

    @property
    def decodes_to(self) -> str:
        """What ``decode`` gives: str or datetime."""
        return "str"

    def downstream(self, key: str) -> list[str]:
        """The keys of the runs that an event with ``key`` counts for. Raises ValueError for a key it cannot map."""
        raise NotImplementedError

    def decode(self, key: str) -> Decoded:
        """A downstream key as a window understands it."""
        return key

    def encode(self, decoded: Decoded) -> str:
        """The key an upstream event of this period or segment has."""
        return str(decoded)

    def format(self, decoded: Decoded) -> str:
        """The downstream key of this period or segment."""
        return decoded.isoformat() if isinstance(decoded, datetime) else decoded

    def partition_date(self, key: str) -> datetime | None:
        """When the period of a downstream key starts (aware); None = the key says nothing of time."""
        return None

    @property
    def carries_date(self) -> bool:
        """Whether the producing run's ``partition_date`` is that of the consumer's run."""
        return False


class IdentityMapper(MapperBase, frozen=True, kw_only=True, tag="identity"):
    def downstream(self, key: str) -> list[str]:
        return [key]

    @property
    def carries_date(self) -> bool:
        return True


class FixedKeyMapper(MapperBase, frozen=True, kw_only=True, tag="fixed"):
    downstream_key: str

    def downstream(self, key: str) -> list[str]:
        return [self.downstream_key]


class AllowedKeyMapper(MapperBase, frozen=True, kw_only=True, tag="allowed"):
    allowed_keys: tuple[str, ...]

    def downstream(self, key: str) -> list[str]:
        if key not in self.allowed_keys:
            raise ValueError(f"Key {key!r} not in allowed keys {list(self.allowed_keys)}")
        return [key]


class TemporalMapper(MapperBase, frozen=True, kw_only=True, tag="temporal"):
    """The start of the hour, day, ISO week, month, quarter or year that a key names a moment of."""

    period: str
    timezone: str = "UTC"
    input_format: str = "%Y-%m-%dT%H:%M:%S"
    output_format: str

    @property
    def decodes_to(self) -> str:
        return "datetime"

    def downstream(self, key: str) -> list[str]:
        moment = _localized(datetime.strptime(key, self.input_format), self.timezone)
        return [self.format(_STARTS[self.period](moment))]

    def format(self, decoded: Decoded) -> str:
        if not isinstance(decoded, datetime):
            raise TypeError(f"a period's start is needed, not {decoded!r}")
        text = decoded.strftime(self.output_format)
        return text.format(quarter=(decoded.month - 1) // 3 + 1) if self.period == "quarter" else text

    def decode(self, key: str) -> datetime:
        if self.period not in ("week", "quarter"):
            return datetime.strptime(key, self.output_format)
        needed = ("Y", "m", "d") if self.period == "week" else ("Y", "quarter")
        match = _pattern(self.output_format).fullmatch(key)
        if match is None or not set(needed) <= match.groupdict().keys():
            raise ValueError(f"{key!r} cannot be read back by output_format {self.output_format!r}")
        if self.period == "week":
            return datetime(int(match["Y"]), int(match["m"]), int(match["d"]))
        return datetime(int(match["Y"]), (int(match["quarter"]) - 1) * 3 + 1, 1)

    def encode(self, decoded: Decoded) -> str:
        if not isinstance(decoded, datetime):
            raise TypeError(f"a period's start is needed, not {decoded!r}")
        return _localized(decoded, self.timezone).strftime(self.input_format)

    def partition_date(self, key: str) -> datetime | None:
        start = _STARTS[self.period](self.decode(key))
        return start if start.tzinfo is not None else _localized(start, self.timezone)


class ProductMapper(MapperBase, frozen=True, kw_only=True, tag="product"):
    """One mapper for each segment of the key."""

    mappers: tuple[Mapper, ...]
    delimiter: str = "|"

    def downstream(self, key: str) -> list[str]:
        segments = key.split(self.delimiter)
        if len(segments) != len(self.mappers):
            raise ValueError(f"Expected {len(self.mappers)} segments in key, got {len(segments)}")
        found = []
        for mapper, segment in zip(self.mappers, segments, strict=True):
            if is_fanning_out(mapper):
                raise TypeError("a segment of a ProductMapper maps to one key, not to several")
            found += mapper.downstream(segment)
        return [self.delimiter.join(found)]

    def partition_date(self, key: str) -> datetime | None:
        """That of the one segment that has any."""
        segments = key.split(self.delimiter)
        if len(segments) != len(self.mappers):
            return None
        pairs = zip(self.mappers, segments, strict=True)
        dates = [date for mapper, segment in pairs if (date := mapper.partition_date(segment)) is not None]
        return dates[0] if len(dates) == 1 else None


class ChainMapper(MapperBase, frozen=True, kw_only=True, tag="chain"):
    """One mapper after the other."""

    mappers: tuple[Mapper, ...]

    def downstream(self, key: str) -> list[str]:
        keys = [key]
        for mapper in self.mappers:
            keys = [mapped for each in keys for mapped in mapper.downstream(each)]
        return keys

    def partition_date(self, key: str) -> datetime | None:
        return self.mappers[-1].partition_date(key)


class RollupMapper(MapperBase, frozen=True, kw_only=True, tag="rollup"):
    """Many upstream keys for one downstream key: those of ``window``, as far as ``wait_policy`` waits for them."""

    upstream_mapper: Mapper
    window: Window
    wait_policy: WaitPolicy = WaitPolicy()

    def downstream(self, key: str) -> list[str]:
        return self.upstream_mapper.downstream(key)

    def partition_date(self, key: str) -> datetime | None:
        return self.upstream_mapper.partition_date(key)

    def upstream(self, key: str) -> frozenset[str]:
        """All upstream keys that make up one downstream key."""
        members = self.window.members(self.upstream_mapper.decode(key))
        return frozenset(self.upstream_mapper.encode(member) for member in members)

    def is_satisfied(self, key: str, arrived: frozenset[str]) -> bool:
        expected = self.upstream(key)
        return self.wait_policy.is_satisfied(len(arrived & expected), len(expected))


class FanOutMapper(MapperBase, frozen=True, kw_only=True, tag="fan_out"):
    """One upstream key for many downstream keys: those of ``window``."""

    upstream_mapper: Mapper
    window: Window
    downstream_mapper: Mapper

    def downstream(self, key: str) -> list[str]:
        coarse = self.upstream_mapper.downstream(key)
        if is_fanning_out(self.upstream_mapper):
            raise TypeError("the upstream_mapper of a FanOutMapper maps to one key, not to several")
        anchor = self.upstream_mapper.decode(coarse[0])
        return [self.downstream_mapper.format(member) for member in self.window.members(anchor)]

    def partition_date(self, key: str) -> datetime | None:
        return self.downstream_mapper.partition_date(key)


Mapper = (
    IdentityMapper
    | FixedKeyMapper
    | AllowedKeyMapper
    | TemporalMapper
    | ProductMapper
    | ChainMapper
    | RollupMapper
    | FanOutMapper
)
"""Any mapper, as a tagged union for msgspec."""

DEFAULT_FORMATS = {
    "hour": "%Y-%m-%dT%H",
    "day": "%Y-%m-%d",
    "week": "%Y-%m-%d (W%V)",
    "month": "%Y-%m",
    "quarter": "%Y-Q{quarter}",
    "year": "%Y",
}
"""Of a TemporalMapper, by period."""


def is_fanning_out(mapper: Mapper) -> bool:
    """Whether it may give several keys for one."""
    if isinstance(mapper, FanOutMapper):
        return True
    if isinstance(mapper, ChainMapper):
        return any(is_fanning_out(each) for each in mapper.mappers)
    return isinstance(mapper, RollupMapper) and is_fanning_out(mapper.upstream_mapper)


def _localized(moment: datetime, timezone: str) -> datetime:
    """In the zone; a naive moment is wall time there, one that the clocks skip is moved forward."""
    here = zone(timezone)
    return (moment if moment.tzinfo is not None else instant_of(moment, here)).astimezone(here)


@lru_cache(maxsize=256)
def _pattern(output_format: str) -> re.Pattern[str]:
    return key_pattern(output_format, {"quarter": "[1-4]"})


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


_STARTS: dict[str, Callable[[datetime], datetime]] = {
    "hour": lambda moment: moment.replace(minute=0, second=0, microsecond=0),
    "day": _midnight,
    "week": lambda moment: _midnight(moment - timedelta(days=moment.weekday())),
    "month": lambda moment: _midnight(moment).replace(day=1),
    "quarter": lambda moment: _midnight(moment).replace(month=(moment.month - 1) // 3 * 3 + 1, day=1),
    "year": lambda moment: _midnight(moment).replace(month=1, day=1),
}

__all__ = [
    "DEFAULT_FORMATS",
    "AllowedKeyMapper",
    "ChainMapper",
    "FanOutMapper",
    "FixedKeyMapper",
    "IdentityMapper",
    "Mapper",
    "ProductMapper",
    "RollupMapper",
    "SegmentWindow",
    "TemporalMapper",
    "TimeWindow",
    "WaitPolicy",
    "Window",
]
