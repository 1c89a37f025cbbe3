"""Assets: the list, the graph of assets and DAGs, one asset with its events, producers, consumers and what waits."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from markupsafe import Markup

from queuack.api.auth.people import BackendOf
from queuack.errors import NotFound
from queuack.web.layout import layered, path
from queuack.web.view import Person, ViewsOf, segment

router = APIRouter()

PER_PAGE = 50
EVENTS = 25
LETTERS = 30
"""Letters of a name that a node of the graph shows."""
NODE_HEIGHT = 34.0
MARGIN = 8.0
NEIGHBOURS = 60
"""Nodes of the graph around one asset."""

_NODE = Markup(
    '<a href="{}" class="anode {}"><title>{}</title><rect x="{:.1f}" y="{:.1f}" width="{:.1f}"'
    ' height="{:.1f}" rx="{}"/><text x="{:.1f}" y="{:.1f}">{}</text></a>'
)
_EDGE = Markup('<path class="aedge {}" d="{}"/>')


@router.get("/assets")
async def assets_page(
    backend: BackendOf, user: Person, views: ViewsOf, search: str = "", page: int = 1, stale: bool = False
) -> Response:
    """The list."""
    found = await backend.call("list_assets", only_active=not stale)
    wanted = search.lower()
    found = [row for row in found if wanted in f"{row['name']} {row['uri']} {row['group']}".lower()]
    pages = max(1, -(-len(found) // PER_PAGE))
    page = min(max(page, 1), pages)
    return views.page(
        "assets.html",
        user,
        assets=found[(page - 1) * PER_PAGE : page * PER_PAGE],
        total=len(found),
        page=page,
        pages=pages,
        home=(await backend.call("info"))["home"],
    )


@router.get("/assets/graph")
async def asset_graph_page(backend: BackendOf, user: Person, views: ViewsOf) -> Response:
    """All assets and DAGs that have to do with one."""
    graph = await backend.call("asset_graph")
    return views.page("asset_graph.html", user, drawn=drawn(graph), graph=graph)


@router.get("/assets/{asset_id}")
async def asset_page(asset_id: int, backend: BackendOf, user: Person, views: ViewsOf) -> Response:
    """One asset."""
    asset = next((row for row in await backend.call("list_assets") if row["id"] == asset_id), None)
    if asset is None:
        raise NotFound(f"There is no asset with id {asset_id}.")
    named = {"name": asset["name"], "uri": asset["uri"]}
    queued = [row for row in await backend.call("list_queued_asset_events") if row["asset_id"] == asset_id]
    graph = await backend.call("asset_graph", asset_id=asset_id, most=NEIGHBOURS)
    return views.page(
        "asset.html",
        user,
        asset=asset,
        events=await backend.call("list_asset_events", **named, limit=EVENTS),
        queued=queued,
        drawn=drawn(graph, f"asset:{asset_id}") if len(graph["nodes"]) > 1 else "",
        makers=sorted({task["dag_id"] for task in asset["producing_tasks"]}),
    )


def drawn(graph: dict[str, Any], chosen: str = "") -> Markup:
    """The graph as inline SVG; ``chosen`` is marked."""
    labels = {node["key"]: _short(node["name"]) for node in graph["nodes"]}
    sizes = {key: (26 + 7.4 * len(label), NODE_HEIGHT) for key, label in labels.items()}
    layout = layered(sizes, [(source, target) for source, target, _ in graph["edges"]])
    parts = Markup("")
    for source, target, kind in graph["edges"]:
        if (source, target) in layout.routes:
            parts += _EDGE.format(kind, path(layout.routes[source, target]))
    for node in graph["nodes"]:
        box = layout.boxes[node["key"]]
        kind = node["kind"] + (" chosen" if node["key"] == chosen else "")
        title = f"{node['kind']} {node['name']}" + (f", last updated {node['at']}" if node["at"] else "")
        radius = {"asset": 17, "dag": 6, "alias": 17}[node["kind"]]
        parts += _NODE.format(
            _address(node), kind, title, box.x, box.y, box.width, box.height, radius,
            box.x + 13, box.y + box.height / 2 + 5, labels[node["key"]],
        )  # fmt: skip
    width, height = layout.width + 2 * MARGIN, layout.height + 2 * MARGIN
    return Markup(
        '<svg class="agraph" viewBox="{0:.0f} {0:.0f} {1:.0f} {2:.0f}" width="{1:.0f}" height="{2:.0f}" role="group"'
        ' aria-label="Assets and DAGs"><defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7"'
        ' markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>{3}</svg>'
    ).format(-MARGIN, width, height, parts)


def _short(name: str) -> str:
    return name if len(name) <= LETTERS else name[: LETTERS - 1] + "…"


def _address(node: dict[str, Any]) -> str:
    if node["kind"] == "asset":
        return f"/assets/{node['id']}"
    return f"/dags/{segment(node['name'])}" if node["kind"] == "dag" else "/assets/graph"
