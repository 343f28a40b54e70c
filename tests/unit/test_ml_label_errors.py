"""The search for label errors as a run: folds, what they say, stops and resumes, and a run that is asked at once."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from studio.core.events import EpochEnd, Progress, Scored, StageStarted, Started, Step, Warned
from studio.core.items import Split
from studio.core.label_error_recipe import asking_run, cross_validation
from studio.core.outcome import OutcomeKind
from studio.core.recipe import Judge, LabelErrors, Purpose, RunSpec, Stage
from studio.core.review import ItemScore, decode_score
from studio.core.settings import Task
from studio.core.snapshot import decode_snapshot, encode_snapshot
from studio.core.suspicions import Method, Suspicion, decode_suspicion
from studio.core.tags import Tags
from studio.ml.label_errors import cleanlab_quality, search
from studio.ml.label_errors.folds import make_folds
from studio.ml.runner import read_recipe
from tests.unit import text_runs
from tests.unit.ml_runs import make_run, recipe, run, run_until

STEPS_A_FOLD = 2
"""Six items are learnt in batches of four, once."""


def searching(task: Task = Task.SINGLE_LABEL, *, folds: int = 2, epochs: int = 1) -> RunSpec:
    stage = Stage(epochs=epochs, height=32, width=32, batch_size=4)
    return cross_validation(recipe(task, stages=[stage]), folds=folds)


def suspicions_of(folder: Path) -> list[Suspicion]:
    return [decode_suspicion(line) for line in (folder / "suspicions.jsonl").read_bytes().splitlines()]


def scores_of(folder: Path) -> dict[int, ItemScore]:
    scores = [decode_score(line) for line in (folder / "scores.jsonl").read_bytes().splitlines()]
    assert len(scores) == len({score.item for score in scores})
    return {score.item: score for score in scores}


@pytest.mark.parametrize("task", [task for task in Task if task is not Task.TEXT])
def test_every_label_is_judged_and_nothing_that_was_learnt_is_kept(task: Task, tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", searching(task))
    outcome, said = run(folder)
    assert outcome is OutcomeKind.FINISHED
    found = suspicions_of(folder)
    assert sorted((s.item, s.name, s.split, s.revision) for s in found) == [
        (i, f"{i:02}.png", Split.TRAIN if i <= 8 else Split.VALID, 10 * i) for i in range(1, 13)
    ]
    assert [s.quality for s in found] == sorted(s.quality for s in found)
    assert all(0 <= s.quality <= 1 for s in found)
    scores = scores_of(folder)
    assert {i: score.split for i, score in scores.items()} == {s.item: s.split for s in found}
    if task is Task.SEGMENTATION:
        assert all((folder / str(score.mask)).is_file() for score in scores.values())
    assert said.of(Scored)[-1].items == 12
    assert not list(folder.rglob("*.safetensors"))
    assert not list(folder.rglob("state.pt"))


def test_texts_are_judged_too(tmp_path: Path) -> None:
    stages = (text_runs.STAGES[0], text_runs.STAGES[-1])
    folder = text_runs.make_run(tmp_path / "0001", cross_validation(text_runs.recipe(stages), folds=2))
    outcome, _ = run(folder)
    assert outcome is OutcomeKind.FINISHED
    assert len(suspicions_of(folder)) == 44


def test_texts_are_judged_by_their_words_in_a_moment(tmp_path: Path) -> None:
    spec = cross_validation(text_runs.recipe(), folds=4, by=Judge.WORDS)
    folder = text_runs.make_run(tmp_path / "0001", spec, train=60, valid=20)
    snapshot = decode_snapshot((folder / "snapshot.json").read_bytes())
    wrong = msgspec.structs.replace(snapshot.items[6], tags=Tags((0,)))
    spoilt = msgspec.structs.replace(snapshot, items=(*snapshot.items[:6], wrong, *snapshot.items[7:]))
    (folder / "snapshot.json").write_bytes(encode_snapshot(spoilt))
    Path(snapshot.items[-1].image).unlink()
    outcome, said = run(folder)
    assert outcome is OutcomeKind.FINISHED
    found = suspicions_of(folder)
    assert len(found) == 79
    assert (found[0].item, found[0].is_issue, found[0].tags) == (wrong.id, True, (1,))
    assert [Path(snapshot.items[-1].image).name in warning.sentence for warning in said.of(Warned)] == [True]
    assert said.of(Step) == []


def test_no_network_judges_what_it_has_learnt(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", searching(folds=3))
    _, snapshot = read_recipe(folder)
    folds = make_folds(folder, snapshot, snapshot.items, folds=3, seed=1)
    judged = [[item.id for item in fold.snapshot.of(Split.VALID)] for fold in folds]
    assert sorted(i for ids in judged for i in ids) == [item.id for item in snapshot.items]
    for fold, ids in zip(folds, judged, strict=True):
        assert {item.id for item in fold.snapshot.of(Split.TRAIN)} == set(range(1, 13)) - set(ids)
        classes = [item.tags for item in fold.snapshot.of(Split.VALID)]
        assert classes.count(Tags((0,))) == classes.count(Tags((1,))) == 2
    again = make_folds(folder, snapshot, snapshot.items, folds=3, seed=1)
    assert [f.snapshot for f in again] == [f.snapshot for f in folds]


def test_there_are_no_more_folds_than_pairs_of_items(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", searching(), train=4, valid=1)
    _, snapshot = read_recipe(folder)
    assert len(make_folds(folder, snapshot, snapshot.items, folds=10, seed=1)) == 2


def test_steps_epochs_and_stages_go_on_from_fold_to_fold(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", searching(epochs=2))
    _, said = run(folder)
    (started,) = said.of(Started)
    assert (started.purpose, started.epochs, started.train_items) == (Purpose.LABEL_ERRORS, 4, 12)
    assert [step.step for step in said.of(Step)] == list(range(1, started.steps + 1))
    assert [end.epoch for end in said.of(EpochEnd)] == [1, 2, 3, 4]
    assert [stage.stage for stage in said.of(StageStarted)] == [0, 1]
    assert {p.what[:11] for p in said.of(Progress) if p.what.startswith("fold")} == {"fold 1 of 2", "fold 2 of 2"}


def test_a_search_that_is_stopped_judges_the_folds_that_are_done(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", searching())
    outcome, _ = run_until(folder, STEPS_A_FOLD + 1)
    assert outcome is OutcomeKind.STOPPED
    assert len(suspicions_of(folder)) == len(scores_of(folder)) == 6


def test_a_search_that_is_stopped_before_its_first_fold_is_done_says_nothing(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", searching())
    outcome, _ = run_until(folder, 1)
    assert outcome is OutcomeKind.STOPPED
    assert not (folder / "suspicions.jsonl").exists()


def test_an_interrupted_search_finds_the_same_when_it_goes_on(tmp_path: Path) -> None:
    spec = searching(epochs=2)
    whole, torn = make_run(tmp_path / "0001", spec), make_run(tmp_path / "0002", spec)
    run(whole)
    run_until(torn, 2 * STEPS_A_FOLD + 1, say="leave")
    assert not (torn / "suspicions.jsonl").exists()
    outcome, said = run(torn, resume=True)
    assert outcome is OutcomeKind.FINISHED
    (started,) = said.of(Started)
    assert started.resumed_at == 2 * STEPS_A_FOLD + 1
    assert [step.step for step in said.of(Step)][-1] == 4 * STEPS_A_FOLD
    assert suspicions_of(torn) == suspicions_of(whole)


@pytest.mark.parametrize("task", [Task.SEGMENTATION, Task.KEYPOINTS])
def test_a_search_that_was_stopped_and_judged_goes_on_to_the_same_end(task: Task, tmp_path: Path) -> None:
    whole, stopped = (make_run(tmp_path / name, searching(task)) for name in ("0001", "0002"))
    run(whole)
    run_until(stopped, STEPS_A_FOLD + 1)
    assert len(suspicions_of(stopped)) == 6
    outcome, _ = run(stopped, resume=True)
    assert outcome is OutcomeKind.FINISHED
    assert suspicions_of(stopped) == suspicions_of(whole)


def test_a_run_is_asked_at_once_about_what_it_did_not_learn(tmp_path: Path) -> None:
    taught = recipe(Task.SINGLE_LABEL, stages=[Stage(epochs=1, height=32, width=32, batch_size=4)])
    parent = make_run(tmp_path / "0001", taught)
    run(parent)
    folder = tmp_path / "0002"
    shutil.copytree(parent / "labels", folder / "labels")
    snapshot = decode_snapshot((parent / "snapshot.json").read_bytes())
    unseen = msgspec.structs.replace(snapshot, items=tuple(snapshot.of(Split.VALID)))
    (folder / "snapshot.json").write_bytes(encode_snapshot(unseen))
    (folder / "recipe.json").write_bytes(msgspec.json.encode(asking_run(taught, "0001")))
    outcome, said = run(folder)
    assert outcome is OutcomeKind.FINISHED
    assert said.of(Step) == []
    scores, before = scores_of(folder), scores_of(parent)
    assert set(scores) == {9, 10, 11, 12} == {s.item for s in suspicions_of(folder)}
    assert {i: s.tags for i, s in scores.items()} == {i: before[i].tags for i in scores}


def test_without_cleanlab_the_rank_is_by_self_confidence_and_says_how_to_get_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleanlab_quality, "has_cleanlab", lambda: False)
    monkeypatch.setattr(search, "has_cleanlab", lambda: False)
    folder = make_run(tmp_path / "0001", searching())
    _, said = run(folder)
    assert any("pip install cleanlab" in warning.sentence for warning in said.of(Warned))
    scores = scores_of(folder)
    for suspicion in suspicions_of(folder):
        assert suspicion.method is Method.SELF_CONFIDENCE
        score = scores[suspicion.item]
        assert score.tags is not None
        assert score.label is not None
        assert suspicion.quality == pytest.approx(dict(score.tags.shares)[score.label.ids[0]], abs=1e-5)


@pytest.mark.parametrize("folds", [1, -1, 21])
def test_folds_that_cannot_be_are_refused(folds: int) -> None:
    with pytest.raises(ValueError, match="folds"):
        LabelErrors(folds=folds)


def test_a_recipe_that_would_ask_a_network_that_has_seen_the_labels_is_refused() -> None:
    with pytest.raises(ValueError, match="from the beginning"):
        msgspec.structs.replace(searching(), parent="0001")
    with pytest.raises(ValueError, match="only texts"):
        cross_validation(recipe(), by=Judge.WORDS)
    with pytest.raises(ValueError, match="purpose"):
        recipe(purpose=Purpose.LABEL_ERRORS)
