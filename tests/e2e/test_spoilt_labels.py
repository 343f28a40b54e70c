"""What Review is for, on real data: labels spoilt on purpose come up, get mended and are reported as fixed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from studio.core.defaults import default_spec
from studio.core.fine_tuning import fine_tune_spec, trainable
from studio.core.images import image_size
from studio.core.items import Split
from studio.core.outcome import OutcomeKind
from studio.core.recipe import ModelSpec, RunSpec
from studio.core.report import Report, Verdict, before_after
from studio.core.review import Decision, ItemScore
from studio.engine import LocalEngine
from studio.formats import importer
from studio.ingest import import_into
from studio.store import ReviewFilter, Store

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(1800)]

SPOILT, WORST = 10, 20


@pytest.fixture
def engine() -> Iterator[LocalEngine]:
    with LocalEngine() as engine:
        yield engine


def test_spoilt_labels_come_up_as_the_worst_and_are_reported_as_fixed(
    shared_data: Path, tmp_path: Path, engine: LocalEngine
) -> None:
    source = tmp_path / "camvid"
    spoilt_names = _spoil(shared_data / "camvid11", source)
    import_into(tmp_path / "project", importer("camvid").plan(source))
    with Store.open(tmp_path / "project") as store:
        spoilt = {store.item_named(name).id for name in spoilt_names}

        trained = _carry_out(store, engine, _recipe(store))
        worst = store.review.ids(trained, ReviewFilter(splits=(Split.VALID,)))[:WORST]
        assert spoilt <= set(worst), f"not among the worst: {sorted(spoilt - set(worst))}"

        for item in spoilt:
            store.review.decide(trained, item, Decision.ACCEPTED)
        corrected = trainable(store.review.corrections(trained))
        assert set(corrected) == spoilt
        tuned = _carry_out(store, engine, fine_tune_spec(store.run(trained).spec, trained, corrected))

        report = _report(store, trained, tuned)
        verdicts = {row.item: row.verdict for row in report.rows}
        assert {item: verdicts[item] for item in spoilt} == dict.fromkeys(spoilt, Verdict.FIXED)
        assert (report.corrected.items, report.untouched.items) == (SPOILT, 45 - SPOILT)


def _spoil(original: Path, copy: Path) -> list[str]:
    """A copy of the data set in which road and building are swapped in ten of the 45 validation labels, spread evenly
    over the list; the names of the ten pictures."""
    shutil.copytree(original, copy)
    codes = (copy / "codes.txt").read_text().split()
    table = np.arange(256, dtype=np.uint8)
    road, building = codes.index("Road"), codes.index("Building")
    table[road], table[building] = building, road
    held_out = (copy / "valid.txt").read_text().split()
    assert len(held_out) == 45
    names = [held_out[round(i * (len(held_out) - 1) / (SPOILT - 1))] for i in range(SPOILT)]
    for name in names:
        label = copy / "labels" / f"{Path(name).stem}_P.png"
        with Image.open(label) as image:
            mask = np.array(image)
        Image.fromarray(table[mask]).save(label)
    return names


def _recipe(store: Store) -> RunSpec:
    """What the program proposes for a processor, from scratch: ten epochs of 150 pictures at 96×128."""
    train = [item for item in store.items(store.item_ids()) if item.split is Split.TRAIN]
    proposed = default_spec(store.settings, n_items=len(train), image_size=image_size(train[0].path))
    (stage,) = proposed.stages
    assert (stage.epochs, stage.height, stage.width, stage.batch_size) == (10, 96, 128, 8)
    return msgspec.structs.replace(proposed, model=ModelSpec(pretrained=False))


def _carry_out(store: Store, engine: LocalEngine, spec: RunSpec) -> str:
    """Train to the end and take the scores in; the run's id."""
    record = store.create_run(spec)
    outcome = engine.submit(record.folder, reserve_cores=1, device="cpu").wait()
    assert outcome is not None
    assert outcome.kind is OutcomeKind.FINISHED, outcome
    store.set_outcome(record.id, outcome)
    store.review.load_scores(record.id)
    return record.id


def _report(store: Store, before: str, after: str) -> Report:
    def scores(run: str) -> list[ItemScore]:
        return [entry.score for entry in store.review.items(run, store.review.ids(run))]

    return before_after(scores(before), scores(after), store.review.corrections(before), task=store.settings.task)
