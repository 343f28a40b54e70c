"""A run whose network is compiled: the same files, and the same run without a compiler that works."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from torch import nn

from studio.core.events import EpochEnd, Step, Warned
from studio.core.outcome import OutcomeKind
from studio.core.recipe import Encoder, ModelSpec, RunSpec, Stage
from studio.core.settings import Task
from studio.ml import compiling
from studio.ml.checkpoint import read_state
from studio.ml.model_file import read_model
from studio.ml.network import make_network
from studio.ml.predict import predict
from studio.ml.random_state import seed_everything
from studio.ml.tasks.registry import make_task
from tests.unit.ml_runs import Listener, make_run, recipe, run, run_until, same_tensors

STAGE = Stage(epochs=1, height=32, width=32, batch_size=4)
"""Two steps: following a network through PyTorch's tracer takes seconds already."""

MODEL = ModelSpec(encoder=Encoder.RESNET18, pretrained=False)


def compiled(*, epochs: int = 1, **others: object) -> RunSpec:
    stage = msgspec.structs.replace(STAGE, epochs=epochs)
    return recipe(Task.SINGLE_LABEL, stages=[stage], model=MODEL, **{"compile": True, **others})


def failing(_graph: torch.fx.GraphModule, _inputs: list[torch.Tensor]) -> Callable[..., Any]:
    raise RuntimeError("No working C++ compiler found.\nSet this and that to see more")


def failing_backwards(graph: torch.fx.GraphModule, _inputs: list[torch.Tensor]) -> Callable[..., Any]:
    """A program whose outputs cannot be gone back from."""

    class Fails(torch.autograd.Function):
        @staticmethod
        def forward(_ctx: Any, value: torch.Tensor) -> torch.Tensor:
            return value.clone()

        @staticmethod
        def backward(_ctx: Any, *_gradients: Any) -> Any:
            raise RuntimeError("no gradients today")

    def program(*inputs: torch.Tensor) -> list[torch.Tensor]:
        return [Fails.apply(value) for value in graph(*inputs)]  # pyright: ignore[reportReturnType]

    return program


def sentences(heard: Listener) -> list[str]:
    return [warned.sentence for warned in heard.of(Warned)]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_run(tmp_path_factory.mktemp("plain") / "0001", compiled(compile=False))
    run(folder)
    return folder


def test_the_files_are_those_of_any_run(tmp_path: Path, plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Traced and carried out as it stands, the program computes the same, to the bit."""
    monkeypatch.setattr(compiling, "BACKEND", "eager")
    called: list[int] = []
    honest = compiling.CompiledForward.__call__

    def call(forward: compiling.CompiledForward, images: torch.Tensor) -> torch.Tensor:
        called.append(len(images))
        return honest(forward, images)

    monkeypatch.setattr(compiling.CompiledForward, "__call__", call)
    folder = make_run(tmp_path / "0001", compiled())
    outcome, heard = run(folder)
    assert outcome is OutcomeKind.FINISHED
    assert sentences(heard) == []
    assert called == [4] * len(heard.of(Step)), "training alone is compiled"
    assert same_tensors(read_model(folder).state, read_model(plain).state)
    assert same_tensors(read_state(folder)["model"], read_state(plain)["model"])
    assert not any("_orig_mod" in name for name in read_model(folder).state)
    picture = next((tmp_path / "0001-images").iterdir())
    assert predict(folder, picture, tmp_path / "out", device="cpu")


def test_without_a_compiler_that_works_the_run_says_so_once_and_is_an_ordinary_one(
    tmp_path: Path, plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiling, "BACKEND", failing)
    folder = make_run(tmp_path / "0001", compiled())
    _, begun = run_until(folder, 1, say="leave")
    outcome, resumed = run(folder, resume=True)
    assert outcome is OutcomeKind.FINISHED
    for heard in (begun, resumed):
        (said,) = sentences(heard)
        assert said.startswith("The network could not be compiled (No working C++ compiler found); the run goes on")
    assert same_tensors(read_model(folder).state, read_model(plain).state)


def test_a_program_that_fails_going_backwards_is_left_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "BACKEND", failing_backwards)
    outcome, heard = run(make_run(tmp_path / "0001", compiled()))
    assert outcome is OutcomeKind.FINISHED
    (said,) = sentences(heard)
    assert "(no gradients today)" in said
    assert len(heard.of(Step)) == 2


def test_a_system_without_support_is_told_before_the_first_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(*_args: object, **_named: object) -> nn.Module:
        raise RuntimeError("Dynamo is not supported here")

    monkeypatch.setattr(torch, "compile", unsupported)
    outcome, heard = run(make_run(tmp_path / "0001", compiled()))
    assert outcome is OutcomeKind.FINISHED
    (said,) = sentences(heard)
    assert "(Dynamo is not supported here)" in said


def test_an_error_that_is_not_the_compilers_still_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object, **_named: object) -> object:
        raise ValueError("broken for another reason")

    monkeypatch.setattr("studio.ml.accumulation.accumulate", broken)
    outcome, heard = run(make_run(tmp_path / "0001", compiled()))
    assert outcome is OutcomeKind.CRASHED
    assert len(sentences(heard)) == 1


def test_texts_are_not_compiled() -> None:
    with pytest.raises(ValueError, match="a network that reads texts is not compiled"):
        RunSpec(task=Task.TEXT, stages=(), compile=True)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.filterwarnings("default")
@pytest.mark.skipif(not any(shutil.which(name) for name in ("g++", "clang++")), reason="there is no C++ compiler")
def test_a_compiled_run_resumes_exactly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch._inductor.config.compile_threads", 1)
    spec = compiled(epochs=2)
    whole, stopped = tmp_path / "0001", tmp_path / "0002"
    outcome, heard = run(make_run(whole, spec))
    assert outcome is OutcomeKind.FINISHED
    assert sentences(heard) == []
    run_until(make_run(stopped, spec), 3, say="leave")
    run(stopped, resume=True)
    assert same_tensors(read_model(whole).state, read_model(stopped).state)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.filterwarnings("default")
@pytest.mark.skipif(not any(shutil.which(name) for name in ("g++", "clang++")), reason="there is no C++ compiler")
def test_a_compiled_run_learns_as_any_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where both draw the same for dropout, which a compiled program otherwise does with a generator of its own. Sums
    in another order move the optimizer's steps; of runs that draw differently the weights are 1.25 of the way apart."""
    monkeypatch.setattr("torch._inductor.config.compile_threads", 1)
    monkeypatch.setattr("torch._inductor.config.fallback_random", True)
    whole, plain = tmp_path / "0001", tmp_path / "0002"
    _, heard = run(make_run(whole, compiled(epochs=2)))
    _, ordinary = run(make_run(plain, compiled(epochs=2, compile=False)))
    assert sentences(heard) == []
    assert losses(heard)[:2] == pytest.approx(losses(ordinary)[:2], rel=1e-3)
    assert losses(heard) == pytest.approx(losses(ordinary), rel=0.2)
    assert share_of_the_way_apart(whole, plain) < 0.5


def losses(heard: Listener) -> list[float]:
    return [*(step.loss for step in heard.of(Step)), *(end.valid_loss for end in heard.of(EpochEnd))]


def share_of_the_way_apart(one: Path, other: Path) -> float:
    """How far two runs' weights are from each other, beside how far the other's are from the first ones."""
    seed_everything(compiled().seed)
    task = make_task(read_model(other).snapshot)
    begun = make_network(compiled(), task, other).network
    ends = [read_model(folder).state for folder in (one, other)]
    assert ends[0].keys() == ends[1].keys()
    apart = torch.cat([(ends[0][name] - ends[1][name]).flatten() for name, _ in begun.named_parameters()])
    way = torch.cat([(ends[1][name] - first.detach()).flatten() for name, first in begun.named_parameters()])
    return float(apart.norm() / way.norm())
