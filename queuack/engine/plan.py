"""Plan: a DagDocument compiled for scheduling, once per version. Arrays by task index (its place in the document).

The plan decides nothing about time or state; it answers every question about structure in one index operation.
"""

from __future__ import annotations

from collections.abc import Iterable

from queuack.engine.mapping import Mapping, compile_mapping
from queuack.engine.spec import DagDocument, TaskDocument
from queuack.engine.trigger_rules import Rule, all_success, always, rule_named
from queuack.engine.weights import clamp, closure_sums
from queuack.errors import InvalidRequest

Indices = tuple[int, ...]


class Plan:
    """A DAG version ready to run. Nothing but ``file_hash`` changes once it is in use."""

    __slots__ = (
        "dag_id", "direct_setups", "document", "downstream", "file_hash", "index", "is_async", "is_empty", "is_plain",
        "is_setup", "is_teardown", "leaves", "mapping", "needs_past", "outer_setups", "past", "per_dag", "per_run",
        "pool_slots", "pools", "retries", "roots", "rules", "scope", "size", "task_ids", "task_limited", "tasks",
        "unmapped", "upstream", "upstream_count", "version_id", "version_number", "watchers", "weights",
    )  # fmt: skip

    document: DagDocument
    dag_id: str
    version_id: int
    """0 until a version takes it."""
    version_number: int
    file_hash: str
    size: int
    task_ids: tuple[str, ...]
    index: dict[str, int]
    upstream: list[Indices]
    downstream: list[Indices]
    upstream_count: list[int]
    rules: list[Rule]
    is_plain: bytearray
    """Rule all_success and nothing else to look at: the fast path."""
    retries: list[int]
    pools: tuple[str, ...]
    pool_slots: tuple[int, ...]
    weights: list[int]
    """Absolute priority, weight rules applied."""
    per_dag: list[int | None]
    per_run: list[int | None]
    task_limited: bytearray
    """Has one of the two limits above."""
    past: bytearray
    """Depends on the past (``depends_on_past`` or ``wait_for_downstream``)."""
    needs_past: bool
    """Some task depends on the past."""
    is_async: bytearray
    """Shares its worker with others."""
    is_empty: bytearray
    is_setup: bytearray
    is_teardown: bytearray
    direct_setups: dict[int, Indices]
    """Task → its direct upstream tasks that are setups (only tasks that have such)."""
    outer_setups: dict[int, Indices]
    """Task → indirect upstream setups that must succeed before it runs."""
    scope: dict[int, Indices]
    """Teardown → indirect upstream tasks between its setups and it, which must be done before it runs."""
    watchers: dict[int, Indices]
    """Task → tasks to look at again when it finishes, beyond its downstream."""
    roots: Indices
    leaves: Indices
    """Tasks whose states decide the state of the run."""
    tasks: list[int]
    """Every index, in order: which task each position of a run belongs to while nothing is expanded."""
    unmapped: list[int]
    """-1 for every task: the map indexes of a run while nothing is expanded."""
    mapping: Mapping | None
    """Mapped tasks and groups; None = there are none."""

    def task(self, index: int) -> TaskDocument:
        return self.document.tasks[index]

    def is_mapped(self, task: int) -> bool:
        """Whether the task has instances by map index."""
        return self.mapping is not None and task in self.mapping.expansions


def compile_plan(document: DagDocument) -> Plan:
    """Raises InvalidRequest when a task names an unknown task or rule, or the graph has a cycle."""
    plan = Plan()
    tasks = document.tasks
    plan.document = document
    plan.dag_id = document.dag_id
    plan.version_id, plan.version_number, plan.file_hash = 0, 0, ""
    plan.size = len(tasks)
    plan.tasks, plan.unmapped = list(range(plan.size)), [-1] * plan.size
    plan.task_ids = tuple(task.task_id for task in tasks)
    plan.index = {task_id: i for i, task_id in enumerate(plan.task_ids)}
    _connect(plan, tasks)
    plan.retries = [task.retries for task in tasks]
    plan.pools = tuple(task.pool for task in tasks)
    plan.pool_slots = tuple(task.pool_slots for task in tasks)
    plan.per_dag = [task.max_active_tis_per_dag for task in tasks]
    plan.per_run = [task.max_active_tis_per_dagrun for task in tasks]
    plan.task_limited = bytearray(
        d is not None or r is not None for d, r in zip(plan.per_dag, plan.per_run, strict=True)
    )
    plan.past = bytearray(task.depends_on_past or task.wait_for_downstream for task in tasks)
    plan.needs_past = any(plan.past)
    plan.is_async = bytearray(task.is_async and task.isolation != "fork" for task in tasks)
    plan.is_empty = bytearray(task.is_empty for task in tasks)
    plan.is_setup = bytearray(task.is_setup for task in tasks)
    plan.is_teardown = bytearray(task.is_teardown for task in tasks)
    plan.weights = _weights(plan, tasks)
    plan.leaves = _leaves(plan, tasks)
    _scopes(plan)
    plan.rules = [rule_named(task.trigger_rule) for task in tasks]
    plan.is_plain = bytearray(
        rule is all_success and i not in plan.outer_setups and i not in plan.scope for i, rule in enumerate(plan.rules)
    )
    plan.roots = tuple(i for i, rule in enumerate(plan.rules) if not plan.upstream_count[i] or rule is always)
    plan.mapping = compile_mapping(document, plan.index, plan.upstream, plan.downstream)
    if plan.mapping is not None:
        particular = plan.mapping.inner.keys() | plan.outer_setups.keys() | plan.scope.keys()
        plan.mapping.needs_index = frozenset(i for i in plan.mapping.chains if i in particular)
    return plan


def _connect(plan: Plan, tasks: tuple[TaskDocument, ...]) -> None:
    before: list[list[int]] = [[] for _ in tasks]
    plan.downstream = []
    for i, task in enumerate(tasks):
        try:
            targets = tuple(map(plan.index.__getitem__, task.downstream_task_ids))
        except KeyError as unknown:
            raise InvalidRequest(
                f"Task {task.task_id!r} of DAG {plan.dag_id!r} names a downstream task {unknown} that does not exist."
            ) from None
        plan.downstream.append(targets)
        for target in targets:
            before[target].append(i)
    plan.upstream = list(map(tuple, before))
    plan.upstream_count = list(map(len, before))


def topological_order(plan: Plan) -> list[int]:
    """Indices such that upstream comes first. Raises InvalidRequest when there is a cycle."""
    missing = list(plan.upstream_count)
    order = [i for i, count in enumerate(missing) if not count]
    downstream = plan.downstream
    for node in order:
        for target in downstream[node]:
            missing[target] -= 1
            if not missing[target]:
                order.append(target)
    if len(order) != plan.size:
        stuck = [plan.task_ids[i] for i, count in enumerate(missing) if count]
        raise InvalidRequest(f"DAG {plan.document.dag_id!r} has a cycle among: {', '.join(stuck[:10])}.")
    return order


def _weights(plan: Plan, tasks: tuple[TaskDocument, ...]) -> list[int]:
    order = topological_order(plan)
    own = [task.priority_weight for task in tasks]
    rules = {task.weight_rule for task in tasks}
    if unknown := rules - {"downstream", "upstream", "absolute"}:
        raise InvalidRequest(f"There is no weight rule {unknown.pop()!r}. Rules: absolute, downstream, upstream.")
    sums = {"absolute": own}
    if "downstream" in rules:
        sums["downstream"] = closure_sums(own, order, plan.downstream, plan.upstream)
    if "upstream" in rules:
        sums["upstream"] = closure_sums(own, order[::-1], plan.upstream, plan.downstream)
    return [
        clamp(sums[task.weight_rule][i] if task.custom_weight is None else task.custom_weight)
        for i, task in enumerate(tasks)
    ]


def _leaves(plan: Plan, tasks: tuple[TaskDocument, ...]) -> Indices:
    counts = [not task.is_teardown or task.on_failure_fail_dagrun for task in tasks]
    leaves = tuple(
        i for i in range(plan.size) if counts[i] and not any(counts[target] for target in plan.downstream[i])
    )
    return leaves or tuple(i for i in range(plan.size) if not plan.downstream[i])


def reachable(start: Iterable[int], edges: list[Indices]) -> set[int]:
    """Every index that can be reached from ``start`` (which is not included unless it is reached again)."""
    seen: set[int] = set()
    frontier = list(start)
    while frontier:
        for node in edges[frontier.pop()]:
            if node not in seen:
                seen.add(node)
                frontier.append(node)
    return seen


def _scopes(plan: Plan) -> None:
    plan.direct_setups, plan.outer_setups, plan.scope, plan.watchers = {}, {}, {}, {}
    setups = [i for i in range(plan.size) if plan.is_setup[i]]
    if not setups:
        return
    after = {setup: reachable([setup], plan.downstream) for setup in setups}
    before = {i: reachable([i], plan.upstream) for i in range(plan.size) if plan.is_teardown[i]}
    outer: dict[int, list[int]] = {}
    direct: dict[int, list[int]] = {}
    for setup in setups:
        closers = [before[target] for target in plan.downstream[setup] if plan.is_teardown[target]]
        neighbours = set(plan.downstream[setup])
        for target in neighbours:
            direct.setdefault(target, []).append(setup)
        for task in after[setup] - neighbours:
            if not plan.is_teardown[task] and (not closers or any(task in closer for closer in closers)):
                outer.setdefault(task, []).append(setup)
    plan.direct_setups = {task: tuple(found) for task, found in direct.items()}
    plan.outer_setups = {task: tuple(found) for task, found in outer.items()}
    for teardown, ancestors in before.items():
        inner = ancestors - set(plan.upstream[teardown])
        within = {i for setup in plan.direct_setups.get(teardown, ()) for i in inner & after[setup]}
        if within:
            plan.scope[teardown] = tuple(sorted(within))
    watchers: dict[int, list[int]] = {}
    for watched in (plan.outer_setups, plan.scope):
        for task, sources in watched.items():
            for source in sources:
                watchers.setdefault(source, []).append(task)
    plan.watchers = {source: tuple(found) for source, found in watchers.items()}
