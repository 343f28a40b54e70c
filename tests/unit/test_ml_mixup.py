"""Pictures that are mixed with others of their batch: what is drawn, what it costs, and that runs repeat it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from studio.core.classes import make_classes
from studio.core.events import EpochEnd
from studio.core.recipe import Augment, Precision, RunSpec, Stage, decode_spec
from studio.core.settings import Task
from studio.core.snapshot import Snapshot, SnapshotItem
from studio.ml.accumulation import accumulate
from studio.ml.data.batches import Batch
from studio.ml.data.mixup import MixedBatches
from studio.ml.device import MixedPrecision
from studio.ml.model_file import read_model
from studio.ml.tasks import base
from studio.ml.tasks.registry import make_task
from tests.unit.ml_runs import make_run, recipe, run, run_until, same_tensors

STAGES = (Stage(epochs=3, height=32, width=32, batch_size=4),)


@dataclass
class Given:
    """Batches of `size` items that are always the same: item i is a picture of i's alone, of class i."""

    size: int
    height: int = 2
    width: int = 2
    items: list[SnapshotItem] = field(default_factory=list)

    @property
    def images(self) -> Given:
        return self

    def close(self) -> None: ...

    def __len__(self) -> int:
        return 3

    def epoch(self, epoch: int, *, first: int = 0) -> Iterator[Batch]:
        rows = torch.arange(self.size)
        for _ in range(first, len(self)):
            yield Batch(rows.tolist(), rows.float().view(-1, 1, 1, 1).expand(-1, 3, 2, 2), rows.clone())


def task_of(classes: int) -> base.Task:
    names = [f"c{number}" for number in range(classes)]
    return make_task(Snapshot(task=Task.SINGLE_LABEL, classes=tuple(make_classes(names))))


def mixed(size: int, *, alpha: float = 0.4, seed: int = 1, epoch: int = 0, first: int = 0) -> list[Batch]:
    batches = MixedBatches(Given(size), task_of(size), alpha=alpha, seed=(seed, 0))
    return list(batches.epoch(epoch, first=first))


@settings(max_examples=30, deadline=None)
@given(size=st.integers(2, 9), alpha=st.floats(0.05, 10), seed=st.integers(0, 2**31))
def test_a_picture_and_its_classes_are_mixed_alike_and_the_item_keeps_the_larger_part(
    size: int, alpha: float, seed: int
) -> None:
    for batch in mixed(size, alpha=alpha, seed=seed):
        torch.testing.assert_close(batch.target.sum(1), torch.ones(size))
        assert ((batch.target > 0).sum(1) <= 2).all(), "one partner each"
        assert (batch.target.diagonal() >= 0.5).all()
        wanted = (batch.target * torch.arange(size)).sum(1)
        torch.testing.assert_close(batch.images[:, 0, 0, 0], wanted, rtol=1e-4, atol=1e-4)


def test_shares_are_drawn_from_fastais_distribution() -> None:
    """max(λ, 1 - λ) with λ from Beta(1, 1) is even between a half and 1: its mean is 3/4."""
    kept = torch.cat([batch.target.diagonal() for epoch in range(60) for batch in mixed(8, alpha=1, epoch=epoch)])
    others = kept[kept < 1]  # who is their own partner stays whole
    assert float(others.mean()) == pytest.approx(0.75, abs=0.02)
    assert float(others.min()) >= 0.5


def test_what_is_mixed_depends_on_seed_epoch_and_number_alone() -> None:
    whole = mixed(8)
    later = mixed(8, first=1)
    assert [torch.equal(a.target, b.target) for a, b in zip(whole[1:], later, strict=True)] == [True, True]
    others = [whole[1], mixed(8, epoch=1)[0], mixed(8, seed=2)[0]]
    assert not any(torch.equal(whole[0].target, other.target) for other in others)


def test_what_has_no_label_is_mixed_with_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def epoch(given: Given, epoch: int, *, first: int = 0) -> Iterator[Batch]:
        images = torch.arange(6.0).view(-1, 1, 1, 1).expand(-1, 3, 2, 2)
        yield Batch(list(range(6)), images, torch.tensor([0, 1, -100, 3, 4, 5]))

    monkeypatch.setattr(Given, "epoch", epoch)
    (batch,) = mixed(6)
    assert (batch.target[2] == -1).all()
    assert float(batch.images[2, 0, 0, 0]) == 2
    assert (batch.target[[0, 1, 3, 4, 5]] >= 0).all()
    objective = task_of(6).objective(smoothing=0)
    assert objective.counted(batch.target) == pytest.approx(5)


def test_a_mixed_item_costs_what_it_does_in_fastai() -> None:
    """The losses of both classes, mixed as the pictures were."""
    output = torch.randn(8, 8, generator=torch.Generator().manual_seed(0))
    batch = mixed(8)[0]
    own = torch.arange(8)
    kept = batch.target.diagonal()
    partner = (batch.target - torch.diag(kept)).argmax(1)
    each = functional.cross_entropy(output, own, reduction="none")
    others = functional.cross_entropy(output, partner, reduction="none")
    wanted = torch.lerp(others, each, kept).mean()
    torch.testing.assert_close(task_of(8).objective(smoothing=0).loss(output, batch.target), wanted)
    smoothed = functional.cross_entropy(output, batch.target, label_smoothing=0.1)
    torch.testing.assert_close(task_of(8).objective(smoothing=0.1).loss(output, batch.target), smoothed)


def test_an_item_that_keeps_all_of_itself_costs_what_its_class_does() -> None:
    output, target = torch.randn(6, 3, generator=torch.Generator().manual_seed(0)), torch.tensor([0, 1, 2, 2, -100, 0])
    task = task_of(3)
    objective = task.objective(smoothing=0.1, weights=(0.3, 1.0, 4.0))
    shares = task.class_shares(target)
    torch.testing.assert_close(objective.loss(output, shares), objective.loss(output, target))
    assert objective.counted(shares) == pytest.approx(objective.counted(target))


def test_parts_of_a_mixed_batch_add_up() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 8))
    precision = MixedPrecision(Precision.FLOAT32, torch.device("cpu"))
    objective = task_of(8).objective(smoothing=0.1, weights=tuple(range(1, 9)))
    results: list[tuple[Tensor, Tensor | None]] = []
    for parts in (1, 3):
        network.zero_grad()
        _, loss = accumulate(network, objective, precision, mixed(8)[0], parts=parts)
        results.append((loss.detach(), next(network[1].parameters()).grad))
    torch.testing.assert_close(results[0], results[1])


@pytest.mark.parametrize("task", [Task.SINGLE_LABEL, pytest.param(Task.MULTI_LABEL, marks=pytest.mark.slow)])
def test_a_mixed_run_repeats_and_resumes_exactly(tmp_path: Path, task: Task) -> None:
    spec = recipe(task, stages=STAGES, augment=Augment(flip=True, rotate=10), mixup=0.4)
    whole, stopped, plain = (tmp_path / name for name in ("0001", "0002", "0003"))
    _, heard = run(make_run(whole, spec))
    run_until(make_run(stopped, spec), 3, say="leave")
    _, resumed = run(stopped, resume=True)
    assert same_tensors(read_model(whole).state, read_model(stopped).state)
    assert heard.of(EpochEnd)[-1].metrics == resumed.of(EpochEnd)[-1].metrics
    run(make_run(plain, recipe(task, stages=STAGES, augment=spec.augment)))
    assert not same_tensors(read_model(whole).state, read_model(plain).state)


@pytest.mark.parametrize("task", [Task.SEGMENTATION, Task.KEYPOINTS, Task.TEXT])
def test_only_pictures_with_classes_of_their_own_can_be_mixed(task: Task) -> None:
    with pytest.raises(ValueError, match=f"this is for {task}"):
        RunSpec(task=task, stages=(), mixup=0.4)


def test_an_alpha_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="an alpha of -1"):
        decode_spec('{"task": "single-label", "stages": [], "mixup": -1}')
