"""XComs and rendered fields as people read them: JSON as tables where it is one, wrapped values unwrapped. Pure."""

from __future__ import annotations

import json
from typing import Any

DATA, CLASS = "__data__", "__classname__"
MOST_ROWS, MOST_COLUMNS = 100, 30


def shown_value(text: str) -> dict[str, Any]:
    """``text`` indented; ``table``, of a list of objects or of lists: columns, rows, total; else None."""
    try:
        value = plain(json.loads(text))
    except ValueError:  # cut, or no JSON
        return {"text": text, "table": None}
    if isinstance(value, str):
        return {"text": value, "table": None}
    return {"text": json.dumps(value, indent=2, ensure_ascii=False), "table": table_of(value)}


def plain(value: Any) -> Any:
    """Typed wrappers give way to what they hold."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        if CLASS in value and DATA in value:
            return plain(value[DATA])
        return {key: plain(item) for key, item in value.items()}
    return value


def table_of(value: Any) -> dict[str, Any] | None:
    """A list of at least one object, or of lists of one length."""
    if not isinstance(value, list) or not value:
        return None
    if all(isinstance(row, dict) for row in value):
        columns = list(dict.fromkeys(str(key) for row in value for key in row))[:MOST_COLUMNS]
        rows = [[_short(row.get(column, "")) for column in columns] for row in value[:MOST_ROWS]]
        return {"columns": columns, "rows": rows, "total": len(value)} if columns else None
    widths = {len(row) if isinstance(row, list) else -1 for row in value}
    if len(widths) == 1 and 1 < (width := widths.pop()) <= MOST_COLUMNS:
        rows = [[_short(item) for item in row] for row in value[:MOST_ROWS]]
        return {"columns": [str(number) for number in range(width)], "rows": rows, "total": len(value)}
    return None


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
