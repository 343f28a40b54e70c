"""What the tools that look at the picture are told: the wand's tolerance and reach, the size of superpixels."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, Signal

LARGEST_TOLERANCE: Final = 60
SMALLEST_SUPERPIXEL: Final = 6
LARGEST_SUPERPIXEL: Final = 120
_FIRST_TOLERANCE: Final = 10
_FIRST_SUPERPIXEL: Final = 24


class SmartChoices(QObject):
    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tolerance = _FIRST_TOLERANCE
        self._contiguous = True
        self._without_grain = True
        self._superpixel_size = _FIRST_SUPERPIXEL

    @property
    def tolerance(self) -> int:
        """How far, in CIELAB units, a colour may be from the one that was clicked."""
        return self._tolerance

    def set_tolerance(self, tolerance: int) -> None:
        tolerance = min(max(tolerance, 0), LARGEST_TOLERANCE)
        if tolerance != self._tolerance:
            self._tolerance = tolerance
            self.changed.emit()

    @property
    def contiguous(self) -> bool:
        """Whether the wand takes only what is joined to the clicked pixel."""
        return self._contiguous

    def set_contiguous(self, contiguous: bool) -> None:
        if contiguous != self._contiguous:
            self._contiguous = contiguous
            self.changed.emit()

    @property
    def without_grain(self) -> bool:
        """Whether the wand overlooks single noisy pixels."""
        return self._without_grain

    def set_without_grain(self, without: bool) -> None:
        if without != self._without_grain:
            self._without_grain = without
            self.changed.emit()

    @property
    def superpixel_size(self) -> int:
        """Side of a superpixel in image pixels."""
        return self._superpixel_size

    def set_superpixel_size(self, size: int) -> None:
        size = min(max(size, SMALLEST_SUPERPIXEL), LARGEST_SUPERPIXEL)
        if size != self._superpixel_size:
            self._superpixel_size = size
            self.changed.emit()
