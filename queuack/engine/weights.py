"""Absolute priority weights: a task's own weight and, by its weight rule, those of all tasks after or before it.

https://airflow.apache.org/docs/apache-airflow/stable/administration-and-deployment/priority-weight.html

The sums need the transitive closure. It is never built: nodes with one neighbour and trees are plain additions; what is
left is searched node by node when that is little work, or else covered by bit sets, a block of columns at a time, so
that memory stays small.
"""

from __future__ import annotations

from collections.abc import Sequence

LIMIT = 2_147_483_647
"""Weights are clamped to a 32-bit integer, as Airflow's column does."""
_SEARCH_BUDGET = 2_000_000
_BLOCK = 4096

Edges = Sequence[Sequence[int]]


def closure_sums(weights: Sequence[int], order: Sequence[int], after: Edges, before: Edges) -> list[int]:
    """For each node its own weight and those of all nodes reachable over ``after``.

    ``order`` is topological along ``after``; ``before`` are the same edges backwards.
    """
    totals = list(weights)
    is_tree = bytearray(len(totals))
    hard: list[int] = []
    for node in reversed(order):
        nexts = after[node]
        if not nexts:
            is_tree[node] = 1
        elif all(is_tree[n] and len(before[n]) == 1 for n in nexts):
            is_tree[node] = 1
            totals[node] += sum(totals[n] for n in nexts)
        elif len(nexts) > 1:
            hard.append(node)
    edges = sum(map(len, after))
    if len(hard) * (len(totals) + edges) <= _SEARCH_BUDGET:
        for node in hard:
            totals[node] = _search(node, weights, after)
    elif hard:
        totals = _by_blocks(weights, order, after)
    is_hard = set(hard)
    for node in reversed(order):
        if not is_tree[node] and node not in is_hard:
            totals[node] = weights[node] + totals[after[node][0]]
    return totals


def _search(start: int, weights: Sequence[int], after: Edges) -> int:
    seen = {start}
    frontier = [start]
    total = weights[start]
    while frontier:
        for node in after[frontier.pop()]:
            if node not in seen:
                seen.add(node)
                total += weights[node]
                frontier.append(node)
    return total


def _by_blocks(weights: Sequence[int], order: Sequence[int], after: Edges) -> list[int]:
    totals = [0] * len(weights)
    for low in range(0, len(order), _BLOCK):
        block = order[low : low + _BLOCK]
        own = {node: 1 << bit for bit, node in enumerate(block)}
        masks: dict[int, int] = {}
        for bit, node in enumerate(block):
            masks[weights[node]] = masks.get(weights[node], 0) | 1 << bit
        reach = [0] * len(weights)
        for node in reversed(order[: low + len(block)]):
            bits = own.get(node, 0)
            for n in after[node]:
                bits |= reach[n]
            reach[node] = bits
            if bits:
                for weight, mask in masks.items():
                    totals[node] += weight * (bits & mask).bit_count()
    return totals


def clamp(weight: int) -> int:
    return max(-LIMIT - 1, min(LIMIT, weight))
