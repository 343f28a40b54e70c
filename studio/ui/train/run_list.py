"""The list of runs: a model over the store's records and a delegate that draws two lines a run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QFont, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from studio.core.model_choices import Standing
from studio.store import RunRecord
from studio.ui.theme import theme
from studio.ui.train.row_changes import bring_up_to_date
from studio.ui.train.run_library import RunLibrary
from studio.ui.train.run_words import date_text, outcome_role, outcome_text, purpose_text

Index = QModelIndex | QPersistentModelIndex

RUN_ROLE: Final = Qt.ItemDataRole.UserRole + 1
FIGURE_ROLE: Final = Qt.ItemDataRole.UserRole + 2
SECOND_LINE_ROLE: Final = Qt.ItemDataRole.UserRole + 3
COLOR_ROLE: Final = Qt.ItemDataRole.UserRole + 4

_ROW_HEIGHT: Final = 46
_MARGIN: Final = 10
_DOT: Final = 4.0


class RunListModel(QAbstractListModel):
    """Newest run first."""

    def __init__(self, library: RunLibrary) -> None:
        super().__init__()
        self._library = library
        self._records: list[RunRecord] = []
        self._live: str | None = None
        self._series: dict[str, int] = {}
        library.loaded.connect(self._row_changed)

    @property
    def records(self) -> list[RunRecord]:
        return self._records

    def show_records(self, records: Sequence[RunRecord], live: str | None) -> None:
        """`records` oldest first, as the store lists them; `live` is the run that is going."""
        relit = {self._live, live} if live != self._live else set[str | None]()
        self._live = live
        for row, old in enumerate(bring_up_to_date(self, self._records, list(reversed(records)))):
            record = self._records[row]
            if record != old or record.id in relit:
                self.dataChanged.emit(self.index(row), self.index(row))

    def color_by_series(self, series: Mapping[str, int]) -> None:
        """The colours of the runs that the plots compare; empty while one run is shown."""
        if dict(series) != self._series:
            self._series = dict(series)
            if self._records:
                self.dataChanged.emit(self.index(0), self.index(len(self._records) - 1))

    def index_of(self, run: str) -> QModelIndex:
        row = next((i for i, record in enumerate(self._records) if record.id == run), -1)
        return self.index(row) if row >= 0 else QModelIndex()

    def record_at(self, index: Index) -> RunRecord:
        return self._records[index.row()]

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._records)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        record = self._records[index.row()]
        is_live = record.id == self._live
        match role:
            case Qt.ItemDataRole.DisplayRole:
                star = "★ " if record.remarks.starred else ""
                shown = f"{record.id}  {star}{self._what(record, is_live=is_live)}"
            case _ if role == RUN_ROLE:
                shown = record.id
            case _ if role == FIGURE_ROLE:
                shown = self._figure(record, is_live=is_live)
            case _ if role == SECOND_LINE_ROLE:
                shown = self._second_line(record, is_live=is_live)
            case _ if role == COLOR_ROLE:
                series = self._series.get(record.id)
                shown = f"series_{series}" if series else outcome_role(record.outcome, is_live=is_live)
            case Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.AccessibleDescriptionRole:
                shown = self._tip(record, is_live=is_live)
            case _:
                shown = None
        return shown

    def _what(self, record: RunRecord, *, is_live: bool) -> str:
        figures = None if is_live else self._library.figures(record)
        return purpose_text(record.spec, figures.epochs_asked if figures is not None else "")

    def _figure(self, record: RunRecord, *, is_live: bool) -> str:
        figures = None if is_live else self._library.figures(record)
        return figures.figure if figures is not None else ""

    def _second_line(self, record: RunRecord, *, is_live: bool) -> str:
        when = date_text(dt.datetime.fromtimestamp(record.created), dt.datetime.now())
        parts = [when, outcome_text(record.outcome, is_live=is_live)]
        if record.standing is not Standing.OPEN:
            parts.append(str(record.standing))
        if record.spec.parent is not None:
            parts.append(f"from {record.spec.parent}")
        return " · ".join([*parts, record.note] if record.note else parts)

    def _tip(self, record: RunRecord, *, is_live: bool) -> str:
        lines = [f"Run {record.id}, {self._what(record, is_live=is_live)}", self._second_line(record, is_live=is_live)]
        if record.outcome is not None and not is_live:
            lines.append(record.outcome.sentence)
        return "\n".join(lines)

    def _row_changed(self, run: str) -> None:
        index = self.index_of(run)
        if index.isValid():
            self.dataChanged.emit(index, index)


class RunDelegate(QStyledItemDelegate):
    """A dot in the run's colour, its id, what it was, the figure it has; below, when, how it ended and its note."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(160, _ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        rect: QRect = option.rect  # type: ignore[attr-defined]
        state: QStyle.StateFlag = option.state  # type: ignore[attr-defined]
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, theme().color("accent_soft"))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, theme().color("raised"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color(index.data(COLOR_ROLE)))
        painter.drawEllipse(QPointF(rect.x() + _MARGIN + _DOT, rect.y() + rect.height() * 0.32), _DOT, _DOT)
        left = rect.x() + _MARGIN + 18
        width = rect.right() - _MARGIN - left
        first = QRect(left, rect.y() + 6, width, rect.height() // 2 - 5)
        second = QRect(left, rect.y() + rect.height() // 2 + 1, width, rect.height() // 2 - 6)
        self._paint_first(painter, first, index)
        _write(painter, second, index.data(SECOND_LINE_ROLE), "muted")
        painter.restore()

    def _paint_first(self, painter: QPainter, room: QRect, index: Index) -> None:
        figure = str(index.data(FIGURE_ROLE))
        bold = QFont(painter.font())
        bold.setWeight(QFont.Weight.DemiBold)
        plain = painter.font()
        painter.setFont(bold)
        run = str(index.data(RUN_ROLE))
        run_width = painter.fontMetrics().horizontalAdvance(run) + 8
        figure_width = painter.fontMetrics().horizontalAdvance(figure)
        _write(painter, room, run, "text")
        _write(painter, room, figure, "text", Qt.AlignmentFlag.AlignRight)
        painter.setFont(plain)
        what = str(index.data(Qt.ItemDataRole.DisplayRole)).partition("  ")[2]
        _write(painter, room.adjusted(run_width, 0, -figure_width - 8, 0), what, "text")


def _write(
    painter: QPainter,
    room: QRect,
    text: str,
    role: str,
    align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
) -> None:
    painter.setPen(theme().color(role))
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, max(0, room.width()))
    painter.drawText(room, int(align | Qt.AlignmentFlag.AlignVCenter), shown)
