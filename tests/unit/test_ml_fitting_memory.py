"""A batch that does not fit into memory is computed in parts, and the run goes on with the same recipe."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from studio.core.events import Step, Warned
from studio.core.outcome import OutcomeKind
from studio.core.recipe import Precision
from studio.core.settings import Task
from studio.core.snapshot import Snapshot
from studio.ml.accumulation import accumulate
from studio.ml.data.batches import Batch
from studio.ml.device import MixedPrecision
from studio.ml.models.unet import UNet
from studio.ml.tasks.segmentation import Segmentation
from tests.unit.ml_runs import CLASSES, make_run, recipe, run, run_until


@pytest.fixture
def small_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Training forwards hold two images from the third on."""
    forward, calls = UNet.forward, iter(range(10**6))

    def limited(self: UNet, images: Tensor) -> Tensor:
        if self.training and next(calls) >= 2 and len(images) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(self, images)

    monkeypatch.setattr(UNet, "forward", limited)


@pytest.mark.usefixtures("small_memory")
def test_a_run_goes_on_in_parts_and_says_so_once(tmp_path: Path) -> None:
    outcome, heard = run(make_run(tmp_path / "0001", recipe()))
    assert outcome is OutcomeKind.FINISHED
    assert [step.step for step in heard.of(Step)] == [1, 2, 3, 4]
    (warned,) = [w.sentence for w in heard.of(Warned) if "memory" in w.sentence]
    assert "A batch of 4 images at 32×32" in warned
    assert "from step 3 on it is computed in 2 parts" in warned


@pytest.mark.usefixtures("small_memory")
def test_a_resumed_run_knows_the_parts(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe())
    run_until(folder, 3)
    outcome, heard = run(folder, resume=True)
    assert outcome is OutcomeKind.FINISHED
    assert not [w for w in heard.of(Warned) if "memory" in w.sentence]


def test_parts_add_up_to_the_gradient_of_the_whole_batch() -> None:
    """Also where some images have few labelled pixels and so weigh less in the mean."""
    random = torch.Generator().manual_seed(0)
    images = torch.randn(6, 3, 8, 8, generator=random)
    target = torch.randint(0, 2, (6, 8, 8), generator=random, dtype=torch.uint8)
    target[0, :7] = target[4] = 255
    task, network = Segmentation(Snapshot(task=Task.SEGMENTATION, classes=CLASSES)), nn.Conv2d(3, 2, 1)
    precision = MixedPrecision(Precision.FLOAT32, torch.device("cpu"))
    results = []
    for parts in (1, 3):
        network.zero_grad()
        _, loss = accumulate(network, task, precision, Batch(list(range(6)), images, target), parts=parts)
        results.append((loss.detach(), network.weight.grad))
    torch.testing.assert_close(results[0], results[1])
