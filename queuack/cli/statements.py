"""Where one SQL statement ends and the next begins, for what is typed or piped into ``db shell``. No more than that."""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""
    '(?:[^']|'')*'            # text
    | "(?:[^"]|"")*"            # name
    | (\$\w*\$).*?\1            # text between dollars
    | --[^\n]*                   # comments
    | /\*.*?\*/
    | (?P<end>;)
    | (?P<open>'|"|\$\w*\$|/\*)  # one of the above that has not ended yet
    """,
    re.VERBOSE | re.DOTALL,
)


def split(text: str) -> tuple[list[str], str]:
    """The complete statements of ``text``, without their semicolons, and what follows the last one."""
    statements = []
    start = 0
    for token in _TOKEN.finditer(text):
        if token["open"]:
            break
        if token["end"]:
            statements.append(text[start : token.start()].strip())
            start = token.end()
    return [statement for statement in statements if statement], text[start:]
