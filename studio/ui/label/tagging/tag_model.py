"""The project's classes as rows with marks: which of them the shown item, or the selected ones, have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, Qt

from studio.ui.label.class_model import ClassModel
from studio.ui.label.locks import Locks
from studio.ui.label.swatch_list import LOCK_ROLE, MARK_ROLE
from studio.ui.label.tagging.tagging import Mark, Tagging
from studio.ui.session import Session

Index = QModelIndex | QPersistentModelIndex


class TagModel(ClassModel):
    """`keys` tells the key by class id that gives it."""

    def __init__(
        self,
        session: Session,
        locks: Locks,
        tagging: Tagging,
        keys: Callable[[], dict[int, str]],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(session, locks, keys, parent)
        self._tagging = tagging
        tagging.changed.connect(self.show_again)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self.classes):
            return None
        class_id = self.classes[index.row()].id
        if role == LOCK_ROLE:
            return None
        if role == MARK_ROLE:
            return self._tagging.mark(class_id).value
        told = super().data(index, role)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            has = {Mark.ALL: "chosen", Mark.SOME: "chosen for some of the items", Mark.NONE: "not chosen"}
            return f"{told}, {has[self._tagging.mark(class_id)]}"
        return told
