"""The project's classes as rows; what a person changes goes through the session into the settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor

from studio.core.classes import MAX_CLASSES, LabelClass, distinct_color, is_void_name
from studio.core.errors import StudioError
from studio.ui.label.locks import Locks
from studio.ui.label.swatch_list import BADGE_ROLE, COLOR_ROLE, LOCK_ROLE, NOTE_ROLE
from studio.ui.session import Session, Tone

Index = QModelIndex | QPersistentModelIndex
_NOWHERE: Final = QModelIndex()
CLASS_KEYS: Final = "1234567890"


class ClassModel(QAbstractListModel):
    """Rows are `session.settings.classes`, in their order, each with its lock. `keys` tells the key by class id that
    picks it: an action may have the class's own one."""

    def __init__(
        self, session: Session, locks: Locks, keys: Callable[[], dict[int, str]], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._complaint = ""
        """What was wrong with the last name."""
        self._locks = locks
        self._keys = keys
        self._classes: tuple[LabelClass, ...] = session.settings.classes
        session.settings_changed.connect(self._settings_changed)
        locks.changed.connect(self.show_again)

    @property
    def classes(self) -> Sequence[LabelClass]:
        return self._classes

    def row_of(self, class_id: int) -> int:
        """The class's row, or -1."""
        return next((row for row, c in enumerate(self._classes) if c.id == class_id), -1)

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._classes)

    def flags(self, index: Index) -> Qt.ItemFlag:
        return super().flags(index) | Qt.ItemFlag.ItemIsEditable

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._classes):
            return None
        label_class = self._classes[index.row()]
        if role == LOCK_ROLE:
            return self._locks.is_locked(label_class.id)
        key = self._keys().get(label_class.id, "") if role in _KEYED else ""
        if role == BADGE_ROLE:
            return key
        tell, is_text = _ROLES.get(role), role in _KEYED
        told = _describe(label_class, key) if is_text else tell(label_class) if tell is not None else None
        if is_text and self._locks.is_locked(label_class.id):
            return f"{told}, locked: nothing paints over it"
        return told

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Rename the class."""
        name = str(value).strip()
        label_class = self._classes[index.row()]
        self._session.take_back(self._complaint)
        if role != Qt.ItemDataRole.EditRole or not name or name == label_class.name:
            return False
        if any(other.name.lower() == name.lower() and other.id != label_class.id for other in self._classes):
            self._complaint = f"There is a class called {name} already; choose another name."
            self._session.say(self._complaint, Tone.WARNING)
            return False
        if any(gone.name.lower() == name.lower() for gone in self._session.settings.retired):
            self._session.say(
                f"There was a class called {name}: bring it back from the menu of a class, or choose another name.",
                Tone.WARNING,
            )
            return False
        self.change(label_class.id, name=name)
        return True

    def add(self) -> int | None:
        """A new class with the next free id, colour, name and key; returns its id, None when it could not be added."""
        used = {c.id for c in self._session.settings.known_classes}
        free = next((i for i in range(MAX_CLASSES) if i not in used), None)
        if free is None:
            self._session.say(f"A mask has room for {MAX_CLASSES} classes; no more can be added.", Tone.WARNING)
            return None
        names = {c.name.lower() for c in self._session.settings.known_classes}
        name = next(f"class {n}" for n in range(free + 1, free + 2 + len(names)) if f"class {n}" not in names)
        keys = {c.key for c in self._classes}
        key = next((k for k in CLASS_KEYS if k not in keys), "")
        new = LabelClass(id=free, name=name, color=distinct_color(free), key=key, void=is_void_name(name))
        self._save((*self._classes, new))
        return free if self.row_of(free) >= 0 else None

    def change(self, class_id: int, **fields: str | bool) -> None:
        """Give a class another name, color, key or void mark."""
        self._save(tuple(msgspec.structs.replace(c, **fields) if c.id == class_id else c for c in self._classes))

    def give_key(self, class_id: int, key: str) -> None:
        """The key that picks the class; another class that had it goes without."""
        self._save(
            tuple(
                msgspec.structs.replace(c, key=key if c.id == class_id else ("" if key and c.key == key else c.key))
                for c in self._classes
            )
        )
        if key and self._keys().get(class_id, "") != key:
            self._session.say(
                f"{key} stays the key of an action, and picks the class once the action has another (press ?).",
                Tone.WARNING,
            )

    def _save(self, classes: tuple[LabelClass, ...]) -> None:
        try:
            self._session.save_settings(msgspec.structs.replace(self._session.settings, classes=classes))
        except StudioError as error:
            self._session.say(error.sentence, Tone.ERROR)

    def _settings_changed(self) -> None:
        classes = self._session.settings.classes
        if len(classes) != len(self._classes):
            self.beginResetModel()
            self._classes = classes
            self.endResetModel()
        elif classes != self._classes:
            self._classes = classes
            self.dataChanged.emit(self.index(0), self.index(len(classes) - 1))

    def show_again(self) -> None:
        """Locks, keys or whatever else is no part of the classes changed."""
        if self._classes:
            self.dataChanged.emit(self.index(0), self.index(len(self._classes) - 1))


def _describe(label_class: LabelClass, key: str) -> str:
    parts = [f"{label_class.name} (id {label_class.id})"]
    if key:
        parts.append(f"key {key}")
    if label_class.void:
        parts.append("void: painted, but counted by no metric")
    return ", ".join(parts)


_KEYED: Final = (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole, BADGE_ROLE)
"""The roles that tell the class's key."""
_ROLES: Final[dict[int, Callable[[LabelClass], object]]] = {
    Qt.ItemDataRole.DisplayRole: lambda c: c.name,
    Qt.ItemDataRole.EditRole: lambda c: c.name,
    COLOR_ROLE: lambda c: QColor(c.color),
    NOTE_ROLE: lambda c: "void" if c.void else "",
}
