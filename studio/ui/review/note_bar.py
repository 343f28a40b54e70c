"""A question about an item, put and answered in a line under the grid."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QToolButton, QVBoxLayout, QWidget

from studio.core.counting import counted
from studio.core.deciding import Answer, Ask, ClearNote
from studio.core.review import Note, note_in_words
from studio.ui.review.decisions import Decisions
from studio.ui.review.gallery import Gallery
from studio.ui.session import Session
from studio.ui.widgets.elided_label import ElidedLabel


class NoteBar(QFrame):
    """Knows no project: it is shown a note and tells what is wanted."""

    asked = Signal(str)
    answered = Signal(str)
    cleared = Signal()
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("note_bar")
        self.setProperty("role", "bar")
        self.heading = ElidedLabel()
        self.text = QLineEdit(maxLength=500)
        self.text.setObjectName("note_text")
        self.text.returnPressed.connect(self._take)
        self.answer_button = _button("Answer", "note_answer")
        self.ask_button = _button("Ask", "note_ask")
        self.clear_button = _button("Take the question away", "note_clear")
        close = _button("Close", "note_close")
        close.setToolTip("Close (Esc)")
        self.answer_button.clicked.connect(self._answer)
        self.ask_button.clicked.connect(self._ask)
        self.clear_button.clicked.connect(self.cleared)
        close.clicked.connect(self.closed)
        line = QHBoxLayout()
        line.setSpacing(6)
        line.addWidget(self.text, 1)
        for button in (self.answer_button, self.ask_button, self.clear_button, close):
            line.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 7, 12, 7)
        layout.setSpacing(5)
        layout.addWidget(self.heading)
        layout.addLayout(line)
        self._may_answer = False

    def show_note(self, names: str, note: Note | None) -> None:
        """`names` says which items it is about; `note` is what they have, where it is one item."""
        self._may_answer = note is not None and note.is_open
        self.heading.setText(f"{names}: {note_in_words(note) if note is not None else 'no question yet'}")
        verb = "Answer" if self._may_answer else "Ask somebody"
        self.text.setPlaceholderText(f"{verb} – Enter keeps it, Esc closes")
        self.text.setAccessibleName(verb)
        self.answer_button.setVisible(self._may_answer)
        self.clear_button.setVisible(note is not None)
        self.ask_button.setText("Ask" if note is None else "Ask anew")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def _take(self) -> None:
        if self._may_answer:
            self._answer()
        else:
            self._ask()

    def _answer(self) -> None:
        text = self._taken()
        if text:
            self.answered.emit(text)

    def _ask(self) -> None:
        text = self._taken()
        if text:
            self.asked.emit(text)

    def _taken(self) -> str:
        text = self.text.text().strip()
        if text:
            self.text.clear()
        return text


def _button(text: str, name: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setObjectName(name)
    return button


class Asking(QObject):
    """The bar for the selected items; it follows the selection while it is open."""

    def __init__(self, session: Session, gallery: Gallery, decisions: Decisions, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._gallery = gallery
        self._decisions = decisions
        self.bar = NoteBar()
        self.bar.hide()
        self.bar.asked.connect(lambda text: self._act(Ask(text)))
        self.bar.answered.connect(lambda text: self._act(Answer(text)))
        self.bar.cleared.connect(lambda: self._act(ClearNote()))
        self.bar.closed.connect(self.close)
        gallery.selection_changed.connect(self._show)
        decisions.decided.connect(lambda _items: self._show())

    def open(self) -> None:
        self.bar.show()
        self._show()
        self.bar.text.setFocus()

    def close(self) -> None:
        """Give the keyboard back to the items."""
        if not self.bar.isHidden():
            self.bar.hide()
            self._gallery.take_focus()

    def _act(self, deed: Ask | Answer | ClearNote) -> None:
        self._decisions.act(self._gallery.selected(), deed)
        self.close()

    def _show(self) -> None:
        if not self.bar.isVisible():
            return
        items = self._gallery.selected()
        if not items:
            self.close()
            return
        one = len(items) == 1
        names = self._session.store.item(items[0]).name if one else counted(len(items), "item")
        self.bar.show_note(names, self._session.store.review.note_of(items[0]) if one else None)
