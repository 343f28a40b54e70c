"""Fine-tuning on 20 corrections of CamVid frames, on the processor: what is fixed, what is forgotten, and how long.

Of camvid11's 150 training frames every fourth is set aside as seen in production; of the others ten have road and
building swapped in their labels. A model that learns these from scratch (the program's own recipe, 96×128) is the
parent. Corrected are the ten swapped labels, by the true ones, and the ten production frames that the parent gets most
wrong. The fine-tuning is as the Review page proposes it. An item is fixed where the before/after report says so; for
the swapped labels that report compares with a label that was wrong, so the parent's error against the true one is said
as well.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any, Final

import msgspec
import numpy as np

from studio.core.arrays import Mask
from studio.core.defaults import default_spec
from studio.core.edits import MaskEdit
from studio.core.events import EpochEnd
from studio.core.fine_tuning import fine_tune_spec, trainable
from studio.core.images import image_size
from studio.core.items import Split
from studio.core.masks import read_mask
from studio.core.outcome import OutcomeKind
from studio.core.recipe import ModelSpec, RunSpec
from studio.core.report import Report, Verdict, before_after
from studio.core.review import ItemScore
from studio.engine import LocalEngine
from studio.formats import importer
from studio.ingest import import_into
from studio.store import ReviewFilter, RunData, Store
from tests.bench.table import Row

DATA: Final = Path(os.environ.get("STUDIO_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))
SWAPPED: Final = 10
PRODUCTION: Final = 10
EVERY: Final = 4
LEAST_FIXED: Final = 0.8
MOST_LOST: Final = 0.005
MOST_SECONDS: Final = 60.0
SEEDS: Final = (42, 43, 44)
"""Parents from scratch differ: the bar is kept or missed for each of them, never for the better one alone."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """`swapped` and `production` are shares of those items that are fixed; `seconds` from the click to the scores,
    `processor` the worker's own; `before` and `after` the validation set's pixel accuracy."""

    swapped: float
    production: float
    fixed: float
    before: float
    after: float
    seconds: float
    processor: float
    true_before: float
    true_after: float


def measure() -> list[Row]:
    if not (DATA / "camvid11").is_dir():
        return [Row(what="fine-tuning on 20 corrections", budget="–", measured="camvid11 is not here")]
    found: list[Row] = []
    for seed in SEEDS:
        with tempfile.TemporaryDirectory() as folder:
            found += rows(fine_tuned(Path(folder), seed=seed), seed=seed)
    return found


def rows(measured: Measured, *, seed: int) -> list[Row]:
    m = measured
    return [
        Row(
            what=f"fine-tuning on 20 corrections of camvid11 at 96×128, seed {seed}: fixed",
            budget="≥ 80 %",
            measured=f"{m.fixed:.0%}: {m.swapped:.0%} of the swapped labels, {m.production:.0%} of the production "
            f"frames; the swapped ones against their true label {m.true_before:.1%} → {m.true_after:.1%} wrong",
            met=m.fixed >= LEAST_FIXED,
        ),
        Row(
            what=f"fine-tuning on 20 corrections, seed {seed}: pixel accuracy on the frozen validation set",
            budget="falls by at most 0.5 points",
            measured=f"{m.before:.4f} → {m.after:.4f}",
            met=m.before - m.after <= MOST_LOST,
        ),
        Row(
            what=f"fine-tuning on 20 corrections, seed {seed}: click → new predictions",
            budget="≤ 60 s",
            measured=f"{m.seconds:.0f} s, {m.processor:.0f} s of processor time",
            met=m.seconds <= MOST_SECONDS,
        ),
    ]


def fine_tuned(folder: Path, *, seed: int, **options: Any) -> Measured:
    """The whole story once; `options` are those of `fine_tune_spec`."""
    story = prepared(folder, seed=seed)
    return tuned(story, **options)


@dataclass(frozen=True, kw_only=True)
class Story:
    """A project whose run `parent` was reviewed; `truth` has the true labels of the swapped ones."""

    project: Path
    parent: str
    truth: dict[int, Mask]
    worst: list[int]
    true_before: float


def prepared(folder: Path, *, seed: int) -> Story:
    """Train the parent and correct what is to be corrected."""
    import_into(folder / "project", importer("camvid").plan(DATA / "camvid11"))
    with LocalEngine(keep_warm=False) as engine, Store.open(folder / "project") as store:
        train = [item for item in store.items(store.item_ids()) if item.split is Split.TRAIN]
        aside = [item.id for item in train[::EVERY]]
        store.set_split(aside, Split.PRODUCTION)
        kept = [item.id for item in train if item.id not in set(aside)]
        swapped = kept[:: len(kept) // SWAPPED][:SWAPPED]
        truth = {item: _swap(store, item) for item in swapped}
        parent = _carry_out(store, engine, _recipe(store, len(kept), seed), RunData(score=aside))
        true_before = mean(_wrong(store, parent, item, mask) for item, mask in truth.items())
        worst = store.review.ids(parent, ReviewFilter(splits=(Split.PRODUCTION,)))[:PRODUCTION]
        for item, mask in truth.items():
            _put(store, item, mask, "true label")
        for item in (*swapped, *worst):
            store.review.note_edited(parent, item)
    return Story(project=folder / "project", parent=parent, truth=truth, worst=worst, true_before=true_before)


def tuned(story: Story, **options: Any) -> Measured:
    """Fine-tune as the window does after a click, and compare."""
    with LocalEngine(keep_warm=False) as engine, Store.open(story.project) as store:
        items = trainable(store.review.corrections(story.parent))
        assert set(items) == {*story.truth, *story.worst}
        began, used = time.monotonic(), _processor_seconds()
        spec = fine_tune_spec(store.run(story.parent).spec, story.parent, items, **options)
        run = _carry_out(store, engine, spec)
        seconds = time.monotonic() - began
        verdicts = {row.item: row.verdict for row in _report(store, story.parent, run).rows}
        return Measured(
            swapped=mean(verdicts[item] is Verdict.FIXED for item in story.truth),
            production=mean(verdicts[item] is Verdict.FIXED for item in story.worst),
            fixed=mean(verdicts[item] is Verdict.FIXED for item in items),
            before=_accuracy(store, story.parent),
            after=_accuracy(store, run),
            seconds=seconds,
            processor=_processor_seconds() - used,
            true_before=story.true_before,
            true_after=mean(_wrong(store, run, item, mask) for item, mask in story.truth.items()),
        )


def _recipe(store: Store, items: int, seed: int) -> RunSpec:
    """What the program proposes for a processor, from scratch."""
    some = store.items(store.item_ids()[:1])[0]
    proposed = default_spec(store.settings, n_items=items, image_size=image_size(some.path))
    return msgspec.structs.replace(proposed, model=ModelSpec(pretrained=False), seed=seed)


def _carry_out(store: Store, engine: LocalEngine, spec: RunSpec, data: RunData | None = None) -> str:
    record = store.create_run(spec, data=data)
    outcome = engine.submit(record.folder, reserve_cores=1, device="cpu").wait()
    assert outcome is not None
    assert outcome.kind is OutcomeKind.FINISHED, outcome
    store.set_outcome(record.id, outcome)
    store.review.load_scores(record.id)
    return record.id


def _swap(store: Store, item: int) -> Mask:
    """Swap road and building in the item's label; the label as it was."""
    ids = {c.name: c.id for c in store.settings.classes}
    true = store.read_mask(item)
    assert true is not None
    table = np.arange(256, dtype=np.uint8)
    table[ids["Road"]], table[ids["Building"]] = ids["Building"], ids["Road"]
    _put(store, item, table[true], "swapped")
    return true


def _put(store: Store, item: int, mask: Mask, what: str) -> None:
    now = store.read_mask(item)
    assert now is not None
    assert store.carry_out(item, MaskEdit.between(now, mask, what), store.journal.head(item))


def _wrong(store: Store, run: str, item: int, true: Mask) -> float:
    """The share of counted pixels that the run's prediction has wrong."""
    (review,) = store.review.items(run, [item])
    assert review.score.mask is not None
    predicted, _ = read_mask(store.run(run).folder / review.score.mask)
    counted = np.isin(true, [c.id for c in store.settings.classes if not c.void])
    return float((predicted != true)[counted].mean())


def _report(store: Store, before: str, after: str) -> Report:
    def scores(run: str) -> list[ItemScore]:
        return [entry.score for entry in store.review.items(run, store.review.ids(run))]

    return before_after(scores(before), scores(after), store.review.corrections(before), task=store.settings.task)


def _accuracy(store: Store, run: str) -> float:
    last = [event for event in store.run_events(run) if isinstance(event, EpochEnd)][-1]
    return last.metrics[0].value


def _processor_seconds() -> float:
    """Of all child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    for number in sys.argv[1:] or ["42"]:
        with tempfile.TemporaryDirectory() as place:
            print(fine_tuned(Path(place), seed=int(number)))
