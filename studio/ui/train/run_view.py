"""The middle: what the run is doing, how it ended, its curves or its rate finder, and its sample predictions."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from studio.core.settings import Task
from studio.ui.cards.card_bar import CardBar
from studio.ui.train.actions import TrainActions
from studio.ui.train.curves_panel import CurvesPanel
from studio.ui.train.lr_finder import LrFinderPlot
from studio.ui.train.outcome_bar import OutcomeBar
from studio.ui.train.run_header import RunHeader
from studio.ui.train.run_library import RunLibrary
from studio.ui.train.runs_table import RunsTable
from studio.ui.train.samples_strip import SamplesStrip
from studio.ui.widgets.tab_row import TabRow, tab_buttons

_ROOM_FOR_CAPTIONS: Final = 600

_ROOM_FOR_SAMPLES: Final = 340
"""Logical pixels of height below which a plot's numbers would be cut off if the sample predictions stood below it."""


class PlotTab(enum.StrEnum):
    CURVES = "Curves"
    RATE_FINDER = "Learning rate"
    TABLE = "Runs"


class RunView(QWidget):
    """Parts in their places; what they show is the page's business."""

    def __init__(self, task: Task, actions: TrainActions, library: RunLibrary, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.header = RunHeader(
            steering=(actions.lower_rate, actions.add_epoch, actions.pause, actions.stop), kill=actions.kill
        )
        self.outcome = OutcomeBar()
        self.card = CardBar()
        self.curves = CurvesPanel()
        self.finder = LrFinderPlot()
        self.table = RunsTable(library)
        self.samples = SamplesStrip(task)
        self._tabs = tab_buttons(PlotTab, self.show_tab)
        self._plots = QStackedWidget()
        self._plots.addWidget(self.curves)
        self._plots.addWidget(self.finder)
        self._plots.addWidget(self.table)
        self.empty = QLabel()
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setProperty("role", "muted")
        self.empty.setWordWrap(True)
        self._body = QStackedWidget()
        self._body.addWidget(self.empty)
        self._body.addWidget(self._splitter())
        self._body.installEventFilter(self)
        bar = QVBoxLayout()
        bar.setContentsMargins(10, 0, 10, 6)
        bar.setSpacing(6)
        bar.addWidget(self.outcome)
        bar.addWidget(self.card)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.header)
        layout.addLayout(bar)
        layout.addWidget(self._body, 1)

    @property
    def tab(self) -> PlotTab:
        return list(PlotTab)[self._plots.currentIndex()]

    def show_tab(self, tab: PlotTab) -> None:
        self._tabs[tab].setChecked(True)
        self._plots.setCurrentIndex(list(PlotTab).index(tab))
        self._share_room()
        self.curves.controls.setVisible(tab is PlotTab.CURVES)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.curves.controls.caption.setVisible(event.size().width() >= _ROOM_FOR_CAPTIONS)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._body and event.type() is QEvent.Type.Resize:
            self._share_room()
        return super().eventFilter(watched, event)

    def _share_room(self) -> None:
        """Bars over the plots may leave room for the plots alone."""
        self._below.setVisible(self.tab is PlotTab.CURVES and self._body.height() >= _ROOM_FOR_SAMPLES)

    def show_empty(self, sentence: str) -> None:
        """A sentence in the place of the plots; they come back with an empty one."""
        self.empty.setText(sentence)
        self._body.setCurrentIndex(0 if sentence else 1)

    def tabs(self) -> Sequence[QPushButton]:
        return list(self._tabs.values())

    def _splitter(self) -> QSplitter:
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.addWidget(self._plot_side())
        card = QFrame()
        card.setProperty("role", "card")
        inside = QVBoxLayout(card)
        inside.setContentsMargins(1, 1, 1, 1)
        inside.addWidget(self.samples)
        below = QWidget()
        around = QVBoxLayout(below)
        around.setContentsMargins(10, 6, 10, 10)
        around.addWidget(card)
        self._below = below
        splitter.addWidget(below)
        splitter.setStretchFactor(0, 5)
        splitter.setStretchFactor(1, 3)
        splitter.setChildrenCollapsible(False)
        splitter.setHandleWidth(5)
        splitter.setSizes([540, 300])
        return splitter

    def _plot_side(self) -> QWidget:
        side = QWidget()
        row = TabRow(self._tabs.values())
        row.addSpacing(8)
        row.addWidget(self.curves.controls)
        self._tabs[PlotTab.CURVES].setChecked(True)
        layout = QVBoxLayout(side)
        layout.setContentsMargins(10, 2, 10, 4)
        layout.setSpacing(8)
        layout.addLayout(row)
        layout.addWidget(self._plots, 1)
        return side
