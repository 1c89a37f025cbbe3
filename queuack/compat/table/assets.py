"""Names of assets, partitioned schedules and state stores."""

from __future__ import annotations

from queuack.compat.table.targets import Served, at

MAPPERS = at(
    "queuack.authoring.partition_mappers",
    "AllowedKeyMapper ChainMapper FanOutMapper FixedKeyMapper IdentityMapper PartitionMapper ProductMapper "
    "RollupMapper "
    "StartOfDayMapper StartOfHourMapper StartOfMonthMapper StartOfQuarterMapper StartOfWeekMapper StartOfYearMapper",
)
WINDOWS = at(
    "queuack.authoring.partition_windows",
    "DayWindow HourWindow MonthWindow QuarterWindow SegmentWindow WeekWindow Window YearWindow",
)
POLICIES = at("queuack.authoring.partition_windows", "MinimumCount WaitForAll WaitPolicy")
CRON_PARTITIONS = at("queuack.authoring.timetables.partitions", "CronPartitionTimetable")
PARTITIONED = at("queuack.authoring.timetables.assets", "PartitionedAssetTimetable")
AT_RUNTIME = at("queuack.authoring.timetables.assets", "PartitionedAtRuntime")
ASSET_OR_TIME = at("queuack.authoring.timetables.assets", "AssetOrTimeSchedule")
ASSET_TRIGGERED = at("queuack.authoring.timetables.assets", "AssetTriggeredTimetable")
ASSET = at(
    "queuack.authoring.assets",
    "Asset AssetAccessControl AssetAlias AssetAliasEvent AssetAll AssetAny AssetNameRef AssetRef AssetUniqueKey "
    "AssetUriRef AssetWatcher BaseAsset Dataset Model",
)
STATE = at("queuack.authoring.state_store", "NEVER_EXPIRE")
DECORATOR = at("queuack.operators.assets", "asset")
_SDK_MAPPERS = "airflow.sdk.definitions.partition_mappers"
_TEMPORAL = {name: target for name, target in MAPPERS.items() if name.startswith("StartOf") or name == "FanOutMapper"}


def _one(name: str) -> dict[str, str]:
    return {name: MAPPERS[name]}


SERVED: Served = {
    "airflow.sdk": MAPPERS
    | WINDOWS
    | {name: target for name, target in POLICIES.items() if name != "WaitPolicy"}
    | CRON_PARTITIONS
    | PARTITIONED
    | AT_RUNTIME
    | ASSET_OR_TIME
    | at("queuack.authoring.assets", "AssetAccessControl")
    | DECORATOR
    | STATE,
    "airflow.sdk.definitions.asset": ASSET,
    "airflow.sdk.definitions.asset.access_control": at("queuack.authoring.assets", "AssetAccessControl"),
    "airflow.sdk.definitions.asset.decorators": at(
        "queuack.operators.assets", "AssetDefinition MultiAssetDefinition asset"
    ),
    "airflow.sdk.definitions.timetables.assets": ASSET_OR_TIME | PARTITIONED | AT_RUNTIME | ASSET_TRIGGERED,
    "airflow.sdk.definitions.timetables.trigger": CRON_PARTITIONS,
    "airflow.sdk.execution_time.context": STATE
    | at("queuack.authoring.state_store", "AssetStateStoreAccessor AssetStateStoreAccessors TaskStateStoreAccessor")
    | at(
        "queuack.authoring.assets.events",
        "InletEventsAccessor InletEventsAccessors OutletEventAccessor OutletEventAccessors "
        "TriggeringAssetEventsAccessor",
    ),
    "airflow.timetables.assets": ASSET_OR_TIME,
    "airflow.timetables.datasets": at(
        "queuack.authoring.timetables.assets", "", DatasetOrTimeSchedule="AssetOrTimeSchedule"
    ),
    "airflow.timetables.simple": ASSET_TRIGGERED | PARTITIONED | AT_RUNTIME,
    "airflow.timetables.trigger": CRON_PARTITIONS,
    "airflow.partition_mappers.allowed_key": _one("AllowedKeyMapper"),
    "airflow.partition_mappers.base": _one("PartitionMapper") | _one("RollupMapper"),
    "airflow.partition_mappers.chain": _one("ChainMapper"),
    "airflow.partition_mappers.fixed_key": _one("FixedKeyMapper"),
    "airflow.partition_mappers.identity": _one("IdentityMapper"),
    "airflow.partition_mappers.product": _one("ProductMapper"),
    "airflow.partition_mappers.temporal": _TEMPORAL,
    "airflow.partition_mappers.wait_policy": POLICIES,
    "airflow.partition_mappers.window": WINDOWS,
    "airflow.partition_mappers": MAPPERS | WINDOWS | POLICIES,
    f"{_SDK_MAPPERS}.allowed_key": _one("AllowedKeyMapper"),
    f"{_SDK_MAPPERS}.base": _one("PartitionMapper") | _one("RollupMapper"),
    f"{_SDK_MAPPERS}.chain": _one("ChainMapper"),
    f"{_SDK_MAPPERS}.fixed_key": _one("FixedKeyMapper"),
    f"{_SDK_MAPPERS}.identity": _one("IdentityMapper"),
    f"{_SDK_MAPPERS}.product": _one("ProductMapper"),
    f"{_SDK_MAPPERS}.temporal": _TEMPORAL,
    f"{_SDK_MAPPERS}.wait_policy": POLICIES,
    f"{_SDK_MAPPERS}.window": WINDOWS,
}
