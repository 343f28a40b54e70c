"""Which decoder reads a task's items."""

from __future__ import annotations

from pathlib import Path

from studio.core.resizing import Resize, resize_to_answer
from studio.ml.data.decoding import Decoder
from studio.ml.tasks.base import ItemDecoder, Task
from studio.ml.tasks.text import Text
from studio.ml.text.documents import DocumentDecoder


def make_decoder(folder: Path, task: Task, *, height: int, width: int, resize: Resize) -> ItemDecoder:
    """A decoder of what a trained network shall answer. `folder` is the run's; `height` and `width` a stage's, `resize`
    the recipe's."""
    if isinstance(task, Text):
        return DocumentDecoder(folder, task, height, width)
    return Decoder(folder, task, height, width, resize_to_answer(resize, task.snapshot.task))
