"""Scores against the model's own answers, worked out from the model file another way."""

from __future__ import annotations

import math
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.nn import functional

from studio.core.items import Split
from studio.core.masks import read_mask
from studio.core.recipe import Stage
from studio.core.review import ItemScore, decode_score
from studio.core.settings import Task
from studio.core.snapshot import decode_snapshot
from studio.ml.model_file import read_model
from studio.ml.models.encoders import make_encoder
from studio.ml.models.keypoint_net import KeypointNet
from studio.ml.models.unet import UNet
from studio.ml.predict import predict
from tests.unit.ml_runs import SMALL_MODEL, make_run, recipe, run, write_run

HEIGHT, WIDTH = 32, 48
SIZE = (96, 64)
"""Width and height of the originals: twice the training size, so that each of its pixels is the mean of four."""


def trained(folder: Path, task: Task) -> Path:
    """A run with a correction in both splits and one item that is only scored."""
    spec = recipe(task, stages=(Stage(epochs=1, height=HEIGHT, width=WIDTH, batch_size=3),))
    make_run(folder, spec, train=5, valid=3, size=SIZE)
    items = list(decode_snapshot((folder / "snapshot.json").read_bytes()).items)
    corrected = msgspec.structs.replace(items[6], corrected=True)
    unlabelled = msgspec.structs.replace(items[7], mask=None, points=None, score_only=True)
    write_run(folder, spec, [*items[:6], corrected, msgspec.structs.replace(corrected, split=Split.TRAIN), unlabelled])
    run(folder)
    return folder


@pytest.fixture(scope="module")
def segmentation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("segmentation") / "0001", Task.SEGMENTATION)


@pytest.fixture(scope="module")
def keypoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("keypoints") / "0001", Task.KEYPOINTS)


def scores(folder: Path) -> list[ItemScore]:
    return [decode_score(line) for line in (folder / "scores.jsonl").read_bytes().splitlines()]


def picture(folder: Path, item: int) -> NDArray[np.uint8]:
    return np.asarray(Image.open(folder.parent / f"{folder.name}-images" / f"{item:02}.png").convert("RGB"))


def output(folder: Path, network: torch.nn.Module, item: int) -> torch.Tensor:
    """The output for one item, its picture halved and normalised by plain NumPy."""
    network.load_state_dict(read_model(folder).state)
    halved = picture(folder, item).reshape(HEIGHT, 2, WIDTH, 2, 3).astype(np.float64).mean((1, 3))
    normal = (np.floor(halved + 0.5) / 255 - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)
    with torch.inference_mode():
        return network.eval()(torch.from_numpy(normal).float().permute(2, 0, 1)[None])[0]


def test_a_loss_is_the_mean_cross_entropy_over_the_originals_counted_pixels(segmentation: Path) -> None:
    logits = output(segmentation, UNet(make_encoder(SMALL_MODEL.encoder), 2), 6).double()
    shares = torch.softmax(logits, 0).numpy()
    label, _ = read_mask(segmentation / "labels/6.png")
    terms = [
        -math.log(shares[label[y, x], y // 2, x // 2])
        for y in range(SIZE[1])
        for x in range(SIZE[0])
        if label[y, x] in (0, 1)
    ]
    score = next(s for s in scores(segmentation) if s.item == 6)
    assert len(terms) == SIZE[0] * (SIZE[1] - 2)
    assert score.loss == pytest.approx(sum(terms) / len(terms), rel=1e-3)


def test_an_error_is_the_share_of_counted_pixels_that_the_mask_has_wrong(segmentation: Path) -> None:
    logits = output(segmentation, UNet(make_encoder(SMALL_MODEL.encoder), 2), 6)
    enlarged = functional.interpolate(logits[None], size=SIZE[::-1], mode="bilinear", align_corners=False)[0]
    label, _ = read_mask(segmentation / "labels/6.png")
    score = next(s for s in scores(segmentation) if s.item == 6)
    mask, _ = read_mask(segmentation / str(score.mask))
    assert (mask != enlarged.argmax(0).numpy()).mean() < 0.002
    wrong = [
        (label[y, x], mask[y, x])
        for y in range(SIZE[1])
        for x in range(SIZE[0])
        if label[y, x] in (0, 1) and label[y, x] != mask[y, x]
    ]
    assert wrong
    assert score.error == pytest.approx(len(wrong) / (SIZE[0] * (SIZE[1] - 2)))
    assert {(a, b): n for a, b, n in score.confusion} == {pair: wrong.count(pair) for pair in set(wrong)}


def test_a_keypoint_score_is_how_far_the_point_is_off_in_pixels_of_the_original(keypoints: Path) -> None:
    x, y = output(keypoints, KeypointNet(make_encoder(SMALL_MODEL.encoder), 1), 6)[0].tolist()
    predicted = np.array([(x + 1) / 2 * SIZE[0], (y + 1) / 2 * SIZE[1]])
    items = decode_snapshot((keypoints / "snapshot.json").read_bytes()).items
    centre = next(i for i in items if i.id == 6).points
    assert centre is not None
    offset = predicted - (centre.placed[0].x, centre.placed[0].y)
    score = next(s for s in scores(keypoints) if s.item == 6)
    assert score.mask is None
    assert score.points is not None
    assert (score.points.placed[0].x, score.points.placed[0].y) == pytest.approx(predicted, abs=0.02)
    assert score.error == pytest.approx(math.hypot(*offset), abs=0.03)
    assert score.loss == pytest.approx(float(np.mean((offset * 2 / SIZE) ** 2)), rel=1e-2)


def test_predicting_on_a_folder_gives_each_picture_a_mask_of_its_size(segmentation: Path, tmp_path: Path) -> None:
    (tmp_path / "in" / "more").mkdir(parents=True)
    Image.fromarray(picture(segmentation, 6)).save(tmp_path / "in" / "six.png")
    Image.new("RGB", (50, 33), (40, 60, 90)).save(tmp_path / "in" / "more" / "other.jpg")
    (tmp_path / "in" / "broken.png").write_bytes(b"no picture")
    warnings: list[str] = []
    files = predict(segmentation, tmp_path / "in", tmp_path / "out", device="cpu", warn=warnings.append)
    assert sorted(file.relative_to(tmp_path / "out").as_posix() for file in files) == ["more/other.png", "six.png"]
    assert read_mask(tmp_path / "out/more/other.png")[0].shape == (33, 50)
    scored = next(s for s in scores(segmentation) if s.item == 6)
    same = read_mask(tmp_path / "out/six.png")[0] == read_mask(segmentation / str(scored.mask))[0]
    assert same.mean() > 0.999
    assert len(warnings) == 1
    assert "broken.png" in warnings[0]
