"""Matplotlib figures that a notebook shows as the value of a cell, and that need no screen."""

from __future__ import annotations

import importlib
import io
from collections.abc import Sequence
from functools import cache
from typing import Any

from studio.core.errors import MissingPackage

Figure = Any
Axes = Any
"""Matplotlib's classes; it is not among what the program needs, so its types are not known here."""


def new_figure(
    *, rows: int = 1, columns: int = 1, figsize: Sequence[float] | None = None
) -> tuple[Figure, list[list[Axes]]]:
    """A figure (`figsize` in inches) and its axes, row by row. Raises MissingPackage where Matplotlib is not there."""
    figure = _figure_class()(figsize=tuple(figsize) if figsize is not None else None, layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False).tolist()


def new_grid(count: int, *, columns: int, figsize: Sequence[float] | None = None) -> tuple[Figure, list[Axes]]:
    """A figure with `count` axes without frames, row by row; each is 3 inches wide and high unless `figsize` says."""
    rows = -(-count // columns)
    figure, axes = new_figure(rows=rows, columns=columns, figsize=figsize or (3 * columns, 3 * rows))
    flat = [ax for row in axes for ax in row]
    for ax in flat:
        ax.set_axis_off()
    return figure, flat[:count]


@cache
def _figure_class() -> Any:
    try:
        base: Any = importlib.import_module("matplotlib.figure").Figure
    except ImportError as error:
        raise MissingPackage("Plotting", ["matplotlib"]) from error

    class NotebookFigure(base):
        """Not one of pyplot's, so that it is shown once, where a cell returns it."""

        def _repr_png_(self) -> bytes:
            picture = io.BytesIO()
            self.savefig(picture, format="png")
            return picture.getvalue()

    return NotebookFigure
