"""Renders ``docs/reference/airflow-compatibility.md`` from the features, the import names and the examples.

Run it as ``python -m tests.conformance.compatibility``. A test compares the checked-in page with what this renders.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from queuack.compat.answers import Kind, answer
from queuack.compat.table import ABSENT, REMOVED
from tests.conformance.examples import COMPARED, NOT_YET
from tests.conformance.features import FEATURES, Feature, Status

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "reference" / "airflow-compatibility.md"
NAMES = ROOT / "tests" / "unit" / "compat"

INTRODUCTION = """\
# Airflow compatibility

This page is rendered from tables and tests: `python -m tests.conformance.compatibility`. The reference is Airflow 3.3.2.

- **works**: as in Airflow; the test named shows it.
- **differs**: it is there, and the note says what is otherwise.
- **missing**: a DAG file that needs it gets an error that says so.

What of your own files works, `queuack migrate check PATH` tells: [Move DAG files from Airflow](../how-to/move-from-airflow.md).
"""


def names_by_list() -> dict[str, list[tuple[str, str]]]:
    """What is imported, by where it was found: list → (module, name); no name is the module itself."""
    rows = csv.DictReader((NAMES / "dag_file_imports.csv").read_text().splitlines())
    needed = [line.rpartition(".") for line in (NAMES / "provider_symbols_needed.txt").read_text().split()]
    return {
        "public names of `airflow.sdk`": [
            ("airflow.sdk", name) for name in (NAMES / "sdk_names.txt").read_text().split()
        ],
        "imports of public DAG repositories": [(row["module"], row["name"]) for row in rows],
        "names that provider packages need": [(module or name, name if module else "") for module, _, name in needed],
    }


def page() -> str:
    return "\n".join([INTRODUCTION, *_features(), *_names(), *_examples()])


def _features() -> Iterator[str]:
    counts = Counter(feature.status for features in FEATURES.values() for feature in features)
    yield f"{', '.join(f'{counts[status]} {status}' for status in Status)}.\n"
    for area, features in FEATURES.items():
        yield f"## {area}\n"
        yield "| | | |\n|---|---|---|"
        for feature in features:
            yield f"| {feature.name} | {feature.status} | {_remark(feature)} |"
        yield ""


def _remark(feature: Feature) -> str:
    test = f"`{feature.test}`" if feature.test else ""
    return "; ".join(part for part in (feature.note, test) if part)


def _names() -> Iterator[str]:
    yield "## Import names\n"
    yield "| | served | served, with a warning | in a provider package | refused, with advice |\n|---|---|---|---|---|"
    refused: dict[tuple[str, str], str] = {}
    for title, names in names_by_list().items():
        answers = {name: answer(*name) for name in names}
        counts = Counter(found.kind for found in answers.values())
        provided = counts[Kind.PROVIDED] + counts[Kind.FOREIGN]
        yield f"| {title} | {counts[Kind.SERVED]} | {counts[Kind.MOVED]} | {provided} | {counts[Kind.ABSENT]} |"
        refused.update({name: found.advice for name, found in answers.items() if found.kind is Kind.ABSENT})
    for module, reasons in ABSENT.items():
        refused.update({(module, name): reason for name, reason in reasons.items()})
    yield "\nRefused:\n\n| import | what the error says |\n|---|---|"
    for (module, name), advice in sorted(refused.items()):
        yield f"| `{f'{module}.{name}'.rstrip('.')}` | {advice.rstrip('.')} |"
    for module, advice in sorted(REMOVED.items()):
        yield f"| `{module}` and what is below it, where not served | {advice.rstrip('.')} |"
    yield ""


def _examples() -> Iterator[str]:
    yield "## Airflow's example DAGs\n"
    yield f"{len(COMPARED)} of the DAGs that Airflow ships as examples run here and end as they do in Airflow.\n"
    if NOT_YET:
        yield "Not run:\n\n| file | needs |\n|---|---|"
        for file, reason in sorted(NOT_YET.items()):
            yield f"| `{file}.py` | {reason} |"
        yield ""


def write(path: Path = PAGE) -> Path:
    path.write_text(page(), encoding="utf-8")
    return path


if __name__ == "__main__":
    sys.stdout.write(f"{write(Path(sys.argv[1]) if len(sys.argv) > 1 else PAGE)}\n")
