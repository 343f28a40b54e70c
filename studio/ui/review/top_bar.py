"""The bar over the review grid: which run, what is shown of it, and how large."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QToolButton,
    QWidget,
)

from studio.ui.review.combos import ChoiceBox
from studio.ui.review.error_search import ErrorSearchButton
from studio.ui.review.loading import RunChoice
from studio.ui.theme import theme
from studio.ui.widgets.elided_label import SEPARATOR, ElidedLabel

SMALLEST_TILE: Final = 120
LARGEST_TILE: Final = 1100
_WIDEST_RUNS: Final = 460
_MARGIN: Final = 12
_SPACING: Final = 8


class View(enum.StrEnum):
    ITEMS = "worst items"
    REPORT = "before / after"
    JOURNAL = "decisions"
    HISTORY = "history"


_HINTS: Final = {
    View.ITEMS: "The run's items, worst first",
    View.REPORT: "What a fine-tuning fixed and broke, item by item",
    View.JOURNAL: "Who decided what, and when; the newest first (J)",
    View.HISTORY: "Round by round: labels made, minutes spent, validation metric",
}


class TopBar(QFrame):
    run_chosen = Signal(str)
    view_chosen = Signal(object)
    """The `View` whose button was pressed."""
    tile_width_chosen = Signal(int)
    opacity_chosen = Signal(float)
    """Of masks, 0 to 1."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "bar")
        self.runs = _run_list()
        self.runs.activated.connect(lambda place: self.run_chosen.emit(self.runs.itemData(place)))
        self.summary = ElidedLabel()
        self.summary.setObjectName("review_summary")
        self.summary.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        self.tile_size = _slider("tile_size", "Size of the tiles", "Ctrl and the mouse wheel", width=130)
        self.tile_size.setRange(SMALLEST_TILE, LARGEST_TILE)
        self.tile_size.valueChanged.connect(self.tile_width_chosen)
        self.opacity = _slider(
            "mask_opacity", "Opacity of the masks", "fainter with comma, stronger with full stop", width=90
        )
        self.opacity.setRange(0, 100)
        self.opacity.valueChanged.connect(lambda percent: self.opacity_chosen.emit(percent / 100))
        self._has_masks = False
        layout = QHBoxLayout(self)
        layout.setContentsMargins(_MARGIN, 7, _MARGIN, 7)
        layout.setSpacing(_SPACING)
        self._views = {view: self._view_button(view) for view in View}
        group = QButtonGroup(self)
        for button in self._views.values():
            group.addButton(button)
            layout.addWidget(button)
        self._size_icon = QLabel()
        self._opacity_icon = QLabel()
        layout.addWidget(self.runs)
        layout.addWidget(self.summary, 1)
        layout.addStretch()
        self.production = _production_button()
        self.find_errors = ErrorSearchButton()
        for widget in (
            self.find_errors,
            self.production,
            self._opacity_icon,
            self.opacity,
            self._size_icon,
            self.tile_size,
        ):
            layout.addWidget(widget)
        theme().changed.connect(self._dress)
        self._dress()

    def show_runs(self, choices: Sequence[RunChoice], chosen: str | None) -> None:
        """List the runs; marks the chosen one without telling anyone."""
        self.runs.clear()
        for choice in choices:
            self.runs.addItem(choice.words, choice.id)
        self.runs.setCurrentIndex(self.runs.findData(chosen))
        self.runs.setVisible(bool(choices))

    def show_view(self, view: View) -> None:
        self._views[view].setChecked(True)
        for widget in (self.summary, self.tile_size, self._size_icon):
            widget.setVisible(view is View.ITEMS)
        for widget in (self._opacity_icon, self.opacity):
            widget.setVisible(view is View.ITEMS and self._has_masks)
        self.runs.setVisible(view is View.ITEMS and self.runs.count() > 0)

    def show_summary(self, words: str) -> None:
        """What the items are; the first part of it has room before the longest name of a run has."""
        self.summary.setText(words)
        self._share_room()

    def show_report_button(self, shown: bool) -> None:
        """Without any fine-tuned run there is no report to look at."""
        self._views[View.REPORT].setVisible(shown)

    def show_tile_width(self, width: int) -> None:
        self.tile_size.blockSignals(True)
        self.tile_size.setValue(width)
        self.tile_size.blockSignals(False)

    def show_opacity(self, opacity: float) -> None:
        """Offer the choice, at this value; nobody is told."""
        self._has_masks = True
        with QSignalBlocker(self.opacity):
            self.opacity.setValue(round(100 * opacity))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_room()

    def _share_room(self) -> None:
        widgets = self.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
        fixed = [w for w in widgets if not w.isHidden() and w not in (self.runs, self.summary)]
        gaps = 2 * _MARGIN + (len(fixed) + 3) * _SPACING
        first = self.summary.text().partition(SEPARATOR)[0].strip()
        wanted = self.summary.fontMetrics().horizontalAdvance(first)
        taken = sum(max(widget.sizeHint().width(), widget.minimumWidth()) for widget in fixed)
        room = self.width() - gaps - taken - wanted
        self.runs.setMaximumWidth(max(self.runs.minimumWidth(), min(_WIDEST_RUNS, room)))

    def _view_button(self, view: View) -> QToolButton:
        button = QToolButton()
        button.setText(view.capitalize())
        button.setToolTip(_HINTS[view])
        button.setCheckable(True)
        button.setObjectName(f"view_{view.name.lower()}")
        button.clicked.connect(lambda: self.view_chosen.emit(view))
        return button

    def _dress(self) -> None:
        self.production.setIcon(theme().icon("import"))
        self._size_icon.setPixmap(theme().icon("images", "muted").pixmap(18, 18))
        self._opacity_icon.setPixmap(theme().icon("palette", "muted").pixmap(18, 18))


def _run_list() -> ChoiceBox:
    runs = ChoiceBox()
    runs.setObjectName("review_run")
    runs.setAccessibleName("Run to review")
    runs.setToolTip("Run to review, the newest first")
    runs.setMinimumWidth(150)
    runs.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    runs.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
    runs.setMaximumWidth(_WIDEST_RUNS)
    return runs


def _production_button() -> QToolButton:
    button = QToolButton()
    button.setObjectName("review_production")
    button.setAccessibleName("Production errors")
    button.setToolTip("Production errors: bring in what a model got wrong out there, fix it and fine-tune on it")
    return button


def _slider(name: str, words: str, keys: str, *, width: int) -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setObjectName(name)
    slider.setAccessibleName(words)
    slider.setToolTip(f"{words} ({keys})")
    slider.setFixedWidth(width)
    return slider
