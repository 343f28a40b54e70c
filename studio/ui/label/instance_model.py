"""The instances of the item that is shown, as rows."""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from studio.core.points import Points
from studio.ui.label.points_layer import instance_tint
from studio.ui.label.swatch_list import COLOR_ROLE, HOLLOW_ROLE, NOTE_ROLE
from studio.ui.label.tools.point_order import active_points
from studio.ui.session import Session

Index = QModelIndex | QPersistentModelIndex
_NOWHERE: Final = QModelIndex()


class InstanceModel(QAbstractListModel):
    """A row for each instance that has a point, and for the current one. `show` says which they are."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._numbers: list[int] = [0]
        self._placed: dict[int, int] = {}

    @property
    def numbers(self) -> list[int]:
        return self._numbers

    def show(self, points: Points, current: int) -> None:
        numbers = sorted({*points.instances, current})
        active = set(active_points(self._session.settings))
        placed = dict.fromkeys(numbers, 0)
        for point in points.placed:
            placed[point.instance] += point.index in active
        if numbers != self._numbers:
            self.beginResetModel()
            self._numbers, self._placed = numbers, placed
            self.endResetModel()
        elif placed != self._placed:
            self._placed = placed
            self.dataChanged.emit(self.index(0), self.index(len(numbers) - 1))

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._numbers)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._numbers):
            return None
        number = self._numbers[index.row()]
        placed, wanted = self._placed.get(number, 0), len(active_points(self._session.settings))
        note = "complete" if wanted and placed == wanted else f"{placed} of {wanted}"
        told: dict[int, object] = {
            Qt.ItemDataRole.DisplayRole: f"Instance {number + 1}",
            Qt.ItemDataRole.AccessibleTextRole: f"Instance {number + 1}, {note}",
            COLOR_ROLE: instance_tint(number),
            NOTE_ROLE: note,
            HOLLOW_ROLE: not placed,
        }
        return told.get(role)
