"""The part of the MemoryStore that keeps backfills, and the answers that the engine wants of a store."""

from __future__ import annotations

from msgspec.structs import replace

from queuack.engine import effects as fx
from queuack.engine.events import BackfillDate, FoundRun, RunsFound
from queuack.engine.snapshot import BackfillSnapshot, Entry, Recall


class MemoryBackfills:
    runs: dict[int, fx.RunRow]

    def __init__(self) -> None:
        super().__init__()
        self.backfills: dict[int, fx.BackfillRow] = {}
        self.backfill_dates: dict[int, tuple[int, Entry]] = {}
        """Row id → backfill id and date."""
        self.backfill_outcomes: dict[int, fx.BackfillDagRunRow] = {}

    def recall(self, run_key: int, before: int | None = None, family: tuple[int, ...] = ()) -> Recall:
        raise NotImplementedError

    def below(self, run: fx.RunRow) -> list[fx.RunRow]:
        raise NotImplementedError

    def _BackfillRow(self, w: fx.BackfillRow) -> None:
        self.backfills[w.id] = w

    def _BackfillDatesPlanned(self, w: fx.BackfillDatesPlanned) -> None:
        columns = zip(w.run_afters, w.logical_dates, w.starts, w.ends, w.partition_keys, w.partition_dates, strict=True)
        for n, (run_after, logical_date, start, end, key, date) in enumerate(columns):
            assert w.first_id + n not in self.backfill_dates
            self.backfill_dates[w.first_id + n] = (
                w.backfill_id,
                Entry(
                    w.first_id + n,
                    n + 1,
                    BackfillDate(
                        run_after=run_after, logical_date=logical_date, start=start, end=end, partition_key=key,
                        partition_date=date,
                    ),
                ),
            )  # fmt: skip

    def _BackfillDagRunRow(self, w: fx.BackfillDagRunRow) -> None:
        assert w.id in self.backfill_dates
        assert w.id not in self.backfill_outcomes, "decided twice"
        self.backfill_outcomes[w.id] = w

    def outcomes(self, backfill_id: int) -> list[str]:
        """In order: the run id, the reason why there is none, or ``pending``."""
        found = []
        for row_id, (owner, _) in sorted(self.backfill_dates.items()):
            if owner != backfill_id:
                continue
            row = self.backfill_outcomes.get(row_id)
            if row is None:
                found.append("pending")
            elif row.dag_run_id is not None:
                found.append(self.runs[row.dag_run_id].run_id)
            else:
                found.append(str(row.exception_reason))
        return found

    def find_runs(self, command: fx.FindRuns) -> RunsFound:
        """What the store would answer now."""
        found = []
        for sought in command.runs:
            same = [
                run
                for run in self.runs.values()
                if run.dag_id == command.dag_id
                and (run.logical_date, None if run.logical_date is not None else run.partition_date)
                == (sought.logical_date, sought.partition_date)
            ]
            if same:
                run = max(same, key=lambda run: run.id)
                wanted = run.state in command.recalled_states and run.logical_date is not None
                below = tuple(each.id for each in self.below(run))
                recall = self.recall(run.id, family=below) if wanted else None
                found.append(FoundRun(sought.ordinal, run.state, recall))
        ids = {run.run_id for run in self.runs.values() if run.dag_id == command.dag_id}
        return RunsFound(
            backfill_id=command.backfill_id, number=command.number, runs=found,
            taken=[sought.ordinal for sought in command.runs if sought.run_id in ids],
        )  # fmt: skip

    def backfill_snapshots(self) -> list[BackfillSnapshot]:
        found = []
        for row in self.backfills.values():
            if row.completed_at is not None:
                continue
            dates = [entry for owner, entry in self.backfill_dates.values() if owner == row.id]
            made = {entry.id: self.backfill_outcomes.get(entry.id) for entry in dates}
            found.append(
                BackfillSnapshot(
                    row=replace(row),
                    pending=[entry for entry in dates if made[entry.id] is None],
                    ordinals=[
                        (outcome.dag_run_id, entry.ordinal)
                        for entry in dates
                        if (outcome := made[entry.id]) is not None and outcome.dag_run_id is not None
                    ],
                )
            )
        return found
