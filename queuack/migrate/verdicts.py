"""What a check says about files: findings, and one verdict a file. Values only."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """How a file does here, the better first."""

    WORKS = "works"
    WARNS = "works with a warning"
    PACKAGE = "needs a package"
    UNSUPPORTED = "not supported"
    BROKEN = "does not load"
    """For a reason of its own: a syntax error, a missing file, a time-out."""


SEVERITY = {verdict: number for number, verdict in enumerate(Verdict)}
GOOD = frozenset({Verdict.WORKS, Verdict.WARNS})


@dataclass(frozen=True)
class Finding:
    """One thing in a file that does not go as in Airflow."""

    verdict: Verdict
    what: str
    line: int | None = None
    way_out: str = ""
    package: str = ""
    """To install."""
    minor: bool = False
    """An old spelling that means what it always did: a warning that may wait."""


@dataclass
class FileReport:
    """One file. ``dags`` is None when the file was not parsed or does not load."""

    file: str
    """Relative to the folder that was checked."""
    findings: list[Finding] = field(default_factory=list)
    dags: list[str] | None = None

    @property
    def verdict(self) -> Verdict:
        """The worst of the findings."""
        return max((finding.verdict for finding in self.findings), key=SEVERITY.__getitem__, default=Verdict.WORKS)

    def add(self, finding: Finding) -> None:
        """Unless the same thing, or something as bad at the same line, is there already."""
        if finding.verdict is Verdict.WARNS:
            known = any(finding.what == other.what for other in self.findings)
        else:
            known = any(
                (other.line == finding.line and other.verdict not in GOOD) or other.what == finding.what
                for other in self.findings
            )
        if not known:
            self.findings.append(finding)

    @property
    def minor(self) -> int:
        """How many old spellings."""
        return sum(finding.minor for finding in self.findings)

    def sort(self) -> None:
        """By line; what has none comes last."""
        self.findings.sort(key=lambda finding: (finding.line is None, finding.line or 0))

    def as_row(self) -> dict[str, Any]:
        """For JSON."""
        findings = [asdict(finding) | {"verdict": str(finding.verdict)} for finding in self.findings]
        return {"file": self.file, "verdict": str(self.verdict), "dags": self.dags, "findings": findings}


@dataclass(frozen=True)
class Report:
    """All files of a folder."""

    folder: str
    files: list[FileReport]

    @property
    def good(self) -> bool:
        """Whether every file works, warnings or not."""
        return all(file.verdict in GOOD for file in self.files)

    @property
    def packages(self) -> list[str]:
        """To install, sorted."""
        return sorted({finding.package for file in self.files for finding in file.findings if finding.package})

    def counts(self) -> dict[str, int]:
        """Verdict → number of files; every verdict is there."""
        found = Counter(file.verdict for file in self.files)
        return {str(verdict): found[verdict] for verdict in Verdict}

    def as_record(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "folder": self.folder,
            "files": [file.as_row() for file in self.files],
            "packages": self.packages,
            "summary": self.counts(),
        }
