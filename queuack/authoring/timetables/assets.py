"""Schedules that wait for assets. Airflow: ``airflow.sdk`` and ``airflow.timetables.assets``, ``.simple``.

Decides how they are written and checked; when they are met is the engine's. Airflow page:
authoring-and-scheduling/asset-scheduling.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from pendulum import DateTime

from queuack.authoring.assets.conditions import BaseAsset, as_condition
from queuack.authoring.exceptions import AirflowTimetableInvalid
from queuack.authoring.partition_mappers import IdentityMapper, PartitionMapper
from queuack.authoring.timetables.base import BuiltInTimetable, DagRunInfo, DataInterval, TimeRestriction, Timetable
from queuack.errors import NotBuilt
from queuack.schedule import timetables as schedule
from queuack.schedule.conditions import AliasRef, leaves

Assets = Collection[BaseAsset] | BaseAsset


class AssetTriggeredTimetable(BuiltInTimetable):
    """``schedule=[asset, …]``, ``schedule=a | b``: a run whenever the condition is met.

    Raises TypeError for what is no asset.
    """

    periodic = False

    def __init__(self, assets: Assets) -> None:
        self.asset_condition = as_condition(assets)

    @property
    def _schedule(self) -> schedule.Timetable:
        return schedule.AssetTriggeredTimetable(self.asset_condition.document)


class AssetOrTimeSchedule(AssetTriggeredTimetable):
    """Runs by ``timetable``, and whenever ``assets`` are updated."""

    def __init__(self, *, timetable: Timetable, assets: Assets) -> None:
        super().__init__(assets)
        self.timetable = timetable
        self.periodic = timetable.periodic
        self.can_be_scheduled = timetable.can_be_scheduled
        self.active_runs_limit = timetable.active_runs_limit

    def validate(self) -> None:
        if isinstance(self.timetable, AssetTriggeredTimetable):
            raise AirflowTimetableInvalid("cannot nest asset timetables")
        self.timetable.validate()

    @property
    def _schedule(self) -> schedule.Timetable:
        return schedule.AssetOrTimeTimetable(self.asset_condition.document, self.timetable.document)

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        return self.timetable.next_dagrun_info(
            last_automated_data_interval=last_automated_data_interval, restriction=restriction
        )

    def infer_manual_data_interval(self, *, run_after: DateTime) -> DataInterval:
        return self.timetable.infer_manual_data_interval(run_after=run_after)

    def _describe(self) -> str:
        return f"Triggered by assets or {self.timetable.description}"


class PartitionedAssetTimetable(AssetTriggeredTimetable):
    """A run for each partition key, when the condition is met for that key.

    ``partition_mapper_config``: asset or reference → mapper; ``default_partition_mapper`` for the others (the key as it
    is).
    """

    partitioned = True

    def __init__(
        self,
        *,
        assets: Assets,
        partition_mapper_config: dict[BaseAsset, PartitionMapper] | None = None,
        default_partition_mapper: PartitionMapper | None = None,
    ) -> None:
        super().__init__(assets)
        self.partition_mapper_config = partition_mapper_config or {}
        self.default_partition_mapper = default_partition_mapper or IdentityMapper()

    def get_partition_mapper(self, *, name: str = "", uri: str = "") -> PartitionMapper:
        """The mapper for an asset, by its name or URI."""
        for asset, mapper in reversed(self.partition_mapper_config.items()):
            for member in asset.members():
                known_name, known_uri = getattr(member, "name", None), getattr(member, "uri", None)
                if (name and known_name == name) or (uri and known_name is None and known_uri == uri):
                    return mapper
        return self.default_partition_mapper

    @property
    def _schedule(self) -> schedule.Timetable:
        choices = []
        for asset, mapper in self.partition_mapper_config.items():
            for leaf in leaves(asset.document):
                if isinstance(leaf, AliasRef):
                    raise NotBuilt("A partition mapper cannot be chosen for an asset alias; Airflow ignores it there.")
                choices.append(schedule.MapperChoice(leaf, mapper.document))
        return schedule.PartitionedAssetTimetable(
            self.asset_condition.document, tuple(choices), self.default_partition_mapper.document
        )


class PartitionedAtRuntime(BuiltInTimetable):
    """Runs only when triggered; tasks name their partitions with ``outlet_events[asset].add_partitions``."""

    can_be_scheduled = False
    periodic = False
    partitioned_at_runtime = True

    @property
    def _schedule(self) -> schedule.Timetable:
        return schedule.PartitionedAtRuntime()


def asset_timetable(given: Any) -> AssetTriggeredTimetable | None:
    """The timetable of ``schedule=`` assets; None when it is no assets. Raises ValueError for a mixed collection."""
    if isinstance(given, BaseAsset):
        return AssetTriggeredTimetable(given)
    if isinstance(given, Collection) and not isinstance(given, str | bytes | dict):
        if not all(isinstance(one, BaseAsset) for one in given):
            raise ValueError("all elements in 'schedule' should be assets")
        return AssetTriggeredTimetable(given)
    return None
