"""The rounds of the loop on one plot: the validation metric, and what was labelled for it."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QSplitter,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from studio.reports import History
from studio.ui.review.empty import EmptyState
from studio.ui.review.history_curves import Against, effort_curves, metric_curves
from studio.ui.review.history_table import RUN_ROLE, WIDTHS, HistoryTable
from studio.ui.review.loading import load_history
from studio.ui.review.view_focus import hand_focus_on
from studio.ui.session import Session, Tone
from studio.ui.train.axes import WholeAxis
from studio.ui.train.curve_plot import CurvePlot
from studio.ui.widgets.elided_label import ElidedLabel
from studio.ui.widgets.work_queue import WorkQueue

_RULE: Final = "Minutes are the gaps between edits and decisions that are shorter than two minutes"
_ONE_ROUND: Final = (
    "Correct what the model got wrong, then fine-tune: each training after that is another round, and shows here with "
    "the labels and the minutes that went into it."
)


class HistoryPage(QWidget):
    opened = Signal(str)
    """A run that a person wants to look at."""

    def __init__(self, session: Session, work: WorkQueue, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._work = work
        self.history = History(rounds=())
        self.shown_metric = _choice("history_metric", "Metric")
        self.shown_metric.activated.connect(lambda _place: self._draw())
        self.against = _choice("history_against", "What the rounds are drawn over")
        for against in Against:
            self.against.addItem(against.value, against)
        self.against.activated.connect(lambda _place: self._draw())
        self.sentence = ElidedLabel()
        self.sentence.setProperty("role", "muted")
        self.figures = CurvePlot("Validation", x_name="", bottom=WholeAxis())
        self.effort = CurvePlot("Work", x_name="", right_axis=True, bottom=WholeAxis())
        self._align_plots()
        self.model = HistoryTable(self)
        self.table = self._make_table()
        self.empty = EmptyState("history", "One round so far", _ONE_ROUND)
        self.stack = QStackedWidget()
        self._lay_out()
        hand_focus_on(self, self.stack, self.table)

    def read(self) -> None:
        """Look at the project's rounds, away from the GUI thread."""
        self._work.do(partial(load_history, self._session.store.root), self._take, self._complain)

    def _take(self, history: History) -> None:
        self.history = history
        chosen = self.shown_metric.currentText()
        with QSignalBlocker(self.shown_metric):
            self.shown_metric.clear()
            self.shown_metric.addItems(history.metric_names)
            self.shown_metric.setCurrentIndex(max(0, self.shown_metric.findText(chosen)))
        self.sentence.setText(history.caution or _RULE)
        self.stack.setCurrentIndex(1 if len(history.rounds) > 1 else 0)
        self._draw()

    def _draw(self) -> None:
        against = Against(self.against.currentData())
        metric = self.shown_metric.currentText()
        for plot in (self.figures, self.effort):
            plot.set_x_name(against.value.lower())
        self.figures.draw(metric_curves(self.history, metric, against))
        self.effort.draw(effort_curves(self.history, against))
        for plot in (self.figures, self.effort):
            plot.show_everything()
        current = self.table.currentIndex().data(RUN_ROLE)
        self.model.show(self.history, metric)
        self.table.selectRow(self.model.row_of(current))

    def _align_plots(self) -> None:
        """The upper plot has no second axis, but leaves as much room for one as the lower one takes."""
        drawing = self.figures.canvas.drawing
        drawing.showAxis("right")
        drawing.getAxis("right").setStyle(showValues=False)

    def _complain(self, sentence: str) -> None:
        self._session.say(sentence, Tone.ERROR)

    def _make_table(self) -> QTableView:
        table = QTableView()
        table.setObjectName("history_table")
        table.setAccessibleName("Rounds, the newest first")
        table.setModel(self.model)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setShowGrid(False)
        table.setStyleSheet("QTableView::item { padding: 0 5px; }")
        table.setWordWrap(False)
        table.setToolTip("Double-click a round to see what its run made of the items")
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(26)
        header = table.horizontalHeader()
        header.setStretchLastSection(True)
        header.setHighlightSections(False)
        for column, width in enumerate(WIDTHS):
            table.setColumnWidth(column, width)
        table.activated.connect(lambda index: self.opened.emit(index.data(RUN_ROLE)))
        return table

    def _lay_out(self) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(14, 10, 14, 8)
        bar.setSpacing(6)
        for words, control in (("Metric", self.shown_metric), ("over", self.against)):
            label = QLabel(words)
            label.setProperty("role", "muted")
            label.setBuddy(control)
            bar.addWidget(label)
            bar.addWidget(control)
            bar.addSpacing(6)
        bar.addWidget(self.sentence, 1)
        plots = QFrame()
        rows = QVBoxLayout(plots)
        rows.setContentsMargins(14, 0, 14, 6)
        rows.setSpacing(8)
        rows.addWidget(self.figures, 3)
        rows.addWidget(self.effort, 2)
        halves = QSplitter(Qt.Orientation.Vertical)
        halves.addWidget(plots)
        halves.addWidget(self.table)
        halves.setStretchFactor(0, 3)
        halves.setStretchFactor(1, 1)
        halves.setChildrenCollapsible(False)
        halves.setSizes([420, 180])
        shown = QWidget()
        layout = QVBoxLayout(shown)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        layout.addWidget(halves, 1)
        self.stack.addWidget(self.empty)
        self.stack.addWidget(shown)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.stack)


def _choice(name: str, words: str) -> QComboBox:
    choice = QComboBox()
    choice.setObjectName(name)
    choice.setAccessibleName(words)
    choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    return choice
