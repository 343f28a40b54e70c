"""From a line of a report to its item, large, with what the run says of it, and back to that line."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from studio.ui.review.gallery import Gallery
from studio.ui.review.report_page import ReportPage


class ReportDetour(QObject):
    """`look_at` reveals an item of a run in the gallery, perhaps only once it is read; `back` shows the report."""

    def __init__(
        self,
        report: ReportPage,
        gallery: Gallery,
        look_at: Callable[[str, int], object],
        back: Callable[[], object],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._gallery = gallery
        self._look_at = look_at
        self._back = back
        self._wanted: tuple[str, int] | None = None
        self._is_away = False
        report.large_wanted.connect(self._go)
        gallery.selection_changed.connect(self._arrive)
        gallery.stack.large_left.connect(self._return)

    def _go(self, run: str, item: int) -> None:
        self._wanted = run, item
        self._look_at(run, item)
        self._arrive()

    def _arrive(self) -> None:
        current = self._gallery.current() if self._wanted is not None else None
        if current is None or (current.run, current.score.item) != self._wanted:
            return
        self._wanted = None
        if not self._gallery.stack.shows_large:
            self._gallery.toggle_preview()
        self._gallery.preview.show_way_back("Back to the report")
        self._is_away = True

    def _return(self) -> None:
        if self._is_away:
            self._is_away = False
            self._gallery.preview.show_way_back()
            self._back()
