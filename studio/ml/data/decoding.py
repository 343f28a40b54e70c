"""Reading one item: its picture brought to the training size, and its target."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.errors import UnreadableImage
from studio.core.images import image_size, read_image
from studio.core.resizing import Frame, Resize, Size, frame_of
from studio.core.snapshot import SnapshotItem
from studio.ml.data.framing import PADDING, framed
from studio.ml.tasks.base import Original, Task

Warn = Callable[[str], None]


@dataclass(frozen=True)
class Decoded:
    """`picture` (height, width, 3) uint8 and the task's `target`, both of arrays that may be written to. `is_read`
    False: the picture is broken and this stands in its place."""

    picture: NDArray[np.uint8]
    target: np.ndarray
    is_read: bool = True


@dataclass(frozen=True)
class Decoder:
    """Reads items of one run at one training size; any number of threads may use it. It remembers the originals' sizes,
    so that no picture is opened again once it has been read."""

    folder: Path
    task: Task
    height: int
    width: int
    resize: Resize = Resize.SQUISH
    known_sizes: dict[str, Size] = field(default_factory=dict, repr=False, compare=False)

    def original(self, item: SnapshotItem) -> Original:
        """Raises UnreadableImage when the picture is met for the first time and cannot be read."""
        return Original(item=item, frame=self.frame(Path(item.image)), folder=self.folder)

    def picture(self, path: Path) -> NDArray[np.uint8]:
        """(height, width, 3) uint8 RGB: resized, averaged over area where it shrinks. Raises UnreadableImage."""
        frame = self.frame(path)
        pixels = read_image(path, max_side=_least_side(frame))
        resized = resize_picture(pixels, height=frame.inner[1], width=frame.inner[0])
        return framed(resized, frame, outside=PADDING)

    def target(self, item: SnapshotItem) -> np.ndarray:
        """Raises UnreadableImage when the picture's header cannot be read, BadMask for a label that does not fit."""
        return self.task.read_target(self.original(item))

    def empty(self) -> Decoded:
        """A mid-grey picture about which nothing is known, in the place of one that cannot be read any more."""
        grey = np.full((self.height, self.width, 3), 124, np.uint8)
        return Decoded(grey, self.task.empty_target(height=self.height, width=self.width), is_read=False)

    @property
    def framing(self) -> str:
        """Says by what rule a picture gets its frame; another rule has another text."""
        return f"{self.height}x{self.width} {self.resize}"

    def frame(self, path: Path) -> Frame:
        """Raises UnreadableImage."""
        return frame_of(self.resize, self.size(path), height=self.height, width=self.width)

    def size(self, path: Path) -> Size:
        """Of the original. Raises UnreadableImage."""
        image = str(path)
        if image not in self.known_sizes:
            self.known_sizes[image] = image_size(path)
        return self.known_sizes[image]


def decode_item(decoder: Decoder, item: SnapshotItem, warn: Warn) -> Decoded:
    """Where the picture is broken, a warning and an item that teaches nothing. Raises BadMask."""
    try:
        # Pillow's arrays, of pictures of this very size, are read-only
        picture = np.require(decoder.picture(Path(item.image)), requirements="W")
        return Decoded(picture, decoder.target(item))
    except UnreadableImage as error:
        warn(error.sentence)
        return decoder.empty()


def bytes_per_item(decoder: Decoder) -> int:
    target = decoder.task.empty_target(height=decoder.height, width=decoder.width)
    return decoder.height * decoder.width * 3 + target.nbytes


def _least_side(frame: Frame) -> int:
    """The longer side that a reduced JPEG must keep so that neither of its sides is below the one it is resized to."""
    width, height = frame.original
    scale = max(frame.inner[0] / width, frame.inner[1] / height)
    return max(1, int(np.ceil(max(frame.original) * scale)))


def resize_picture(pixels: NDArray[np.uint8], *, height: int, width: int) -> NDArray[np.uint8]:
    """(H, W, 3) → (height, width, 3) uint8, averaged over area where both sides shrink, else interpolated."""
    if pixels.shape[:2] == (height, width):
        return pixels
    shrinks = height <= pixels.shape[0] and width <= pixels.shape[1]
    resized = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return np.asarray(resized, np.uint8)
