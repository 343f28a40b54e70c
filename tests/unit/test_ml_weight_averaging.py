"""A run that answers with a moving average of its weights, and trains on with the weights themselves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from torch import Tensor

from studio.core.events import EpochEnd, Metric, RunEvent, Samples, WentBack
from studio.core.outcome import OutcomeKind
from studio.core.recipe import Augment, OnDivergence, RunSpec, Stage, decode_spec
from studio.core.review import decode_score
from studio.core.settings import Task
from studio.ml.callbacks.base import Callback
from studio.ml.callbacks.checkpoints import Checkpoints
from studio.ml.callbacks.guard import FiniteGuard
from studio.ml.checkpoint import read_state
from studio.ml.learner import Learner
from studio.ml.model_file import read_model
from studio.ml.network import network_of
from studio.ml.tasks.registry import make_task
from studio.ml.tasks.text import Text
from tests.unit import text_runs
from tests.unit.ml_runs import make_run, recipe, run, run_until, same_tensors

DECAY = 0.5
TWO_STAGES = (
    Stage(epochs=2, height=32, width=32, batch_size=4, frozen=True),
    Stage(epochs=2, height=40, width=48, batch_size=4),
)


def averaging(task: Task = Task.SEGMENTATION, **others: object) -> RunSpec:
    moves = Augment(flip=True, rotate=10, lighting=0.2)
    return recipe(task, stages=TWO_STAGES, augment=moves, average_weights=DECAY, **others)


def kept_average(folder: Path) -> dict[str, Tensor]:
    return read_state(folder)["callbacks"]["WeightAveraging"]["weights"]


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[RunEvent]]:
    folder = make_run(tmp_path_factory.mktemp("runs") / "0001", averaging())
    _, heard = run(folder)
    return folder, heard.events


def test_the_model_file_is_the_average_of_the_weights_after_each_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Worked out again from the weights that the steps left, with the decays 2/11, 3/12, 4/13, then the recipe's."""
    after: list[dict[str, Tensor]] = []

    def note(_callback: Callback, learner: Learner) -> None:
        after.append({name: value.clone() for name, value in learner.network.state_dict().items()})

    monkeypatch.setattr(FiniteGuard, "after_batch", note)
    stage = Stage(epochs=6, height=32, width=32, batch_size=4)
    folder = make_run(tmp_path / "0001", recipe(stages=[stage], average_weights=DECAY))
    run(folder)
    wanted = {name: value.double() for name, value in after[0].items()}
    for done, weights in enumerate(after[1:], start=1):
        decay = min(DECAY, (1 + done) / (10 + done))
        wanted = {name: decay * wanted[name] + (1 - decay) * weights[name].double() for name in wanted}
    found, last = read_model(folder).state, read_state(folder)["model"]
    assert len(after) == 12
    assert found.keys() == last.keys() == wanted.keys()
    assert same_tensors(last, after[-1])
    assert same_tensors(found, kept_average(folder))
    for name, value in found.items():
        if value.is_floating_point():
            torch.testing.assert_close(value.double(), wanted[name], rtol=1e-4, atol=1e-5)
        else:
            assert torch.equal(value, last[name]), "batch norm's count of batches is no mean"


def test_training_goes_on_with_the_weights_themselves(
    tmp_path: Path, uninterrupted: tuple[Path, list[RunEvent]]
) -> None:
    """Which then are those of a run without an average; only the answers differ."""
    plain = make_run(tmp_path / "0001", recipe(stages=TWO_STAGES, augment=averaging().augment))
    _, heard = run(plain)
    assert same_tensors(read_state(plain)["model"], read_state(uninterrupted[0])["model"])
    assert not same_tensors(read_model(plain).state, read_model(uninterrupted[0]).state)
    losses = [e.valid_loss for e in uninterrupted[1] if isinstance(e, EpochEnd)]
    assert losses != [e.valid_loss for e in heard.of(EpochEnd)]


@pytest.mark.parametrize("step", [3, *(pytest.param(n, marks=pytest.mark.slow) for n in (1, 5))])
def test_stopped_and_resumed_both_are_those_of_an_uninterrupted_run(
    tmp_path: Path, uninterrupted: tuple[Path, list[RunEvent]], step: int
) -> None:
    folder = make_run(tmp_path / "0001", averaging())
    run_until(folder, step, say="leave")
    _, heard = run(folder, resume=True)
    assert same_tensors(read_model(folder).state, read_model(uninterrupted[0]).state)
    assert same_tensors(read_state(folder)["model"], read_state(uninterrupted[0])["model"])
    wanted = [e for e in uninterrupted[1] if isinstance(e, EpochEnd)][-1]
    found = heard.of(EpochEnd)[-1]
    assert (found.valid_loss, found.metrics) == (wanted.valid_loss, wanted.metrics)
    assert (folder / "scores.jsonl").read_bytes() == (uninterrupted[0] / "scores.jsonl").read_bytes()


def test_scores_and_samples_are_the_averages_answers(tmp_path: Path) -> None:
    """A run without an average whose last weights are the average answers the same."""
    folder = make_run(tmp_path / "0001", averaging(Task.SINGLE_LABEL))
    _, heard = run(folder)
    state = read_state(folder)
    state["model"] = kept_average(folder)
    del state["callbacks"]["WeightAveraging"]
    plain = make_run(tmp_path / "0002", recipe(Task.SINGLE_LABEL, stages=TWO_STAGES))
    torch.save(state, plain / "state.pt")
    run(plain, resume=True)
    assert (plain / "scores.jsonl").read_bytes() == (folder / "scores.jsonl").read_bytes()
    by_item = {line.tags.shares[0] for line in heard.of(Samples)[-1].predictions if line.tags is not None}
    scored = (folder / "scores.jsonl").read_text(encoding="utf-8")
    assert all(str(share) in scored for _, share in by_item)


def test_going_back_puts_both_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = averaging(on_divergence=OnDivergence.GO_BACK)
    found: list[tuple[int, bool]] = []
    honest = Checkpoints.go_on_from

    def go_on_from(checkpoints: Checkpoints, state: dict[str, Any], learner: Learner) -> None:
        honest(checkpoints, state, learner)
        kept = read_state(folder)["callbacks"]["WeightAveraging"]["weights"] if learner.at.step else state["model"]
        found.append((learner.at.step, same_tensors(dict(learner.answering.state_dict()), kept)))

    monkeypatch.setattr(Checkpoints, "go_on_from", go_on_from)
    diverging(monkeypatch, at=[1, 3])
    folder = make_run(tmp_path / "0001", spec)
    outcome, heard = run(folder)
    assert outcome is OutcomeKind.FINISHED
    assert [back.to_step for back in heard.of(WentBack)] == [0, 2]
    assert found == [(0, True), (2, True)]


def diverging(monkeypatch: pytest.MonkeyPatch, *, at: list[int]) -> None:
    """Let the loss be no number after so many steps, once each."""
    honest = FiniteGuard.after_loss

    def after_loss(guard: FiniteGuard, learner: Learner) -> None:
        if learner.at.step in at:
            at.remove(learner.at.step)
            learner.loss = learner.loss * torch.nan
        honest(guard, learner)

    monkeypatch.setattr(FiniteGuard, "after_loss", after_loss)


def test_a_text_run_averages_too_and_resumes_exactly(tmp_path: Path) -> None:
    """Left after the first epoch of its language stage, in the middle of the second."""
    language = msgspec.structs.replace(text_runs.LANGUAGE, epochs=2)
    spec = text_runs.recipe([language, text_runs.STAGES[3]], average_weights=DECAY)
    whole, stopped = (text_runs.make_run(tmp_path / name, spec) for name in ("0001", "0002"))
    _, heard = run(whole)
    first, second = heard.of(EpochEnd)[:2]
    assert second.step - first.step > 1
    _, before = run_until(stopped, first.step + 1, say="leave")
    _, after = run(stopped, resume=True)
    assert same_tensors(read_model(whole).state, read_model(stopped).state)
    assert not same_tensors(read_model(whole).state, read_state(whole)["model"])
    assert validated([*before.of(EpochEnd), *after.of(EpochEnd)]) == validated(heard.of(EpochEnd))


def validated(ends: Sequence[EpochEnd]) -> list[tuple[int, float, list[Metric]]]:
    return [(end.epoch, end.valid_loss, end.metrics) for end in ends]


def test_a_text_run_that_is_stopped_while_it_learns_the_language_scores_with_the_average(tmp_path: Path) -> None:
    """Of the classes that the averaged weights give each document, before any label was learnt."""
    folder = text_runs.make_run(tmp_path / "0001", text_runs.recipe(average_weights=DECAY))
    outcome, _ = run_until(folder, 1)
    assert outcome is OutcomeKind.STOPPED
    model = read_model(folder)
    task = make_task(model.snapshot)
    network = network_of(model, task).eval()
    assert isinstance(task, Text)
    scores = [decode_score(line) for line in (folder / "scores.jsonl").read_bytes().splitlines()]
    assert len(scores) == 44
    for score in scores[:3]:
        ids = task.ids(tmp_path / "texts" / f"{score.item:03}.txt")[: text_runs.LANGUAGE.width]
        with torch.inference_mode():
            wanted = network(torch.tensor([list(ids)]))[0].softmax(0)
        assert score.tags is not None
        found = dict(score.tags.shares)
        assert [found[0], found[1]] == pytest.approx(wanted.tolist(), abs=1e-5)


def test_a_decay_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="a decay of 1"):
        decode_spec('{"task": "segmentation", "stages": [], "average_weights": 1}')
