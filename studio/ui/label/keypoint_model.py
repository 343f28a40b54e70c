"""The project's keypoints as rows, each with where it stands in the item that is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor

from studio.core.errors import StudioError
from studio.core.keypoint_editing import with_keypoint_added
from studio.core.keypoint_pairs import renamed
from studio.core.points import Keypoint, KeypointName, Points, Visibility
from studio.core.settings import ProjectSettings
from studio.ui.label.swatch_list import COLOR_ROLE, HOLLOW_ROLE, NOTE_ROLE
from studio.ui.session import Session, Tone

Index = QModelIndex | QPersistentModelIndex
_NOWHERE: Final = QModelIndex()


class KeypointModel(QAbstractListModel):
    """Rows are `session.settings.keypoints`, retired ones included; `show` says which points they are to tell about."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._complaint = ""
        """What was wrong with the last name."""
        self._names: tuple[KeypointName, ...] = session.settings.keypoints
        self._points: dict[int, Keypoint] = {}
        session.settings_changed.connect(self._settings_changed)

    @property
    def names(self) -> Sequence[KeypointName]:
        return self._names

    def show(self, points: Points, instance: int) -> None:
        """Tell about the points of one instance; only rows that read differently are drawn again."""
        before, self._points = self._points, points.of(instance)
        for row in range(len(self._names)):
            if before.get(row) != self._points.get(row):
                self.dataChanged.emit(self.index(row), self.index(row))

    def is_placed(self, index: int) -> bool:
        return index in self._points

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._names)

    def flags(self, index: Index) -> Qt.ItemFlag:
        return super().flags(index) | Qt.ItemFlag.ItemIsEditable

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._names):
            return None
        tell = _ROLES.get(role)
        return tell(self._names[index.row()], self._points.get(index.row())) if tell is not None else None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Rename the keypoint."""
        name = str(value).strip()
        old = self._names[index.row()]
        self._session.take_back(self._complaint)
        if role != Qt.ItemDataRole.EditRole or not name or name == old.name:
            return False
        if any(other.name.lower() == name.lower() for other in self._names if other is not old):
            self._complaint = f"There is a keypoint called {name} already; choose another name."
            self._session.say(self._complaint, Tone.WARNING)
            return False
        self.save(msgspec.structs.replace(self._session.settings, keypoints=renamed(self._names, index.row(), name)))
        return True

    def add(self) -> int:
        """A new keypoint at the end; returns its index."""
        index = len(self._names)
        self.save(with_keypoint_added(self._session.settings))
        return index

    def recolor(self, index: int, color: str) -> None:
        names = tuple(msgspec.structs.replace(k, color=color) if i == index else k for i, k in enumerate(self._names))
        self.save(msgspec.structs.replace(self._session.settings, keypoints=names))

    def save(self, settings: ProjectSettings) -> None:
        try:
            self._session.save_settings(settings)
        except StudioError as error:
            self._session.say(error.sentence, Tone.ERROR)

    def _settings_changed(self) -> None:
        names = self._session.settings.keypoints
        if len(names) != len(self._names):
            self.beginResetModel()
            self._names = names
            self.endResetModel()
        elif names != self._names:
            self._names = names
            self._all_changed()

    def _all_changed(self) -> None:
        if self._names:
            self.dataChanged.emit(self.index(0), self.index(len(self._names) - 1))


def _note(point: Keypoint | None) -> str:
    if point is None:
        return "not placed"
    if point.visibility is Visibility.ABSENT:
        return "absent"
    place = f"{point.x:.0f}, {point.y:.0f}"
    return f"hidden · {place}" if point.visibility is Visibility.HIDDEN else place


def _describe(name: KeypointName, point: Keypoint | None) -> str:
    mirrored = f", mirrored to {name.mirror}" if name.mirror else ""
    return f"{name.name}, {_note(point)}{mirrored}"


_ROLES: Final[dict[int, Callable[[KeypointName, Keypoint | None], object]]] = {
    Qt.ItemDataRole.DisplayRole: lambda name, _: name.name,
    Qt.ItemDataRole.EditRole: lambda name, _: name.name,
    Qt.ItemDataRole.ToolTipRole: _describe,
    Qt.ItemDataRole.AccessibleTextRole: _describe,
    COLOR_ROLE: lambda name, _: QColor(name.color),
    NOTE_ROLE: lambda _, point: _note(point),
    HOLLOW_ROLE: lambda _, point: point is None or point.visibility is not Visibility.VISIBLE,
}
