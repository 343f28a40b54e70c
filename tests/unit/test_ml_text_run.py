"""Runs of text projects: language model, gradual unfreezing, exact resume, fine-tuning, scores, prediction, export."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch

from studio.core.defaults import default_spec
from studio.core.errors import NotACheckpoint
from studio.core.events import EpochEnd, LrFound, Samples, StageStarted, Started, Warned
from studio.core.outcome import OutcomeKind
from studio.core.recipe import FineTune, LearningRate, Purpose, Stage
from studio.core.review import decode_score
from studio.core.tokens import MARKS, tokenize
from studio.formats import importer
from studio.ingest import import_into
from studio.ml.exporting import export_model
from studio.ml.model_file import read_model, write_model
from studio.ml.network import network_of
from studio.ml.predict import predict
from studio.ml.tasks.registry import make_task
from studio.store import Store
from tests.unit import text_runs
from tests.unit.ml_runs import run, run_until, same_tensors


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory):
    """A finished run that learnt the telling words, and what it said."""
    last = msgspec.structs.replace(text_runs.STAGES[3], epochs=8, lr=LearningRate(high=2e-2))
    spec = text_runs.recipe((*text_runs.STAGES[:3], last))
    folder = text_runs.make_run(tmp_path_factory.mktemp("text") / "0001", spec, train=128)
    outcome, said = run(folder)
    assert outcome is OutcomeKind.FINISHED
    return folder, said


def vocabulary(folder: Path) -> list[str]:
    return json.loads(read_model(folder).metadata["vocabulary"])


def test_a_text_run_learns_the_language_first_and_then_the_classes(trained) -> None:
    _, said = trained
    assert len(said.of(StageStarted)) == 4
    first, *classified = said.of(EpochEnd)
    assert [m.name for m in first.metrics] == ["perplexity", "next token right"]
    assert all([m.name for m in end.metrics] == ["accuracy", "error rate"] for end in classified)
    assert "12 items, 2 classes" in classified[-1].metrics[0].detail
    assert "first 40 tokens" in classified[-1].metrics[0].detail
    assert classified[-1].metrics[0].value == 1.0


def test_the_watched_documents_have_a_prediction_once_there_is_a_classifier(trained) -> None:
    _, said = trained
    samples = said.of(Samples)
    assert [event.epoch for event in samples] == list(range(2, 12))
    assert all(p.tags is not None for p in samples[-1].predictions) and len(samples[-1].predictions) == 4


def test_the_model_file_carries_the_vocabulary_and_no_pickle(trained) -> None:
    folder, _ = trained
    tokens = vocabulary(folder)
    assert tokens[: len(MARKS)] == list(MARKS) and "superb" in tokens
    assert json.loads((folder / "vocabulary.json").read_text()) == tokens
    model = read_model(folder)
    task = make_task(model.snapshot)
    network = network_of(model, task)
    assert same_tensors(dict(network.state_dict()), model.state)


def test_the_unlabelled_texts_are_read_and_those_of_the_validation_split_are_not(tmp_path: Path) -> None:
    folder = text_runs.make_run(tmp_path / "0001", text_runs.recipe(text_runs.STAGES[1:2]))
    for name, word in (("more0", "zebra"), ("040", "quagga")):
        path = tmp_path / "texts" / f"{name}.txt"
        path.write_text(f"{path.read_text()} {word} and {word} or {word}")
    assert run(folder)[0] is OutcomeKind.FINISHED
    assert "zebra" in vocabulary(folder) and "quagga" not in vocabulary(folder)


def test_every_document_has_a_score_with_its_label_and_the_probabilities(trained) -> None:
    folder, _ = trained
    scores = [decode_score(line) for line in (folder / "scores.jsonl").read_bytes().splitlines()]
    assert [score.item for score in scores] == list(range(1, 141))
    valid = [score for score in scores if score.split == "valid"]
    assert all(score.label == score.tags.tags and score.error == 0 for score in valid if score.tags)
    assert all(sum(p for _, p in score.tags.shares) == pytest.approx(1, abs=1e-3) for score in valid if score.tags)


def test_what_weighed_most_in_a_document_are_the_words_that_tell_its_class(trained) -> None:
    """There are three of them in each, among eight and more that say nothing."""
    folder, _ = trained
    telling = {word for words in text_runs.TELLING for word in words}
    first: list[str] = []
    for line in (folder / "scores.jsonl").read_bytes().splitlines():
        score = decode_score(line)
        place, share = score.words[0]
        assert 0 < abs(share) <= 1
        first.append(tokenize((folder.parent / "texts" / score.name).read_text(encoding="utf-8"))[place])
    assert sum(word in telling for word in first) > 0.8 * len(first)


@pytest.mark.parametrize("step", [2, 5, 9])
def test_a_stopped_text_run_resumes_to_the_same_bits(tmp_path: Path, step: int) -> None:
    """In the middle of a language epoch, with the words it has in mind; in the frozen stage; and while unfreezing."""
    untouched, stopped = (text_runs.make_run(tmp_path / name / "0001", text_runs.recipe()) for name in "ab")
    _, heard = run(untouched)
    outcome, before = run_until(stopped, step, say="leave")
    assert outcome is OutcomeKind.STOPPED
    outcome, after = run(stopped, resume=True)
    assert outcome is OutcomeKind.FINISHED
    assert same_tensors(read_model(untouched).state, read_model(stopped).state)
    losses = [(end.epoch, end.valid_loss) for listener in (before, after) for end in listener.of(EpochEnd)]
    assert losses == [(end.epoch, end.valid_loss) for end in heard.of(EpochEnd)]


def test_a_resumed_run_numbers_the_tokens_as_before_whatever_became_of_the_texts(tmp_path: Path) -> None:
    folder = text_runs.make_run(tmp_path / "0001", text_runs.recipe(text_runs.STAGES[1:3]))
    run_until(folder, 2, say="leave")
    before = (folder / "vocabulary.json").read_bytes()
    path = tmp_path / "texts" / "more1.txt"
    path.write_text(path.read_text() + " zebra zebra or zebra", encoding="utf-8")
    assert run(folder, resume=True)[0] is OutcomeKind.FINISHED
    assert (folder / "vocabulary.json").read_bytes() == before and "zebra" not in vocabulary(folder)


def test_one_seed_gives_one_model_and_another_seed_another(tmp_path: Path) -> None:
    stages = text_runs.STAGES[:2]
    first, again, other = (
        text_runs.make_run(tmp_path / name / "0001", text_runs.recipe(stages, seed=seed))
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    for folder in (first, again, other):
        run(folder)
    assert same_tensors(read_model(first).state, read_model(again).state)
    assert not same_tensors(read_model(first).state, read_model(other).state)


def test_unfreezing_goes_from_the_head_to_the_embedding(tmp_path: Path) -> None:
    language, head, lstm, _ = text_runs.STAGES
    states = []
    for number, stages in enumerate(([language], [language, head], [language, head, lstm])):
        folder = text_runs.make_run(tmp_path / str(number) / "0001", text_runs.recipe(stages))
        run(folder)
        states.append(read_model(folder).state)
    embedding, recurrent, last = (
        "encoder.embedding.weight",
        "encoder.layers.0.weight_hh_l0",
        "classifier.layers.6.weight",
    )

    def same(name: str, a: int, b: int) -> bool:
        return torch.equal(states[a][name], states[b][name])

    assert same(embedding, 0, 1) and same(recurrent, 0, 1) and not same(last, 0, 1)
    assert same(embedding, 1, 2) and not same(recurrent, 1, 2) and not same(last, 1, 2)


def test_fine_tuning_keeps_the_parents_words_and_learns_new_ones(trained, tmp_path: Path) -> None:
    parent, _ = trained
    stage = Stage(epochs=1, height=1, width=40, batch_size=8, lr=LearningRate(high=1e-3))
    spec = text_runs.recipe([stage], parent="0001", fine_tune=FineTune(corrections=(1,)))
    child = text_runs.make_run(tmp_path / "0002", spec)
    (tmp_path / "0001").symlink_to(parent)
    path = tmp_path / "texts" / "001.txt"
    path.write_text(path.read_text() + " zebra zebra or zebra", encoding="utf-8")
    outcome, said = run(child)
    assert outcome is OutcomeKind.FINISHED
    assert said.of(Started)[0].weights == "From run 0001."
    assert [event.sentence for event in said.of(Warned)] == [
        "1 words are new since the parent run; each begins as the mean of the others."
    ]
    old = vocabulary(parent)
    assert vocabulary(child) == [*old, "zebra"]
    assert said.of(EpochEnd)[-1].metrics[0].value == 1.0


def test_a_text_that_cannot_be_read_is_named_and_left_out(tmp_path: Path) -> None:
    folder = text_runs.make_run(tmp_path / "0001", text_runs.recipe(text_runs.STAGES[1:2]))
    (tmp_path / "texts" / "003.txt").unlink()
    outcome, said = run(folder)
    assert outcome is OutcomeKind.FINISHED
    assert any("003.txt cannot be read" in event.sentence for event in said.of(Warned))
    assert len((folder / "scores.jsonl").read_bytes().splitlines()) == 43


@pytest.mark.parametrize("stage", [text_runs.STAGES[0], text_runs.STAGES[3]])
def test_the_rate_finder_finds_a_rate_for_either_kind_of_stage(tmp_path: Path, stage: Stage) -> None:
    folder = text_runs.make_run(tmp_path / "0001", text_runs.recipe([stage], purpose=Purpose.LR_FIND))
    outcome, said = run(folder)
    assert outcome is OutcomeKind.FINISHED
    assert len(said.of(LrFound)) == 1


def test_texts_outside_the_project_are_classified_from_the_runs_folder_alone(trained, tmp_path: Path) -> None:
    folder, _ = trained
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("The film was superb and great, the best.")
    (tmp_path / "in" / "b.txt").write_text("awful and dull and boring, the worst film")
    (tmp_path / "in" / "c.png").write_bytes(b"no text")
    (written,) = predict(folder, tmp_path / "in", tmp_path / "out", device="cpu")
    with written.open(encoding="utf-8", newline="") as file:
        rows = [row[:2] for row in csv.reader(file)][1:]
    assert rows == [["a.txt", "good"], ["b.txt", "bad"]]


def test_a_model_file_whose_vocabulary_is_missing_is_refused_with_a_sentence(trained, tmp_path: Path) -> None:
    folder, _ = trained
    model = read_model(folder)
    write_model(tmp_path, model.state, {k: v for k, v in model.metadata.items() if k != "vocabulary"})
    broken = read_model(tmp_path)
    with pytest.raises(NotACheckpoint, match="no vocabulary"):
        network_of(broken, make_task(broken.snapshot))


@pytest.mark.slow
def test_an_exported_text_model_answers_alike_as_a_program_in_onnx_and_in_plain_python(trained, tmp_path: Path) -> None:
    folder, _ = trained
    exported = export_model(folder, tmp_path / "out", onnx=True)
    assert set(exported.differences) == {"model.pt2", "model.onnx"}
    assert all(difference <= 1e-4 for difference in exported.differences.values())
    assert json.loads((tmp_path / "out" / "vocabulary.json").read_text()) == vocabulary(folder)
    text = tmp_path / "a.txt"
    text.write_text("superb and great")
    done = subprocess.run(
        [sys.executable, str(tmp_path / "out" / "use.py"), str(tmp_path / "out"), str(text)],
        check=True,
        capture_output=True,
        text=True,
    )
    shape, logits = done.stdout.split(") ")
    ids = [vocabulary(folder).index(token) for token in tokenize("superb and great")]
    assert shape == "(1, 2"
    assert json.loads(logits) == pytest.approx(answers_of(folder, [ids])[0], abs=1e-4)
    card = (tmp_path / "out" / "README.md").read_text()
    assert "AWD-LSTM" in card and "the language model" in card and "any number of tokens from 1 on" in card
    assert_any_length(folder, tmp_path / "out")


def answers_of(folder: Path, documents: Sequence[Sequence[int]]) -> list[list[float]]:
    """What the run's own network says of each document's ids alone."""
    model = read_model(folder)
    network = network_of(model, make_task(model.snapshot)).eval()
    with torch.inference_mode():
        return [network(torch.tensor([ids]))[0].tolist() for ids in documents]


def assert_any_length(folder: Path, out: Path) -> None:
    """Documents of one token to a thousand, each alone and all padded to the longest, as both programs answer."""
    import onnxruntime

    count = len(vocabulary(folder))
    documents = [[max(2, 7 * i % count) for i in range(length)] for length in (1, 2, 39, 41, 1000)]
    batch = np.array([ids + [vocabulary(folder).index("xxpad")] * (1000 - len(ids)) for ids in documents])
    program = torch.export.load(out / "model.pt2").module()
    session = onnxruntime.InferenceSession(str(out / "model.onnx"))
    for ask in (
        lambda rows: program(torch.from_numpy(rows)).tolist(),
        lambda rows: session.run(["output"], {"images": rows})[0].tolist(),
    ):
        wanted = pytest.approx(np.array(answers_of(folder, documents)), abs=1e-4)
        assert np.array([ask(np.array([ids]))[0] for ids in documents]) == wanted
        assert np.array(ask(batch)) == wanted


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_film_reviews_are_told_apart_from_scratch(shared_data: Path, tmp_path: Path) -> None:
    """800 reviews to learn from, 200 to judge by, seed 42: above 0.72, where the commonest class alone is 0.535."""
    source = shared_data / "imdb_sample"
    import_into(tmp_path / "project", importer("text").plan(source))
    with Store.open(tmp_path / "project") as store:
        record = store.create_run(default_spec(store.settings, n_items=800, image_size=(0, 0)))
    outcome, said = run(record.folder)
    accuracy = said.of(EpochEnd)[-1].metrics[0]
    assert outcome is OutcomeKind.FINISHED
    assert accuracy.name == "accuracy" and "commonest class alone: 0.535" in accuracy.detail
    assert accuracy.value >= 0.72
