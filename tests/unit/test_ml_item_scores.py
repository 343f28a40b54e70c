"""What a score says beside loss and error, against references worked out another way."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from studio.core.masks import read_mask
from studio.core.recipe import RunSpec, Stage
from studio.core.review import ItemScore, decode_score
from studio.core.settings import Task
from studio.core.snapshot import decode_snapshot
from studio.ml.mask_scores import MaskComparison, compare_masks
from studio.ml.model_file import read_model
from studio.ml.models.encoders import make_encoder
from studio.ml.models.keypoint_net import KeypointNet
from studio.ml.sureness import sureness_of_choice, sureness_of_tags
from tests.unit.ml_runs import SMALL_MODEL, make_run, recipe, run

IGNORED = 255
INDEX_OF_ID = np.full(256, IGNORED, np.uint8)
INDEX_OF_ID[[3, 7, 9]] = (0, 1, 2)
"""Ids 3, 7 and 9 count; 4 is void."""


def compared(label: NDArray[np.uint8], predicted: NDArray[np.uint8], logits: NDArray[np.float32]) -> MaskComparison:
    logs = torch.from_numpy(logits).log_softmax(0).numpy()
    return compare_masks(label, predicted, logs, targets=INDEX_OF_ID[label], ignored=IGNORED)


def parts_of(wrong: NDArray[np.bool_]) -> list[set[tuple[int, int]]]:
    """Connected parts, corners included, by walking from pixel to pixel."""
    left = {(int(y), int(x)) for y, x in np.argwhere(wrong)}
    parts = []
    while left:
        waiting, part = [left.pop()], set[tuple[int, int]]()
        while waiting:
            y, x = waiting.pop()
            part.add((y, x))
            near = {(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)} & left
            left -= near
            waiting += near
        parts.append(part)
    return parts


@given(st.integers(0, 2**32 - 1), st.integers(1, 14), st.integers(1, 14))
@settings(max_examples=60, deadline=None)
def test_a_mask_is_compared_class_by_class_and_region_by_region(seed: int, height: int, width: int) -> None:
    random = np.random.default_rng(seed)
    label = random.choice(np.array([3, 7, 9, 4, 255], np.uint8), (height, width))
    predicted = random.choice(np.array([3, 7, 9], np.uint8), (height, width))
    logits = random.normal(0, 3, (3, 5, 4)).astype(np.float32)
    found = compared(label, predicted, logits)

    shares = np.exp(logits) / np.exp(logits).sum(0)
    loss = {
        (y, x): -math.log(shares[INDEX_OF_ID[label[y, x]], y * 5 // height, x * 4 // width])
        for y in range(height)
        for x in range(width)
        if label[y, x] in (3, 7, 9)
    }
    wrong = {place for place in loss if label[place] != predicted[place]}
    assert found.loss == pytest.approx(np.mean(list(loss.values())) if loss else 0, rel=1e-4, abs=1e-6)
    assert found.error == pytest.approx(len(wrong) / max(1, len(loss)))
    by_class = {c.class_id: c for c in found.classes}
    for class_id in (3, 7, 9):
        said = {p for p in loss if label[p] == class_id}
        answered = {p for p in loss if predicted[p] == class_id}
        if not said | answered:
            assert class_id not in by_class
            continue
        assert by_class[class_id].overlap == pytest.approx(len(said & answered) / len(said | answered), abs=1e-6)
        assert by_class[class_id].hits == len(said & answered)
        expected = np.mean([loss[p] for p in said]) if said else None
        assert by_class[class_id].loss == (pytest.approx(expected, rel=1e-4, abs=1e-6) if said else None)

    if not wrong:
        assert found.region is None
        return
    is_wrong = np.zeros((height, width), np.bool_)
    is_wrong[tuple(zip(*wrong, strict=True))] = True
    parts = parts_of(is_wrong)
    region = found.region
    assert region is not None
    assert region.pixels == max(map(len, parts))
    fitting = [
        part
        for part in parts
        if (min(x for _, x in part), min(y for y, _ in part)) == (region.x, region.y)
        and len(part) == region.pixels
        and max(x for _, x in part) == region.x + region.width - 1
        and max(y for y, _ in part) == region.y + region.height - 1
    ]
    assert any(region.loss == pytest.approx(np.mean([loss[p] for p in part]), rel=1e-4, abs=1e-6) for part in fitting)


def test_of_equally_large_mistakes_the_uppermost_is_the_worst_region() -> None:
    label = np.full((6, 9), 3, np.uint8)
    predicted = label.copy()
    predicted[4:6, 0:2] = 7
    predicted[1:3, 6:8] = 9
    region = compared(label, predicted, np.zeros((3, 6, 9), np.float32)).region
    assert region is not None
    assert (region.x, region.y, region.width, region.height, region.pixels) == (6, 1, 2, 2, 4)
    assert region.loss == pytest.approx(math.log(3), abs=1e-5)


def test_a_comparison_in_bands_is_that_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(4)
    label = random.choice(np.array([3, 7, 9, 255], np.uint8), (40, 30))
    predicted = random.choice(np.array([3, 7, 9], np.uint8), (40, 30))
    logits = random.normal(0, 2, (3, 10, 10)).astype(np.float32)
    whole = compared(label, predicted, logits)
    monkeypatch.setattr("studio.ml.mask_scores._BAND_PIXELS", 70)
    in_bands = compared(label, predicted, logits)
    assert in_bands.loss == pytest.approx(whole.loss)
    assert (in_bands.confusion, in_bands.region) == (whole.confusion, whole.region)
    assert in_bands == compared(label, predicted, logits)


@given(st.integers(2, 9), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_sureness_is_that_of_the_probabilities(classes: int, seed: int) -> None:
    logits = torch.from_numpy(np.random.default_rng(seed).normal(0, 4, (classes, 3, 5)))
    found = sureness_of_choice(logits.log_softmax(0).float().numpy())
    distribution = torch.distributions.Categorical(logits=logits.permute(1, 2, 0))
    best = distribution.probs.topk(2).values
    assert found.confidence == pytest.approx(float(best[..., 0].mean()), abs=2e-6)
    assert found.margin == pytest.approx(float((best[..., 0] - best[..., 1]).mean()), abs=2e-6)
    assert found.entropy == pytest.approx(float(distribution.entropy().mean()) / math.log(classes), abs=2e-6)
    assert 0 <= found.margin <= found.confidence <= 1
    assert 0 <= found.entropy <= 1


def test_sureness_goes_from_knowing_nothing_to_certainty() -> None:
    nothing = sureness_of_choice(np.full(4, math.log(0.25), np.float32))
    assert (nothing.confidence, nothing.margin, nothing.entropy) == (0.25, 0, 1)
    certain = sureness_of_choice(torch.tensor([200.0, 0, -300]).log_softmax(0).numpy())
    assert (certain.confidence, certain.margin, certain.entropy) == (1, 1, 0)


def test_sureness_of_tags_is_that_of_each_yes_or_no_and_the_margin_that_of_the_least_sure() -> None:
    yes = torch.tensor([0.9, 0.4, 0.01], dtype=torch.float64)
    found = sureness_of_tags(yes.log().float().numpy(), (1 - yes).log().float().numpy())
    assert found.confidence == pytest.approx((0.9 + 0.6 + 0.99) / 3, abs=2e-6)
    assert found.margin == pytest.approx(0.2, abs=2e-6)
    bits = torch.distributions.Bernoulli(probs=yes).entropy() / math.log(2)
    assert found.entropy == pytest.approx(float(bits.mean()), abs=2e-6)


STAGE = Stage(epochs=1, height=32, width=32, batch_size=4)


def scores_of(folder: Path) -> list[ItemScore]:
    return [decode_score(line) for line in (folder / "scores.jsonl").read_bytes().splitlines()]


def trained(folder: Path, task: Task) -> Path:
    spec: RunSpec = recipe(task, stages=(STAGE,))
    make_run(folder, spec, train=4, valid=2)
    run(folder)
    return folder


@pytest.mark.parametrize("task", [Task.SEGMENTATION, Task.KEYPOINTS, Task.SINGLE_LABEL, Task.MULTI_LABEL])
def test_the_same_recipe_gives_the_same_scores_to_the_last_bit(task: Task, tmp_path: Path) -> None:
    first, again = (trained(tmp_path / name / "0001", task) for name in ("first", "again"))
    assert (first / "scores.jsonl").read_bytes() == (again / "scores.jsonl").read_bytes()
    for score in scores_of(first):
        assert score.confidence is not None
        assert ((score.margin, score.entropy) == (None, None)) is (task is Task.KEYPOINTS)
        if task is Task.SEGMENTATION:
            assert (score.region is None) == (score.error == 0)


def test_overlaps_are_those_of_the_predicted_png(tmp_path: Path) -> None:
    folder = trained(tmp_path / "0001", Task.SEGMENTATION)
    for score in scores_of(folder):
        label, _ = read_mask(folder / f"labels/{score.item}.png")
        predicted, _ = read_mask(folder / str(score.mask))
        counts = label < 2
        expected = {
            class_id: (counts & (label == class_id) & (predicted == class_id)).sum()
            / (counts & ((label == class_id) | (predicted == class_id))).sum()
            for class_id in (0, 1)
        }
        assert {c.class_id: c.overlap for c in score.classes} == pytest.approx(expected, abs=1e-6)


def test_each_point_has_its_own_error(tmp_path: Path) -> None:
    folder = trained(tmp_path / "0001", Task.KEYPOINTS)
    items = {item.id: item for item in decode_snapshot((folder / "snapshot.json").read_bytes()).items}
    for score in scores_of(folder):
        label = items[score.item].points
        assert label is not None
        assert score.points is not None
        ((index, distance),) = score.distances
        there, found = label.placed[0], score.points.placed[0]
        assert index == 0
        assert distance == pytest.approx(math.dist((there.x, there.y), (found.x, found.y)), abs=1e-3)
        assert score.error == pytest.approx(distance, abs=1e-3)


def test_points_are_as_sure_as_they_stay_where_the_light_changes(tmp_path: Path) -> None:
    folder = trained(tmp_path / "0001", Task.KEYPOINTS)
    network = KeypointNet(make_encoder(SMALL_MODEL.encoder), 1)
    network.load_state_dict(read_model(folder).state)
    items = {item.id: item for item in decode_snapshot((folder / "snapshot.json").read_bytes()).items}
    score = scores_of(folder)[0]
    mean, std = np.array((0.485, 0.456, 0.406)), np.array((0.229, 0.224, 0.225))
    picture = np.asarray(Image.open(items[score.item].image).convert("RGB").resize((32, 32)), np.float64)
    places = []
    for factor in (1, 0.75, 1.3):
        normal = (np.clip(picture * factor, 0, 255) / 255 - mean) / std
        with torch.inference_mode():
            places.append(network.eval()(torch.from_numpy(normal).float().permute(2, 0, 1)[None])[0, 0].numpy())
    spread = np.linalg.norm(np.array(places) - np.mean(places, 0), axis=1).mean()
    assert score.confidence is not None
    assert 0 < score.confidence < 1
    assert score.confidence == pytest.approx(1 - 2 * spread, abs=0.01)


def test_scores_of_earlier_versions_are_read() -> None:
    line = b'{"item":3,"name":"f","split":"valid","revision":2,"loss":0.5,"error":0.1,"mask":"p.png"}'
    score = decode_score(line)
    assert (score.confidence, score.classes, score.region, score.distances) == (None, (), None, ())
