"""Scores and predictions of a run, and `predict` from its folder alone."""

from __future__ import annotations

import csv
import pickle
import shutil
from collections import Counter
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from studio.core.classes import UNLABELLED, rgb
from studio.core.errors import BadInput, NotACheckpoint
from studio.core.events import Warned
from studio.core.items import Split
from studio.core.masks import read_mask, write_mask
from studio.core.outcome import OutcomeKind
from studio.core.recipe import LearningRate, Stage
from studio.core.review import ItemScore, decode_score
from studio.core.settings import Task
from studio.core.snapshot import SnapshotItem, decode_snapshot
from studio.ml.predict import predict
from tests.unit.ml_runs import CLASSES, make_run, recipe, run, write_run

STAGE = Stage(epochs=2, height=32, width=32, batch_size=4, lr=LearningRate(high=3e-3))


def scores_of(folder: Path) -> list[ItemScore]:
    return [decode_score(line) for line in (folder / "scores.jsonl").read_bytes().splitlines()]


def items_of(folder: Path) -> list[SnapshotItem]:
    return list(decode_snapshot((folder / "snapshot.json").read_bytes()).items)


@pytest.fixture(scope="module")
def masks_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Item 3 is corrected (in train and in valid), item 5 is in test and only scored, item 7's picture is broken."""
    folder = make_run(tmp_path_factory.mktemp("runs") / "0001", recipe(stages=[STAGE]), size=(70, 50))
    items = items_of(folder)
    items[2] = msgspec.structs.replace(items[2], corrected=True, weight=3.0)
    items[4] = msgspec.structs.replace(items[4], split=Split.TEST, score_only=True)
    shutil.copy(folder / "labels/3.png", folder / "labels/3-before.png")
    items.append(msgspec.structs.replace(items[2], split=Split.VALID, weight=1.0, revision=29))
    Path(items[6].image).write_bytes(b"broken")
    write_run(folder, recipe(stages=[STAGE]), items)
    outcome, heard = run(folder)
    assert outcome is OutcomeKind.FINISHED
    assert len([w for w in heard.of(Warned) if "07.png" in w.sentence]) >= 1
    return folder


def test_every_entry_of_the_snapshot_has_a_score(masks_run: Path) -> None:
    scores = scores_of(masks_run)
    assert Counter(score.item for score in scores) == Counter(item.id for item in items_of(masks_run) if item.id != 7)
    assert {score.split for score in scores} == {Split.TRAIN, Split.VALID, Split.TEST}
    corrected = [score for score in scores if score.item == 3]
    assert [(s.split, s.corrected, s.revision) for s in corrected] == [
        (Split.TRAIN, True, 30),
        (Split.VALID, True, 29),
    ]


def test_errors_and_confusions_are_those_of_the_predicted_png_at_the_originals_size(masks_run: Path) -> None:
    for score, item in ((s, i) for s in scores_of(masks_run) for i in items_of(masks_run) if s.item == i.id):
        predicted, _ = read_mask(masks_run / str(score.mask))
        label, _ = read_mask(masks_run / str(item.mask))
        assert predicted.shape == label.shape == (50, 70)
        counted = (label != 2) & (label != UNLABELLED)
        wrong = counted & (label != predicted)
        assert score.error == pytest.approx(wrong.sum() / counted.sum())
        pairs = Counter(zip(label[wrong].tolist(), predicted[wrong].tolist(), strict=True))
        assert {(a, b): n for a, b, n in score.confusion} == pairs
        assert [n for *_, n in score.confusion] == sorted((n for *_, n in score.confusion), reverse=True)
        assert score.loss > 0


def test_a_predicted_png_shows_the_classes_colours(masks_run: Path) -> None:
    with Image.open(masks_run / "predictions/000001.png") as image:
        palette = image.getpalette()
        assert image.mode == "P"
    assert palette is not None
    assert tuple(palette[3:6]) == rgb(CLASSES[1].color)


def test_few_labelled_pixels_are_enough_for_a_loss(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe(stages=[STAGE]), size=(400, 300), valid=1, train=2)
    sparse = np.full((300, 400), UNLABELLED, np.uint8)
    sparse[151, 203] = 1  # one pixel, which a resize to the training size may lose
    write_mask(folder / "labels/3.png", sparse, CLASSES)
    run(folder)
    (score,) = [s for s in scores_of(folder) if s.item == 3]
    assert score.loss > 0
    assert score.error in (0.0, 1.0)


def test_keypoints_are_scored_in_pixels_of_the_original(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe(Task.KEYPOINTS, stages=[STAGE]), size=(70, 50))
    run(folder)
    items = {item.id: item for item in items_of(folder)}
    scores = scores_of(folder)
    assert len(scores) == len(items)
    for score in scores:
        assert score.mask is None
        assert score.points is not None
        label, found = items[score.item].points, score.points.placed[0]
        assert label is not None
        expected = np.hypot(found.x - label.placed[0].x, found.y - label.placed[0].y)
        assert score.error == pytest.approx(expected, rel=1e-4)
        assert 0 <= found.x <= 70
        assert 0 <= found.y <= 50


@pytest.fixture
def without_bf16(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers are in float32, as the runs of `ml_runs` are."""
    monkeypatch.setattr("studio.ml.device.computes_in_bf16", lambda: False)


@pytest.mark.usefixtures("without_bf16")
def test_predict_needs_the_model_file_only(masks_run: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    shutil.copy(masks_run / "model.safetensors", moved)
    pictures = tmp_path / "pictures"
    (pictures / "sub").mkdir(parents=True)
    for name, source in (("a.png", 1), ("sub/a.png", 2), ("b.png", 4)):
        shutil.copy(masks_run.parent / f"0001-images/{source:02}.png", pictures / name)
    (pictures / "broken.jpg").write_bytes(b"x")
    warnings: list[str] = []
    progress: list[tuple[int, int]] = []
    written = predict(
        moved,
        pictures,
        tmp_path / "out",
        device="cpu",
        warn=warnings.append,
        progress=lambda done, total: progress.append((done, total)),
    )
    assert [path.relative_to(tmp_path / "out").as_posix() for path in written] == ["a.png", "b.png", "sub/a.png"]
    for name, item in (("a.png", 1), ("sub/a.png", 2), ("b.png", 4)):
        found, _ = read_mask(tmp_path / "out" / name)
        scored, _ = read_mask(masks_run / f"predictions/{item:06}.png")
        assert np.array_equal(found, scored), "the same picture gets the same answer"
    assert "broken.jpg" in warnings[0]
    assert progress[-1] == (4, 4)


def test_two_pictures_that_differ_in_their_suffix_both_get_an_answer(masks_run: Path, tmp_path: Path) -> None:
    source = masks_run.parent / "0001-images/01.png"
    shutil.copy(source, tmp_path / "a.png")
    Image.open(source).save(tmp_path / "a.bmp")
    written = predict(masks_run, [tmp_path / "a.bmp", tmp_path / "a.png"], tmp_path / "out", device="cpu")
    assert [path.name for path in written] == ["a.png", "a.png.png"]


@pytest.mark.usefixtures("without_bf16")
def test_predicted_points_are_a_table(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe(Task.KEYPOINTS, stages=[STAGE]), size=(70, 50))
    run(folder)
    picture = tmp_path / "0001-images/01.png"
    (table,) = predict(folder, picture, tmp_path / "out", device="cpu")
    with table.open(newline="") as file:
        (row,) = list(csv.DictReader(file))
    expected = next(s.points for s in scores_of(folder) if s.item == 1)
    assert expected is not None
    assert (row["image"], row["keypoint"]) == ("01.png", "centre")
    assert (float(row["x"]), float(row["y"])) == pytest.approx((expected.placed[0].x, expected.placed[0].y), abs=0.02)


class Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("raise SystemExit('a pickle was run')",)


def test_a_pickle_that_is_renamed_is_no_checkpoint_and_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(NotACheckpoint, match=r"model\.safetensors"):
        predict(tmp_path, tmp_path, tmp_path / "out")


def test_a_safetensors_file_of_another_program_is_no_checkpoint(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    save_file({"weight": torch.zeros(2)}, tmp_path / "model.safetensors")
    with pytest.raises(NotACheckpoint, match="not written by a run"):
        predict(tmp_path, tmp_path, tmp_path / "out")


def test_a_folder_without_a_model_is_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(NotACheckpoint, match="no such file"):
        predict(tmp_path, tmp_path, tmp_path / "out")


def test_a_folder_without_pictures_is_bad_input(masks_run: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no picture"):
        predict(masks_run, tmp_path, tmp_path / "out", device="cpu")
    with pytest.raises(BadInput, match="does not exist"):
        predict(masks_run, tmp_path / "nothing", tmp_path / "out", device="cpu")
