"""Files that are not what they should be: a picture that is none, a pickle in the place of a model or its state."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import torch

from studio.core.errors import NotACheckpoint
from studio.core.events import Failed, Step, Warned
from studio.core.outcome import OutcomeKind
from studio.core.recipe import Stage
from studio.core.review import decode_score
from studio.ml.predict import predict
from tests.unit.ml_runs import Listener, make_run, recipe, run

ONE_EPOCH = (Stage(epochs=1, height=32, width=32, batch_size=4),)


def failed(heard: Listener) -> Failed:
    last = heard.events[-1]
    assert isinstance(last, Failed)
    return last


def test_a_picture_that_cannot_be_read_is_named_and_the_rest_is_trained_on(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe(stages=ONE_EPOCH))
    (tmp_path / "0001-images" / "03.png").write_bytes(b"no picture")
    outcome, heard = run(folder)
    assert outcome is OutcomeKind.FINISHED
    assert "03.png" in heard.of(Warned)[0].sentence
    assert len(heard.of(Step)) == 2
    scores = [decode_score(line) for line in (folder / "scores.jsonl").read_bytes().splitlines()]
    assert [score.item for score in scores] == [1, 2, *range(4, 13)]


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
    with pytest.raises(NotACheckpoint, match=r"model\.safetensors .* pickle, which could run code"):
        predict(folder, tmp_path / "0001-images", tmp_path / "out", device="cpu")
    torch.save({"format": 1, "model": Touching(marker)}, folder / "model.safetensors")
    with pytest.raises(NotACheckpoint, match="pickle, which could run code"):
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


@pytest.mark.parametrize("share", [0.001, 0.5, 0.999])
def test_a_model_file_that_was_cut_off_says_so(share: float, tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe(stages=ONE_EPOCH), train=4, valid=1)
    run(folder)
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(NotACheckpoint, match=r"model\.safetensors .* cut off or damaged"):
        predict(folder, tmp_path / "0001-images", tmp_path / "out", device="cpu")
