"""Where the picture lies on the canvas: pure geometry between image pixels and device pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, floor
from typing import Final

from studio.core.raster import Rect

MAX_SCALE: Final = 64.0
"""Device pixels an image pixel, at most."""

_MIN_SIDE: Final = 24.0
"""An image is never shown smaller than this many device pixels on its longer side."""

_STAYS_VISIBLE: Final = 48.0
"""Device pixels of the picture that panning cannot push out of the view."""


@dataclass(frozen=True, slots=True)
class Viewport:
    """`image` and `view` are (width, height) in image and in device pixels; `scale` is device pixels an image pixel.

    `left` and `top` say in device pixels where the image's corner lies; what is drawn uses them rounded, so that a
    scale of 1 shows every pixel exactly. Image coordinates are floats: a pixel's centre lies at +0.5.
    """

    image: tuple[int, int] = (1, 1)
    view: tuple[int, int] = (1, 1)
    scale: float = 1.0
    left: float = 0.0
    top: float = 0.0

    @property
    def origin(self) -> tuple[int, int]:
        """The image's corner in whole device pixels."""
        return round(self.left), round(self.top)

    @property
    def is_fitted(self) -> bool:
        return self == self.fitted()

    def fitted(self) -> Viewport:
        """The whole image, centred, as large as fits with a small margin; never blown up beyond 8 times."""
        margin = min(16, *(side // 20 for side in self.view))
        room = [max(1, side - 2 * margin) for side in self.view]
        scale = min(room[0] / self.image[0], room[1] / self.image[1], 8.0)
        return self._centred(scale)

    def at_scale(self, scale: float, anchor: tuple[float, float] | None = None) -> Viewport:
        """Another scale, with the image point under `anchor` (device pixels; the view's middle if None) kept there."""
        x, y = anchor if anchor is not None else (self.view[0] / 2, self.view[1] / 2)
        scale = min(max(scale, _MIN_SIDE / max(self.image)), MAX_SCALE)
        ratio = scale / self.scale
        moved = replace(self, scale=scale, left=x - (x - self.left) * ratio, top=y - (y - self.top) * ratio)
        return moved._kept_visible()

    def zoomed(self, factor: float, anchor: tuple[float, float] | None = None) -> Viewport:
        return self.at_scale(self.scale * factor, anchor)

    def panned(self, dx: float, dy: float) -> Viewport:
        """The picture moved by device pixels."""
        return replace(self, left=self.left + dx, top=self.top + dy)._kept_visible()

    def resized(self, view: tuple[int, int]) -> Viewport:
        """The same for a canvas of another size: a fitted image stays fitted, else the middle stays in the middle."""
        if self.is_fitted:
            return replace(self, view=view).fitted()
        dx, dy = (view[0] - self.view[0]) / 2, (view[1] - self.view[1]) / 2
        return replace(self, view=view, left=self.left + dx, top=self.top + dy)._kept_visible()

    def showing(self, rect: Rect) -> Viewport:
        """Zoomed so that `rect` (image pixels) fills about a third of the view, its middle in the middle."""
        scale = min(self.view[0] / rect.width, self.view[1] / rect.height) / 3
        scale = min(max(scale, self.fitted().scale), 8.0)
        left = self.view[0] / 2 - (rect.x + rect.width / 2) * scale
        top = self.view[1] / 2 - (rect.y + rect.height / 2) * scale
        return replace(self, scale=scale, left=left, top=top)._kept_visible()

    def to_image(self, x: float, y: float) -> tuple[float, float]:
        """The image point under a device pixel position."""
        left, top = self.origin
        return (x - left) / self.scale, (y - top) / self.scale

    def to_view(self, x: float, y: float) -> tuple[float, float]:
        """The device pixel position of an image point."""
        left, top = self.origin
        return left + x * self.scale, top + y * self.scale

    def pixel_at(self, x: float, y: float) -> tuple[int, int] | None:
        """The image pixel (column, row) under a device position, None outside of the image."""
        column, row = map(floor, self.to_image(x, y))
        inside = 0 <= column < self.image[0] and 0 <= row < self.image[1]
        return (column, row) if inside else None

    def covering(self, rect: Rect) -> Rect | None:
        """The device pixels that show `rect` (image pixels) or its border, clipped to the view."""
        x0, y0 = self.to_view(rect.x, rect.y)
        x1, y1 = self.to_view(rect.right, rect.bottom)
        x, y = floor(x0) - 2, floor(y0) - 2
        return Rect(x, y, ceil(x1) + 2 - x, ceil(y1) + 2 - y).clipped(*self.view)

    def visible(self) -> Rect | None:
        """The device pixels that the picture covers, or None when it is out of sight."""
        x0, y0 = self.origin
        right, bottom = self.to_view(*self.image)
        return Rect(x0, y0, ceil(right) - x0, ceil(bottom) - y0).clipped(*self.view)

    def _centred(self, scale: float) -> Viewport:
        left = (self.view[0] - self.image[0] * scale) / 2
        top = (self.view[1] - self.image[1] * scale) / 2
        return replace(self, scale=scale, left=left, top=top)

    def _kept_visible(self) -> Viewport:
        left = _clamp(self.left, self.image[0] * self.scale, self.view[0])
        top = _clamp(self.top, self.image[1] * self.scale, self.view[1])
        return replace(self, left=left, top=top)


def _clamp(start: float, length: float, room: int) -> float:
    stays = min(_STAYS_VISIBLE, length, room / 2)
    return min(max(start, stays - length), room - stays)
