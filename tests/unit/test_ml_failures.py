"""Every way in which a run can fail ends in a sentence, and what was learnt before is still there."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from studio.core.errors import NotACheckpoint
from studio.core.events import CheckpointSaved, EpochEnd, Failed, Finished, RunEvent, Samples, Scored, Step, Warned
from studio.core.outcome import OutcomeKind
from studio.core.recipe import Stage
from studio.core.review import decode_score
from studio.ml.checkpoint import read_state
from studio.ml.model_file import read_model
from studio.ml.models.unet import UNet
from studio.ml.predict import predict
from studio.ml.runner import carry_out
from tests.unit.ml_runs import Listener, make_run, recipe, run

ONE_EPOCH = (Stage(epochs=1, height=32, width=32, batch_size=4),)


def failed(heard: Listener) -> Failed:
    last = heard.events[-1]
    assert isinstance(last, Failed)
    return last


@pytest.fixture
def from_third_batch_on(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Tensor], Tensor]], None]:
    """Makes the U-Net treat its training answers from the third batch, the second epoch's first, on."""

    def install(change: Callable[[Tensor], Tensor]) -> None:
        class Changed(UNet):
            batches = 0

            def forward(self, images: Tensor) -> Tensor:
                self.batches += self.training
                logits = super().forward(images)
                return change(logits) if self.training and self.batches >= 3 else logits

        monkeypatch.setattr("studio.ml.tasks.segmentation.UNet", Changed)

    return install


@pytest.mark.parametrize("spoilt", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_ends_the_run_and_keeps_the_last_good_checkpoint(
    tmp_path: Path, from_third_batch_on: Callable[[Callable[[Tensor], Tensor]], None], spoilt: float
) -> None:
    from_third_batch_on(lambda logits: logits * spoilt)
    folder = make_run(tmp_path / "0001", recipe())
    outcome, heard = run(folder)
    assert outcome is OutcomeKind.DIVERGED
    assert failed(heard).outcome is OutcomeKind.DIVERGED
    assert "step 3" in failed(heard).sentence
    assert "lower learning rate" in failed(heard).sentence
    assert [event.step for event in heard.of(Step)] == [1, 2]
    assert [event.step for event in heard.of(CheckpointSaved)] == [2]
    assert read_state(folder)["position"]["step"] == 2
    assert all(torch.isfinite(value).all() for value in read_model(folder).state.values())


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        MemoryError(),
        RuntimeError("[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: not enough memory: you tried to …"),
    ],
)
def test_too_little_memory_is_told_with_the_batch_that_did_not_fit(
    tmp_path: Path, from_third_batch_on: Callable[[Callable[[Tensor], Tensor]], None], error: Exception
) -> None:
    def raise_it(logits: Tensor) -> Tensor:
        raise error

    from_third_batch_on(raise_it)
    folder = make_run(tmp_path / "0001", recipe())
    outcome, heard = run(folder)
    assert outcome is OutcomeKind.OUT_OF_MEMORY
    assert "A batch of 4 images at 32×32" in failed(heard).sentence
    assert "halve the batch" in failed(heard).sentence
    assert read_state(folder)["position"]["step"] == 2


def test_an_unexpected_error_is_told_in_a_sentence_with_a_traceback_for_the_curious(
    tmp_path: Path, from_third_batch_on: Callable[[Callable[[Tensor], Tensor]], None]
) -> None:
    def trip_over_a_shape(logits: Tensor) -> Tensor:
        return logits.view(3, 3)

    from_third_batch_on(trip_over_a_shape)
    outcome, heard = run(make_run(tmp_path / "0001", recipe()))
    assert outcome is OutcomeKind.CRASHED
    assert failed(heard).sentence.startswith("The run failed: shape '[3, 3]'")
    assert "\n" not in failed(heard).sentence
    assert "trip_over_a_shape" in failed(heard).detail


def test_a_picture_that_cannot_be_read_is_named_and_the_rest_is_trained_on(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe(stages=ONE_EPOCH))
    (tmp_path / "0001-images" / "03.png").write_bytes(b"no picture")
    outcome, heard = run(folder)
    assert outcome is OutcomeKind.FINISHED
    assert "03.png" in heard.of(Warned)[0].sentence
    assert len(heard.of(Step)) == 2
    scores = [decode_score(line) for line in (folder / "scores.jsonl").read_bytes().splitlines()]
    assert [score.item for score in scores] == [1, 2, *range(4, 13)]


def test_a_mask_with_an_id_without_a_class_is_named_before_anything_is_trained(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe())
    mask = np.zeros((36, 40), np.uint8)
    mask[5, 5] = 77
    Image.fromarray(mask).save(folder / "labels" / "5.png")
    outcome, heard = run(folder)
    assert outcome is OutcomeKind.BAD_INPUT
    assert str(folder / "labels" / "5.png") in failed(heard).sentence
    assert "77" in failed(heard).sentence
    assert not heard.of(Step)
    assert not (folder / "model.safetensors").exists()


def test_nothing_labelled_is_told_by_its_split(tmp_path: Path) -> None:
    outcome, heard = run(make_run(tmp_path / "0001", recipe(), train=4, valid=0))
    assert outcome is OutcomeKind.BAD_INPUT
    assert "valid" in failed(heard).sentence


def test_a_folder_that_is_no_run_is_told(tmp_path: Path) -> None:
    outcome, heard = run(tmp_path)
    assert outcome is OutcomeKind.BAD_INPUT
    assert str(tmp_path) in failed(heard).sentence


def test_a_second_epoch_reads_no_picture_from_the_disk(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe())
    heard = Listener()

    def listen(event: RunEvent) -> None:
        heard(event)
        if isinstance(event, Step) and event.step == 1:
            for image in (tmp_path / "0001-images").iterdir():
                image.unlink()

    assert carry_out(folder, device="cpu", emit=listen) is OutcomeKind.FINISHED
    kinds = [type(event) for event in heard.events if isinstance(event, (EpochEnd, Warned))]
    assert kinds == [EpochEnd] * 2 + [Warned] * 12
    assert [event.step for event in heard.of(Step)] == [1, 2, 3, 4]
    assert len(heard.of(Samples)[-1].predictions) == 4


def test_a_checkpoint_that_cannot_be_written_is_a_warning_and_the_run_goes_on(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe(stages=ONE_EPOCH), train=4, valid=2)
    (folder / "state.pt" / "in the way").mkdir(parents=True)
    outcome, heard = run(folder)
    assert outcome is OutcomeKind.FINISHED
    assert isinstance(heard.events[-1], Finished)
    assert any("state.pt cannot be written" in event.sentence for event in heard.of(Warned))
    assert heard.of(Scored)[-1].items == 6


class Touching:
    """Unpickled, it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.path,)


def test_a_pickle_in_the_place_of_a_model_is_refused_and_nothing_in_it_runs(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe(), train=2, valid=1)
    marker = tmp_path / "it ran"
    (folder / "model.safetensors").write_bytes(pickle.dumps(Touching(marker)))
    with pytest.raises(NotACheckpoint, match=r"model\.safetensors"):
        predict(folder, tmp_path / "0001-images", tmp_path / "out", device="cpu")
    torch.save({"format": 1, "model": Touching(marker)}, folder / "model.safetensors")
    with pytest.raises(NotACheckpoint):
        predict(folder, tmp_path / "0001-images", tmp_path / "out", device="cpu")
    assert not marker.exists()
    pickle.loads(pickle.dumps(Touching(marker)))
    assert marker.exists()


def test_a_pickle_in_the_place_of_a_training_state_is_refused_and_nothing_in_it_runs(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe(), train=2, valid=1)
    marker = tmp_path / "it ran"
    torch.save({"format": 1, "model": Touching(marker)}, folder / "state.pt")
    outcome, heard = run(folder, resume=True)
    assert outcome is OutcomeKind.BAD_INPUT
    assert "state.pt" in failed(heard).sentence
    assert not marker.exists()
