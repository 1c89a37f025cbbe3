"""How a page is made: one template environment, the words and numbers that all pages share, who may see it.

A page is a function that answers ``Views.page(…)``. A live part is an element with ``data-live="runs"`` (subjects of
``daemon/changes.py``, separated by spaces) and an id: when one of them changes, ``static/live.js`` fetches the page
anew and puts the element's new content in its place.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.datastructures import QueryParams

from queuack import __version__
from queuack.api.auth.people import CSRF, SESSION, People, User
from queuack.clock import from_us

HERE = Path(__file__).parent

NAVIGATION = (
    ("/", "Home", "Viewer"),
    ("/dags", "DAGs", "Viewer"),
    ("/assets", "Assets", "Viewer"),
    ("/insights", "Insights", "Viewer"),
    ("/sql", "SQL", "Op"),
    ("/admin", "Admin", "Viewer"),
)
"""Address, word, least role."""


class LoginNeeded(Exception):
    """Nobody is logged in: to the login page."""


def segment(text: str) -> str:
    """Text as one segment of an address."""
    return quote(str(text), safe="")


def paged(query: QueryParams, page: int) -> str:
    """The address of another page of the same list."""
    return "?" + urlencode([pair for pair in query.multi_items() if pair[0] != "page"] + [("page", str(page))])


def duration(seconds: float | None) -> str:
    """``412 ms``, ``3.1 s``, ``18 min``, ``2.5 h``, ``3.2 d``; an em dash for nothing."""
    if seconds is None:
        return "–"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    for limit, size, unit in ((60, 1, "s"), (3600, 60, "min"), (86_400, 3600, "h")):
        if seconds < limit:
            value = seconds / size
            return f"{value:.1f} {unit}" if unit != "min" else f"{value:.0f} {unit}"
    return f"{seconds / 86_400:.1f} d"


def moment(value: Any) -> datetime | None:
    """An instant as rows have it: ISO text, microseconds or a datetime."""
    if isinstance(value, str) and value:
        return datetime.fromisoformat(value)
    if isinstance(value, int):
        return from_us(value)
    return value if isinstance(value, datetime) else None


def ago(value: Any) -> Markup:
    """``<time>`` that reads "3 min ago" or "in 4 min", with the exact instant on hover; ``static/times.js`` keeps it
    true."""
    at = moment(value)
    if at is None:
        return Markup("–")
    exact = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    seconds = (datetime.now(UTC) - at).total_seconds()
    words = f"{duration(seconds)} ago" if seconds >= 0 else f"in {duration(-seconds)}"
    if abs(seconds) < 1:
        words = "now"
    return Markup('<time datetime="{}" title="{}" data-relative>{}</time>').format(exact, exact, words)


def exact(value: Any) -> Markup:
    """``<time>`` with date and time; in the person's zone where JavaScript runs."""
    at = moment(value)
    if at is None:
        return Markup("–")
    text = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Markup('<time datetime="{}" title="{}" data-exact>{}</time>').format(
        text, text, at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    )


def state(name: str | None, label: str | None = None) -> Markup:
    """A state as word and colour; the same everywhere."""
    word = name or "none"
    return Markup('<span class="state s-{}">{}</span>').format(word, label or word)


def marked(text: str) -> Markup:
    """Text with what stands between backticks as code."""
    parts = str(text).split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else part for place, part in enumerate(parts)
    )


def markdown(text: str) -> Markup:
    """CommonMark as HTML; HTML in it is shown, not obeyed."""
    from markdown_it import MarkdownIt  # few pages have some

    return Markup(MarkdownIt("js-default").render(text))  # the preset escapes HTML and drops script links


def environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for function in (ago, exact, duration, state, segment, paged, marked, markdown):
        made.filters[function.__name__] = function
    made.globals |= {"navigation": NAVIGATION, "version": __version__, "build": secrets.token_hex(4)}
    return made


class Views:
    """Makes pages for one request."""

    def __init__(self, request: Request) -> None:
        self._request = request

    def page(self, template: str, user: User | None, status: int = 200, **context: Any) -> Response:
        """``template`` below ``templates/``; every page gets path, user, role test and the CSRF token besides."""
        made: Environment = self._request.app.state.templates
        text = made.get_template(template).render(
            path=self._request.url.path,
            query=self._request.query_params,
            user=user,
            may=(lambda role: user is not None and user.may(role)),
            csrf=self._request.cookies.get(CSRF, ""),
            **context,
        )
        return HTMLResponse(text, status, headers={"Cache-Control": "no-store"})


async def person(request: Request) -> User:
    """Who looks, by the session's cookie. Raises LoginNeeded."""
    people: People = request.app.state.people
    token = request.cookies.get(SESSION)
    username = people.tokens.username(token) if token else None
    user = await people.of(username) if username else None
    if user is None:
        raise LoginNeeded
    return user


def to_login(request: Request) -> Response:
    """Where somebody who is not logged in is sent, to come back afterwards."""
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse("/login" + ("" if target == "/" else f"?next={quote(target, safe='')}"), 303)


Person = Annotated[User, Depends(person)]
ViewsOf = Annotated[Views, Depends(Views)]
