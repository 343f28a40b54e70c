"""How large the tiles are and how strong the masks on them; kept for the next time."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, QSettings

from studio.ui.review.differences import MASK_OPACITY
from studio.ui.review.gallery import Gallery
from studio.ui.review.top_bar import LARGEST_TILE, SMALLEST_TILE, TopBar

_TILE_WIDTH: Final = 400
_TILE_WIDTH_KEY: Final = "review/tile_width"
_OPACITY_KEY: Final = "review/mask_opacity"
_OPACITY_STEP: Final = 0.1


class Appearance(QObject):
    """What the top bar, the keys and the mouse wheel ask for shows in the bar and in the gallery."""

    def __init__(self, top: TopBar, gallery: Gallery, *, has_masks: bool, parent: QObject) -> None:
        super().__init__(parent)
        self._top = top
        self._gallery = gallery
        top.tile_width_chosen.connect(self.set_tile_width)
        top.opacity_chosen.connect(self.set_opacity)
        gallery.tile_width_chosen.connect(self.set_tile_width)
        self.set_tile_width(int(str(QSettings().value(_TILE_WIDTH_KEY, _TILE_WIDTH))))
        if has_masks:
            self.set_opacity(float(str(QSettings().value(_OPACITY_KEY, MASK_OPACITY))))

    def set_tile_width(self, width: int) -> None:
        """In logical pixels."""
        width = min(LARGEST_TILE, max(SMALLEST_TILE, width))
        self._top.show_tile_width(width)
        self._gallery.grid.set_tile_width(width)
        QSettings().setValue(_TILE_WIDTH_KEY, width)

    def set_opacity(self, opacity: float) -> None:
        """Of masks, 0 to 1."""
        opacity = min(1.0, max(0.0, round(opacity, 2)))
        self._top.show_opacity(opacity)
        self._gallery.set_opacity(opacity)
        QSettings().setValue(_OPACITY_KEY, opacity)

    def fainter(self) -> None:
        self.set_opacity(self._gallery.opacity - _OPACITY_STEP)

    def stronger(self) -> None:
        self.set_opacity(self._gallery.opacity + _OPACITY_STEP)
