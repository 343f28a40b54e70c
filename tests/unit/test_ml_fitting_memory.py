"""What happens to a batch that does not fit into memory: parts, half precision, or the end, as the recipe says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from studio.core.events import Failed, Started, Step, Warned
from studio.core.outcome import OutcomeKind
from studio.core.recipe import OnMemory, Precision, Purpose
from studio.core.review import SCORES_FILE, decode_score
from studio.core.settings import Task
from studio.core.snapshot import Snapshot
from studio.ml import scoring
from studio.ml.accumulation import accumulate
from studio.ml.checkpoint import read_state
from studio.ml.data.batches import Batch
from studio.ml.device import MixedPrecision, is_out_of_memory
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


@pytest.fixture
def memory_for_half(monkeypatch: pytest.MonkeyPatch) -> None:
    """Training forwards hold more than two images in half precision only, from the third on."""
    forward, calls = UNet.forward, iter(range(10**6))

    def limited(self: UNet, images: Tensor) -> Tensor:
        if self.training and next(calls) >= 2 and len(images) > 2 and not torch.is_autocast_enabled("cpu"):
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(self, images)

    monkeypatch.setattr(UNet, "forward", limited)


@pytest.mark.usefixtures("memory_for_half")
def test_a_run_goes_on_in_half_precision_and_a_resumed_one_begins_in_it(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe(on_memory=OnMemory.PRECISION, precision=Precision.FLOAT32))
    _, heard = run_until(folder, 3)
    (warned,) = [w.sentence for w in heard.of(Warned) if w.about == "memory"]
    assert warned == (
        "A batch of 4 images at 32×32 did not fit into memory; from step 3 on the run computes in bf16, which needs "
        "about half as much; its weights stay float32."
    )
    outcome, again = run(folder, resume=True)
    assert outcome is OutcomeKind.FINISHED
    assert [s.precision for s in (*heard.of(Started), *again.of(Started))] == ["float32", "bf16"]
    assert not [w for w in again.of(Warned) if w.about == "memory"]
    assert all(value.dtype is not torch.bfloat16 for value in read_state(folder)["model"].values())


@pytest.mark.usefixtures("memory_for_half")
@pytest.mark.parametrize("precision", [Precision.FLOAT32, Precision.BF16])
def test_where_half_precision_cannot_help_the_batch_is_computed_in_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, precision: Precision
) -> None:
    """The device has none, or the run computes in it already and the batch does not fit nevertheless."""
    if precision is Precision.BF16:
        monkeypatch.setattr(torch, "is_autocast_enabled", lambda *_: False)
    else:
        monkeypatch.setattr("studio.ml.device.half_precision", lambda device: None)
    spec = recipe(on_memory=OnMemory.PRECISION, precision=precision)
    outcome, heard = run(make_run(tmp_path / "0001", spec))
    assert outcome is OutcomeKind.FINISHED
    (warned,) = [w.sentence for w in heard.of(Warned) if w.about == "memory"]
    assert "from step 3 on it is computed in 2 parts" in warned


@pytest.mark.usefixtures("small_memory")
def test_a_run_that_shall_stop_ends_with_its_last_good_checkpoint_and_can_be_resumed_from_it(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe(on_memory=OnMemory.STOP))
    outcome, heard = run(folder)
    assert outcome is OutcomeKind.OUT_OF_MEMORY
    assert [s.step for s in heard.of(Step)] == [1, 2]
    assert heard.of(Failed)[0].sentence == (
        "A batch of 4 images at 32×32 did not fit into the memory of cpu; halve the batch or the image size. The last "
        "good checkpoint is kept."
    )
    assert read_state(folder)["position"]["step"] == 2


@pytest.mark.slow
@pytest.mark.usefixtures("small_memory")
@pytest.mark.parametrize(
    ("choice", "outcome"), [(OnMemory.PARTS, OutcomeKind.FINISHED), (OnMemory.STOP, OutcomeKind.OUT_OF_MEMORY)]
)
def test_the_rate_finder_does_what_the_recipe_says(tmp_path: Path, choice: OnMemory, outcome: OutcomeKind) -> None:
    folder = make_run(tmp_path / "0001", recipe(purpose=Purpose.LR_FIND, on_memory=choice))
    assert run(folder)[0] is outcome


@pytest.mark.parametrize("sentence", ["could not create a primitive", "could not create a memory object"])
def test_a_convolution_without_memory_for_itself_is_out_of_memory(sentence: str) -> None:
    assert is_out_of_memory(RuntimeError(sentence))
    assert not is_out_of_memory(RuntimeError("could not create a primitive descriptor for a convolution"))


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


@pytest.mark.usefixtures("small_memory")
def test_items_that_do_not_fit_together_are_scored_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = make_run(tmp_path / "0001", recipe())
    run(whole)
    scores = (whole / SCORES_FILE).read_text()
    prepare = scoring.network_input

    def limited(batch: list[np.ndarray], device: torch.device) -> Tensor:
        return prepare(batch, device) if len(batch) == 1 else torch.empty(10**14)

    monkeypatch.setattr(scoring, "network_input", limited)
    (whole / SCORES_FILE).unlink()
    run(whole, resume=True)
    again = (whole / SCORES_FILE).read_text()
    assert [decode_score(line).item for line in again.splitlines()] == list(range(1, 13))
    for one, other in zip(scores.splitlines(), again.splitlines(), strict=True):
        assert decode_score(one).loss == pytest.approx(decode_score(other).loss, abs=1e-4)
