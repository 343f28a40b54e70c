"""What the scribble model sees of a pixel: colour, texture and surroundings at several scales, and where it lies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from studio.core.arrays import Picture

Plane = npt.NDArray[np.float32]
"""(h, w) float32."""

Features = npt.NDArray[np.float32]
"""(h, w, n) float32."""

_BLURS: Final = (1.0, 2.0, 4.0, 8.0, 16.0)
_EDGES: Final = (1.0, 2.0, 4.0)
_TEXTURES: Final = (4.0, 10.0, 20.0)
_REACH: Final = (0.06, 0.15)
"""How far off, in parts of the picture's longer side, a pixel's surroundings are looked at."""


def pixel_features(picture: Picture) -> Features:
    """(h, w, 3) uint8 RGB → (h, w, n) float32; each plane's values lie about between -1 and 1.

    The filters are those of trainable pixel classification (Sommer et al., ilastik, 2011: Gaussians, gradients, the
    eigenvalues of Hessian and structure tensor) with local statistics, and with colours seen from afar (Shotton et al.,
    TextonBoost, 2006), which tell the road from a grey wall.
    """
    planes = list(_planes(picture))
    return np.stack(planes, axis=-1)


def _planes(picture: Picture) -> Iterator[Plane]:
    lab = _lab(picture)
    light = lab[0]
    yield from lab
    yield from _hue(picture)
    blurred = {sigma: [_blur(plane, sigma) for plane in lab] for sigma in _BLURS}
    for planes in blurred.values():
        yield from planes
    for sigma in _EDGES:
        yield from _edge_planes(_blur(light, sigma), sigma)
    for sigma in _TEXTURES:
        yield from _texture_planes(light, sigma)
    yield from _surroundings(blurred[8.0])
    yield from _place(*light.shape)


def _lab(picture: Picture) -> list[Plane]:
    lab = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return [_f32(lab[..., 0] / 50 - 1), _f32(lab[..., 1] / 50), _f32(lab[..., 2] / 50)]


def _hue(picture: Picture) -> Iterator[Plane]:
    """Saturation, and the hue as a direction as long as the saturation: grey has no hue."""
    hsv = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2HSV)
    angle, saturation = np.deg2rad(hsv[..., 0]), hsv[..., 1]
    yield _f32(saturation)
    yield _f32(np.cos(angle) * saturation)
    yield _f32(np.sin(angle) * saturation)


def _edge_planes(light: Plane, sigma: float) -> Iterator[Plane]:
    """How steep the lightness is across and along, and the curvature (the Hessian's eigenvalues)."""
    gain = np.float32(2 * sigma)
    gx, gy = cv2.Scharr(light, cv2.CV_32F, 1, 0, scale=1 / 32), cv2.Scharr(light, cv2.CV_32F, 0, 1, scale=1 / 32)
    yield _f32(np.abs(gx) * gain)
    yield _f32(np.abs(gy) * gain)
    xx, yy = cv2.Scharr(gx, cv2.CV_32F, 1, 0, scale=1 / 32), cv2.Scharr(gy, cv2.CV_32F, 0, 1, scale=1 / 32)
    xy = cv2.Scharr(gx, cv2.CV_32F, 0, 1, scale=1 / 32)
    for eigenvalue in _eigenvalues(_f32(xx), _f32(xy), _f32(yy)):
        yield eigenvalue * gain * np.float32(2 * sigma)


def _texture_planes(light: Plane, sigma: float) -> Iterator[Plane]:
    """Spread of the lightness around, and how strong and how directed its edges are (structure tensor)."""
    mean = _blur(light, sigma)
    yield np.sqrt(np.maximum(_blur(light * light, sigma) - mean * mean, 0)) * np.float32(2)
    gx, gy = cv2.Scharr(light, cv2.CV_32F, 1, 0, scale=1 / 32), cv2.Scharr(light, cv2.CV_32F, 0, 1, scale=1 / 32)
    large, small = _eigenvalues(_blur(_f32(gx * gx), sigma), _blur(_f32(gx * gy), sigma), _blur(_f32(gy * gy), sigma))
    yield np.sqrt(np.maximum(large, 0)) * np.float32(4)
    yield np.sqrt(np.maximum(small, 0)) * np.float32(4)
    yield np.sqrt(_blur(_f32(gx * gx), sigma)) * np.float32(4)
    yield np.sqrt(_blur(_f32(gy * gy), sigma)) * np.float32(4)


def _surroundings(colors: list[Plane]) -> Iterator[Plane]:
    """The colours some way above, below, left and right; at the border those of the border."""
    height, width = colors[0].shape
    for reach in _REACH:
        distance = round(reach * max(height, width))
        columns, rows = np.arange(width), np.arange(height)
        for step in (-distance, distance):
            across, down = np.clip(columns + step, 0, width - 1), np.clip(rows + step, 0, height - 1)
            for plane in colors:
                yield plane[:, across]
                yield plane[down]


def _place(height: int, width: int) -> Iterator[Plane]:
    x, y = _f32(np.linspace(-1, 1, width)), _f32(np.linspace(-1, 1, height))
    yield np.broadcast_to(x, (height, width))
    yield np.broadcast_to(y[:, None], (height, width))


def _blur(plane: Plane, sigma: float) -> Plane:
    """Gaussian; the broad ones on a smaller copy, which looks the same and costs little."""
    if sigma < 4:
        return _f32(cv2.GaussianBlur(plane, (0, 0), sigma))
    factor = int(sigma // 2)
    height, width = plane.shape
    small = cv2.resize(plane, (max(1, width // factor), max(1, height // factor)), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma / factor)
    return _f32(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR))


def _eigenvalues(xx: Plane, xy: Plane, yy: Plane) -> tuple[Plane, Plane]:
    """Of the symmetric 2×2 matrix at each pixel, the larger first."""
    middle = (xx + yy) / 2
    radius = np.sqrt((xx - yy) ** 2 / 4 + xy * xy)
    return _f32(middle + radius), _f32(middle - radius)


def _f32(plane: npt.ArrayLike) -> Plane:
    return np.asarray(plane, np.float32)
