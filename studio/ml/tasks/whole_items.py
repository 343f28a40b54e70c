"""What the tasks share whose labels are classes of the whole picture: nothing of the label moves with the picture."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torchvision import tv_tensors

from studio.core.atomic import write_atomically
from studio.core.classes import LabelClass
from studio.core.errors import BadInput
from studio.core.events import SamplePrediction
from studio.core.resizing import Frame
from studio.core.snapshot import Snapshot, SnapshotItem
from studio.core.tags import PredictedTags, Tags, ids_of
from studio.ml.models.classifier import Classifier
from studio.ml.models.encoders import ImageEncoder
from studio.ml.tasks.base import Original, Prediction, Taught
from studio.ml.tasks.transfer import load_matching

SHARE_DIGITS: Final = 6


@dataclass(frozen=True)
class TagsPrediction:
    """`answer` as people see it."""

    answer: PredictedTags

    def save(self, path: Path) -> bool:
        return False


class WholeItems:
    """One output for each class that is not void, in the order of the classes."""

    least_classes = 1
    table = "tags"
    """What the column of the answers is called in the table that `studio predict` writes."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.mirror = None
        self.counted_classes: list[LabelClass] = [c for c in snapshot.classes if not c.void]
        if len(self.counted_classes) < self.least_classes:
            words = "two classes" if self.least_classes == 2 else "a class"
            raise BadInput(f"A model needs {words} besides the void ones; add the missing classes on Label.")
        self.position = {c.id: i for i, c in enumerate(self.counted_classes)}

    @property
    def outputs(self) -> int:
        return len(self.counted_classes)

    @property
    def class_names(self) -> tuple[str, ...]:
        """In the order of the outputs."""
        return tuple(c.name for c in self.counted_classes)

    def make_network(self, encoder: ImageEncoder) -> nn.Module:
        return Classifier(encoder, self.outputs)

    def metadata(self) -> dict[str, str]:
        return {"classes": msgspec.json.encode(self.snapshot.classes).decode()}

    def adapt(self, state: Mapping[str, Tensor], metadata: Mapping[str, str], network: nn.Module) -> list[str]:
        """Outputs go by class id: a class that the parent knew keeps its weights wherever it stands now."""
        rows, sentences = self.class_rows(metadata)
        load_matching(network, state, head="head", rows=rows)
        return sentences

    def class_rows(self, metadata: Mapping[str, str]) -> tuple[list[tuple[int, int]], list[str]]:
        """(own output, the parent's) of the classes that both know, and a sentence about the new ones."""
        parent = msgspec.json.decode(metadata["classes"], type=tuple[LabelClass, ...])
        parent_ids = [c.id for c in parent if not c.void]
        rows = [(i, parent_ids.index(c.id)) for i, c in enumerate(self.counted_classes) if c.id in parent_ids]
        new = [c.name for c in self.counted_classes if c.id not in parent_ids]
        unknown = [f"The parent run did not know {', '.join(new)}; these classes start from scratch."]
        return rows, unknown if new else []

    def to_label(self, target: Tensor, *, height: int, width: int) -> tv_tensors.KeyPoints:
        """No point at all: whatever is done to the picture, its classes stay."""
        nothing = torch.zeros(len(target), 0, 2, device=target.device)
        return tv_tensors.KeyPoints(nothing, canvas_size=(height, width))  # pyright: ignore[reportCallIssue]

    def from_label(self, label: Tensor, target: Tensor, *, height: int, width: int) -> Tensor:
        return target

    def taught(self, target: Tensor, *, height: int, width: int) -> Taught:
        """Of a target of the task, or of the shares that are in its place in a mixed batch."""
        shares = target if target.dim() else self.class_shares(target[None])[0]
        if (shares < 0).any():
            return Taught()
        said = tuple((class_id, share) for class_id, share in self.ranked(shares.cpu()) if share > 0)
        if any(share < 1 for _, share in said):
            return Taught(shares=said)
        return Taught(tags=Tags.of(class_id for class_id, _ in said))

    def class_shares(self, target: Tensor) -> Tensor:
        raise NotImplementedError

    def class_counts(self, item: SnapshotItem, folder: Path) -> NDArray[np.float64]:
        found = np.zeros(self.outputs)
        found[[self.position[i] for i in ids_of(item.tags) if i in self.position]] = 1
        return found

    def answer(self, output: Tensor) -> PredictedTags:
        """(outputs,) logits → what they say."""
        raise NotImplementedError

    def sample(self, output: Tensor, original: Original, *, folder: Path, name: str) -> SamplePrediction:
        return SamplePrediction(item=original.item.id, name=original.item.name, tags=self.answer(output))

    def of_picture(self, output: Tensor, frame: Frame) -> Tensor:
        return output

    def predict(self, output: Tensor, frame: Frame) -> TagsPrediction:
        return TagsPrediction(self.answer(output))

    second_looks: tuple[float, ...] = ()

    def open_sink(self, out: Path) -> TagsSink:
        return TagsSink(out, self.table, self.snapshot.classes, self.counted_classes)

    def ranked(self, shares: Tensor) -> tuple[tuple[int, float], ...]:
        """(outputs,) probabilities → (class id, probability), the most probable first; ties in the classes' order."""
        values = [round(float(share), SHARE_DIGITS) for share in shares]
        order = sorted(range(len(values)), key=lambda i: -values[i])
        return tuple((self.counted_classes[i].id, values[i]) for i in order)


class TagsSink:
    """One `tags.csv`: picture, its classes, and the probability of each class. The first two columns are those that an
    import of a table reads."""

    def __init__(self, out: Path, column: str, classes: Sequence[LabelClass], counted: Sequence[LabelClass]) -> None:
        self._path = out / "tags.csv"
        self._names = {c.id: c.name for c in classes}
        self._counted = [c.id for c in counted]
        self._text = io.StringIO()
        self._rows = csv.writer(self._text, lineterminator="\n")
        self._rows.writerow(["image_name", column, *(f"probability of {c.name}" for c in counted)])

    def add(self, name: str, prediction: Prediction) -> None:
        assert isinstance(prediction, TagsPrediction)
        answer, shares = prediction.answer, dict(prediction.answer.shares)
        names = ";".join(self._names[class_id] for class_id in answer.tags.ids)
        self._rows.writerow([name, names, *(f"{shares[class_id]:.4f}" for class_id in self._counted)])

    def close(self) -> list[Path]:
        write_atomically(self._path, self._text.getvalue().encode())
        return [self._path]
