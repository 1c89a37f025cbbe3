"""Patterns of partition keys: from a format of ``strftime`` directives and ``{name}`` places to a pattern that reads
what it wrote.

Decides which formats can be read back; maps nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_DIRECTIVES = {"Y": r"\d{4}", **dict.fromkeys("mdHMSVUW", r"\d{2}")}
_TOKEN = re.compile(r"%(?P<directive>[YmdHMSVUW])|\{(?P<place>[^}]*)\}|(?P<text>.)", re.DOTALL)


def key_pattern(text: str, places: Mapping[str, str] | None = None) -> re.Pattern[str]:
    r"""A pattern with a group for each directive (named by its letter) and each place (named by itself).

    ``places``: place → pattern, default ``\w+``. Raises ValueError for a directive or place used twice, a place whose
    name is no identifier, and two places with the default pattern side by side, which nothing could tell apart.
    """
    known = places or {}
    parts: list[str] = []
    seen: set[str] = set()
    after_any = False
    for token in _TOKEN.finditer(text):
        name = token["directive"] or token["place"]
        if name is None:
            parts.append(re.escape(token["text"]))
            after_any = False
            continue
        if token["place"] is not None and not name.isidentifier():
            raise ValueError(f"output_format {text!r}: the place {{{name}}} is not named by an identifier")
        if name in seen:
            raise ValueError(f"output_format {text!r} uses {token[0]} twice")
        seen.add(name)
        is_any = token["place"] is not None and name not in known
        if is_any and after_any:
            raise ValueError(f"output_format {text!r}: something must stand between {{{name}}} and the place before it")
        pattern = _DIRECTIVES[name] if token["directive"] else known.get(name, r"\w+")
        parts.append(f"(?P<{name}>{pattern})")
        after_any = is_any
    return re.compile("".join(parts))
