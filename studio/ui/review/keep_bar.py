"""Keep the new model or the old one: two buttons, why, and what is on record."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QToolButton, QWidget

from studio.core.model_choices import Kept, ModelChoice, choice_in_words
from studio.ui.widgets.elided_label import ElidedLabel
from studio.ui.widgets.page_actions import PageActions


class KeepBar(QWidget):
    """`decided` has what a person pressed and why; pressing what is decided already takes it back."""

    decided = Signal(object, str)
    """A `Kept` and the note beside it."""

    def __init__(self, actions: PageActions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._choice: ModelChoice | None = None
        self.new = actions.add("keep_new_model", "Keep the new model", "accept", "K", "Go on with the fine-tuned model")
        self.old = actions.add(
            "keep_old_model", "Keep the old model", "undo", "Shift+K", "Go on with the model it started from"
        )
        for action, kept in ((self.new, Kept.NEW), (self.old, Kept.OLD)):
            action.setCheckable(True)
            action.triggered.connect(lambda _checked, kept=kept: self._press(kept))
        self.note = QLineEdit()
        self.note.setObjectName("keep_note")
        self.note.setAccessibleName("Why this model is kept")
        self.note.setPlaceholderText("Why? It stays on record")
        self.note.setMaximumWidth(320)
        self.note.editingFinished.connect(self._write_note)
        self.record = ElidedLabel(choice_in_words(None))
        self.record.setObjectName("keep_record")
        self.record.setProperty("role", "muted")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for action in (self.new, self.old):
            layout.addWidget(framed_button(action))
        layout.addWidget(self.note, 2)
        layout.addWidget(self.record, 3)

    def show_choice(self, choice: ModelChoice | None) -> None:
        """What is decided about the run that shows; None where nothing ever was."""
        self._choice = choice
        kept = choice.kept if choice is not None else Kept.UNDECIDED
        self.new.setChecked(kept is Kept.NEW)
        self.old.setChecked(kept is Kept.OLD)
        if not self.note.hasFocus():
            with QSignalBlocker(self.note):
                self.note.setText(choice.note if choice is not None and kept is not Kept.UNDECIDED else "")
        self.record.setText(choice_in_words(choice))

    def _press(self, kept: Kept) -> None:
        already = self._choice is not None and self._choice.kept is kept
        self.decided.emit(Kept.UNDECIDED if already else kept, "" if already else self.note.text().strip())

    def _write_note(self) -> None:
        """Why what is decided already was decided."""
        choice, note = self._choice, self.note.text().strip()
        if choice is not None and choice.kept is not Kept.UNDECIDED and note != choice.note:
            self.decided.emit(choice.kept, note)


def framed_button(action: QAction) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setObjectName(f"button_{action.objectName()}")
    button.setProperty("framed", True)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
    return button
