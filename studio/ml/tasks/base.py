"""What a task is: label type → targets, network, loss, metrics, one item's score. A new task is a file beside this."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn
from torchvision.tv_tensors import TVTensor

from studio.core.events import Metric, SamplePrediction
from studio.core.points import Points
from studio.core.resizing import Frame, Size
from studio.core.review import ItemScore
from studio.core.snapshot import Snapshot, SnapshotItem
from studio.core.tags import Tags
from studio.ml.models.encoders import ImageEncoder
from studio.ml.objectives import Objective


@dataclass(frozen=True, kw_only=True)
class Original:
    """One item as it lies on disk: how its picture comes to the network, and the run's folder that its label is
    below."""

    item: SnapshotItem
    frame: Frame
    folder: Path

    @property
    def size(self) -> Size:
        """Of the picture."""
        return self.frame.original


@dataclass(frozen=True, kw_only=True)
class Taught:
    """What a target says, for people: `mask` (height, width) uint8 class ids, `UNLABELLED` where nothing counts,
    `points` in pixels of the training size, `tags`, or of a mixed picture `shares`: (class id, 0–1), the largest first.
    """

    mask: NDArray[np.uint8] | None = None
    points: Points | None = None
    tags: Tags | None = None
    shares: tuple[tuple[int, float], ...] = ()


class ItemDecoder(Protocol):
    """Reads items of one run at one training size; any number of threads may use it."""

    @property
    def folder(self) -> Path: ...

    @property
    def task(self) -> Task: ...

    @property
    def width(self) -> int: ...

    @property
    def height(self) -> int: ...

    def frame(self, path: Path) -> Frame:
        """How the picture at `path` comes to the training size. Raises UnreadableItem."""
        ...

    def original(self, item: SnapshotItem) -> Original:
        """Raises UnreadableItem."""
        ...

    def picture(self, path: Path) -> np.ndarray:
        """A picture (height, width, 3) uint8, or a document's token ids (L,). Raises UnreadableItem."""
        ...

    def target(self, item: SnapshotItem) -> np.ndarray:
        """Raises UnreadableItem, BadMask."""
        ...


class TaskMetrics(Protocol):
    """Collects one pass over a split."""

    def update(self, output: Tensor, target: Tensor) -> None: ...

    def compute(self, *, split: str, height: int, width: int) -> list[Metric]:
        """The metrics since the beginning, each with its split, classes, void rule and size in `detail`."""
        ...

    def never_predicted(self) -> tuple[str, ...]:
        """Names of classes that occur in the labels since the beginning and in no prediction; none for points."""
        ...


class Task(Protocol):
    """A target is a NumPy array of one shape for all items, so that targets stack; only the task looks inside."""

    snapshot: Snapshot

    @property
    def class_names(self) -> tuple[str, ...]:
        """Of the outputs' classes in their order; empty where a task has no classes."""
        ...

    @property
    def mirror(self) -> Sequence[int] | None:
        """For each keypoint the one it becomes in a mirrored picture; None for labels without names of that kind."""
        ...

    def is_labelled(self, item: SnapshotItem) -> bool: ...

    def cautions(self) -> list[str]:
        """What of the labels this task cannot learn, a sentence each."""
        ...

    def make_network(self, encoder: ImageEncoder) -> nn.Module: ...

    def metadata(self) -> dict[str, str]:
        """What `model.safetensors` must say so that a network can be made and used without the project."""
        ...

    def adapt(self, state: Mapping[str, Tensor], metadata: Mapping[str, str], network: nn.Module) -> list[str]:
        """Load a parent's weights, also where its classes or keypoints were others; returns sentences about gaps."""
        ...

    def read_target(self, original: Original) -> np.ndarray:
        """The item's label in the original's frame. Raises BadInput naming the file."""
        ...

    def empty_target(self, *, height: int, width: int) -> np.ndarray:
        """A target that no loss and no metric counts."""
        ...

    def to_label(self, target: Tensor, *, height: int, width: int) -> TVTensor:
        """The part of a batch of targets that moves with the picture."""
        ...

    def from_label(self, label: Tensor, target: Tensor, *, height: int, width: int) -> Tensor:
        """The batch of targets with that part moved; what left the picture counts no more."""
        ...

    def taught(self, target: Tensor, *, height: int, width: int) -> Taught:
        """One item's target, as a training batch has it, at that training size."""
        ...

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """Mean over what counts in the batch, in float32; 0 where nothing counts, never NaN for want of labels."""
        ...

    def counted(self, target: Tensor) -> int:
        """How many pixels or points the loss is a mean over."""
        ...

    def objective(self, *, smoothing: float, weights: Sequence[float] = ()) -> Objective:
        """`loss` as training makes it smaller, with smoothed labels and a weight for each output; the same where a task
        has no classes."""
        ...

    def class_shares(self, target: Tensor) -> Tensor:
        """A batch of targets as (N, K) shares of classes, 0 to 1, and -1 in the rows of items that do not count: what
        two mixed pictures have between them. Raises TypeError where a task's pictures cannot be mixed."""
        ...

    def class_counts(self, item: SnapshotItem, folder: Path) -> NDArray[np.float64]:
        """How much of each output's class the label of an item of the run in `folder` has: pixels, or 1 and 0. Empty
        where a task has no classes. Raises BadMask."""
        ...

    def balanced_weights(self, counts: NDArray[np.float64], *, items: float) -> list[float]:
        """In the order of the outputs, from what `class_counts` found in so many items."""
        ...

    def metrics(self) -> TaskMetrics: ...

    def sample(self, output: Tensor, original: Original, *, folder: Path, name: str) -> SamplePrediction:
        """One item's output as a sample for people; a mask goes to `folder / name` at the network's scale."""
        ...

    def of_picture(self, output: Tensor, frame: Frame) -> Tensor:
        """One item's output without what is about the padding around its picture; as it is where it has no rows."""
        ...

    def predict(self, output: Tensor, frame: Frame) -> Prediction:
        """One item's output at its original's size."""
        ...

    def score(self, output: Tensor, prediction: Prediction, original: Original) -> ItemScore:
        """How wrong the prediction is by the item's frozen label; an item without a label scores 0."""
        ...

    second_looks: tuple[float, ...]
    """Factors of brightness at which a network is asked again to find out how sure it is; none where one answer says
    it."""

    def uncertainty(self, looks: Sequence[Tensor]) -> float:
        """0 (sure) – 1, from one item's output and those of the second looks."""
        ...

    def open_sink(self, out: Path) -> PredictionSink:
        """What `studio predict` writes below `out`."""
        ...


class PredictionSink(Protocol):
    """Takes predictions one by one, so that a large folder needs little memory."""

    def add(self, name: str, prediction: Prediction) -> None:
        """`name` is the picture's, with its folders."""
        ...

    def close(self) -> list[Path]:
        """Finish what is open; returns the files written."""
        ...


class Prediction(Protocol):
    """A task's own kind of prediction, at the size of the original."""

    def save(self, path: Path) -> bool:
        """Write the prediction as a PNG to `path`; False for a kind that is no picture (points)."""
        ...


@runtime_checkable
class WeighsWords(Protocol):
    """A task of texts that tells which words a prediction came of."""

    def weighed_words(
        self, network: nn.Module, documents: Sequence[np.ndarray], outputs: Tensor
    ) -> list[tuple[tuple[int, float], ...]]:
        """`ItemScore.words` of each document (L,) of token ids; `outputs` are the network's, on any device."""
        ...


class TaskFactory(Protocol):
    def __call__(self, snapshot: Snapshot) -> Task: ...
