"""Small charts as inline SVG: columns over time, durations over runs. Decides their geometry; pages give the words.

A chart is an image with a name for who cannot see it; every mark has its own words on hover. Colours are tokens of
``static/style.css``.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

PAD = 2.0
STRONG, HIGH = 0.6, 1.5
"""Columns above this part of the highest one and this many times the middle one are drawn in the full colour."""

_COLUMN = Markup(
    '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="2" class="{}"><title>{}</title></rect>'
)
_DOT = Markup('<path d="M{:.1f} {:.1f}h0" class="dot s-{}"><title>{}</title></path>')


def columns(values: Sequence[float], words: Sequence[str], name: str, width: float = 300, height: float = 60) -> Markup:
    """One column a value, from 0 up; ``words``: one text a value, shown on hover."""
    top = max(values, default=0.0) or 1.0
    usual = sorted(values)[len(values) // 2] if values else 0.0
    step = width / max(1, len(values))
    parts = Markup("")
    for index, (value, text) in enumerate(zip(values, words, strict=True)):
        tall = max(1.5 if value > 0 else 0.75, value / top * (height - PAD))
        kind = "col strong" if value > max(STRONG * top, HIGH * usual) else "col" if value > 0 else "col none"
        gap = min(3.0, step / 4)
        parts += _COLUMN.format(index * step + gap / 2, height - tall, step - gap, tall, kind, text)
    return _image(parts, name, width, height)


def durations(
    values: Sequence[float], states: Sequence[str], words: Sequence[str], name: str, width: float = 320,
    height: float = 44,
) -> Markup:  # fmt: skip
    """A line through durations, oldest first, with a dot in the colour of each state; from 0 up."""
    top = max(values, default=0.0) or 1.0
    step = (width - 8) / max(1, len(values) - 1)
    points = [(4 + index * step, height - 4 - value / top * (height - 8)) for index, value in enumerate(values)]
    parts = Markup('<polyline class="line" points="{}"/>').format(" ".join(f"{x:.1f},{y:.1f}" for x, y in points))
    for (x, y), state, text in zip(points, states, words, strict=True):
        parts += _DOT.format(x, y, state, text)
    return _image(parts, name, width, height)


def _image(parts: Markup, name: str, width: float, height: float) -> Markup:
    return Markup(
        '<svg class="chart" viewBox="0 0 {:.0f} {:.0f}" role="img" aria-label="{}" preserveAspectRatio="none">{}</svg>'
    ).format(width, height, name, parts)
