"""The before/after report of a fine-tuning: totals, sentences, and a table that opens its items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QButtonGroup,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from studio.core.classes import LabelClass
from studio.core.report import ClassChange, Report, Verdict
from studio.core.settings import Task
from studio.reports import RunReport
from studio.ui.review.report_cards import MetricStrip, PartCard
from studio.ui.review.report_table import ROW_ROLE, VERDICT_ORDER, ReportTable
from studio.ui.theme import theme


class ReportView(QWidget):
    """Everything about one report; `opened` names the item whose line was activated."""

    opened = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cards = {
            name: PartCard(title, hint)
            for name, title, hint in (
                ("untouched", "Validation, labels as before", "The honest comparison: same items, same labels"),
                ("corrected", "Corrected items", "Their labels changed, and the model was trained on them"),
                ("others", "Other items", "Items of other splits that were scored as well"),
            )
        }
        self.classes = QLabel()
        self.classes.setTextFormat(Qt.TextFormat.PlainText)  # names are a person's
        self.classes.setWordWrap(True)
        self.classes.setProperty("role", "muted")
        self._table = ReportTable(self)
        self._told: RunReport | None = None
        self._current: int | None = None
        theme().changed.connect(self._show_totals)
        self.table = self._make_table()
        self._verdicts = QButtonGroup(self)
        self.buttons: dict[Verdict | None, QPushButton] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 12, 14, 12)
        layout.setSpacing(10)
        self.metrics = MetricStrip()
        layout.addWidget(self.metrics)
        cards = QHBoxLayout()
        cards.setSpacing(10)
        for card in self.cards.values():
            cards.addWidget(card, 1)
        layout.addLayout(cards)
        layout.addWidget(self.classes)
        layout.addLayout(self._make_verdicts())
        layout.addWidget(self.table, 1)

    def show_report(self, told: RunReport, classes: Sequence[LabelClass]) -> None:
        self._told = told
        report = told.report
        self._show_totals()
        self.cards["others"].setVisible(report.others.items > 0)
        self.classes.setText(by_class_in_words(report, classes))
        self.classes.setVisible(bool(report.by_class))
        self._table.show(report.rows, report.task)
        counts = Counter(row.verdict for row in report.rows)
        for verdict, button in self.buttons.items():
            count = len(report.rows) if verdict is None else counts[verdict]
            button.setText(f"{'All' if verdict is None else verdict.value.capitalize()} {count:,}")
            button.setVisible(verdict is None or count > 0)
        self.buttons[None].click()
        self.table.sortByColumn(-1, Qt.SortOrder.AscendingOrder)

    def is_predicted(self, item: int) -> bool:
        """Whether the new model has an answer to it."""
        rows = self._told.report.rows if self._told is not None else ()
        return any(row.item == item and row.after is not None for row in rows)

    def _show_totals(self) -> None:
        """In the colours that the theme has now."""
        if self._told is None:
            return
        report = self._told.report
        self.metrics.show_report(self._told)
        self.cards["untouched"].show_chance(report.chance, report.task)
        for name, card in self.cards.items():
            card.show_part(getattr(report, name), report.task)

    def _make_table(self) -> QTableView:
        table = QTableView()
        table.setObjectName("report_table")
        table.setAccessibleName("Before and after, item by item")
        table.setModel(self._table)
        table.setSortingEnabled(True)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setShowGrid(False)
        table.setStyleSheet("QTableView::item { padding: 0 5px; }")
        table.setWordWrap(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(28)
        header = table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        for column, width in enumerate((70, 85, 85, 90, 110, 110, 120), start=1):
            table.setColumnWidth(column, width)
        table.activated.connect(lambda index: self.opened.emit(index.data(ROW_ROLE).item))
        self._table.modelAboutToBeReset.connect(self._remember)
        self._table.modelReset.connect(self._return)
        return table

    def _remember(self) -> None:
        row = self.table.currentIndex().data(ROW_ROLE)
        self._current = row.item if row is not None else None

    def _return(self) -> None:
        """The line that was current stays so, wherever it came to."""
        row = self._table.row_of(self._current) if self._current is not None else -1
        if row >= 0:
            self.table.setCurrentIndex(self._table.index(row, 0))

    def _make_verdicts(self) -> QHBoxLayout:
        layout = QHBoxLayout()
        layout.setSpacing(6)
        for verdict in (None, *VERDICT_ORDER):
            button = QPushButton()
            button.setCheckable(True)
            button.setObjectName(f"verdict_{(verdict or 'all').replace(' ', '_')}")
            button.clicked.connect(lambda _checked, verdict=verdict: self._table.keep(verdict))
            self._verdicts.addButton(button)
            self.buttons[verdict] = button
            layout.addWidget(button)
        layout.addStretch(1)
        hint = QLabel("Double-click an item to see it with the new prediction")
        hint.setProperty("role", "muted")
        layout.addWidget(hint)
        return layout


def by_class_in_words(report: Report, classes: Sequence[LabelClass]) -> str:
    """The classes whose wrong pixels changed most; of one that had none, how many there are now."""
    names = {c.id: c.name for c in classes}
    changes = sorted(report.by_class, key=lambda c: -abs(c.wrong_after - c.wrong_before))
    told = [f"{names.get(c.class_id, c.class_id)} {_change(c)}" for c in changes[:6] if c.wrong_after != c.wrong_before]
    what = "Wrong pixels" if report.task is Task.SEGMENTATION else "Mistakes"
    return f"{what} by class, validation with labels as before:  {'  ·  '.join(told)}" if told else ""


def _change(c: ClassChange) -> str:
    if not c.wrong_before:
        return f"0 → {c.wrong_after:,}"
    change = 100 * (c.wrong_after - c.wrong_before) / c.wrong_before
    return f"{'+' if change > 0 else '−'}{abs(change):.0f} %"
