"""Pictures, masks and points as values that a notebook shows."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image as Pillow
from torch import Tensor

from studio.core.classes import LabelClass, distinct_color, palette
from studio.core.images import read_image
from studio.core.masks import read_mask
from studio.ml.notebook.figures import Axes, Figure, new_figure


@dataclass(frozen=True, eq=False)
class Image:
    """A picture: `data` (3, H, W) float in [0, 1]."""

    data: Tensor

    @property
    def shape(self) -> torch.Size:
        return self.data.shape

    @property
    def size(self) -> torch.Size:
        """(H, W)"""
        return self.data.shape[-2:]

    def show(
        self,
        ax: Axes | None = None,
        figsize: Sequence[float] = (3, 3),
        title: str | None = None,
        y: ImageSegment | ImagePoints | None = None,
    ) -> Figure:
        """The figure, with the label `y` on the picture. Raises MissingPackage without Matplotlib."""
        figure, place = _axes(ax, figsize, title)
        place.imshow(self.pixels())
        if y is not None:
            y.draw(place)
        return figure

    def pixels(self) -> NDArray[np.uint8]:
        """(H, W, 3) uint8"""
        return (self.data.float().clamp(0, 1) * 255).round().byte().permute(1, 2, 0).cpu().numpy()

    def _repr_png_(self) -> bytes:
        return _png(self.pixels())


@dataclass(frozen=True, eq=False)
class ImageSegment:
    """A mask: `data` (1, H, W) uint8 class ids, 255 for unlabelled; in the classes' colours where they are known."""

    data: Tensor
    classes: tuple[LabelClass, ...] = ()

    @property
    def shape(self) -> torch.Size:
        return self.data.shape

    @property
    def size(self) -> torch.Size:
        """(H, W)"""
        return self.data.shape[-2:]

    def show(
        self,
        ax: Axes | None = None,
        figsize: Sequence[float] = (3, 3),
        title: str | None = None,
        alpha: float = 1.0,
    ) -> Figure:
        figure, place = _axes(ax, figsize, title)
        self.draw(place, alpha=alpha)
        return figure

    def draw(self, ax: Axes, *, alpha: float = 0.5) -> None:
        ax.imshow(self.pixels(), alpha=alpha, interpolation="nearest")

    def pixels(self) -> NDArray[np.uint8]:
        """(H, W, 3) uint8: the colours."""
        ids = self.data[0].cpu().numpy()
        return (palette(self.classes) if self.classes else _any_colors())[ids]

    def _repr_png_(self) -> bytes:
        return _png(self.pixels())


@dataclass(frozen=True, eq=False)
class ImagePoints:
    """Points: `data` (K, 2) float, x and y in pixels; what is not placed is NaN."""

    data: Tensor

    def draw(self, ax: Axes, *, color: str = "white") -> None:
        ax.scatter(*self.data.cpu().numpy().T, s=20, color=color, edgecolors="black", linewidths=0.8)


def open_image(fn: Path | str) -> Image:
    """Raises UnreadableImage."""
    return Image(torch.tensor(read_image(Path(fn))).permute(2, 0, 1).float().div_(255))


def open_mask(fn: Path | str) -> ImageSegment:
    """Raises BadMask for a file that holds colours and not class ids."""
    return ImageSegment(torch.from_numpy(read_mask(Path(fn))[0])[None])


def _axes(ax: Axes | None, figsize: Sequence[float], title: str | None) -> tuple[Figure, Axes]:
    chosen = new_figure(figsize=figsize)[1][0][0] if ax is None else ax
    chosen.set_axis_off()
    if title is not None:
        chosen.set_title(title, fontsize=9)
    return chosen.figure, chosen


def _any_colors() -> NDArray[np.uint8]:
    """Colours for ids that nobody has named yet."""
    return palette([LabelClass(id=i, name=str(i), color=distinct_color(i)) for i in range(255)])


def _png(pixels: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Pillow.fromarray(pixels).save(file, format="PNG")
    return file.getvalue()
