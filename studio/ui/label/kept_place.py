"""A project opens where it was left: on the item that was shown last, with the class that was painted with."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, QTimer

from studio.core.last_place import LastPlace, read_place, write_place
from studio.ui.label.choices import Choices
from studio.ui.session import Session

_PAUSE_MS: Final = 1_000
"""From a change until it is written, with those that follow it; as much of it a crash may take."""


class KeptPlace(QObject):
    """Chooses the class at once, where the project still has it; the item is for whoever opens the first one."""

    def __init__(self, session: Session, choices: Choices, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._choices = choices
        self._written = read_place(session.store.root)
        class_id = self._written.class_id
        if class_id is not None and class_id in {c.id for c in session.settings.classes}:
            choices.choose_class(class_id)
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self._write)
        session.item_opened.connect(self._write_soon)
        choices.class_changed.connect(self._write_soon)

    @property
    def item(self) -> int | None:
        """The item that was shown last, where the project still has it."""
        item = self._written.item
        return item if item is not None and self._session.store.items([item]) else None

    def stop(self) -> None:
        """Write where the person is now, and look no more."""
        self._pause.stop()
        self._write()

    def _write_soon(self, _id: int) -> None:
        if not self._pause.isActive():
            self._pause.start()

    def _write(self) -> None:
        item, class_id = self._session.current_item, self._choices.class_id
        place = LastPlace(
            item=item if item is not None else self._written.item, class_id=class_id if class_id >= 0 else None
        )
        if place != self._written:
            write_place(self._session.store.root, place)
            self._written = place
