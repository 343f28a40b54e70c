"""Classes of a project: what an id in a mask is called, how it is drawn and which key picks it."""

from __future__ import annotations

import colorsys
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
import numpy as np

UNLABELLED: Final = 255
"""The mask value of a pixel about which nobody has said anything yet; never a class id."""

MAX_CLASSES: Final = 255

VOID_NAMES: Final = frozenset({"void", "unlabelled", "unlabeled", "ignore", "dontcare", "don't care"})
"""Names by which data sets call the class that no metric counts."""


class LabelClass(msgspec.Struct, frozen=True, kw_only=True):
    """One class. `color` is `#rrggbb`; `key` one character or empty; `void` pixels are painted, never counted."""

    id: int
    name: str
    color: str
    key: str = ""
    void: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.id < MAX_CLASSES:
            raise ValueError(f"class id {self.id} is not between 0 and {MAX_CLASSES - 1}")
        rgb(self.color)


def rgb(color: str) -> tuple[int, int, int]:
    """`#rrggbb` as three integers 0–255. Raises ValueError on anything else."""
    if len(color) != 7 or not color.startswith("#"):
        raise ValueError(f"{color!r} is not a colour of the form #rrggbb")
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def distinct_color(index: int) -> str:
    """The index-th colour of a sequence whose neighbours differ clearly (golden-angle hues, three lightnesses)."""
    hue = (0.58 + index * 0.618034) % 1.0
    lightness = (0.55, 0.42, 0.68)[index % 3]
    red, green, blue = colorsys.hls_to_rgb(hue, lightness, 0.68)
    return f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"


def is_void_name(name: str) -> bool:
    return name.strip().lower() in VOID_NAMES


def make_classes(names: Sequence[str], *, colors: Sequence[str] | None = None) -> list[LabelClass]:
    """Classes 0…n-1 with the given names; keys 1…9 for the first nine; void found by name."""
    return [
        LabelClass(
            id=i,
            name=name,
            color=colors[i] if colors else distinct_color(i),
            key=str(i + 1) if i < 9 else "",
            void=is_void_name(name),
        )
        for i, name in enumerate(names)
    ]


def palette(classes: Iterable[LabelClass]) -> np.ndarray:
    """Colours by mask value, (256, 3) uint8; values without a class are mid-grey, `UNLABELLED` is black."""
    table = np.full((256, 3), 128, np.uint8)
    table[UNLABELLED] = 0
    for label_class in classes:
        table[label_class.id] = rgb(label_class.color)
    return table


def void_ids(classes: Iterable[LabelClass]) -> frozenset[int]:
    return frozenset(c.id for c in classes if c.void)
