"""Keypoints by heat maps: where the hills are, what is read from them, and what is learnt."""

from __future__ import annotations

import pytest
import torch

from studio.core.points import KeypointName
from studio.core.resizing import Resize, frame_of
from studio.core.settings import Task
from studio.core.snapshot import Snapshot
from studio.ml.models.heatmap_net import hills, peaks
from studio.ml.tasks.heatmap_keypoints import HeatmapKeypoints

NAMES = (KeypointName(name="nose", color="#ff0000"), KeypointName(name="tail", color="#00ff00"))


def task() -> HeatmapKeypoints:
    return HeatmapKeypoints(Snapshot(task=Task.KEYPOINTS, keypoints=NAMES))


def targets(*, tail_counts: bool = True) -> torch.Tensor:
    """One picture of 64×48: the nose at the middle, the tail at the lower right."""
    return torch.tensor([[[0.0, 0.0, 1, 64, 48, 64], [0.5, 0.5, float(tail_counts), 64, 48, 64]]])


@pytest.mark.parametrize("place", [(0.0, 0.0), (0.13, -0.4), (-0.97, 0.96), (0.99, -0.99)])
def test_the_peak_of_a_hill_is_where_the_point_is(place: tuple[float, float]) -> None:
    """Exactly within the map; in the cells at its edge to half a cell."""
    read = peaks(hills(torch.tensor([place]), height=24, width=32))[0]
    cells = (read - torch.tensor(place)).abs() * torch.tensor([16.0, 12.0])
    assert cells.max() < (0.001 if max(map(abs, place)) < 0.9 else 0.501)


def test_an_empty_map_costs_one_and_the_right_one_nothing() -> None:
    wanted = hills(targets()[..., :2], height=12, width=16)
    assert float(task().loss(torch.zeros(1, 2, 12, 16), targets())) == pytest.approx(1)
    assert float(task().loss(wanted, targets())) == pytest.approx(0)


def test_the_map_of_a_hidden_point_is_neither_learnt_nor_counted() -> None:
    heat = torch.zeros(1, 2, 12, 16, requires_grad=True)
    task().loss(heat, targets(tail_counts=False)).backward()
    assert heat.grad is not None
    assert heat.grad[0, 0].abs().sum() > 0
    assert heat.grad[0, 1].abs().sum() == 0
    assert task().counted(targets(tail_counts=False)) == 1
    assert float(task().loss(heat.detach(), targets() * torch.tensor([1, 1, 0, 1, 1, 1]))) == 0


def test_metrics_and_predictions_read_the_peaks() -> None:
    heat = hills(targets()[..., :2], height=12, width=16)
    metrics = task().metrics()
    metrics.update(heat, targets())
    values = {metric.name: metric.value for metric in metrics.compute(split="valid", height=48, width=64)}
    assert values["MSE"] < 1e-4
    assert values["PCK@0.05"] == 1
    nose, tail = task().predict(heat[0], frame_of(Resize.SQUISH, (64, 48), height=48, width=64)).points.placed
    assert (nose.x, nose.y) == pytest.approx((32, 24), abs=0.7)
    assert (tail.x, tail.y) == pytest.approx((48, 36), abs=0.7)


def test_it_is_sure_where_the_looks_agree() -> None:
    here, there = (hills(torch.tensor([[x, 0.0], [x, 0.0]]), height=12, width=16) for x in (-0.5, 0.5))
    assert task().uncertainty([here, here]) == pytest.approx(0, abs=1e-6)
    assert task().uncertainty([here, there]) > 0.9
