"""Keypoints: points with visibility → coordinates in [-1, 1] → mean squared error over the visible points.

One object an image: the points of instance 0. Hidden and absent points and those of retired keypoints are neither
learnt nor counted.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torchmetrics import MeanMetric, MeanSquaredError
from torchvision import tv_tensors

from studio.core.atomic import write_atomically
from studio.core.counting import counted
from studio.core.errors import BadInput
from studio.core.events import Metric, SamplePrediction
from studio.core.keypoint_pairs import mirror_order
from studio.core.points import Keypoint, KeypointName, Points, Visibility
from studio.core.resizing import Frame
from studio.core.review import ItemScore
from studio.core.snapshot import Snapshot, SnapshotItem
from studio.ml.models.encoders import ImageEncoder
from studio.ml.models.keypoint_net import KeypointNet
from studio.ml.objectives import Objective
from studio.ml.tasks.base import Original, Prediction, TaskMetrics, Taught
from studio.ml.tasks.transfer import load_matching

PCK_SHARE: Final = 0.05
"""PCK@0.05: a point is right within 5 % of the original's longer side."""

X, Y, COUNTS, SPANNED_WIDTH, SPANNED_HEIGHT, LONGER_SIDE = range(6)
"""Columns of a target (K, 6) float32: place in pixels of the training size (after `from_label`: in [-1, 1]), 1 where
the point counts, how many pixels of the original that size spans, and the original's longer side."""


@dataclass(frozen=True)
class PointsPrediction:
    """`points` in pixels of the original."""

    points: Points

    def save(self, path: Path) -> bool:
        return False


class Keypoints:
    def __init__(
        self, snapshot: Snapshot, *, network: Callable[[ImageEncoder, int], nn.Module] = KeypointNet, head: str = "heat"
    ) -> None:
        """`network` is made of an encoder and the number of keypoints; its layers called `head` have a row for each."""
        if all(keypoint.retired for keypoint in snapshot.keypoints):
            raise BadInput("The project asks for no keypoint; name one on the Label page.")
        self.snapshot = snapshot
        self._network = network
        self._head = head
        self.names = [keypoint.name for keypoint in snapshot.keypoints]
        self.mirror = mirror_order(snapshot.keypoints)
        self._asked = [index for index, keypoint in enumerate(snapshot.keypoints) if not keypoint.retired]

    @property
    def class_names(self) -> tuple[str, ...]:
        return ()

    def is_labelled(self, item: SnapshotItem) -> bool:
        return item.points is not None

    def cautions(self) -> list[str]:
        several = sum(any(i > 0 for i in (item.points or Points()).instances) for item in self.snapshot.items)
        if not several:
            return []
        items = counted(several, "item has", "items have")
        return [f"{items} more than one instance; only the points of the first are learnt and scored."]

    def make_network(self, encoder: ImageEncoder) -> nn.Module:
        return self._network(encoder, len(self.names))

    def places(self, output: Tensor) -> Tensor:
        """The network's output as coordinates x, y in [-1, 1], (…, K, 2)."""
        return output.float()

    def metadata(self) -> dict[str, str]:
        return {"keypoints": msgspec.json.encode(self.snapshot.keypoints).decode()}

    def adapt(self, state: Mapping[str, Tensor], metadata: Mapping[str, str], network: nn.Module) -> list[str]:
        """Outputs go by the keypoints' names."""
        parent = [k.name for k in msgspec.json.decode(metadata["keypoints"], type=tuple[KeypointName, ...])]
        rows = [(i, parent.index(name)) for i, name in enumerate(self.names) if name in parent]
        load_matching(network, state, head=self._head, rows=rows)
        new = [name for name in self.names if name not in parent]
        return [f"The parent run did not know {', '.join(new)}; these keypoints start from scratch."] if new else []

    def read_target(self, original: Original) -> NDArray[np.float32]:
        frame = original.frame
        target = self.empty_target(height=frame.height, width=frame.width)
        target[:, [SPANNED_WIDTH, SPANNED_HEIGHT]] = frame.spanned
        target[:, LONGER_SIDE] = max(original.size)
        placed = (original.item.points or Points()).of(0)
        for index in self._asked:
            point = placed.get(index)
            if point is not None and point.visibility is Visibility.VISIBLE:
                target[index, [X, Y]] = frame.place(point.x, point.y)
                target[index, COUNTS] = 1
        return target

    def empty_target(self, *, height: int, width: int) -> NDArray[np.float32]:
        target = np.zeros((len(self.names), 6), np.float32)
        target[:, SPANNED_WIDTH], target[:, SPANNED_HEIGHT], target[:, LONGER_SIDE] = width, height, max(width, height)
        return target

    def to_label(self, target: Tensor, *, height: int, width: int) -> tv_tensors.KeyPoints:
        """What does not count has no place (NaN), so that it stays uncounted under whatever name a flip gives it."""
        points = torch.where(target[..., [COUNTS]] > 0, target[..., [X, Y]], torch.nan)
        return tv_tensors.KeyPoints(points, canvas_size=(height, width))  # pyright: ignore[reportCallIssue]

    def from_label(self, label: Tensor, target: Tensor, *, height: int, width: int) -> Tensor:
        """x * 2 / W - 1, so that -1 and 1 are the picture's edges; a point that was moved out counts no more."""
        moved = target.clone()
        places = label * 2 / label.new_tensor([width, height]) - 1
        counts = (places.abs() <= 1).all(-1)
        moved[..., [X, Y]] = torch.where(counts[..., None], places, 0)
        moved[..., COUNTS] = counts.to(moved)
        return moved

    def taught(self, target: Tensor, *, height: int, width: int) -> Taught:
        rows = target.cpu().double()
        places = (rows[:, [X, Y]] + 1) / 2 * rows.new_tensor([width, height])
        counting = [index for index in self._asked if rows[index, COUNTS] > 0]
        return Taught(
            points=Points(tuple(Keypoint(index=i, x=float(places[i, 0]), y=float(places[i, 1])) for i in counting))
        )

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """fast.ai's MSELossFlat: the mean over all counted coordinates, both axes alike."""
        squares = (output.float() - target[..., [X, Y]]).square() * target[..., [COUNTS]]
        return squares.sum() / max(self.counted(target) * 2, 1)

    def counted(self, target: Tensor) -> int:
        return int(target[..., COUNTS].sum())

    def objective(self, *, smoothing: float, weights: Sequence[float] = ()) -> Objective:
        return self

    def class_shares(self, target: Tensor) -> Tensor:
        raise TypeError("a picture's places cannot be shared out among its classes")

    def class_counts(self, item: SnapshotItem, folder: Path) -> NDArray[np.float64]:
        return np.empty(0)

    def balanced_weights(self, counts: NDArray[np.float64], *, items: float) -> list[float]:
        return []

    def metrics(self) -> TaskMetrics:
        return KeypointMetrics(len(self._asked), self.places)

    def sample(self, output: Tensor, original: Original, *, folder: Path, name: str) -> SamplePrediction:
        points = self.predict(output, original.frame).points
        return SamplePrediction(item=original.item.id, name=original.item.name, points=points)

    def of_picture(self, output: Tensor, frame: Frame) -> Tensor:
        return output

    def predict(self, output: Tensor, frame: Frame) -> PointsPrediction:
        shares = (self.places(output).cpu().numpy().astype(np.float64) + 1) / 2
        places = shares * np.array(frame.spanned) + np.array(frame.corner)
        return PointsPrediction(
            Points(tuple(Keypoint(index=i, x=float(places[i][0]), y=float(places[i][1])) for i in self._asked))
        )

    def score(self, output: Tensor, prediction: Prediction, original: Original) -> ItemScore:
        """`loss`: mean squared error in [-1, 1]; `error`: mean distance in pixels of the original."""
        assert isinstance(prediction, PointsPrediction)
        item = original.item
        pairs = _visible_pairs(item.points, prediction.points)
        offsets = np.array([(p.x - q.x, p.y - q.y) for p, q in pairs], np.float64).reshape(-1, 2)
        distances = np.hypot(*offsets.T)
        scaled = offsets * 2 / np.array(original.size)
        return ItemScore(
            item=item.id,
            name=item.name,
            split=item.split,
            revision=item.revision,
            loss=float((scaled**2).mean()) if pairs else 0.0,
            error=float(distances.mean()) if pairs else 0.0,
            points=prediction.points,
            corrected=item.corrected,
            distances=tuple((p.index, round(float(d), 3)) for (p, _), d in zip(pairs, distances, strict=True)),
        )

    second_looks = (0.75, 1.3)

    def uncertainty(self, looks: Sequence[Tensor]) -> float:
        """How far apart the places are that the looks answer: the mean distance from their middle, 1 being a quarter of
        the picture or more."""
        places = torch.stack([self.places(look) for look in looks])[:, self._asked]
        spread = (places - places.mean(0)).norm(dim=-1).mean()
        return min(1.0, float(spread) * 2)

    def open_sink(self, out: Path) -> PointsSink:
        return PointsSink(out, self.names)


class PointsSink:
    """One `points.csv`: picture, keypoint, x, y in pixels of the picture."""

    def __init__(self, out: Path, names: Sequence[str]) -> None:
        self._path = out / "points.csv"
        self._names = names
        self._text = io.StringIO()
        self._rows = csv.writer(self._text, lineterminator="\n")
        self._rows.writerow(["image", "keypoint", "x", "y"])

    def add(self, name: str, prediction: Prediction) -> None:
        assert isinstance(prediction, PointsPrediction)
        for point in prediction.points.placed:
            self._rows.writerow([name, self._names[point.index], f"{point.x:.2f}", f"{point.y:.2f}"])

    def close(self) -> list[Path]:
        write_atomically(self._path, self._text.getvalue().encode())
        return [self._path]


class KeypointMetrics:
    """MSE in [-1, 1], RMSE in pixels of the original, PCK@0.05; means over the visible points (torchmetrics)."""

    def __init__(self, keypoints: int, places: Callable[[Tensor], Tensor]) -> None:
        """`places` brings a network's output to coordinates in [-1, 1]."""
        self._keypoints = keypoints
        self._places = places
        self._points = 0
        self._mse = MeanSquaredError()
        self._squared_distance = MeanMetric()
        self._right = MeanMetric()

    def update(self, output: Tensor, target: Tensor) -> None:
        known = target[..., COUNTS].bool().cpu()
        if not known.any():
            return
        predicted, label = self._places(output).cpu()[known], target.cpu()[known]
        self._points += len(label)
        self._mse.update(predicted.flatten(), label[:, [X, Y]].flatten())
        spanned = label[:, [SPANNED_WIDTH, SPANNED_HEIGHT]]
        distance = ((predicted - label[:, [X, Y]]) * spanned / 2).norm(dim=1)
        self._squared_distance.update(distance.square())
        self._right.update((distance <= PCK_SHARE * label[:, LONGER_SIDE]).float())

    def compute(self, *, split: str, height: int, width: int) -> list[Metric]:
        where = f"{split}, {self._points} visible points of {self._keypoints} keypoints, at {height}×{width}"
        mse, rmse, right = 0.0, 0.0, 0.0
        if self._points:
            mse = float(self._mse.compute())
            rmse = float(torch.sqrt(self._squared_distance.compute()))
            right = float(self._right.compute())
        return [
            Metric("MSE", mse, -1, f"{where}, coordinates in [-1, 1]"),
            Metric("RMSE px", rmse, -1, f"{where}, distance in pixels of the original"),
            Metric("PCK@0.05", right, 1, f"{where}, within 5 % of the original's longer side"),
        ]

    def never_predicted(self) -> tuple[str, ...]:
        return ()


def _visible_pairs(label: Points | None, predicted: Points) -> list[tuple[Keypoint, Keypoint]]:
    pairs: list[tuple[Keypoint, Keypoint]] = []
    for point in (label or Points()).placed:
        answer = predicted.get(point.index)
        if point.instance == 0 and point.visibility is Visibility.VISIBLE and answer is not None:
            pairs.append((point, answer))
    return pairs
