"""Segmentation: masks → a network → cross entropy over the pixels that are labelled with a class that counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torchmetrics.classification import MulticlassConfusionMatrix
from torchvision import tv_tensors

from studio.core.classes import UNLABELLED, LabelClass
from studio.core.errors import BadInput
from studio.core.events import Metric, SamplePrediction
from studio.core.masks import check_mask, encode_mask, read_mask, write_mask
from studio.core.resizing import Frame, Size
from studio.core.review import ItemScore
from studio.core.snapshot import Snapshot, SnapshotItem
from studio.ml.data.framing import framed
from studio.ml.mask_scores import MaskComparison, compare_masks
from studio.ml.models.encoders import ImageEncoder
from studio.ml.models.unet import UNet
from studio.ml.objectives import ClassObjective, Objective, balanced
from studio.ml.sureness import sureness_of_choice
from studio.ml.tasks.base import Original, Prediction, TaskMetrics, Taught
from studio.ml.tasks.transfer import load_matching

IGNORED: Final = UNLABELLED
"""The target of a pixel that neither loss nor metrics count: nobody labelled it, or its class is void."""

NetworkFactory = Callable[[ImageEncoder, int], nn.Module]
"""From an encoder and the number of classes to a network whose last layer is called `head`."""


@dataclass(frozen=True)
class MaskPrediction:
    """`mask` (H, W) uint8 class ids at the original's size; `log_shares` (C, h, w) log probabilities as they came out
    of the network, at its scale and without padding."""

    mask: NDArray[np.uint8]
    log_shares: NDArray[np.float32]
    classes: tuple[LabelClass, ...]

    def save(self, path: Path) -> bool:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode_mask(self.mask, self.classes))
        return True


class Segmentation:
    """The network has one output for each class that counts; it never answers a void class."""

    def __init__(self, snapshot: Snapshot, *, network: NetworkFactory = UNet) -> None:
        self.snapshot = snapshot
        self.mirror = None
        self._network = network
        self.counted_classes = [c for c in snapshot.classes if not c.void]
        if len(self.counted_classes) < 2:
            raise BadInput("Segmentation needs two classes besides the void ones; add the missing classes on Label.")
        self.ids = np.array([c.id for c in self.counted_classes], np.uint8)
        self._index_of_id = np.full(256, IGNORED, np.uint8)
        self._index_of_id[self.ids] = np.arange(len(self.ids))

    @property
    def outputs(self) -> int:
        return len(self.counted_classes)

    @property
    def class_names(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.counted_classes)

    def is_labelled(self, item: SnapshotItem) -> bool:
        return item.mask is not None

    def cautions(self) -> list[str]:
        return []

    def make_network(self, encoder: ImageEncoder) -> nn.Module:
        return self._network(encoder, self.outputs)

    def metadata(self) -> dict[str, str]:
        return {"classes": msgspec.json.encode(self.snapshot.classes).decode()}

    def adapt(self, state: Mapping[str, Tensor], metadata: Mapping[str, str], network: nn.Module) -> list[str]:
        """Outputs go by class id: a class that the parent knew keeps its weights wherever it stands now."""
        parent = msgspec.json.decode(metadata["classes"], type=tuple[LabelClass, ...])
        parent_ids = [c.id for c in parent if not c.void]
        rows = [(i, parent_ids.index(c.id)) for i, c in enumerate(self.counted_classes) if c.id in parent_ids]
        load_matching(network, state, head="head", rows=rows)
        new = [c.name for c in self.counted_classes if c.id not in parent_ids]
        return [f"The parent run did not know {', '.join(new)}; these classes start from scratch."] if new else []

    def read_target(self, original: Original) -> NDArray[np.uint8]:
        """(height, width) uint8: positions among the counted classes, `IGNORED` elsewhere; nearest pixel."""
        mask = self._read_mask(original)
        resized = cv2.resize(mask, original.frame.inner, interpolation=cv2.INTER_NEAREST_EXACT)
        return framed(self._index_of_id[np.asarray(resized, np.uint8)], original.frame, outside=IGNORED)

    def positions(self, mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Class ids → positions among the counted classes, `IGNORED` elsewhere."""
        return self._index_of_id[mask]

    def empty_target(self, *, height: int, width: int) -> NDArray[np.uint8]:
        return np.full((height, width), IGNORED, np.uint8)

    def to_label(self, target: Tensor, *, height: int, width: int) -> tv_tensors.Mask:
        return tv_tensors.Mask(target)

    def from_label(self, label: Tensor, target: Tensor, *, height: int, width: int) -> Tensor:
        return label

    def taught(self, target: Tensor, *, height: int, width: int) -> Taught:
        ids = np.full(256, UNLABELLED, np.uint8)
        ids[: len(self.ids)] = self.ids
        return Taught(mask=ids[target.cpu().numpy()])

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        total = functional.cross_entropy(output.float(), target.long(), ignore_index=IGNORED, reduction="sum")
        return total / max(self.counted(target), 1)

    def counted(self, target: Tensor) -> int:
        return int((target != IGNORED).sum())

    def objective(self, *, smoothing: float, weights: Sequence[float] = ()) -> Objective:
        return ClassObjective(ignored=IGNORED, smoothing=smoothing, weights=weights)

    def class_shares(self, target: Tensor) -> Tensor:
        raise TypeError("a picture's places cannot be shared out among its classes")

    def class_counts(self, item: SnapshotItem, folder: Path) -> NDArray[np.float64]:
        """Pixels of the mask as it lies on disk."""
        mask, _ = read_mask(folder / str(item.mask))
        by_id = np.bincount(mask.ravel(), minlength=256)
        return by_id[self.ids].astype(np.float64)

    def balanced_weights(self, counts: NDArray[np.float64], *, items: float) -> list[float]:
        return balanced(counts.tolist())

    def metrics(self) -> TaskMetrics:
        return SegmentationMetrics(self.snapshot.classes)

    def sample(self, output: Tensor, original: Original, *, folder: Path, name: str) -> SamplePrediction:
        mask = self.ids[self.of_picture(output, original.frame).argmax(0).cpu().numpy()]
        path = folder / f"{name}.png"
        write_mask(path, mask, self.snapshot.classes, durable=False)
        relative = path.relative_to(original.folder).as_posix()
        return SamplePrediction(item=original.item.id, name=original.item.name, mask=relative)

    def of_picture(self, output: Tensor, frame: Frame) -> Tensor:
        return output[:, frame.rows, frame.columns]

    def predict(self, output: Tensor, frame: Frame) -> MaskPrediction:
        logits = self.of_picture(output, frame).float().cpu()
        indices = upsampled_argmax(logits.numpy(), frame.original)
        return MaskPrediction(self.ids[indices], logits.log_softmax(0).numpy(), self.snapshot.classes)

    def score(self, output: Tensor, prediction: Prediction, original: Original) -> ItemScore:
        """`loss`: mean cross entropy over the counted pixels of the original, each with the nearest network pixel's
        probabilities, so that a few strokes count too. `error`: the share of counted pixels that are wrong."""
        assert isinstance(prediction, MaskPrediction)
        item = original.item
        compared = MaskComparison() if item.mask is None else self._compare(self._read_mask(original), prediction)
        sure = sureness_of_choice(prediction.log_shares)
        return ItemScore(
            item=item.id,
            name=item.name,
            split=item.split,
            revision=item.revision,
            loss=compared.loss,
            error=compared.error,
            confusion=compared.confusion,
            corrected=item.corrected,
            confidence=sure.confidence,
            margin=sure.margin,
            entropy=sure.entropy,
            classes=compared.classes,
            region=compared.region,
        )

    second_looks = ()

    def uncertainty(self, looks: Sequence[Tensor]) -> float:
        """The mean entropy of a pixel's answer, in parts of the largest possible."""
        log_shares = looks[0].float().log_softmax(0)
        bits = -(log_shares.exp() * log_shares).sum(0)
        return float(bits.mean() / np.log(len(log_shares)))

    def open_sink(self, out: Path) -> MaskSink:
        return MaskSink(out)

    def _read_mask(self, original: Original) -> NDArray[np.uint8]:
        path = original.folder / str(original.item.mask)
        mask, _ = read_mask(path)
        check_mask(path, mask, original.size, (*self.snapshot.classes, *self.snapshot.retired))
        return mask

    def _compare(self, label: NDArray[np.uint8], prediction: MaskPrediction) -> MaskComparison:
        return compare_masks(
            label, prediction.mask, prediction.log_shares, targets=self._index_of_id[label], ignored=IGNORED
        )


class MaskSink:
    """One palette PNG of class ids a picture, under the picture's name; the second of two that differ only in their
    suffix keeps it (`a.jpg.png`)."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._written: list[Path] = []
        self._taken: set[Path] = set()

    def add(self, name: str, prediction: Prediction) -> None:
        path = (self._out / name).with_suffix(".png")
        if path in self._taken:
            path = self._out / f"{name}.png"
        self._taken.add(path)
        prediction.save(path)
        self._written.append(path)

    def close(self) -> list[Path]:
        return self._written


class SegmentationMetrics:
    """Pixel accuracy, mean IoU and Dice out of one confusion matrix (torchmetrics), over counted pixels only."""

    def __init__(self, classes: tuple[LabelClass, ...]) -> None:
        self._void = [c.name for c in classes if c.void]
        self._names = [c.name for c in classes if not c.void]
        self._outputs = len(self._names)
        self._matrix = MulticlassConfusionMatrix(self._outputs, ignore_index=IGNORED, validate_args=False)

    def update(self, output: Tensor, target: Tensor) -> None:
        self._matrix = self._matrix.to(output.device)
        self._matrix.update(output.argmax(1), target.long())

    def compute(self, *, split: str, height: int, width: int) -> list[Metric]:
        counts = self._matrix.confmat.double().cpu()
        accuracy, iou, dice, present = overlap_scores(counts)
        void = f"without {', '.join(self._void)}" if self._void else "no void class"
        where = f"{split}, {self._outputs} classes, {void}, at {height}×{width}"
        over = f"{where}; mean over the {present} classes that occur"
        return [
            Metric("pixel accuracy", accuracy, 1, where),
            Metric("mean IoU", iou, 1, over),
            Metric("Dice", dice, 1, over),
        ]

    def never_predicted(self) -> tuple[str, ...]:
        counts = self._matrix.confmat.cpu()
        missed = (counts.sum(1) > 0) & (counts.sum(0) == 0)
        return tuple(name for name, is_missed in zip(self._names, missed.tolist(), strict=True) if is_missed)


def overlap_scores(counts: Tensor) -> tuple[float, float, float, int]:
    """Accuracy, mean IoU, mean Dice and the number of classes they are means over, from (label, predicted) counts.

    A class takes part when at least one pixel is labelled with it; without any pixel everything is 0.
    """
    hits, labelled, predicted = counts.diagonal(), counts.sum(1), counts.sum(0)
    present = labelled > 0
    if not present.any():
        return 0.0, 0.0, 0.0, 0
    iou = hits[present] / (labelled + predicted - hits)[present]
    dice = 2 * hits[present] / (labelled + predicted)[present]
    return float(hits.sum() / counts.sum()), float(iou.mean()), float(dice.mean()), int(present.sum())


def upsampled_argmax(logits: NDArray[np.float32], size: Size) -> NDArray[np.uint8]:
    """(C, h, w) → (H, W) positions of the largest logit after bilinear interpolation to `size` (width, height).

    Goes through the classes one by one, so that a large original needs three pictures of memory and not C.
    """
    width, height = size
    best = cv2.resize(logits[0], (width, height), interpolation=cv2.INTER_LINEAR)
    winner = np.zeros((height, width), np.uint8)
    for index in range(1, len(logits)):
        value = cv2.resize(logits[index], (width, height), interpolation=cv2.INTER_LINEAR)
        better = value > best
        winner[better] = index
        np.maximum(best, value, out=best)
    return winner
