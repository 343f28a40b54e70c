"""The before/after report of one fine-tuned run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from studio.core.counting import counted
from studio.core.errors import BadInput, BadTable
from studio.core.events import Concern, EpochEnd, Warned, last_epoch, read_events
from studio.core.items import Split
from studio.core.metric_change import MetricChange, metric_changes
from studio.core.recipe import Purpose
from studio.core.report import Report, before_after
from studio.core.review import SCORES_FILE, ItemScore, decode_score
from studio.core.snapshot import Snapshot
from studio.lessons import corrections_for
from studio.reports.later_labels import with_later_labels
from studio.store import RunRecord, Store
from studio.store.runs import EVENTS_FILE


@dataclass(frozen=True, kw_only=True)
class FrozenItems:
    """The validation items of both runs: how many, of these with a label that was corrected and learnt, by this run or
    one before it, and how many of the parent's were left out since. `forgotten` says with which earlier
    epoch the run chose to end, or else what it warned of last while it forgot; empty where there was neither."""

    items: int
    corrected: int
    left_out: int
    forgotten: str = ""

    @property
    def sentence(self) -> str:
        """What the metrics before and after are metrics of."""
        words = [f"On the {counted(self.items, 'frozen validation item')}"]
        if self.corrected:
            words.append(f"{self.corrected:,} with a corrected label that the model has learnt, which flatters it")
        if self.left_out:
            words.append(f"{self.left_out:,} more before, left out since")
        return f"{'; '.join(words)}. {self.forgotten}".strip()


@dataclass(frozen=True, kw_only=True)
class RunReport:
    """`parent` is the run before; `metrics` are the named ones of the last epoch of either, where both have them."""

    run: str
    parent: str
    learnt: int
    report: Report
    metrics: tuple[MetricChange, ...]
    frozen: FrozenItems


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A report with what it was made from: both runs, the later one's snapshot, and what either scored, the items in
    two splits twice."""

    told: RunReport
    parent: RunRecord
    record: RunRecord
    snapshot: Snapshot
    before: list[ItemScore]
    after: list[ItemScore]


def read_report(store: Store, run: str) -> RunReport:
    """Raises UnknownRun, BadInput (a run that was not fine-tuned), BadTable (scores that are missing or broken),
    ProjectDamaged."""
    return compare(store, run).told


def compare(store: Store, run: str) -> Compared:
    """`read_report` for who needs the scores as well. Raises the same."""
    record = store.run(run)
    spec = record.spec
    if spec.fine_tune is None or spec.parent is None:
        raise BadInput(f"Run {run} was not fine-tuned on corrections, so there is nothing to compare it with.")
    parent, snapshot = store.run(spec.parent), store.snapshot(run)
    learnt = set(spec.fine_tune.corrections)
    corrections = [c for c in corrections_for(store, parent.id) if c.item in learnt]
    before, after = read_scores(parent), read_scores(record)
    metrics = _metrics(_measured(store, parent), record)
    told = RunReport(
        run=run,
        parent=parent.id,
        learnt=len(learnt),
        report=before_after(with_later_labels(store, parent, before), after, corrections, task=spec.task),
        metrics=metrics,
        frozen=_frozen(store.snapshot(parent.id), snapshot, _forgotten(record, metrics)),
    )
    return Compared(told=told, parent=parent, record=record, snapshot=snapshot, before=before, after=after)


def _measured(store: Store, parent: RunRecord) -> RunRecord:
    """The run that was judged by the validation items: of one that only scored production errors, its model's."""
    model = parent.spec.parent if parent.spec.purpose is Purpose.SCORE else None
    return store.run(model) if model is not None else parent


def read_scores(record: RunRecord) -> list[ItemScore]:
    """What the run scored, item by item, those in two splits twice. Raises BadTable."""
    path = record.folder / SCORES_FILE
    if not path.is_file():
        raise BadTable(path, f"run {record.id} has no scores", "train it to its end, then the report can be made")
    try:
        return [decode_score(line) for line in path.read_bytes().splitlines() if line.strip()]
    except msgspec.DecodeError as error:
        raise BadTable(path, f"a line is no score ({error})", "train the run again") from error


def _metrics(parent: RunRecord, record: RunRecord) -> tuple[MetricChange, ...]:
    before, after = (last_epoch(run.folder / EVENTS_FILE) for run in (parent, record))
    return metric_changes(before.metrics, after.metrics) if before is not None and after is not None else ()


def _forgotten(record: RunRecord, metrics: Sequence[MetricChange]) -> str:
    """With how much of what it learnt the run ends, or else what it warned of last about its validation items; nothing
    of that where its metric is no worse in the end."""
    mixed = forgetting = ""
    is_new = False
    for event in read_events(record.folder / EVENTS_FILE):
        if isinstance(event, Warned) and event.about == Concern.MIXED_WEIGHTS:
            mixed, is_new = event.sentence, True
        elif isinstance(event, Warned) and event.about == Concern.FORGETTING:
            forgetting = event.sentence
        elif isinstance(event, EpochEnd):
            mixed, is_new = mixed if is_new else "", False
    if mixed:
        return mixed
    return forgetting if metrics and metrics[0].gain < 0 else ""


def _frozen(before: Snapshot, after: Snapshot, forgotten: str) -> FrozenItems:
    valid = after.of(Split.VALID)
    return FrozenItems(
        items=len(valid),
        corrected=sum(item.corrected for item in valid),
        left_out=len({item.id for item in before.of(Split.VALID)} - {item.id for item in valid}),
        forgotten=forgotten,
    )
