"""The before/after report of a fine-tuning: totals, sentences, and a table that opens its items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
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
from studio.core.report import Report, ReportRow, Verdict, change_figure, error_figure
from studio.core.review import Decision
from studio.core.settings import Task
from studio.reports import RunReport
from studio.ui.review.report_cards import MetricStrip, PartCard
from studio.ui.review.tile_painter import DECISION_WORDS
from studio.ui.theme import theme

AnyIndex = QModelIndex | QPersistentModelIndex
_NO_PARENT: Final = QModelIndex()
_SORT_ROLE: Final = Qt.ItemDataRole.UserRole + 1
ROW_ROLE: Final = Qt.ItemDataRole.UserRole + 2

_COLUMNS: Final = ("Item", "Split", "Before", "After", "Change", "Verdict", "Corrected", "Decision")
_FIGURES: Final = (2, 3, 4)
_VERDICT_COLORS: Final = {Verdict.FIXED: "ok", Verdict.BROKEN: "danger"}
_VERDICT_ORDER: Final = (
    Verdict.FIXED,
    Verdict.BROKEN,
    Verdict.UNCHANGED,
    Verdict.ONLY_BEFORE,
    Verdict.ONLY_AFTER,
)


class ReportTable(QAbstractTableModel):
    """One line an item."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[ReportRow, ...] = ()
        self._task = Task.SEGMENTATION

    def show(self, rows: Sequence[ReportRow], task: Task) -> None:
        self.beginResetModel()
        self._rows, self._task = tuple(rows), task
        self.endResetModel()

    def rowCount(self, parent: AnyIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: AnyIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(_COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        return _COLUMNS[section] if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._words(row)[column]
        if role == _SORT_ROLE:
            return self._sort_values(row)[column]
        if role == ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        if role == Qt.ItemDataRole.ForegroundRole and column in (4, 5):
            return theme().color(_VERDICT_COLORS.get(row.verdict, "muted"))
        return None

    def _words(self, row: ReportRow) -> tuple[str, ...]:
        def figure(error: float | None) -> str:
            return "–" if error is None else error_figure(error, self._task)

        change = ""
        if row.before is not None and row.after is not None:
            change = change_figure(row.before, row.after, self._task)
        return (
            row.name,
            row.split.value,
            figure(row.before),
            figure(row.after),
            change,
            row.verdict.value,
            "yes" if row.corrected else "label changed" if row.label_changed else "",
            DECISION_WORDS[row.decision] if row.decision is not Decision.UNDECIDED else "",
        )

    def _sort_values(self, row: ReportRow) -> tuple[Any, ...]:
        missing = float("-inf")
        before, after = row.before, row.after
        change = missing if before is None or after is None else after - before
        words = self._words(row)
        return (
            row.name,
            row.split.value,
            missing if before is None else before,
            missing if after is None else after,
            change,
            _VERDICT_ORDER.index(row.verdict),
            words[6],
            words[7],
        )


class _VerdictFilter(QSortFilterProxyModel):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._verdict: Verdict | None = None
        self.setSortRole(_SORT_ROLE)

    def keep(self, verdict: Verdict | None) -> None:
        self._verdict = verdict
        self.invalidate()

    def filterAcceptsRow(self, source_row: int, source_parent: AnyIndex) -> bool:
        row: ReportRow = self.sourceModel().index(source_row, 0).data(ROW_ROLE)
        return self._verdict is None or row.verdict is self._verdict


class ReportView(QWidget):
    """Everything about one report; `opened` names the item whose line was activated."""

    opened = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cards = {
            name: PartCard(title, hint)
            for name, title, hint in (
                ("untouched", "Validation, labels as before", "The honest comparison: same items, same labels"),
                ("corrected", "Corrected items", "Part of the change here is the label's, not the model's"),
                ("others", "Other items", "Training items that were scored as well"),
            )
        }
        self.classes = QLabel()
        self.classes.setWordWrap(True)
        self.classes.setProperty("role", "muted")
        self._table = ReportTable(self)
        self._told: RunReport | None = None
        theme().changed.connect(self._show_totals)
        self._kept = _VerdictFilter(self)
        self._kept.setSourceModel(self._table)
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
        self.classes.setText(_by_class(report, classes))
        self.classes.setVisible(bool(report.by_class))
        self._table.show(report.rows, report.task)
        counts = {verdict: sum(row.verdict is verdict for row in report.rows) for verdict in Verdict}
        for verdict, button in self.buttons.items():
            count = len(report.rows) if verdict is None else counts[verdict]
            button.setText(f"{'All' if verdict is None else verdict.value.capitalize()} {count}")
            button.setVisible(verdict is None or count > 0)
        self.buttons[None].click()
        self.table.sortByColumn(-1, Qt.SortOrder.AscendingOrder)

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
        table.setModel(self._kept)
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
        return table

    def _make_verdicts(self) -> QHBoxLayout:
        layout = QHBoxLayout()
        layout.setSpacing(6)
        for verdict in (None, *_VERDICT_ORDER):
            button = QPushButton()
            button.setCheckable(True)
            button.setObjectName(f"verdict_{(verdict or 'all').replace(' ', '_')}")
            button.clicked.connect(lambda _checked, verdict=verdict: self._kept.keep(verdict))
            self._verdicts.addButton(button)
            self.buttons[verdict] = button
            layout.addWidget(button)
        layout.addStretch(1)
        hint = QLabel("Double-click an item to see it with the new prediction")
        hint.setProperty("role", "muted")
        layout.addWidget(hint)
        return layout


def _by_class(report: Report, classes: Sequence[LabelClass]) -> str:
    """The classes whose wrong pixels changed most, in words."""
    names = {c.id: c.name for c in classes}
    changes = sorted(report.by_class, key=lambda c: -abs(c.wrong_after - c.wrong_before))
    told = [
        f"{names.get(c.class_id, c.class_id)} {_percent(100 * (c.wrong_after - c.wrong_before) / c.wrong_before)}"
        for c in changes[:6]
        if c.wrong_before and c.wrong_after != c.wrong_before
    ]
    what = "Wrong pixels" if report.task is Task.SEGMENTATION else "Mistakes"
    return f"{what} by class, validation with labels as before:  {'  ·  '.join(told)}" if told else ""


def _percent(change: float) -> str:
    return f"{'+' if change > 0 else '−'}{abs(change):.0f} %"


def _alignment(column: int) -> int:
    """Figures to the right, words to the left."""
    side = Qt.AlignmentFlag.AlignRight if column in _FIGURES else Qt.AlignmentFlag.AlignLeft
    return int(side | Qt.AlignmentFlag.AlignVCenter)
