"""Label images of other programs as masks: class ids, black and white, or colours."""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, UnidentifiedImageError

from studio.core.arrays import Mask, Picture
from studio.core.classes import UNLABELLED, LabelClass
from studio.core.counting import counted
from studio.core.errors import BadMask, StudioError, UnreadableImage
from studio.core.images import image_size, read_image
from studio.core.masks import check_mask, read_mask, values_in
from studio.formats.tables import RGB

_COLOR_MODES: Final = frozenset({"RGB", "RGBA", "LA", "CMYK", "YCbCr"})
_ERRORS: Final = (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, struct.error)
"""What Pillow raises, depending on the format, when a file is broken."""


def open_ids(path: Path) -> Mask:
    """Ids of a gray, palette or bilevel picture, or of one with three equal channels, (H, W) uint8. Raises BadMask."""
    mode, image_format = _kind(path)
    if image_format == "JPEG":
        raise BadMask(path, "it is a JPEG, whose compression changes class ids", "export the labels as PNG")
    if mode not in _COLOR_MODES:
        return read_mask(path)[0]
    pixels = read_image(path)
    if not _channels_equal(pixels):
        raise BadMask(path, "it is a colour picture and not one of class ids", "import it with the form color")
    return np.ascontiguousarray(pixels[..., 0])


def is_color_form(path: Path) -> bool:
    """Whether a label file shows classes by colour; False for ids. Raises StudioError where it cannot be read."""
    mode, _ = _kind(path)
    return mode in _COLOR_MODES and not _channels_equal(read_image(path))


def _kind(path: Path) -> tuple[str, str]:
    """Pillow's mode and format of a picture, from its header. Raises BadMask."""
    try:
        with Image.open(path, formats=("PNG", "BMP", "TIFF", "GIF", "JPEG")) as image:
            return image.mode, image.format or ""
    except UnidentifiedImageError as error:
        raise BadMask(path, "it is no picture", "replace it by a PNG or leave its label out") from error
    except _ERRORS as error:
        raise BadMask(path, f"it cannot be read ({error})", "replace the file or leave its label out") from error


def _channels_equal(pixels: Picture) -> bool:
    return bool((pixels[..., 0] == pixels[..., 1]).all() and (pixels[..., 0] == pixels[..., 2]).all())


def is_black_and_white(paths: Sequence[Path]) -> bool:
    """Whether the masks, by a spread of at most 20, hold 0 and 255 and nothing else. Unreadable ones do not count."""
    seen: set[int] = set()
    for path in paths[:: max(1, len(paths) // 20)]:
        try:
            seen.update(values_in(open_ids(path)))
        except StudioError:
            continue  # it gets its sentence when its label is read
    return UNLABELLED in seen and seen <= {0, UNLABELLED}


def ids_in(paths: Sequence[Path]) -> list[int]:
    """Which ids the masks hold, by a spread of at most 50, `UNLABELLED` left out. Unreadable ones do not count."""
    seen: set[int] = set()
    for path in paths[:: max(1, len(paths) // 50)]:
        try:
            seen.update(values_in(open_ids(path)))
        except StudioError:
            continue  # it gets its sentence when its label is read
    return sorted(seen - {UNLABELLED})


@dataclasses.dataclass(frozen=True)
class IdReader:
    """Reads a mask of class ids. `white` is the id that 255 stands for in black and white masks; None: unlabelled."""

    image: Path
    label: Path
    classes: tuple[LabelClass, ...]
    white: int | None = None

    def __call__(self, problems: list[str]) -> Mask:
        """(H, W) uint8. Raises BadMask or UnreadableImage."""
        mask = open_ids(self.label)
        if self.white is not None:
            mask = np.where(mask == UNLABELLED, np.uint8(self.white), mask)
        check_mask(self.label, mask, picture_size(self.image), self.classes)
        return mask


@dataclasses.dataclass(frozen=True)
class ColorTable:
    """Class ids by colour, for pictures whose classes are colours."""

    ids: tuple[tuple[RGB, int], ...]
    source: Path

    @cached_property
    def lookup(self) -> np.ndarray:
        """Id by red << 16 | green << 8 | blue, (2**24,) uint8; `UNLABELLED` where no class has the colour."""
        table = np.full(1 << 24, UNLABELLED, np.uint8)
        for (red, green, blue), class_id in self.ids:
            table[red << 16 | green << 8 | blue] = class_id
        return table


@dataclasses.dataclass(frozen=True)
class ColorReader:
    """Reads a mask from a picture whose colours are classes; pixels of another colour stay unlabelled."""

    image: Path
    label: Path
    classes: tuple[LabelClass, ...]
    table: ColorTable

    def __call__(self, problems: list[str]) -> Mask:
        """(H, W) uint8. Raises BadMask or UnreadableImage."""
        pixels = read_image(self.label).astype(np.uint32)
        packed = pixels[..., 0] << 16 | pixels[..., 1] << 8 | pixels[..., 2]
        mask = self.table.lookup[packed]
        check_mask(self.label, mask, picture_size(self.image), self.classes)
        unknown = packed[mask == UNLABELLED]
        if unknown.size:
            problems.append(self._sentence(unknown))
        return mask

    def _sentence(self, unknown: np.ndarray) -> str:
        colors, counts = np.unique(unknown, return_counts=True)
        order = np.argsort(-counts, kind="stable")
        shown = ", ".join(f"#{colors[i]:06x} ({counted(int(counts[i]), 'pixel')})" for i in order[:3])
        more = f" and {colors.size - 3:,} more" if colors.size > 3 else ""
        return f"{self.label}: no class of {self.table.source.name} has {shown}{more}; these pixels stay unlabelled."


def picture_size(path: Path) -> tuple[int, int]:
    """Width and height after EXIF rotation. Raises UnreadableImage also where the file ends too early, which its
    header does not show."""
    size = image_size(path)
    if not _ends_in_order(path):
        raise UnreadableImage(path, "the file is cut off")
    return size


def _ends_in_order(path: Path) -> bool:
    """Whether a PNG has its last chunk and a JPEG its end marker; within a JPEG's pixels the marker cannot occur."""
    with path.open("rb") as file:
        head = file.read(8)
        file.seek(0, 2)
        file.seek(max(0, file.tell() - 65_536))
        tail = file.read()
    if head.startswith(b"\x89PNG"):
        return b"IEND" in tail
    return not head.startswith(b"\xff\xd8") or b"\xff\xd9" in tail
