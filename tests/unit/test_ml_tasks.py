"""Losses and metrics against references worked out another way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from studio.core.classes import UNLABELLED, make_classes
from studio.core.errors import BadInput
from studio.core.events import Metric
from studio.core.items import Split
from studio.core.points import Keypoint, KeypointName, Points, Visibility
from studio.core.resizing import Frame, Resize, frame_of
from studio.core.settings import Task
from studio.core.snapshot import Snapshot, SnapshotItem
from studio.ml.tasks.base import Original
from studio.ml.tasks.keypoints import Keypoints
from studio.ml.tasks.segmentation import Segmentation, upsampled_argmax

CLASSES = tuple(make_classes(["road", "void", "sky", "tree"]))  # void in the middle: counted ids are 0, 2, 3


def squished(original: tuple[int, int], *, height: int, width: int) -> Frame:
    return frame_of(Resize.SQUISH, original, height=height, width=width)


def segmentation() -> Segmentation:
    return Segmentation(Snapshot(task=Task.SEGMENTATION, classes=CLASSES))


def named(metrics: list[Metric]) -> dict[str, float]:
    return {metric.name: metric.value for metric in metrics}


def target_and_logits(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Targets as positions among the counted classes, a third of them ignored."""
    generator = torch.Generator().manual_seed(seed)
    target = torch.randint(0, 3, (2, 6, 5), generator=generator).to(torch.uint8)
    target[torch.rand(2, 6, 5, generator=generator) < 0.33] = UNLABELLED
    return target, torch.randn(2, 3, 6, 5, generator=generator)


def test_the_loss_is_the_mean_over_counted_pixels_only() -> None:
    target, logits = target_and_logits()
    terms = [
        -torch.log_softmax(logits[n, :, y, x], 0)[int(target[n, y, x])]
        for n in range(2)
        for y in range(6)
        for x in range(5)
        if target[n, y, x] != UNLABELLED
    ]
    assert segmentation().loss(logits, target).item() == pytest.approx(torch.stack(terms).mean().item(), rel=1e-5)
    assert segmentation().counted(target) == len(terms)


def test_a_batch_without_any_label_has_loss_zero_and_no_gradient_that_is_nan() -> None:
    logits = torch.randn(1, 3, 4, 4, requires_grad=True)
    loss = segmentation().loss(logits, torch.full((1, 4, 4), UNLABELLED, dtype=torch.uint8))
    loss.backward()
    assert loss.item() == 0
    assert logits.grad is not None
    assert not logits.grad.any()


def test_void_and_unlabelled_pixels_are_ignored_in_the_target(tmp_path: Path) -> None:
    from studio.core.masks import write_mask

    mask = np.array([[0, 1, 2], [3, UNLABELLED, 0]], np.uint8)
    write_mask(tmp_path / "m.png", mask, CLASSES)
    item = SnapshotItem(id=1, name="x", image="x", split=Split.TRAIN, revision=1, mask="m.png")
    target = segmentation().read_target(Original(item=item, frame=squished((3, 2), height=2, width=3), folder=tmp_path))
    assert target.tolist() == [[0, 255, 1], [2, 255, 0]]


def test_metrics_agree_with_counting_pixels_by_hand() -> None:
    target, logits = target_and_logits(4)
    metrics = segmentation().metrics()
    for n in range(2):
        metrics.update(logits[n : n + 1], target[n : n + 1])
    found = named(metrics.compute(split="valid", height=6, width=5))
    known = (target != UNLABELLED).numpy()
    label, predicted = target.numpy()[known], logits.argmax(1).numpy()[known]
    ious, dices = [], []
    for c in range(3):
        hits = ((label == c) & (predicted == c)).sum()
        union = ((label == c) | (predicted == c)).sum()
        ious.append(hits / union)
        dices.append(2 * hits / ((label == c).sum() + (predicted == c).sum()))
    assert found["pixel accuracy"] == pytest.approx((label == predicted).mean())
    assert found["mean IoU"] == pytest.approx(np.mean(ious))
    assert found["Dice"] == pytest.approx(np.mean(dices))


def test_a_class_that_no_label_has_is_not_in_the_means() -> None:
    target = torch.tensor([[[0, 0, 1, 1]]], dtype=torch.uint8)
    logits = torch.nn.functional.one_hot(torch.tensor([[[0, 0, 1, 2]]]), 3).permute(0, 3, 1, 2).float()
    metrics = segmentation().metrics()
    metrics.update(logits, target)
    found = metrics.compute(split="valid", height=1, width=4)
    assert named(found)["mean IoU"] == pytest.approx((1 + 0.5) / 2)
    assert "2 classes that occur" in found[1].detail


def test_a_metric_names_its_split_classes_void_rule_and_size() -> None:
    (accuracy, *_) = segmentation().metrics().compute(split="valid", height=96, width=128)
    assert accuracy.detail == "valid, 3 classes, without void, at 96×128"
    assert accuracy.value == 0


def test_one_counted_class_is_refused() -> None:
    with pytest.raises(BadInput, match="two classes"):
        Segmentation(Snapshot(task=Task.SEGMENTATION, classes=tuple(make_classes(["road", "void"]))))


def test_upsampled_answers_are_those_of_bilinear_interpolation() -> None:
    logits = torch.randn(4, 7, 9)
    big = torch.nn.functional.interpolate(logits[None], size=(30, 41), mode="bilinear", align_corners=False)[0]
    answer = upsampled_argmax(logits.numpy(), (41, 30))
    assert (answer == big.argmax(0).numpy()).mean() > 0.99


NAMES = (KeypointName(name="eye", color="#ff0000"), KeypointName(name="nose", color="#00ff00"))


def keypoint_item(*placed: Keypoint) -> Original:
    item = SnapshotItem(id=1, name="x", image="x", split=Split.VALID, revision=3, points=Points(placed))
    return Original(item=item, frame=squished((200, 100), height=50, width=100), folder=Path())


def keypoints() -> Keypoints:
    return Keypoints(Snapshot(task=Task.KEYPOINTS, keypoints=NAMES))


def batch_target(task: Keypoints, *originals: Original) -> torch.Tensor:
    target = torch.from_numpy(np.stack([task.read_target(o) for o in originals]))
    label = task.to_label(target, height=50, width=100)
    return task.from_label(label.as_subclass(torch.Tensor), target, height=50, width=100)


def test_the_edges_of_the_picture_are_minus_one_and_one() -> None:
    task = keypoints()
    target = batch_target(task, keypoint_item(Keypoint(index=0, x=0, y=100), Keypoint(index=1, x=150, y=50)))
    assert target[0, :, :2].tolist() == [[-1, 1], [0.5, 0]]


def test_hidden_and_absent_points_are_neither_learnt_nor_counted() -> None:
    task = keypoints()
    target = batch_target(
        task,
        keypoint_item(Keypoint(index=0, x=100, y=50), Keypoint(index=1, x=0, y=0, visibility=Visibility.HIDDEN)),
        keypoint_item(Keypoint(index=0, x=0, y=0, visibility=Visibility.ABSENT), Keypoint(index=1, x=100, y=75)),
    )
    output = torch.zeros(2, 2, 2)
    assert task.counted(target) == 2
    assert task.loss(output, target).item() == pytest.approx((0 + 0 + 0 + 0.5**2) / 4)
    metrics = task.metrics()
    metrics.update(output, target)
    found = named(metrics.compute(split="valid", height=50, width=100))
    assert found["MSE"] == pytest.approx(0.5**2 / 4)
    assert found["RMSE px"] == pytest.approx(np.sqrt((0 + 25**2) / 2))
    assert found["PCK@0.05"] == pytest.approx(0.5)


def test_a_point_that_a_transform_moved_out_of_the_picture_counts_no_more() -> None:
    task = keypoints()
    target = torch.from_numpy(task.read_target(keypoint_item(Keypoint(index=0, x=10, y=10))))[None]
    moved = task.from_label(torch.tensor([[[-4.0, 5.0], [torch.nan, torch.nan]]]), target, height=50, width=100)
    assert task.counted(moved) == 0


def test_an_item_without_points_has_loss_zero() -> None:
    task = keypoints()
    target = batch_target(task, keypoint_item())
    assert task.loss(torch.randn(1, 2, 2), target).item() == 0
    assert named(task.metrics().compute(split="valid", height=50, width=100))["MSE"] == 0


def test_predicted_points_are_in_pixels_of_the_original() -> None:
    frame = squished((200, 100), height=50, width=100)
    prediction = keypoints().predict(torch.tensor([[0.0, 0.0], [-1.0, 1.0]]), frame)
    assert [(p.x, p.y) for p in prediction.points.placed] == [(100, 50), (0, 100)]


def test_a_keypoint_score_is_the_mean_distance_in_pixels_of_the_original() -> None:
    task = keypoints()
    original = keypoint_item(Keypoint(index=0, x=103, y=54), Keypoint(index=1, x=0, y=0, visibility=Visibility.HIDDEN))
    output = torch.tensor([[0.0, 0.0], [0.9, 0.9]])
    score = task.score(output, task.predict(output, original.frame), original)
    assert score.error == pytest.approx(5)
    assert score.loss == pytest.approx(((3 * 2 / 200) ** 2 + (4 * 2 / 100) ** 2) / 2)
    assert score.revision == 3
    assert score.points is not None


def test_a_retired_keypoint_is_neither_learnt_nor_predicted() -> None:
    names = (NAMES[0], KeypointName(name="nose", color="#00ff00", retired=True))
    task = Keypoints(Snapshot(task=Task.KEYPOINTS, keypoints=names))
    target = batch_target(task, keypoint_item(Keypoint(index=0, x=100, y=50), Keypoint(index=1, x=10, y=10)))
    assert task.counted(target) == 1
    predicted = task.predict(torch.zeros(2, 2), squished((200, 100), height=50, width=100))
    assert [p.index for p in predicted.points.placed] == [0]


def test_more_than_one_instance_is_said_to_be_more_than_is_learnt() -> None:
    one = keypoint_item(Keypoint(index=0, x=1, y=1)).item
    two = keypoint_item(Keypoint(index=0, x=1, y=1), Keypoint(index=0, x=9, y=9, instance=1)).item
    assert Keypoints(Snapshot(task=Task.KEYPOINTS, keypoints=NAMES, items=(one,))).cautions() == []
    (caution,) = Keypoints(Snapshot(task=Task.KEYPOINTS, keypoints=NAMES, items=(one, two))).cautions()
    assert caution.startswith("1 item has more than one instance")
