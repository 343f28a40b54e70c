"""The JSON behind the recipe, in the place of the form: read, copied, and edited as long as it is a recipe."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QColor, QFontDatabase, QGuiApplication, QShowEvent, QTextCursor, QTextFormat
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QTextEdit, QVBoxLayout, QWidget

from studio.core.recipe_text import WrongText, line_of, read_text, recipe_text
from studio.ui.theme import theme
from studio.ui.train.json_colors import JsonColors
from studio.ui.train.recipe_draft import RecipeDraft

_EDITABLE = "What is changed here is changed in the form."
_NO_RECIPE = "The recipe's text is no recipe yet; mend it, or leave it for the form."


class RecipeTextView(QWidget):
    """Follows the draft, and the draft follows each text that is a recipe."""

    problem_changed = Signal(str)
    """Why nothing can be started, in a sentence; empty once the text is a recipe again."""
    told = Signal(str)

    def __init__(self, draft: RecipeDraft, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("recipe_text_view")
        self._draft = draft
        self._problem = self._known = ""
        self.text = QPlainTextEdit()
        self.text.setObjectName("recipe_text")
        self.text.setAccessibleName("The recipe as JSON")
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setTabChangesFocus(True)
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPointSizeF(self.font().pointSizeF())
        self.text.setFont(font)
        self._colors = JsonColors(self.text.document())
        self.note = QLabel()
        self.note.setObjectName("recipe_text_note")
        self.note.setWordWrap(True)
        self.copy = QPushButton("Copy")
        self.copy.setObjectName("copy_recipe")
        self.copy.setToolTip("Copy the recipe, for a file or a message")
        self.copy.clicked.connect(self._copy)
        self._arrange()
        self.text.textChanged.connect(self._take)
        draft.changed.connect(self._follow)
        theme().changed.connect(self._dress)
        self._dress()
        self.show_recipe()

    def show_recipe(self) -> None:
        """Write the draft anew; what was no recipe is gone."""
        bar = self.text.verticalScrollBar()
        place = bar.value()
        with QSignalBlocker(self.text):
            self.text.setPlainText(recipe_text(self._draft.spec))
        self._known = self.text.toPlainText()
        bar.setValue(place)
        self._say(None)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._follow()

    def reveal(self, stage: int) -> None:
        """Bring the stage's lines into view."""
        line = line_of(self.text.toPlainText(), f".stages[{stage}]") if not self._problem else 1
        self.text.setTextCursor(QTextCursor(self.text.document().findBlockByNumber(line - 1)))
        self.text.centerCursor()

    def _take(self) -> None:
        text = self.text.toPlainText()
        if text == self._known:  # colours that change are said to be changes of the text
            return
        self._known = text
        try:
            spec = read_text(text, self._draft.spec.task)
        except WrongText as error:
            self._say(error)
            return
        self._say(None)
        self._draft.load(spec, what="json")

    def _follow(self) -> None:
        """A text that says the same in another way stays as it was typed; one that nobody sees is written later."""
        if not self.isVisible():
            return
        try:
            is_same = read_text(self.text.toPlainText(), self._draft.spec.task) == self._draft.spec
        except WrongText:
            is_same = False
        if not is_same and not (self._problem and self.text.hasFocus()):
            self.show_recipe()

    def _say(self, error: WrongText | None) -> None:
        problem = error.sentence if error is not None else ""
        self.note.setText(problem or _EDITABLE)
        self.note.setProperty("tone", "error" if problem else None)
        self.note.setProperty("role", None if problem else "muted")
        self.note.style().polish(self.note)
        self.text.setExtraSelections([self._marked(error.line)] if error is not None else [])
        if problem != self._problem:
            self._problem = problem
            self.problem_changed.emit(_NO_RECIPE if problem else "")

    def _marked(self, line: int) -> QTextEdit.ExtraSelection:
        """The whole line in the colour of mistakes."""
        mark = QTextEdit.ExtraSelection()
        mark.cursor = QTextCursor(self.text.document().findBlockByNumber(line - 1))  # pyright: ignore[reportAttributeAccessIssue]
        color = QColor(theme().color("danger"))
        color.setAlphaF(0.25)
        mark.format.setBackground(color)  # pyright: ignore[reportAttributeAccessIssue]
        mark.format.setProperty(QTextFormat.Property.FullWidthSelection, True)  # pyright: ignore[reportAttributeAccessIssue]
        return mark

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text.toPlainText())
        self.told.emit("The recipe is copied.")

    def _arrange(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(12, 6, 12, 8)
        row.setSpacing(8)
        row.addWidget(self.note, 1)
        row.addWidget(self.copy)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.text, 1)
        layout.addLayout(row)

    def _dress(self) -> None:
        self.copy.setIcon(theme().icon("copy", "muted"))
