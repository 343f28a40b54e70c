"""How well the search for label errors ranks labels that were spoilt on purpose: average precision and base rate.

usage: python -m tests.bench label_errors [NAME …]
The demo projects (segmentation, keypoints, single-label, multi-label) have wrong labels of their own. Real sets, below
$STUDIO_TEST_DATA (hymenoptera, camvid11, biwi_composite, planet, imdb_sample), get 5 % spoilt with a seed: classes
swapped, a region repainted, points moved by 60 pixels, a tag turned over, documents inverted. Nothing is pretrained.
"""

from __future__ import annotations

import math
import os
import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import msgspec
import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score

from studio.core.defaults import default_spec
from studio.core.images import image_size
from studio.core.items import Item, LabelState, Split
from studio.core.label_error_recipe import cross_validation, usual_judge
from studio.core.outcome import OutcomeKind
from studio.core.points import Points
from studio.core.recipe import ModelSpec, RunSpec
from studio.core.settings import Task
from studio.core.tags import Tags, ids_of
from studio.demo.project import make_demo, read_notes
from studio.formats import Annotation, importer
from studio.ingest import import_into
from studio.ml.runner import carry_out
from studio.store import ItemFilter, RunData, Store
from tests.bench.table import Row

SPOILT: Final = 0.05
FOLDS: Final = 4
SEED: Final = 3
MOVED_BY: Final = 60.0
LEAST_REGION: Final = 0.03
"""Of the picture that a repainted region covers."""

ON_DEMOS: Final = 0.8
TIMES_BASE: Final = 3.0
"""What the average precision must be, and how many times the base rate on every set."""


@dataclass(frozen=True, kw_only=True)
class RealSet:
    """`most` items are judged, drawn by seed where there are more; `epochs` None is the default recipe's."""

    format: str
    most: int
    epochs: int | None = None


DEMOS: Final = (Task.SEGMENTATION, Task.KEYPOINTS, Task.SINGLE_LABEL, Task.MULTI_LABEL)
REAL: Final = {
    "hymenoptera": RealSet(format="class-folders", most=400),
    "camvid11": RealSet(format="camvid", most=120, epochs=8),
    "biwi_composite": RealSet(format="biwi", most=240),
    "planet": RealSet(format="tags", most=300),
    "imdb_sample": RealSet(format="text", most=1000),
}


def measure(*names: str) -> list[Row]:
    """The demo projects where no name is given."""
    rows: list[Row] = []
    for name in names or tuple(task.value for task in DEMOS):
        with tempfile.TemporaryDirectory() as folder:
            project = Path(folder) / "project"
            if name in REAL:
                rows.append(_row(name, project, _real(name, project), REAL[name]))
            else:
                make_demo(project, Task(name))
                wrong = {label.name for label in read_notes(project).wrong}
                rows.append(_row(f"demo {name}", project, wrong, None))
    return rows


def _row(name: str, project: Path, wrong: set[str], real: RealSet | None) -> Row:
    began, used = time.monotonic(), time.process_time()
    with Store.open(project) as store:
        run = search(store, real)
        ids = store.review.suspects(run)
        found = store.review.suspicions(run, ids)
    spoilt = np.array([found[i].name in wrong for i in ids])
    flagged = np.array([found[i].is_issue for i in ids])
    precision = float(average_precision_score(spoilt, [-found[i].quality for i in ids]))
    base = float(np.mean(spoilt))
    budget = f"AP ≥ {TIMES_BASE:g}× the base rate" + ("" if real else f" and ≥ {ON_DEMOS:g}")
    return Row(
        what=f"label errors, {name}, {len(ids)} labels, {found[ids[0]].method}",
        budget=budget,
        measured=f"AP {precision:.3f}; {int((flagged & spoilt).sum())} of the {int(spoilt.sum())} are among the "
        f"{int(flagged.sum())} that are called wrong; {time.process_time() - used:.0f} s of processor, "
        f"{time.monotonic() - began:.0f} s",
        floor=f"base rate {base:.3f}",
        met=precision >= TIMES_BASE * base and (real is not None or precision >= ON_DEMOS),
    )


def search(store: Store, real: RealSet | None) -> str:
    """Cross-validate in this process, and take what was found into the project; the run's id."""
    train = store.items(store.item_ids(ItemFilter(splits=(Split.TRAIN,), states=(LabelState.LABELLED,))))
    valid = store.items(store.item_ids(ItemFilter(splits=(Split.VALID,), states=(LabelState.LABELLED,))))
    if real is not None:
        train = _some(train, max(1, real.most - len(valid)))
    size = (0, 0) if store.settings.task is Task.TEXT else image_size(train[0].path)
    recipe = default_spec(store.settings, n_items=len(train), image_size=size)
    judge = usual_judge(store.settings.task)
    spec = cross_validation(_without_help(recipe, real), folds=FOLDS, by=judge)
    data = RunData(train=[item.id for item in train], valid=[item.id for item in valid])
    record = store.create_run(spec, data=data)
    outcome = carry_out(record.folder, device="cpu")
    assert outcome is OutcomeKind.FINISHED, outcome
    store.review.load_scores(record.id)
    return record.id


def _without_help(recipe: RunSpec, real: RealSet | None) -> RunSpec:
    """From scratch, and with the set's own number of epochs."""
    stages = recipe.stages
    if real is not None and real.epochs is not None:
        stages = (*stages[:-1], msgspec.structs.replace(stages[-1], epochs=real.epochs))
    model = ModelSpec(encoder=recipe.model.encoder, pretrained=False)
    return msgspec.structs.replace(recipe, model=model, stages=stages)


def _some(items: Sequence[Item], most: int) -> list[Item]:
    return random.Random(SEED).sample(list(items), most) if len(items) > most else list(items)


def _real(name: str, project: Path) -> set[str]:
    """Import the set and spoil some of its labels; the names of the items whose label is wrong now."""
    shared = Path(os.environ.get("STUDIO_TEST_DATA", "../shared/data"))
    source = shared / name
    if not source.is_dir():
        raise SystemExit(f"{source} is not there; STUDIO_TEST_DATA names the folder of real sets.")
    import_into(project, importer(REAL[name].format).plan(source))
    with Store.open(project) as store:
        labelled = store.items(store.item_ids(ItemFilter(states=(LabelState.LABELLED,))))
        labelled = [item for item in labelled if item.split in (Split.TRAIN, Split.VALID)]
        dice = random.Random(SEED)
        chosen = dice.sample(labelled, round(SPOILT * len(labelled)))
        wrong = {item.id: _spoilt(store, item, dice) for item in chosen}
        store.import_annotations(wrong.items())
        return {item.name for item in chosen}


def _spoilt(store: Store, item: Item, dice: random.Random) -> Annotation:
    settings = store.settings
    if settings.task is Task.SEGMENTATION:
        mask = store.read_mask(item.id)
        assert mask is not None
        return _repainted(mask, [c.id for c in settings.classes if not c.void], dice)
    if settings.task is Task.KEYPOINTS:
        points = store.read_points(item.id)
        assert points is not None
        return _moved(points, dice)
    label = ids_of(store.read_tags(item.id))
    ids = [c.id for c in settings.classes if not c.void]
    if settings.task is Task.MULTI_LABEL:
        return Tags(label).toggled(dice.choice(ids))
    return Tags((dice.choice([i for i in ids if i not in label]),))


def _repainted(mask: npt.NDArray[np.uint8], ids: Sequence[int], dice: random.Random) -> npt.NDArray[np.uint8]:
    """One connected region of at least `LEAST_REGION`, or else the largest, gets another class."""
    regions: list[npt.NDArray[np.bool_]] = []
    for class_id in ids:
        count, places = cv2.connectedComponents((mask == class_id).astype(np.uint8))
        regions += [places == number for number in range(1, count)]
    large = [region for region in regions if region.mean() >= LEAST_REGION] or [max(regions, key=np.count_nonzero)]
    region = dice.choice(large)
    now = int(mask[region][0])
    spoilt = mask.copy()
    spoilt[region] = dice.choice([i for i in ids if i != now])
    return spoilt


def _moved(points: Points, dice: random.Random) -> Points:
    """All points in one direction."""
    angle = dice.uniform(0, 2 * math.pi)
    dx, dy = MOVED_BY * math.cos(angle), MOVED_BY * math.sin(angle)
    return Points(tuple(msgspec.structs.replace(p, x=p.x + dx, y=p.y + dy) for p in points.placed))
