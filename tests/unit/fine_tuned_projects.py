"""Small projects with a run, corrections and a fine-tuning of it, whose scores are written here pixel by pixel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from studio.core.classes import LabelClass
from studio.core.events import EpochEnd, Finished, Metric, Started, encode_event
from studio.core.fine_tuning import fine_tune_spec
from studio.core.items import NewItem, Split
from studio.core.masks import read_mask, write_mask
from studio.core.outcome import OutcomeKind, RunOutcome
from studio.core.points import Keypoint, KeypointName, Points
from studio.core.recipe import RunSpec, Stage
from studio.core.review import Decision, ItemScore, encode_score
from studio.core.settings import ProjectSettings, Task
from studio.core.snapshot import SnapshotItem
from studio.store import RunRecord, Store

HEIGHT, WIDTH = 40, 60
SKY, CAR, VOID = (
    LabelClass(id=0, name="sky", color="#0000ff"),
    LabelClass(id=1, name="<b>car</b>", color="#00ff00"),
    LabelClass(id=2, name="void", color="#000000", void=True),
)
STAGE = Stage(epochs=1, height=32, width=32)

Answer = Callable[[RunRecord, SnapshotItem], ItemScore]
"""What a run makes of one item; it may write a prediction into the run's folder."""


def make_store(folder: Path, settings: ProjectSettings, names: Sequence[str], *, train: int = 1) -> Store:
    """A project with a grey picture for each name, the last `train` of them training items, without labels."""
    store = Store.create(folder / "project", settings)
    new: list[NewItem] = []
    for number, name in enumerate(names):
        path = folder / f"{number}.png"
        Image.fromarray(np.full((HEIGHT, WIDTH, 3), 100, np.uint8)).save(path)
        split = Split.VALID if number < len(names) - train else Split.TRAIN
        new.append(NewItem(name=name, path=path, split=split))
    store.add_items(new)
    return store


def mask_store(folder: Path, names: Sequence[str], *, train: int = 1) -> Store:
    """Every label is sky, with a strip of void at the left."""
    settings = ProjectSettings(name="Roads & <more>", task=Task.SEGMENTATION, classes=(SKY, CAR, VOID))
    store = make_store(folder, settings, names, train=train)
    label = np.zeros((HEIGHT, WIDTH), np.uint8)
    label[:, :6] = VOID.id
    store.import_annotations((item, label) for item in store.item_ids())
    return store


def point_store(folder: Path, names: Sequence[str]) -> Store:
    """Every label is a nose at (20, 20)."""
    keypoints = (KeypointName(name="nose", color="#00ff00"),)
    store = make_store(folder, ProjectSettings(name="p", task=Task.KEYPOINTS, keypoints=keypoints), names)
    store.import_annotations((item, Points((Keypoint(index=0, x=20, y=20),))) for item in store.item_ids())
    return store


def car_of(rows: int) -> Callable[[SnapshotItem], np.ndarray]:
    """A prediction that takes so many rows at the top for car, and sky for the rest."""

    def predict(_item: SnapshotItem) -> np.ndarray:
        predicted = np.zeros((HEIGHT, WIDTH), np.uint8)
        predicted[:rows] = CAR.id
        return predicted

    return predict


def mask_answer(predict: Callable[[SnapshotItem], np.ndarray]) -> Answer:
    def answer(record: RunRecord, item: SnapshotItem) -> ItemScore:
        assert item.mask is not None
        label, predicted = read_mask(record.folder / item.mask)[0], predict(item)
        path = f"predictions/{item.id}.png"
        (record.folder / "predictions").mkdir(exist_ok=True)
        write_mask(record.folder / path, predicted, (SKY, CAR, VOID))
        counts = label != VOID.id
        wrong = int(((label != predicted) & counts).sum())
        error = wrong / int(counts.sum())
        confusion = ((SKY.id, CAR.id, wrong),) if wrong else ()
        return scored(item, error, mask=path, confusion=confusion)

    return answer


def point_answer(right: float) -> Answer:
    """The nose so many pixels too far at the right."""
    return lambda _record, item: scored(item, right, points=Points((Keypoint(index=0, x=20 + right, y=20),)))


def scored(item: SnapshotItem, error: float, **more: object) -> ItemScore:
    return ItemScore(
        item=item.id,
        name=item.name,
        split=item.split,
        revision=item.revision,
        loss=error,
        error=error,
        corrected=item.corrected,
        **more,  # type: ignore[arg-type]
    )


def first_run(store: Store, answer: Answer, *, metric: float = 0.75) -> RunRecord:
    spec = RunSpec(task=store.settings.task, stages=(STAGE,))
    return carried_out(store, store.create_run(spec), answer, metric)


def fine_tuned(store: Store, corrected: Sequence[int], answer: Answer, *, metric: float = 0.9) -> RunRecord:
    """Accept the newest run's predictions of some items, then a run from its weights on these."""
    parent = store.runs()[-1]
    store.review.load_scores(parent.id)
    for item in corrected:
        store.review.decide(parent.id, item, Decision.ACCEPTED)
    store.flush()
    record = store.create_run(fine_tune_spec(parent.spec, parent.id, corrected))
    return carried_out(store, record, answer, metric)


def carried_out(store: Store, record: RunRecord, answer: Answer, metric: float) -> RunRecord:
    """Leave behind what a worker does."""
    items = store.snapshot(record.id).items
    (record.folder / "scores.jsonl").write_bytes(b"".join(encode_score(answer(record, item)) for item in items))
    valid = sum(item.split is Split.VALID for item in items)
    started = Started(
        purpose="train",
        device="cpu",
        precision="float32",
        weights="From scratch.",
        parameters=1,
        train_items=len(items) - valid,
        valid_items=valid,
        steps=1,
        epochs=1,
    )
    detail = f"validation, {valid} items"
    end = EpochEnd(
        epoch=1,
        step=1,
        train_loss=1.0,
        valid_loss=1.0,
        metrics=[Metric("pixel accuracy", metric, 1, detail)],
        seconds=1.0,
    )
    told = (started, end, Finished(outcome=OutcomeKind.FINISHED, seconds=1.0))
    (record.folder / "events.jsonl").write_bytes(b"".join(map(encode_event, told)))
    (record.folder / "model.safetensors").touch()
    store.set_outcome(record.id, RunOutcome(kind=OutcomeKind.FINISHED, sentence="Finished."))
    return store.run(record.id)
