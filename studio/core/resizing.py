"""How pictures of any shape come to the one size that a network takes, and how places in them go along and back."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from studio.core.settings import TAG_TASKS, Task

Size = tuple[int, int]
"""(width, height) in pixels."""


class Resize(enum.StrEnum):
    """Squish: both sides to the wanted ones, whatever becomes of the shape. Crop: as large as covers the wanted size,
    and what stands over is cut off. Pad: as large as fits into it, with grey around that nobody learns from."""

    SQUISH = "squish"
    CROP = "crop"
    PAD = "pad"


def resize_to_answer(resize: Resize, task: Task) -> Resize:
    """How a picture comes to a network that is judged or asked, after training with `resize`.

    A crop would leave pixels and points without an answer, so pictures that have those are padded. Classes are of the
    whole picture and are read off its middle, as in fastai.
    """
    return Resize.PAD if resize is Resize.CROP and task not in TAG_TASKS else resize


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One picture in a network's input of `width` × `height`: the original, resized to `inner`, with its top left
    corner at (`left`, `top`), which are negative where something is cut off."""

    original: Size
    inner: Size
    width: int
    height: int
    left: int = 0
    top: int = 0

    @property
    def is_filled(self) -> bool:
        """Whether the whole picture, and nothing but the picture, is in it."""
        return self.inner == (self.width, self.height) and self.left == self.top == 0

    @property
    def spanned(self) -> tuple[float, float]:
        """How many pixels of the original lie along the width and the height."""
        return self.width * self.original[0] / self.inner[0], self.height * self.original[1] / self.inner[1]

    @property
    def corner(self) -> tuple[float, float]:
        """x and y in the original of the top left corner; negative where there is padding."""
        return -self.left * self.original[0] / self.inner[0], -self.top * self.original[1] / self.inner[1]

    @property
    def rows(self) -> slice:
        """Those that show the picture."""
        return slice(max(self.top, 0), min(self.top + self.inner[1], self.height))

    @property
    def columns(self) -> slice:
        return slice(max(self.left, 0), min(self.left + self.inner[0], self.width))

    def place(self, x: float, y: float) -> tuple[float, float]:
        """A place in the original as one in the frame, both in pixels from the top left corner."""
        width, height = self.original
        return x * self.inner[0] / width + self.left, y * self.inner[1] / height + self.top


def frame_of(resize: Resize, original: Size, *, height: int, width: int) -> Frame:
    """The picture in the middle; sides are rounded as Pillow's `ImageOps` does it, so that plain Python can follow."""
    inner = _inner(resize, original, height=height, width=width)
    return Frame(
        original=original,
        inner=inner,
        width=width,
        height=height,
        left=round((width - inner[0]) / 2),
        top=round((height - inner[1]) / 2),
    )


def _inner(resize: Resize, original: Size, *, height: int, width: int) -> Size:
    """One side is the wanted one: of a crop that which makes the other stand over."""
    if resize is Resize.SQUISH:
        return width, height
    is_wider = original[0] * height > original[1] * width
    if is_wider is (resize is Resize.PAD):
        return width, max(1, round(original[1] / original[0] * width))
    return max(1, round(original[0] / original[1] * height)), height
