"""What training makes smaller with smoothed labels and weighed classes, against PyTorch's and fastai's definitions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from studio.core.classes import make_classes
from studio.core.events import EpochEnd, LrPoint, Started, Step
from studio.core.items import Split
from studio.core.masks import read_mask, write_mask
from studio.core.recipe import ClassWeights, LearningRate, Precision, Purpose, RunSpec, Stage, decode_spec
from studio.core.settings import Task
from studio.core.snapshot import Snapshot, SnapshotItem
from studio.core.tags import Tags
from studio.ml.accumulation import accumulate
from studio.ml.class_weights import class_weights
from studio.ml.data.batches import Batch
from studio.ml.device import MixedPrecision
from studio.ml.notebook.measures import LabelSmoothingCrossEntropy
from studio.ml.objectives import Objective, balanced, balanced_yes
from studio.ml.tasks.registry import make_task
from tests.unit import ml_runs
from tests.unit.ml_runs import make_run, recipe, run, run_until

THREE = tuple(make_classes(["ant", "bee", "wasp"]))


WEIGHTS = (0.2, 1.0, 7.0)


def objective(task: Task, *, smoothing: float = 0.1, weights: Sequence[float] = ()) -> Objective:
    return make_task(Snapshot(task=task, classes=THREE)).objective(smoothing=smoothing, weights=weights)


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def positions(*shape: int) -> Tensor:
    return torch.randint(0, 3, shape, generator=torch.Generator().manual_seed(1))


def fastais_smoothing(output: Tensor, target: Tensor, eps: float) -> Tensor:
    """fastai's `LabelSmoothingCrossEntropy.forward`, over (N, C) and (N,)."""
    log_shares = functional.log_softmax(output, dim=1)
    return -log_shares.sum(1).mean() * eps / output.shape[1] + (1 - eps) * functional.nll_loss(log_shares, target)


@pytest.mark.parametrize("task", [Task.SINGLE_LABEL, Task.TEXT])
def test_smoothed_labels_of_items_cost_what_they_do_in_pytorch_and_fastai(task: Task) -> None:
    output, target = drawn(8, 3), positions(8)
    found = objective(task, smoothing=0.2).loss(output, target)
    torch.testing.assert_close(found, functional.cross_entropy(output, target, label_smoothing=0.2))
    torch.testing.assert_close(found, fastais_smoothing(output, target, 0.2))
    torch.testing.assert_close(LabelSmoothingCrossEntropy(0.2)(output, target), found)


def test_smoothed_masks_leave_out_what_nobody_labelled() -> None:
    output, target = drawn(2, 3, 4, 5), positions(2, 4, 5)
    target[0, :2], target[1, 3] = 255, 255
    counted = target != 255
    wanted = fastais_smoothing(output.movedim(1, -1)[counted], target[counted], 0.1)
    found = objective(Task.SEGMENTATION)
    torch.testing.assert_close(found.loss(output, target.to(torch.uint8)), wanted)
    assert found.counted(target) == int(counted.sum())
    assert float(found.loss(output, torch.full_like(target, 255))) == 0


def test_a_smoothed_tag_is_half_of_the_smoothing_away_from_yes_and_no() -> None:
    output, target = drawn(3, 3), torch.tensor([[1.0, 0, 0], [0, 1, 1], [-1, -1, -1]])
    share = output[:2].sigmoid()
    wanted = torch.where(target[:2] == 1, 0.95, 0.05)
    by_hand = -(wanted * share.log() + (1 - wanted) * (1 - share).log()).mean()
    torch.testing.assert_close(objective(Task.MULTI_LABEL).loss(output, target), by_hand)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_weighed_classes_cost_the_weighted_mean_of_pytorch(smoothing: float) -> None:
    weight = torch.tensor(WEIGHTS)
    items, classes = drawn(8, 3), positions(8)
    found = objective(Task.SINGLE_LABEL, smoothing=smoothing, weights=WEIGHTS).loss(items, classes)
    torch.testing.assert_close(
        found, functional.cross_entropy(items, classes, weight=weight, label_smoothing=smoothing)
    )
    pixels, mask = drawn(2, 3, 4, 5), positions(2, 4, 5)
    mask[0, :2] = 255
    torch.testing.assert_close(
        objective(Task.SEGMENTATION, smoothing=smoothing, weights=WEIGHTS).loss(pixels, mask.to(torch.uint8)),
        functional.cross_entropy(pixels, mask, weight=weight, label_smoothing=smoothing, ignore_index=255),
    )


def test_a_yes_of_a_weighed_tag_costs_so_many_times_as_much() -> None:
    output, target = drawn(4, 3), (drawn(4, 3, seed=2) > 0).float()
    wanted = nn.BCEWithLogitsLoss(pos_weight=torch.tensor(WEIGHTS))(output, target)
    found = objective(Task.MULTI_LABEL, smoothing=0, weights=WEIGHTS).loss(output, target)
    torch.testing.assert_close(found, wanted)


def test_balanced_classes_have_the_same_say_unless_one_hardly_occurs() -> None:
    assert balanced([60, 30, 10]) == pytest.approx([100 / 180, 100 / 90, 100 / 30])
    assert balanced([10_000, 0, 1]) == pytest.approx([10_001 / 20_000, 1, 10])
    assert balanced([0, 0]) == [1, 1]
    assert balanced_yes([5, 1, 0, 99, 100], items=100) == pytest.approx([10, 10, 1, 0.1, 1])
    assert balanced_yes([20, 50, 80], items=100) == pytest.approx([4, 1, 0.25])


@given(st.lists(st.integers(0, 10**9), min_size=2, max_size=12))
def test_no_count_of_pixels_gives_a_weight_that_blows_up(counts: list[int]) -> None:
    assert all(0 < weight <= 10 for weight in balanced(counts))
    assert all(0.1 <= weight <= 10 for weight in balanced_yes(counts, items=max(counts)))


def test_the_next_token_of_a_language_model_is_not_smoothed() -> None:
    output, target = drawn(2, 6, 9), positions(2, 6)
    wanted = functional.cross_entropy(output.reshape(-1, 9), target.reshape(-1))
    torch.testing.assert_close(objective(Task.TEXT).loss(output, target), wanted)


def test_points_have_no_classes_to_smooth_or_weigh() -> None:
    for wrong in ({"label_smoothing": 0.1}, {"class_weights": ClassWeights.BALANCED}):
        with pytest.raises(ValueError, match="points have no classes"):
            msgspec.structs.replace(RunSpec(task=Task.KEYPOINTS, stages=()), **wrong)


@pytest.mark.parametrize(("share", "said"), [(1.0, "smoothed by 1"), (-0.1, "smoothed by -0.1")])
def test_a_share_that_cannot_be_is_refused(share: float, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        decode_spec(f'{{"task": "segmentation", "stages": [], "label_smoothing": {share}}}')


@pytest.mark.parametrize("weights", [(), WEIGHTS])
@pytest.mark.parametrize("task", [Task.SEGMENTATION, Task.SINGLE_LABEL, Task.MULTI_LABEL])
def test_parts_of_a_batch_add_up_to_its_loss_and_gradient(task: Task, weights: tuple[float, ...]) -> None:
    """Also where some of it is not labelled."""
    network: nn.Module = nn.Conv2d(3, 3, 1)
    images, target = drawn(6, 3, 4, 4), positions(6, 4, 4)
    target[0, :3], target[4] = 255, 255
    if task is not Task.SEGMENTATION:
        network = nn.Sequential(nn.Flatten(), nn.Linear(48, 3))
        target = positions(6).index_fill(0, torch.tensor([4]), -100)
    if task is Task.MULTI_LABEL:
        target = (drawn(6, 3) > 0).float().index_fill(0, torch.tensor([4]), -1)
    precision = MixedPrecision(Precision.FLOAT32, torch.device("cpu"))
    results = []
    for parts in (1, 3):
        network.zero_grad()
        batch = Batch(list(range(6)), images, target)
        _, loss = accumulate(network, objective(task, weights=weights), precision, batch, parts=parts)
        gradients = [p.grad for p in network.parameters()]
        results.append((loss.detach(), gradients))
    torch.testing.assert_close(results[0], results[1])


def test_only_the_training_loss_of_a_run_is_smoothed(tmp_path: Path) -> None:
    """At a rate of next to nothing both runs validate the same network."""
    still = (Stage(epochs=1, height=32, width=32, batch_size=4, lr=LearningRate(high=1e-12)),)
    heard = [
        run(make_run(tmp_path / f"{share}", recipe(Task.SINGLE_LABEL, stages=still, label_smoothing=share)))[1]
        for share in (0.0, 0.5)
    ]
    plain, smoothed = (one.of(EpochEnd)[0].valid_loss for one in heard)
    assert smoothed == pytest.approx(plain, abs=1e-6)
    assert heard[0].of(Step)[0].loss != pytest.approx(heard[1].of(Step)[0].loss, abs=1e-3)


def weights_said(folder: Path, task: Task, *, train: int = 8) -> dict[str, float]:
    still = (Stage(epochs=1, height=32, width=32, batch_size=4, lr=LearningRate(high=1e-12)),)
    made = make_run(folder, recipe(task, stages=still, class_weights=ClassWeights.BALANCED), train=train)
    return run_until(made, 1, say="leave")[1].of(Started)[0].class_weights


def test_a_run_says_the_weights_that_its_masks_give(tmp_path: Path) -> None:
    found = weights_said(tmp_path / "0001", Task.SEGMENTATION)
    masks = [read_mask(tmp_path / f"0001/labels/{number}.png")[0] for number in range(1, 9)]
    ground, square = (sum(int((mask == class_id).sum()) for mask in masks) for class_id in (0, 1))
    total = ground + square  # neither void nor what nobody labelled
    assert found == pytest.approx({"ground": total / 2 / ground, "square": total / 2 / square})


def test_a_run_says_the_weights_that_its_classes_and_tags_give(tmp_path: Path) -> None:
    """Of seven items three are ground; of tags all have the ground, four the square."""
    classes = weights_said(tmp_path / "0001", Task.SINGLE_LABEL, train=7)
    assert classes == pytest.approx({"ground": 7 / 6, "square": 7 / 8})
    tags = weights_said(tmp_path / "0002", Task.MULTI_LABEL, train=7)
    assert tags == pytest.approx({"ground": 1, "square": 3 / 4})


@pytest.mark.parametrize("task", [Task.SEGMENTATION, Task.SINGLE_LABEL, Task.MULTI_LABEL])
def test_two_classes_of_one_name_each_have_a_weight(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, task: Task
) -> None:
    found = weights_said(tmp_path / "0001", task, train=7)
    namesakes = tuple(msgspec.structs.replace(c, name="square") if c.name == "ground" else c for c in ml_runs.CLASSES)
    monkeypatch.setattr(ml_runs, "CLASSES", namesakes)
    twice = weights_said(tmp_path / "0002", task, train=7)
    assert twice == {"square": found["ground"], "square (class 2)": found["square"]}


def weights_of(task: Task, items: Sequence[SnapshotItem], folder: Path, *, seed: int = 42) -> list[float]:
    spec = recipe(task, class_weights=ClassWeights.BALANCED, seed=seed)
    made = make_task(Snapshot(task=task, classes=THREE, items=tuple(items)))
    return class_weights(spec, made, items, folder, report=lambda _done, _total: None, check=lambda: None)


def labelled(number: int, *, mask: str | None = None, tags: Tags | None = None) -> SnapshotItem:
    return SnapshotItem(
        id=number, name=f"{number}", image=f"{number}.png", split=Split.TRAIN, revision=1, mask=mask, tags=tags
    )


@pytest.mark.parametrize("task", [Task.SINGLE_LABEL, Task.MULTI_LABEL, Task.TEXT])
def test_one_item_in_thousands_counts_where_no_file_has_to_be_read(task: Task, tmp_path: Path) -> None:
    """Wherever it stands, its rare class weighs the most that a class may, where one that nobody saw weighs 1."""
    for place in (0, 1, 4_000, 4_998):
        items = [labelled(number, tags=Tags((2 if number == place else number % 2,))) for number in range(5_000)]
        assert weights_of(task, items, tmp_path)[2] == 10


def test_of_thousands_of_masks_as_many_of_each_kind_are_read_in_whatever_order_they_alternate(tmp_path: Path) -> None:
    """Every second mask is of the first class, every fourth of each other: the weights are 2/3, 4/3 and 4/3."""
    for class_id in range(3):
        write_mask(tmp_path / f"{class_id}.png", np.full((2, 2), class_id, np.uint8), THREE)
    items = [labelled(number, mask=f"{(0, 1, 0, 2)[number % 4]}.png") for number in range(6_000)]
    found = weights_of(Task.SEGMENTATION, items, tmp_path)
    assert found == pytest.approx([2 / 3, 4 / 3, 4 / 3], rel=0.15)
    assert found == weights_of(Task.SEGMENTATION, items, tmp_path), "the same items give the same weights"
    assert found != weights_of(Task.SEGMENTATION, items, tmp_path, seed=7)


def test_the_finder_makes_the_same_loss_smaller_as_the_run_will(tmp_path: Path) -> None:
    first = []
    for share in (0.0, 0.5):
        spec = recipe(Task.SINGLE_LABEL, purpose=Purpose.LR_FIND, label_smoothing=share)
        _, heard = run_until(make_run(tmp_path / f"{share}", spec), 1)
        first.append(heard.of(LrPoint)[0].loss)
    assert first[0] != pytest.approx(first[1], abs=1e-3)
