"""Single label and multi-label: losses, metrics and scores against references worked out another way, and real runs."""

from __future__ import annotations

import csv
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch

from studio.core.classes import make_classes
from studio.core.errors import BadInput
from studio.core.events import EpochEnd, Metric, Samples, Warned
from studio.core.items import Split
from studio.core.outcome import OutcomeKind
from studio.core.recipe import Encoder, Stage
from studio.core.resizing import Resize, frame_of
from studio.core.review import NO_CLASS, ItemScore, decode_score
from studio.core.settings import Task
from studio.core.snapshot import Snapshot, SnapshotItem
from studio.core.tags import NONE_OF_THEM, Tags
from studio.core.thresholds import THRESHOLD_FILE, keep_threshold
from studio.formats import recognise
from studio.ml.exporting import export_model
from studio.ml.models.encoders import make_encoder
from studio.ml.predict import predict
from studio.ml.tasks.base import Original
from studio.ml.tasks.multi_label import MultiLabel, best_constant_fbeta
from studio.ml.tasks.single_label import SingleLabel
from tests.unit.ml_runs import make_run, recipe, run

FRAME = frame_of(Resize.SQUISH, (9, 9), height=32, width=32)

CLASSES = tuple(make_classes(["ant", "void", "bee", "wasp"]))  # void in the middle: counted ids are 0, 2, 3
STAGE = Stage(epochs=4, height=64, width=64, batch_size=8)


def snapshot_of(task: Task, *tags: Tags | None) -> Snapshot:
    items = tuple(
        SnapshotItem(id=n, name=f"{n}", image=f"{n}", split=Split.VALID, revision=1, tags=each)
        for n, each in enumerate(tags)
    )
    return Snapshot(task=task, classes=CLASSES, items=items)


def single(*tags: Tags | None) -> SingleLabel:
    return SingleLabel(snapshot_of(Task.SINGLE_LABEL, *tags))


def multi(*tags: Tags | None) -> MultiLabel:
    return MultiLabel(snapshot_of(Task.MULTI_LABEL, *tags))


def targets(task: SingleLabel | MultiLabel) -> torch.Tensor:
    originals = [Original(item=item, frame=FRAME, folder=Path()) for item in task.snapshot.items]
    return torch.from_numpy(np.stack([task.read_target(original) for original in originals]))


def named(metrics: list[Metric]) -> dict[str, float]:
    return {metric.name: metric.value for metric in metrics}


def score_of(task: SingleLabel | MultiLabel, logits: torch.Tensor, number: int = 0) -> ItemScore:
    original = Original(item=task.snapshot.items[number], frame=FRAME, folder=Path())
    return task.score(logits, task.predict(logits, original.frame), original)


def test_what_is_no_one_class_is_neither_learnt_nor_counted_and_said() -> None:
    task = single(Tags((2,)), NONE_OF_THEM, Tags((0, 3)), Tags((1,)), None, Tags((0,)))
    assert [task.is_labelled(item) for item in task.snapshot.items] == [True, False, False, False, False, True]
    target, logits = targets(task), torch.randn(6, 3)
    expected = (-logits[0].log_softmax(0)[1] - logits[5].log_softmax(0)[0]) / 2
    assert task.loss(logits, target).item() == pytest.approx(expected.item(), rel=1e-5)
    assert task.counted(target) == 2
    (caution,) = task.cautions()
    assert caution.startswith("3 items have none, several or a void one")
    assert single(Tags((0,))).cautions() == []


@pytest.mark.parametrize("make", [single, multi])
def test_a_batch_without_any_label_has_loss_zero_and_no_gradient_that_is_nan(make) -> None:
    task = make(None, None)
    logits = torch.randn(2, 3, requires_grad=True)
    loss = task.loss(logits, targets(task))
    loss.backward()
    assert loss.item() == 0
    assert logits.grad is not None
    assert not logits.grad.any()
    metrics = task.metrics()
    metrics.update(logits.detach(), targets(task))
    assert set(named(metrics.compute(split="valid", height=32, width=32)).values()) == {0}


def test_accuracy_is_the_share_of_items_that_are_right_beside_the_constant_answer() -> None:
    task = single(Tags((0,)), Tags((0,)), Tags((2,)), None)
    logits = torch.tensor([[9.0, 0, 0], [0, 0, 9], [0, 9, 0], [9, 0, 0]])
    metrics = task.metrics()
    for n in range(4):
        metrics.update(logits[n : n + 1], targets(task)[n : n + 1])
    accuracy, error_rate = metrics.compute(split="valid", height=96, width=128)
    assert accuracy.value == pytest.approx(2 / 3)
    assert error_rate.value == pytest.approx(1 / 3)
    assert accuracy.detail == "valid, 3 items, 3 classes, at 96×128; answering the commonest class alone: 0.667"
    assert error_rate.better == -1


def fbeta_by_hand(label: set[int], predicted: set[int]) -> float:
    """fastai's: precision and recall of one item, weighted as F2."""
    hits = len(label & predicted)
    if not hits:
        return 0.0
    precision, recall = hits / len(predicted), hits / len(label)
    return 5 * precision * recall / (4 * precision + recall)


def test_tags_are_measured_as_in_lesson_3() -> None:
    """Of each item its own F2 at 0.2, then the mean; and yes and no by tag. No tag at all is a label."""
    label = [Tags((0, 2)), Tags((1, 3)), NONE_OF_THEM, None]
    task = multi(*label)
    shares = torch.tensor([[0.9, 0.1, 0.21], [0.25, 0.19, 0.6], [0.1, 0.1, 0.1], [0.9, 0.9, 0.9]])
    metrics = task.metrics()
    metrics.update(shares[:1].logit(), targets(task)[:1])
    metrics.update(shares[1:].logit(), targets(task)[1:])
    fbeta, accuracy = metrics.compute(split="valid", height=64, width=64)
    assert (fbeta.name, accuracy.name) == ("F2 by sample at 0.2", "accuracy_thresh at 0.2")
    by_hand = [fbeta_by_hand({0, 2}, {0, 3}), fbeta_by_hand({3}, {0, 3}), 0.0]
    assert fbeta.value == pytest.approx(np.mean(by_hand))
    assert accuracy.value == pytest.approx((1 + 2 + 3) / 9)
    assert fbeta.detail.startswith("valid, 3 items, 3 tags, at 64×64; answering the commonest tags alone: ")


def test_the_best_constant_answer_is_found_among_the_commonest_tags() -> None:
    label = torch.tensor([[1, 1, 0], [1, 1, 0], [1, 0, 1]], dtype=torch.int)
    answers = [{0}, {0, 1}, {0, 1, 2}]
    items = [{0, 1}, {0, 1}, {0, 2}]
    means = [np.mean([fbeta_by_hand(item, answer) for item in items]) for answer in answers]
    assert best_constant_fbeta(label) == pytest.approx(max(means))


def test_the_loss_of_tags_is_the_mean_of_each_yes_and_no() -> None:
    task = multi(Tags((0, 1)), None)
    logits = torch.randn(2, 3)
    yes = logits[0].sigmoid()
    expected = -(yes[0].log() + (1 - yes[1]).log() + (1 - yes[2]).log()) / 3
    assert task.loss(logits, targets(task)).item() == pytest.approx(expected.item(), rel=1e-5)


def test_a_score_says_label_and_prediction_in_class_ids_with_probabilities() -> None:
    task = single(Tags((2,)), Tags((3,)), None)
    logits = torch.tensor([2.0, 1.0, 0.0])
    score = score_of(task, logits)
    assert score.tags is not None
    assert score.tags.tags == Tags((0,))
    assert [class_id for class_id, _ in score.tags.shares] == [0, 2, 3]
    assert [share for _, share in score.tags.shares] == pytest.approx(logits.softmax(0).tolist(), abs=1e-5)
    assert (score.error, score.confusion, score.label) == (1, ((2, 0, 1),), Tags((2,)))
    assert score.loss == pytest.approx(float(-logits.log_softmax(0)[1]))
    right = score_of(task, torch.tensor([0.0, 0, 5]), 1)
    assert (right.error, right.confusion) == (0, ())
    unknown = score_of(task, logits, 2)
    assert (unknown.loss, unknown.error, unknown.confusion) == (0, 0, ())


def test_a_score_of_tags_counts_what_is_missing_and_what_is_too_many() -> None:
    task = multi(Tags((0, 1, 2)))
    score = score_of(task, torch.tensor([0.1, 0.9, 0.3]).logit())
    assert score.tags is not None
    assert score.tags.tags == Tags((2, 3))
    assert score.error == 2
    assert score.confusion == ((0, NO_CLASS, 1), (NO_CLASS, 3, 1))
    assert score.tags.above(0.5).tags == Tags((2,))
    assert score.tags.above(0.95).tags == NONE_OF_THEM


def test_how_sure_an_answer_is() -> None:
    assert single().uncertainty([torch.zeros(3)]) == pytest.approx(1)
    assert single().uncertainty([torch.tensor([30.0, 0, 0])]) < 1e-3
    assert multi().uncertainty([torch.zeros(3)]) == pytest.approx(1)
    assert multi().uncertainty([torch.tensor([30.0, -30, 30])]) < 1e-3


def test_too_few_classes_are_refused() -> None:
    one = tuple(make_classes(["ant", "void"]))
    with pytest.raises(BadInput, match="two classes besides the void"):
        SingleLabel(Snapshot(task=Task.SINGLE_LABEL, classes=one))
    assert MultiLabel(Snapshot(task=Task.MULTI_LABEL, classes=one)).outputs == 1
    with pytest.raises(BadInput, match="a class besides the void"):
        MultiLabel(Snapshot(task=Task.MULTI_LABEL, classes=one[1:]))


def test_a_class_that_the_parent_knew_keeps_its_weights_and_a_new_one_is_named(tmp_path: Path) -> None:
    parent = SingleLabel(Snapshot(task=Task.SINGLE_LABEL, classes=(CLASSES[0], CLASSES[2])))
    child = single()
    encoder = Encoder.MOBILENET_V3
    before, network = parent.make_network(make_encoder(encoder)), child.make_network(make_encoder(encoder))
    (warning,) = child.adapt(before.state_dict(), parent.metadata(), network)
    assert "did not know wasp" in warning
    old, new = before.state_dict()["head.weight"], network.state_dict()["head.weight"]
    assert torch.equal(new[:2], old)
    assert torch.equal(network.state_dict()["regular.0.weight"], before.state_dict()["regular.0.weight"])


def test_a_network_for_tags_first_answers_how_often_each_occurs() -> None:
    items = [Tags((0,)), Tags((0, 2)), Tags((0, 2)), NONE_OF_THEM]
    snapshot = snapshot_of(Task.MULTI_LABEL, *items)
    trained_on = tuple(msgspec.structs.replace(item, split=Split.TRAIN) for item in snapshot.items)
    task = MultiLabel(msgspec.structs.replace(snapshot, items=trained_on))
    network = task.make_network(make_encoder(Encoder.MOBILENET_V3)).eval()
    with torch.no_grad():
        first, second = network(torch.randn(2, 3, 32, 32)).sigmoid()
    assert torch.equal(first, second)
    assert first.tolist() == pytest.approx([3.5 / 5, 2.5 / 5, 0.5 / 5])


@pytest.fixture(scope="module", params=[Task.SINGLE_LABEL, pytest.param(Task.MULTI_LABEL, marks=pytest.mark.slow)])
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    """A square in every second picture, learnt until it is seen."""
    task = Task(request.param)
    spec = recipe(task, stages=[STAGE])
    folder = make_run(tmp_path_factory.mktemp("runs") / "0001", spec, train=80, valid=8)
    outcome, heard = run(folder)
    assert outcome is OutcomeKind.FINISHED
    return task, folder, heard


def test_a_real_run_learns_to_see_the_square(trained) -> None:
    _, folder, heard = trained
    first, last = heard.of(EpochEnd)[0], heard.of(EpochEnd)[-1]
    assert last.valid_loss < first.valid_loss / 1.5
    assert last.metrics[0].value == 1
    assert not heard.of(Warned)
    scores = [decode_score(line) for line in (folder / "scores.jsonl").read_bytes().splitlines()]
    assert len(scores) == 88
    assert [score.item for score in scores if score.error and score.split is Split.VALID] == []


def test_the_watched_samples_say_their_classes(trained) -> None:
    task, _, heard = trained
    samples = heard.of(Samples)[-1].predictions
    assert len(samples) == 4
    for sample in samples:
        assert sample.tags is not None
        has_square = sample.item % 2 == 1
        expected = ((0, 1) if has_square else (0,)) if task is Task.MULTI_LABEL else (int(has_square),)
        assert sample.tags.tags.ids == expected


def test_a_threshold_that_was_chosen_goes_along_when_the_model_predicts_elsewhere(trained, tmp_path: Path) -> None:
    task, folder, _ = trained
    if task is not Task.MULTI_LABEL:
        return
    picture = folder.parent / "0001-images" / "01.png"

    def said(model: Path, name: str) -> list[str]:
        (table,) = predict(model, picture, tmp_path / name, device="cpu")
        return [row["tags"] for row in csv.DictReader(table.read_text(encoding="utf-8").splitlines())]

    assert said(folder, "usual") == ["ground;square"]
    keep_threshold(folder, 0.9999)
    try:
        assert said(folder, "high") == [""]
        export_model(folder, tmp_path / "model")
        assert said(tmp_path / "model", "exported") == [""]
    finally:
        (folder / THRESHOLD_FILE).unlink()


def test_predictions_are_a_table_that_an_import_can_read(trained, tmp_path: Path) -> None:
    task, folder, _ = trained
    images = folder.parent / "0001-images"
    seen = [images / f"{number:02}.png" for number in (1, 2, 3)]
    (table,) = predict(folder, seen, tmp_path / "out", device="cpu")
    rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    column = "tags" if task is Task.MULTI_LABEL else "label"
    assert [row["image_name"] for row in rows] == [f"{n:02}.png" for n in (1, 2, 3)]
    assert rows[2][column] == ("ground;square" if task is Task.MULTI_LABEL else "square")
    assert all(0 <= float(row["probability of square"]) <= 1 for row in rows)
    (images / "tags.csv").write_bytes(table.read_bytes())
    try:
        assert recognise(images).format == "tags"
    finally:
        (images / "tags.csv").unlink()
