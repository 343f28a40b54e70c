"""What training makes smaller when labels are smoothed, against PyTorch's and fastai's definitions."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from studio.core.classes import make_classes
from studio.core.events import EpochEnd, Step
from studio.core.recipe import LearningRate, Precision, RunSpec, Stage, decode_spec
from studio.core.settings import Task
from studio.core.snapshot import Snapshot
from studio.ml.accumulation import accumulate
from studio.ml.data.batches import Batch
from studio.ml.device import MixedPrecision
from studio.ml.notebook.measures import LabelSmoothingCrossEntropy
from studio.ml.objectives import Objective
from studio.ml.tasks.keypoints import Keypoints
from studio.ml.tasks.registry import make_task
from tests.unit.ml_runs import make_run, recipe, run

THREE = tuple(make_classes(["ant", "bee", "wasp"]))


def objective(task: Task, *, smoothing: float = 0.1) -> Objective:
    return make_task(Snapshot(task=task, classes=THREE)).objective(smoothing=smoothing)


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


def test_the_next_token_of_a_language_model_is_not_smoothed() -> None:
    output, target = drawn(2, 6, 9), positions(2, 6)
    wanted = functional.cross_entropy(output.reshape(-1, 9), target.reshape(-1))
    torch.testing.assert_close(objective(Task.TEXT).loss(output, target), wanted)


def test_points_have_nothing_to_smooth() -> None:
    with pytest.raises(ValueError, match="points have no classes"):
        RunSpec(task=Task.KEYPOINTS, stages=(), label_smoothing=0.1)
    assert hasattr(Keypoints, "objective")


@pytest.mark.parametrize(("share", "said"), [(1.0, "smoothed by 1"), (-0.1, "smoothed by -0.1")])
def test_a_share_that_cannot_be_is_refused(share: float, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        decode_spec(f'{{"task": "segmentation", "stages": [], "label_smoothing": {share}}}')


@pytest.mark.parametrize("task", [Task.SEGMENTATION, Task.SINGLE_LABEL, Task.MULTI_LABEL])
def test_parts_of_a_batch_add_up_to_its_smoothed_loss_and_gradient(task: Task) -> None:
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
        _, loss = accumulate(network, objective(task), precision, batch, parts=parts)
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
