"""Files that would run code when they are opened, in each place where weights are read: refused with a sentence."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torchvision.models import get_model_weights

from studio.cli.app import run_command
from studio.core.events import Failed
from studio.core.outcome import OutcomeKind
from studio.core.proposals import JOB_FILE, ProposalJob, encode_job
from studio.core.recipe import OnDivergence, Stage
from studio.core.settings import Task
from studio.ml.imagenet import cached_file, pretrained_classifier
from studio.ml.propose import propose
from studio.ml.timm_weights import pretrained_timm_encoder
from tests.unit import text_runs
from tests.unit.ml_runs import Listener, make_run, recipe, run, run_until

STAGES = (Stage(epochs=2, height=32, width=32, batch_size=4),)


class Bomb:
    """Makes a folder where it is unpickled."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.place),)


@pytest.fixture
def crater(tmp_path: Path) -> Iterator[Path]:
    """Where a bomb that goes off would leave a folder; it must not be there after the test."""
    place = tmp_path / "crater"
    yield place
    assert not place.exists()


def zipped(path: Path, crater: Path) -> None:
    """As `torch.save` writes it."""
    torch.save({"format": 1, "model": Bomb(crater), "position": {}}, path)


def bare(path: Path, crater: Path) -> None:
    path.write_bytes(pickle.dumps({"format": 1, "model": Bomb(crater)}, protocol=2))


def older(path: Path, crater: Path) -> None:
    torch.save({"format": 1, "model": Bomb(crater)}, path, _use_new_zipfile_serialization=False)


KINDS = pytest.mark.parametrize("write", [zipped, bare, older])
Write = Callable[[Path, Path], None]


def test_the_bomb_is_one(tmp_path: Path) -> None:
    bare(tmp_path / "a", tmp_path / "b")
    pickle.loads((tmp_path / "a").read_bytes())
    assert (tmp_path / "b").is_dir()


def failed(heard: Listener) -> str:
    last = heard.events[-1]
    assert isinstance(last, Failed)
    assert last.outcome is OutcomeKind.BAD_INPUT
    return last.sentence


@KINDS
def test_as_a_model_it_predicts_exports_and_proposes_nothing(
    write: Write, crater: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_run(tmp_path / "0001", recipe(), train=2, valid=1)
    write(folder / "model.safetensors", crater)
    said = f"{folder / 'model.safetensors'} is not a checkpoint of this program (it is a pickle, which could run code"
    for command in (
        ["predict", str(folder), str(tmp_path / "0001-images"), "--out", str(tmp_path / "out")],
        ["export-model", str(folder), str(tmp_path / "model")],
    ):
        assert run_command(command) == 2
        assert said in capsys.readouterr().err
    (tmp_path / "job").mkdir()
    job = ProposalJob(task=Task.SEGMENTATION, run=str(folder), wanted=())
    (tmp_path / "job" / JOB_FILE).write_bytes(encode_job(job))
    heard = Listener()
    assert propose(tmp_path / "job", device="cpu", emit=heard) is OutcomeKind.BAD_INPUT
    assert said in failed(heard)


@KINDS
@pytest.mark.parametrize("task", [Task.SEGMENTATION, Task.TEXT])
def test_nothing_is_fine_tuned_from_it(write: Write, task: Task, crater: Path, tmp_path: Path) -> None:
    (tmp_path / "0001").mkdir()
    write(tmp_path / "0001" / "model.safetensors", crater)
    if task is Task.TEXT:
        child = text_runs.make_run(tmp_path / "0002", text_runs.recipe(parent="0001"), train=2, valid=2)
    else:
        child = make_run(tmp_path / "0002", recipe(parent="0001"), train=2, valid=1)
    assert "it is a pickle, which could run code" in failed(run(child)[1])


@KINDS
def test_nothing_is_resumed_from_it(write: Write, crater: Path, tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe(), train=2, valid=1)
    write(folder / "state.pt", crater)
    sentence = failed(run(folder, resume=True)[1])
    assert sentence.startswith(f"{folder / 'state.pt'} is not a checkpoint of this program (its training state")


def test_a_run_that_diverges_does_not_go_back_to_it(
    crater: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_run(tmp_path / "0001", recipe(stages=STAGES, on_divergence=OnDivergence.GO_BACK))
    run_until(folder, 2, say="leave")
    honest, calls = torch.load, iter(range(100))

    def swapped(path: Path, **options: object) -> object:
        if next(calls) == 1:  # the first one resumes
            zipped(path, crater)
        return honest(path, **options)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr("studio.ml.checkpoint.torch.load", swapped)
    monkeypatch.setattr(
        "studio.ml.tasks.segmentation.Segmentation.loss", lambda *_: torch.tensor(torch.nan, requires_grad=True)
    )
    assert "holds code that is never run" in failed(run(folder, resume=True)[1])


@KINDS
def test_as_imagenets_weights_in_the_cache_it_leaves_the_run_from_scratch(
    write: Write, crater: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("STUDIO_OFFLINE", "1")
    file = cached_file(get_model_weights("mobilenet_v3_large")["DEFAULT"])
    file.parent.mkdir(parents=True)
    write(file, crater)
    classifier, sentence = pretrained_classifier("mobilenet_v3_large")
    assert classifier is None
    assert sentence.startswith("From scratch: the ImageNet weights of mobilenet_v3_large cannot be had (")
    assert sentence.endswith(f"{file} is damaged, or holds code that is never run; delete it).")


def test_as_weights_of_timm_it_leaves_the_run_from_scratch(
    crater: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file that is read, and the pickle that other programs read, which lies beside it."""
    pytest.importorskip("timm")
    import huggingface_hub

    monkeypatch.setenv("STUDIO_OFFLINE", "1")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    model = tmp_path / "hub" / "models--timm--test_efficientnet.r160_in1k"
    (model / "refs").mkdir(parents=True)
    (model / "refs" / "main").write_text("0" * 40)
    snapshot = model / "snapshots" / ("0" * 40)
    snapshot.mkdir(parents=True)
    zipped(snapshot / "pytorch_model.bin", crater)
    assert pretrained_timm_encoder("timm/test_efficientnet")[1].startswith("From scratch: ")
    zipped(snapshot / "model.safetensors", crater)
    assert pretrained_timm_encoder("timm/test_efficientnet")[1].startswith("From scratch: ")
