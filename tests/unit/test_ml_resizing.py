"""Squish, crop and pad: where a picture, its mask and its points come to lie, and how answers get back."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from studio.core.classes import UNLABELLED
from studio.core.events import EpochEnd
from studio.core.images import read_image
from studio.core.masks import read_mask, write_mask
from studio.core.outcome import OutcomeKind
from studio.core.recipe import Augment, Stage, decode_spec, encode_spec
from studio.core.resizing import Resize, frame_of, resize_to_answer
from studio.core.review import decode_score
from studio.core.settings import Task
from studio.core.snapshot import Snapshot, decode_snapshot
from studio.ml.data.cropping import RoomyDecoder, roomy_decoder
from studio.ml.data.decoding import Decoder
from studio.ml.data.stage_data import DataSource
from studio.ml.model_file import MODEL_FILE, encode_model, read_model
from studio.ml.predict import predict
from studio.ml.tasks.base import Original
from studio.ml.tasks.registry import make_task
from tests.unit.ml_runs import CLASSES, make_run, recipe, run

ALL = list(Resize)
WIDE = (60, 30)
"""Width and height of pictures that are wider than the training size."""

sides = st.integers(1, 400)


def snapshot_of(folder: Path) -> Snapshot:
    return decode_snapshot((folder / "snapshot.json").read_bytes())


@given(st.sampled_from(ALL), sides, sides, st.integers(32, 200), st.integers(32, 200))
def test_a_frame_keeps_the_shape_except_when_it_squishes(
    resize: Resize, width: int, height: int, wanted_width: int, wanted_height: int
) -> None:
    frame = frame_of(resize, (width, height), height=wanted_height, width=wanted_width)
    inner_width, inner_height = frame.inner
    covers = inner_width >= wanted_width and inner_height >= wanted_height
    fits = inner_width <= wanted_width and inner_height <= wanted_height
    assert covers if resize is Resize.CROP else fits
    assert inner_width == wanted_width or inner_height == wanted_height
    if resize is not Resize.SQUISH and min(frame.inner) > 1:
        assert abs(inner_width * height / width - inner_height) <= 0.5 * max(1, height / width) + 1e-9


@given(st.sampled_from(ALL), sides, sides, st.floats(0, 1), st.floats(0, 1))
def test_a_place_comes_back_to_where_it_was_in_the_original(
    resize: Resize, width: int, height: int, right: float, down: float
) -> None:
    frame = frame_of(resize, (width, height), height=50, width=70)
    x, y = frame.place(right * width, down * height)
    back = np.array([x / 70, y / 50]) * frame.spanned + frame.corner
    assert back == pytest.approx([right * width, down * height], abs=1e-6)


@pytest.mark.parametrize("size", [WIDE, (30, 60), (50, 40)])
def test_pillow_pads_and_crops_a_picture_alike(tmp_path: Path, size: tuple[int, int]) -> None:
    """What the exported script does."""
    across, down = np.meshgrid(np.linspace(0, 255, size[0]), np.linspace(0, 255, size[1]))
    picture = Image.fromarray(np.dstack([across, down, across * 0]).astype(np.uint8))
    picture.save(tmp_path / "a.png")
    task = make_task(Snapshot(task=Task.SEGMENTATION, classes=CLASSES))
    theirs = ImageOps.pad(picture, (40, 32), Image.Resampling.BOX, (124, 116, 104))
    ours = Decoder(tmp_path, task, 32, 40, Resize.PAD).picture(tmp_path / "a.png")
    assert ours.shape == (32, 40, 3)
    assert np.abs(ours.astype(int) - np.asarray(theirs, int)).max() < 12
    assert ((ours == (124, 116, 104)).all(-1) == (np.asarray(theirs) == (124, 116, 104)).all(-1)).all()
    cut = ImageOps.fit(picture, (40, 32), Image.Resampling.BOX)
    ours = Decoder(tmp_path, task, 32, 40, Resize.CROP).picture(tmp_path / "a.png")
    assert np.abs(ours.astype(int) - np.asarray(cut, int)).max() < 12


def test_nothing_is_learnt_from_padding_and_the_mask_lies_on_the_picture(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe(), train=1, valid=1, size=WIDE)
    task, item = make_task(snapshot_of(folder)), snapshot_of(folder).items[0]
    decoder = Decoder(folder, task, 60, 60, Resize.PAD)
    picture, target = decoder.picture(Path(item.image)), decoder.target(item)
    assert (target[:15] == UNLABELLED).all()
    assert (target[45:] == UNLABELLED).all()
    mask, _ = read_mask(folder / "labels/1.png")
    assert ((target[15:45] == 1) == (mask == 1)).all()
    assert np.array_equal(picture[15:45], read_image(Path(item.image)))


def test_points_of_a_padded_picture_lie_on_it_and_come_back(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe(Task.KEYPOINTS), train=1, valid=1, size=WIDE)
    task, item = make_task(snapshot_of(folder)), snapshot_of(folder).items[0]
    original = Decoder(folder, task, 60, 60, Resize.PAD).original(item)
    assert item.points is not None
    (placed,) = item.points.placed
    target = torch.from_numpy(task.read_target(original))
    assert target[0].tolist() == pytest.approx([placed.x, placed.y + 15, 1, 60, 60, 60])
    moved = task.from_label(torch.from_numpy(target.numpy()[None, :, :2]), target[None], height=60, width=60)
    prediction = task.predict(moved[0, :, :2], original.frame)
    (answered,) = prediction.points.placed  # pyright: ignore[reportAttributeAccessIssue]
    assert (answered.x, answered.y) == pytest.approx((placed.x, placed.y), abs=1e-4)
    metrics = task.metrics()
    metrics.update(moved[..., :2] + torch.tensor([0.0, 0.1]), moved)
    values = {metric.name: metric.value for metric in metrics.compute(split="valid", height=60, width=60)}
    assert values["RMSE px"] == pytest.approx(3, abs=1e-4), "0.1 of half of the 60 pixels that the frame spans"


def test_the_padding_of_an_answered_mask_is_no_part_of_the_prediction(tmp_path: Path) -> None:
    task = make_task(Snapshot(task=Task.SEGMENTATION, classes=CLASSES))
    frame = frame_of(Resize.PAD, WIDE, height=60, width=60)
    output = torch.zeros(2, 60, 60)
    output[1, :15] = output[1, 45:] = 5  # squares, above and below the picture only
    output[1, 15:45, :20] = 5
    output[0] += 1
    mask = task.predict(output, frame).mask  # pyright: ignore[reportAttributeAccessIssue]
    assert mask.shape == (30, 60)
    assert (mask[:, :20] == 1).all()
    assert (mask[:, 20:] == 0).all()


def test_a_crop_is_answered_on_whole_pictures_where_every_place_needs_an_answer() -> None:
    assert resize_to_answer(Resize.CROP, Task.SEGMENTATION) is Resize.PAD
    assert resize_to_answer(Resize.CROP, Task.KEYPOINTS) is Resize.PAD
    assert resize_to_answer(Resize.CROP, Task.SINGLE_LABEL) is Resize.CROP
    assert resize_to_answer(Resize.SQUISH, Task.SEGMENTATION) is Resize.SQUISH


def source(folder: Path, limit: int = 2**30) -> DataSource:
    spec = decode_spec((folder / "recipe.json").read_bytes())
    return DataSource(
        folder=folder,
        spec=spec,
        task=make_task(snapshot_of(folder)),
        device=torch.device("cpu"),
        warn=lambda sentence: None,
        progress=lambda what, done, total: None,
        check=lambda: None,
        limit=limit,
    )


CROPPED = Stage(epochs=1, height=32, width=32, batch_size=2)


def cropped_run(folder: Path, task: Task = Task.SEGMENTATION) -> Path:
    spec = recipe(task, stages=[CROPPED], resize=Resize.CROP, augment=Augment(flip=False))
    return make_run(folder, spec, train=4, valid=2, size=WIDE)


@pytest.mark.parametrize("limit", [2**30, 0])
def test_training_cuts_at_other_places_each_time_and_the_same_ones_by_seed(tmp_path: Path, limit: int) -> None:
    folder = cropped_run(tmp_path / "0001")
    data = source(folder, limit).load(0)
    first, again, later = (list(data.train.epoch(epoch)) for epoch in (0, 0, 1))
    for one, same in zip(first, again, strict=True):
        assert one.images.shape == (2, 3, 32, 32)
        assert torch.equal(one.images, same.images)
        assert torch.equal(one.target, same.target)
    by_row = [{row: batch.images[i] for batch in epoch for i, row in enumerate(batch.rows)} for epoch in (first, later)]
    assert any(not torch.equal(by_row[0][row], by_row[1][row]) for row in by_row[0])
    data.close()


def test_a_cut_out_shows_picture_and_mask_of_one_place(tmp_path: Path) -> None:
    """Blue lies where the mask says square; the pictures are as high as the cut-out, so nothing is resized."""
    folder = cropped_run(tmp_path / "0001")
    snapshot = snapshot_of(folder)
    for item in snapshot.items:
        mask = np.zeros((32, 64), np.uint8)
        mask[4:20, item.id * 7 : item.id * 7 + 12] = 1
        Image.fromarray(np.stack([mask * 0, mask * 0, mask * 255], -1)).save(item.image)
        write_mask(folder / str(item.mask), mask, CLASSES)
    data = source(folder).load(0)
    for epoch in range(4):
        for batch in data.train.epoch(epoch):
            assert torch.equal(batch.images[:, 2] > 0, batch.target == 1)
    assert all((batch.target == UNLABELLED).float().mean() == 0.5 for batch in data.valid.epoch(0)), "padded"
    data.close()


def test_points_move_with_the_cut_out_and_count_no_more_where_it_ends(tmp_path: Path) -> None:
    folder = cropped_run(tmp_path / "0001", Task.KEYPOINTS)
    data = source(folder).load(0)
    places: list[torch.Tensor] = []
    for epoch in range(12):
        for batch in data.train.epoch(epoch):
            for pixels, (x, y, counts, *_) in zip(batch.images, batch.target[:, 0], strict=True):
                if not counts:
                    continue
                places.append(torch.stack([x, y]))
                column, row = int((x + 1) * 16), int((y + 1) * 16)
                assert pixels[0, row, column] > 0, "the middle of the bright square"
    assert 10 < len(places) < 48
    assert torch.stack(places).abs().max() <= 1
    data.close()


def test_of_a_panorama_only_a_middle_of_twice_the_side_is_kept(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe(), train=1, valid=1, size=(400, 40))
    snapshot = snapshot_of(folder)
    decoder = Decoder(folder, make_task(snapshot), 32, 32, Resize.CROP)
    roomy = roomy_decoder(decoder, snapshot.items, report=lambda done, total: None, check=lambda: None)
    assert isinstance(roomy, RoomyDecoder)
    assert (roomy.height, roomy.width) == (32, 64)
    assert roomy.room(Path(snapshot.items[0].image)) == (32, 0)
    assert roomy.picture(Path(snapshot.items[0].image)).shape == (32, 64, 3)


@pytest.mark.parametrize(
    ("task", "resize"),
    [
        (Task.SEGMENTATION, Resize.CROP),
        (Task.SEGMENTATION, Resize.PAD),
        (Task.KEYPOINTS, Resize.CROP),
        (Task.SINGLE_LABEL, Resize.CROP),
    ],
)
def test_a_run_scores_and_predicts_at_the_originals_size(tmp_path: Path, task: Task, resize: Resize) -> None:
    folder = make_run(tmp_path / "0001", recipe(task, stages=[CROPPED], resize=resize), train=4, valid=2, size=WIDE)
    outcome, heard = run(folder)
    assert outcome is OutcomeKind.FINISHED
    assert len(heard.of(EpochEnd)) == 1
    model = read_model(folder)
    assert model.resize is resize
    picture = Path(snapshot_of(folder).items[4].image)
    written = predict(folder, picture, tmp_path / "out", device="cpu")
    scores = [decode_score(line) for line in (folder / "scores.jsonl").read_bytes().splitlines()]
    score = next(score for score in scores if score.item == 5)
    if task is Task.SEGMENTATION:
        mask, _ = read_mask(written[0])
        assert mask.shape == (30, 60)
        kept, _ = read_mask(folder / str(score.mask))
        assert np.array_equal(kept, mask)
        samples = list((folder / "samples").rglob("*.png"))
        assert {read_mask(path)[0].shape for path in samples} == {(16, 32)}, "without the padding"
    if task is Task.KEYPOINTS:
        (row,) = csv.DictReader(written[0].read_text(encoding="utf-8").splitlines())
        assert score.points is not None
        assert [float(row["x"]), float(row["y"])] == pytest.approx(
            [score.points.placed[0].x, score.points.placed[0].y], abs=0.06
        )


def test_a_model_file_that_says_nothing_of_resizing_squishes(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe(stages=[CROPPED], resize=Resize.PAD), train=4, valid=2)
    run(folder)
    model = read_model(folder)
    older = {name: value for name, value in model.metadata.items() if name != "resize"}
    (folder / MODEL_FILE).write_bytes(encode_model(model.state, older))
    assert read_model(folder).resize is Resize.SQUISH


def test_a_recipe_that_says_nothing_of_resizing_squishes() -> None:
    text = encode_spec(recipe()).decode().replace('"resize": "squish",', "")
    assert "resize" not in text
    assert decode_spec(text).resize is Resize.SQUISH


def test_an_original_has_the_size_of_its_frame(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe(), train=1, valid=1, size=WIDE)
    item = snapshot_of(folder).items[0]
    assert Original(item=item, frame=frame_of(Resize.PAD, WIDE, height=32, width=32), folder=folder).size == WIDE
