"""Putting a resized picture or mask into the network's input."""

from __future__ import annotations

from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from studio.core.resizing import Frame

PADDING: Final = (124, 116, 104)
"""ImageNet's mean colour, RGB: about 0 once a picture is normalised, as what transforms bring in from outside."""

Kind = TypeVar("Kind", bound=np.generic)


def framed(inner: NDArray[Kind], frame: Frame, *, outside: int | tuple[int, ...]) -> NDArray[Kind]:
    """(h, w, …) at the frame's inner size → (height, width, …): cut where it stands over, `outside` around it."""
    if frame.is_filled:
        return inner
    whole = np.empty((frame.height, frame.width, *inner.shape[2:]), inner.dtype)
    whole[:] = outside
    rows, columns = frame.rows, frame.columns
    whole[rows, columns] = inner[
        rows.start - frame.top : rows.stop - frame.top, columns.start - frame.left : columns.stop - frame.left
    ]
    return whole
