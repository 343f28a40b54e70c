"""Every end of a run is an event with a sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from studio.core.errors import CannotWrite
from studio.core.events import CheckpointSaved, EpochEnd, Failed, Finished, Started, Warned
from studio.core.masks import write_mask
from studio.core.outcome import OutcomeKind
from studio.core.recipe import LearningRate, Precision, Stage
from studio.core.run_lock import holding_run
from studio.core.settings import Task
from studio.ml import checkpoint
from studio.ml.checkpoint import read_state
from studio.ml.device import choose_device, computes_in_bf16, is_out_of_memory, resolve_precision
from studio.ml.learner import Learner
from studio.ml.tasks.segmentation import Segmentation
from tests.unit.ml_runs import CLASSES, Listener, make_run, recipe, run, run_until

Loss = Callable[[Segmentation, torch.Tensor, torch.Tensor], torch.Tensor]


def spoil_loss(monkeypatch: pytest.MonkeyPatch, *, call: int, spoil: Callable[[torch.Tensor], torch.Tensor]) -> None:
    """Let the task's loss be spoilt at its n-th call."""
    honest, calls = Segmentation.loss, 0

    def loss(task: Segmentation, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        nonlocal calls
        calls += 1
        value = honest(task, output, target)
        return spoil(value) if calls == call else value

    monkeypatch.setattr(Segmentation, "loss", loss)


def failure(heard: Listener) -> Failed:
    last = heard.events[-1]
    assert isinstance(last, Failed), last
    return last


def out_of_memory(loss: torch.Tensor) -> torch.Tensor:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")


def bug(loss: torch.Tensor) -> torch.Tensor:
    raise IndexError("something unforeseen")


def test_a_loss_that_is_nan_ends_as_diverged_and_keeps_the_last_good_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Two steps and one validation batch an epoch: the fifth loss is the second epoch's second step.
    spoil_loss(monkeypatch, call=5, spoil=lambda loss: loss * float("nan"))
    folder = make_run(tmp_path / "0001", recipe())
    outcome, heard = run(folder)
    assert outcome is OutcomeKind.DIVERGED
    assert "nan at step 4" in failure(heard).sentence
    assert "lower learning rate" in failure(heard).sentence
    assert heard.of(CheckpointSaved)[-1].step == 2
    assert read_state(folder)["position"]["step"] == 2
    assert all(torch.isfinite(v).all() for v in read_state(folder)["model"].values())


def test_a_validation_loss_that_is_infinite_ends_as_diverged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil_loss(monkeypatch, call=3, spoil=lambda loss: loss * float("inf"))
    outcome, heard = run(make_run(tmp_path / "0001", recipe()))
    assert outcome is OutcomeKind.DIVERGED
    assert "validation loss" in failure(heard).sentence
    assert heard.of(CheckpointSaved) == []


def test_running_out_of_memory_names_the_batch_and_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Segmentation, "loss", lambda *_: out_of_memory(torch.zeros(())))
    outcome, heard = run(make_run(tmp_path / "0001", recipe()))
    assert outcome is OutcomeKind.OUT_OF_MEMORY
    assert "A batch of 4 images at 32×32" in failure(heard).sentence
    assert "halve the batch" in failure(heard).sentence


def test_out_of_memory_is_known_in_all_its_forms() -> None:
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    assert is_out_of_memory(MemoryError())
    with pytest.raises(RuntimeError) as refused:
        torch.empty(10**14)
    assert is_out_of_memory(refused.value)
    assert is_out_of_memory(
        RuntimeError("[enforce fail] DefaultCPUAllocator: not enough memory: you tried to allocate")
    )
    assert not is_out_of_memory(RuntimeError("shape mismatch"))


def test_an_unforeseen_error_is_a_sentence_with_a_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil_loss(monkeypatch, call=2, spoil=bug)
    outcome, heard = run(make_run(tmp_path / "0001", recipe()))
    assert outcome is OutcomeKind.CRASHED
    assert "something unforeseen" in failure(heard).sentence
    assert "IndexError" in failure(heard).detail
    assert "in loss" in failure(heard).detail


def test_a_mask_id_without_a_class_is_bad_input_before_an_epoch_ends(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe())
    write_mask(folder / "labels/2.png", np.full((36, 40), 200, np.uint8), CLASSES)
    outcome, heard = run(folder)
    assert outcome is OutcomeKind.BAD_INPUT
    assert str(folder / "labels/2.png") in failure(heard).sentence
    assert heard.of(EpochEnd) == []
    assert heard.of(CheckpointSaved) == []


@pytest.mark.parametrize(("train", "valid", "split"), [(0, 3, "train"), (3, 0, "valid")])
def test_an_empty_split_is_bad_input_that_names_it(tmp_path: Path, train: int, valid: int, split: str) -> None:
    outcome, heard = run(make_run(tmp_path / "0001", recipe(), train=train, valid=valid))
    assert outcome is OutcomeKind.BAD_INPUT
    assert f"in the {split} split" in failure(heard).sentence


def test_a_folder_that_is_no_runs_folder_is_bad_input(tmp_path: Path) -> None:
    outcome, heard = run(tmp_path)
    assert outcome is OutcomeKind.BAD_INPUT
    assert str(tmp_path) in failure(heard).sentence


def test_a_recipe_of_a_newer_program_is_bad_input(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe())
    (folder / "recipe.json").write_bytes(b'{"task": "segmentation", "stages": [], "holograms": true}')
    outcome, heard = run(folder)
    assert outcome is OutcomeKind.BAD_INPUT
    assert "holograms" in failure(heard).sentence


def test_a_missing_parent_is_bad_input(tmp_path: Path) -> None:
    outcome, heard = run(make_run(tmp_path / "0002", recipe(parent="0001")))
    assert outcome is OutcomeKind.BAD_INPUT
    assert "0001" in failure(heard).sentence


def test_a_spoilt_checkpoint_is_bad_input_and_is_not_overwritten(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe())
    run_until(folder, 1, say="leave")
    (folder / "state.pt").write_bytes(b"spoilt")
    outcome, heard = run(folder, resume=True)
    assert outcome is OutcomeKind.BAD_INPUT
    assert "state.pt" in failure(heard).sentence
    assert (folder / "state.pt").read_bytes() == b"spoilt"


def test_a_disk_that_is_full_is_warned_about_and_training_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path) -> None:
        raise CannotWrite(path, "no space left on device")

    monkeypatch.setattr(checkpoint, "replacing", full)
    outcome, heard = run(make_run(tmp_path / "0001", recipe()))
    assert outcome is OutcomeKind.FINISHED
    assert heard.of(CheckpointSaved) == []
    assert any("no space left" in warning.sentence for warning in heard.of(Warned))


def test_callbacks_are_cleaned_up_after_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hooks: list[str] = []
    honest = Learner.call

    def call(learner: Learner, hook: str, *, backwards: bool = False) -> None:
        hooks.append(hook)
        honest(learner, hook, backwards=backwards)

    monkeypatch.setattr(Learner, "call", call)
    spoil_loss(monkeypatch, call=2, spoil=bug)
    run(make_run(tmp_path / "0001", recipe()))
    assert hooks[-1] == "cleanup"
    assert "after_stage" not in hooks


@pytest.mark.parametrize("has_units", [False, True])
def test_the_processor_uses_bf16_where_it_has_instructions_for_it_or_is_asked_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_units: bool
) -> None:
    monkeypatch.setattr("studio.ml.device.computes_in_bf16", lambda: has_units)
    stage = Stage(epochs=1, height=32, width=32, batch_size=4, lr=LearningRate(high=1e-4))
    for wanted, used, warned in [
        (Precision.AUTO, "bf16" if has_units else "float32", 0),
        (Precision.FLOAT32, "float32", 0),
        (Precision.BF16, "bf16", 0),
        (Precision.FP16, "float32", 1),
    ]:
        folder = make_run(tmp_path / wanted.value, recipe(stages=[stage], precision=wanted), train=4, valid=2)
        outcome, heard = run(folder)
        assert outcome is OutcomeKind.FINISHED
        assert heard.of(Started)[0].precision == used
        assert len(heard.of(Warned)) == warned
        assert isinstance(heard.events[-1], Finished)


def test_texts_stay_in_float32_on_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.ml.device.computes_in_bf16", lambda: True)
    processor = torch.device("cpu")
    assert resolve_precision(Precision.AUTO, processor, print, task=Task.TEXT) is Precision.FLOAT32
    assert resolve_precision(Precision.BF16, processor, print, task=Task.TEXT) is Precision.BF16


def test_a_pytorch_that_does_not_tell_what_the_processor_can_do_computes_in_float32(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch, "cpu", SimpleNamespace())
    assert not computes_in_bf16()


def test_apples_gpu_gets_float32_with_a_warning() -> None:
    warnings: list[str] = []
    assert (
        resolve_precision(Precision.AUTO, torch.device("mps"), warnings.append, task=Task.SEGMENTATION)
        is Precision.FLOAT32
    )
    assert warnings == []
    assert (
        resolve_precision(Precision.BF16, torch.device("mps"), warnings.append, task=Task.SEGMENTATION)
        is Precision.FLOAT32
    )
    assert "Apple" in warnings[0]


def test_a_device_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    from studio.core.errors import BadInput

    if torch.cuda.is_available():
        pytest.skip("this machine has a CUDA device")
    with pytest.raises(BadInput, match="no cuda device"):
        choose_device("cuda")
    assert choose_device("auto").type in ("cpu", "mps")


def test_an_unforeseen_error_while_a_checkpoint_is_written_stops_no_further_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest, calls = checkpoint.write_state, 0

    def write(folder: Path, state: dict[str, object]) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise KeyError("a mistake of the program")
        honest(folder, state)

    monkeypatch.setattr(checkpoint, "write_state", write)
    outcome, heard = run(make_run(tmp_path / "0001", recipe()))
    assert outcome is OutcomeKind.FINISHED
    assert any("a mistake of the program" in warning.sentence for warning in heard.of(Warned))
    assert heard.of(CheckpointSaved)


def test_a_run_that_another_process_carries_out_is_refused_and_its_events_stay_its_own(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe())
    with holding_run(folder):
        outcome, heard = run(folder)
    assert outcome is OutcomeKind.BAD_INPUT
    assert failure(heard).sentence.startswith("Another program is carrying out run 0001;")
    assert not (folder / "events.jsonl").exists()
