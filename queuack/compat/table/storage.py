"""Object storage, lineage and resumable jobs: ``airflow.sdk.io``, ``airflow.sdk.lineage`` and their older paths."""

from __future__ import annotations

from queuack.compat.table.targets import Served, at

PATH = at("queuack.authoring.storage.path", "ObjectStoragePath")
STORE = at("queuack.authoring.storage.stores", "ObjectStore attach")
FILE_SYSTEMS = at("queuack.authoring.storage.filesystems", "Properties get_fs has_fs")
STAT = at("queuack.authoring.storage.stat", "stat_result")
RESUMABLE = at("queuack.operators.resumable", "ResumableJobMixin")
LINEAGE = at(
    "queuack.authoring.lineage",
    "AssetLineageInfo ExtraLineageInfo HookLineage HookLineageCollector HookLineageReader NoOpCollector "
    "get_hook_lineage_collector",
)

SERVED: Served = {
    "airflow.io": PATH | FILE_SYSTEMS | at("queuack.authoring.storage.stores", "attach"),
    "airflow.io.path": PATH,
    "airflow.io.store": STORE,
    "airflow.lineage.hook": LINEAGE,
    "airflow.sdk": PATH | RESUMABLE,
    "airflow.sdk.bases.resumablejobmixin": RESUMABLE,
    "airflow.sdk.io": PATH | FILE_SYSTEMS | at("queuack.authoring.storage.stores", "attach"),
    "airflow.sdk.io.fs": FILE_SYSTEMS,
    "airflow.sdk.io.path": PATH,
    "airflow.sdk.io.stat": STAT,
    "airflow.sdk.io.store": STORE,
    "airflow.sdk.lineage": LINEAGE,
}

MOVED = {
    "airflow.io": "airflow.sdk.io",
    "airflow.io.path": "airflow.sdk.io.path",
    "airflow.io.store": "airflow.sdk.io.store",
    "airflow.lineage.hook": "airflow.sdk.lineage",
}
