"""DagDocument: a DAG as data, the form in which it leaves the parser, is stored and is scheduled.

Durations are seconds (float), instants microseconds since the epoch (int, UTC). The JSON form
(``encode``/``decode``) is deterministic, so its hash identifies a version of the DAG.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from queuack.engine.asset_spec import AliasDocument, AssetDocument
from queuack.engine.deadline_spec import DeadlineDocument
from queuack.schedule.conditions import Leaf
from queuack.schedule.timetables import NullTimetable, Timetable


class CallbackFlags(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which callbacks exist (the functions themselves stay in the DAG file)."""

    success: bool = False
    failure: bool = False
    retry: bool = False
    execute: bool = False
    skipped: bool = False


class MapInput(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Something a mapped task or group expands over, as far as its length goes.

    A tree: leaves are ``literal`` (``length``) and ``xcom`` (``task_id``: the length of what it returned, or, when it
    is mapped itself, how many of its instances returned something); ``zip`` is as long as its shortest part
    (``fill``: the longest), ``concat`` as long as all together. What ``map`` does to the elements does not show here.
    """

    kind: str
    """literal, xcom, zip, concat."""
    length: int = 0
    task_id: str = ""
    parts: tuple[MapInput, ...] = ()
    fill: bool = False


class Expansion(msgspec.Struct, frozen=True, omit_defaults=True):
    """Over what a task or group is mapped: the product of the lengths of ``inputs`` is the number of instances."""

    inputs: tuple[MapInput, ...] = ()


class StartTrigger(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """How a task with ``start_from_trigger`` begins without a worker."""

    classpath: str
    kwargs: str = "{}"
    """JSON object, values as ``serialization.typed_json`` writes them."""
    next_method: str
    next_kwargs: str = "{}"
    timeout: float | None = None


class SubDagDocument(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Which DAG a SubDagOperator runs, and how."""

    dag_id: str
    conf: dict[str, Any] = {}
    """Added to the conf of the parent's run."""
    propagate_skipped_state: str | None = None
    """all_leaves, any_leaf, None: whether what comes after the task is skipped when such leaves of the child were."""
    timeout: float | None = None


class Marker(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Of an ExternalTaskMarker: the task of another DAG that is cleared with it. Texts are templates where the task has
    a worker; what they came to is in its rendered fields."""

    dag_id: str
    task_id: str
    logical_date: str | None = None
    """ISO 8601; None = that of the run."""
    recursion_depth: int = 10


class TaskDocument(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One task. Defaults are Airflow's; what equals its default is left out of the JSON."""

    task_id: str
    task_type: str
    """Class name (``PythonOperator``), Airflow's ``operator`` column."""
    task_module: str = ""
    operator_name: str = ""
    """What the UI shows (``@task`` for a decorated function)."""
    downstream_task_ids: tuple[str, ...] = ()
    """Sorted."""
    trigger_rule: str = "all_success"
    owner: str = "airflow"
    retries: int = 0
    retry_delay: float = 300.0
    retry_exponential_backoff: float = 0.0
    """0 = constant delay; otherwise the multiplier per retry (``True`` means 2.0)."""
    max_retry_delay: float | None = None
    has_retry_policy: bool = False
    """A worker asks it when an attempt has failed."""
    depends_on_past: bool = False
    ignore_first_depends_on_past: bool = True
    wait_for_past_depends_before_skipping: bool = False
    wait_for_downstream: bool = False
    pool: str = "default_pool"
    pool_slots: int = 1
    priority_weight: int = 1
    weight_rule: str = "downstream"
    custom_weight: int | None = None
    """What a custom strategy gave the task: its effective weight, whatever the rule says."""
    queue: str = "default"
    executor: str | None = None
    isolation: str | None = None
    """``"fork"`` or ``"warm"`` from ``executor_config``; None = the deployment's setting."""
    is_async: bool = False
    """Its code runs on a worker's event loop, beside others."""
    execution_timeout: float | None = None
    max_active_tis_per_dag: int | None = None
    max_active_tis_per_dagrun: int | None = None
    start_date: int | None = None
    end_date: int | None = None
    is_setup: bool = False
    is_teardown: bool = False
    expansion: Expansion | None = None
    """Set for a mapped task; a task in mapped groups has those of its groups besides (see TaskGroupDocument)."""
    start_trigger: StartTrigger | None = None
    """Set for a task with ``start_from_trigger`` that is not mapped; a mapped one asks its worker."""
    subdag: SubDagDocument | None = None
    """Set for a SubDagOperator: no worker runs it, it waits for a run of another DAG."""
    marker: Marker | None = None
    triggers_dag: str | None = None
    """Of a TriggerDagRunOperator: the DAG it triggers, where the file says so in plain text. Nothing acts on it."""
    waits_for_dag: str | None = None
    """The same of an ExternalTaskSensor: the DAG it waits for."""
    on_failure_fail_dagrun: bool = False
    callbacks: CallbackFlags = CallbackFlags()
    is_empty: bool = False
    """An EmptyOperator without callbacks or outlets: the scheduler marks it successful, no worker runs it."""
    task_group: str | None = None
    """The id of the group it is in, None = the DAG's root."""
    inlets: tuple[Leaf, ...] = ()
    outlets: tuple[Leaf, ...] = ()
    """Assets, references and aliases; what else lineage may hold is left out."""
    template_fields: tuple[str, ...] = ()
    returns_dag_result: bool = False
    """What it returns is the DAG's result."""
    extra_links: tuple[tuple[str, str], ...] = ()
    """(name, XCom key under which a worker leaves the URL), sorted."""
    ui_color: str = "#fff"
    ui_fgcolor: str = "#000"
    doc_md: str | None = None
    task_display_name: str | None = None


class TaskGroupDocument(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    group_id: str
    parent: str | None = None
    label: str = ""
    tooltip: str = ""
    ui_color: str = "CornflowerBlue"
    ui_fgcolor: str = "#000"
    children: tuple[str, ...] = ()
    """Task ids and group ids directly inside, in order of creation."""
    expansion: Expansion | None = None
    """Set for a mapped group: each task inside has that many instances."""


class DagDocument(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    dag_id: str
    fileloc: str
    """Absolute path of the file that defines it."""
    relative_fileloc: str
    """Relative to the dags folder; ``archive.zip/file.py`` inside a zip."""
    parent_dag_id: str | None = None
    """Set for a SubDAG: the DAG whose task runs it."""
    root_dag_id: str | None = None
    """Set for a SubDAG: the DAG at the top."""
    tasks: tuple[TaskDocument, ...] = ()
    """Ordered by task_id."""
    task_groups: tuple[TaskGroupDocument, ...] = ()
    edge_labels: tuple[tuple[str, str, str], ...] = ()
    """(upstream task_id, downstream task_id, label)."""
    timetable: Timetable = NullTimetable()
    timetable_summary: str = ""
    """What was written: ``0 0 * * *``, ``@daily``, ``1 day, 0:00:00``, ``None``."""
    timetable_description: str = ""
    timezone: str = "UTC"
    start_date: int | None = None
    """The DAG's, or else the earliest of its tasks'."""
    end_date: int | None = None
    catchup: bool = False
    max_active_runs: int = 16
    max_active_tasks: int = 16
    max_consecutive_failed_dag_runs: int = 0
    """0 = no limit."""
    dagrun_timeout: float | None = None
    is_paused_upon_creation: bool | None = None
    fail_fast: bool = False
    rerun_with_latest_version: bool | None = None
    allowed_run_types: tuple[str, ...] | None = None
    """Kinds of runs that may be made; None = all."""
    """Whether a cleared run goes on in the newest version; None = as the deployment's setting says."""
    has_on_success_callback: bool = False
    has_on_failure_callback: bool = False
    tags: tuple[str, ...] = ()
    owner_links: dict[str, str] = {}
    description: str | None = None
    doc_md: str | None = None
    dag_display_name: str | None = None
    default_args: dict[str, Any] = {}
    """JSON-able rendering, for display only."""
    params: dict[str, dict[str, Any]] = {}
    """name → {"value", "schema", "description"}; value absent when the param has no default."""
    render_template_as_native_obj: bool = False
    assets: tuple[AssetDocument, ...] = ()
    """Every asset it names, as schedule, inlet or outlet, by name and URI."""
    asset_aliases: tuple[AliasDocument, ...] = ()
    deadlines: tuple[DeadlineDocument, ...] = ()


_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder(DagDocument)


def encode(document: DagDocument) -> bytes:
    return _encoder.encode(document)


def decode(data: bytes | str) -> DagDocument:
    return _decoder.decode(data)


def document_hash(data: bytes) -> str:
    """32 hexadecimal digits that identify the serialized form."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
