"""Keypoints by heat maps: the error is that of the maps, and their peaks are the places."""

from __future__ import annotations

from torch import Tensor

from studio.core.snapshot import Snapshot
from studio.ml.models.heatmap_net import HeatmapNet, hills, peaks
from studio.ml.tasks.keypoints import COUNTS, Keypoints, X, Y


class HeatmapKeypoints(Keypoints):
    """The output of the network is a map for each keypoint, (N, K, h, w)."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__(snapshot, network=HeatmapNet)

    def places(self, output: Tensor) -> Tensor:
        return peaks(output.float())

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """Squared error between a keypoint's map and the hill at its place, in parts of the hill's own squares, so that
        an empty map costs 1; the mean over the points that count."""
        height, width = output.shape[-2:]
        wanted = hills(target[..., [X, Y]], height=height, width=width)
        error = (output.float() - wanted).square().sum((-2, -1)) / wanted.square().sum((-2, -1)).clamp(min=1)
        return (error * target[..., COUNTS]).sum() / max(self.counted(target), 1)
