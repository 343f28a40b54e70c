"""Which decoder reads a task's items."""

from __future__ import annotations

from pathlib import Path

from studio.ml.data.decoding import Decoder
from studio.ml.tasks.base import ItemDecoder, Task
from studio.ml.tasks.text import Text
from studio.ml.text.documents import DocumentDecoder


def make_decoder(folder: Path, task: Task, *, height: int, width: int) -> ItemDecoder:
    """`folder` is the run's; `height` and `width` a stage's."""
    if isinstance(task, Text):
        return DocumentDecoder(folder, task, height, width)
    return Decoder(folder, task, height, width)
