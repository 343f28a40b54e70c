"""The left side: the recipe's form, what it amounts to, what stands in its way, and the two buttons that start it."""

from __future__ import annotations

import enum

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.core.counting import counted
from studio.core.settings import Task
from studio.ui.theme import theme
from studio.ui.train.actions import TrainActions
from studio.ui.train.recipe_draft import RecipeDraft
from studio.ui.train.recipe_form import RecipeForm
from studio.ui.train.recipe_header import RecipeHeader
from studio.ui.train.recipe_text_view import RecipeTextView
from studio.ui.train.shelf_view import ShelfView


class RecipePart(enum.Enum):
    """The recipe's fields, the recipes that one may begin with, or the JSON behind it."""

    FORM = enum.auto()
    SHELF = enum.auto()
    TEXT = enum.auto()


class RecipePanel(QWidget):
    part_shown = Signal(object)
    """The `RecipePart` below the timeline."""

    def __init__(self, draft: RecipeDraft, task: Task, act: TrainActions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._draft = draft
        self.header = RecipeHeader(draft, act.of_recipe)
        self.form = RecipeForm(draft, task)
        self.shelf = ShelfView(act.of_recipe_files)
        self.text = RecipeTextView(draft)
        self._scroll = _scrolling(self.form)
        self._parts = QStackedWidget()
        self._switches = {RecipePart.SHELF: act.shelf, RecipePart.TEXT: act.as_text}
        self._build_parts()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.header)
        layout.addWidget(_line())
        layout.addWidget(self._parts, 1)
        layout.addWidget(_line())
        layout.addWidget(self._footer(act))
        self.header.timeline.picked.connect(self._reveal)
        theme().changed.connect(self._dress)
        self._dress()

    def show_summary(self, summary: str, problem: str) -> None:
        self.summary.setText(summary)
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))

    def show_findings(self, number: int) -> None:
        """How many things the labels alone show to be looked at."""
        self.check_data.setText(f"Check the data: {counted(number, 'finding')}" if number else "Check the data")
        self.check_data.setProperty("tone", "warning" if number else None)
        self.check_data.style().polish(self.check_data)

    def show_part(self, part: RecipePart) -> None:
        """What stands below the timeline."""
        self.form.commit_edits()
        self.text.show_recipe()
        self._parts.setCurrentIndex(list(RecipePart).index(part))
        for other, switch in self._switches.items():
            switch.setChecked(other is part)
        if part is RecipePart.TEXT:
            self.text.reveal(self._draft.selected)
        if part is RecipePart.SHELF:
            self.shelf.setFocus()  # for the arrow keys and Escape
        self.part_shown.emit(part)

    def _build_parts(self) -> None:
        for widget in (self._scroll, self.shelf, self.text):
            self._parts.addWidget(widget)
        self.shelf.left.connect(lambda: self.show_part(RecipePart.FORM))
        for part, switch in self._switches.items():
            switch.triggered.connect(lambda on, part=part: self.show_part(part if on else RecipePart.FORM))

    def _footer(self, act: TrainActions) -> QFrame:
        self.summary = QLabel()
        self.summary.setObjectName("recipe_summary")
        self.summary.setWordWrap(True)
        self.problem = QLabel()
        self.problem.setObjectName("recipe_problem")
        self.problem.setProperty("tone", "warning")
        self.problem.setWordWrap(True)
        self.find_rate = _button(act.find_rate, "Find learning rate", "find_rate_button")
        self.train = _button(act.train, "Train", "train_button")
        self.train.setProperty("primary", True)
        self.check_data = QToolButton()
        self.check_data.setObjectName("check_data_button")
        self.check_data.setProperty("fold", True)
        self.check_data.setIconSize(QSize(12, 12))
        self.check_data.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.check_data.setToolTip(act.check_data.toolTip())
        self.check_data.clicked.connect(act.check_data.trigger)
        self.show_findings(0)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.find_rate, 3)
        buttons.addWidget(self.train, 2)
        footer = QFrame()
        footer.setObjectName("recipe_footer")
        rows = QVBoxLayout(footer)
        rows.setContentsMargins(12, 8, 12, 10)
        rows.setSpacing(6)
        rows.addWidget(self.summary)
        rows.addWidget(self.problem)
        rows.addWidget(self.check_data)
        rows.addLayout(buttons)
        return footer

    def _reveal(self, stage: int) -> None:
        """Bring the stage's card into view, or its lines in the text."""
        if self._parts.currentWidget() is self.text:
            self.text.reveal(stage)
            return
        card = self.form.stages.cards[stage]
        top = card.mapTo(self.form, QPoint()).y()
        self._scroll.ensureVisible(0, top + card.height(), 0, 8)
        self._scroll.ensureVisible(0, top, 0, 8)

    def _dress(self) -> None:
        self.train.setIcon(theme().icon("play", "on_accent"))
        self.find_rate.setIcon(theme().icon("curve"))
        self.check_data.setIcon(theme().icon("check", "muted"))


def _scrolling(form: QWidget) -> QScrollArea:
    scroll = QScrollArea()
    scroll.setWidget(form)
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return scroll


def _line() -> QFrame:
    line = QFrame()
    line.setFrameShape(QFrame.Shape.HLine)
    line.setFrameShadow(QFrame.Shadow.Plain)
    line.setProperty("role", "line")
    return line


def _button(action: QAction, text: str, name: str) -> QPushButton:
    """A button that does and can do what the action does and can do."""
    button = QPushButton(action.icon(), text)
    button.setObjectName(name)
    button.setIconSize(QSize(16, 16))

    def follow() -> None:
        button.setEnabled(action.isEnabled())
        button.setToolTip(action.toolTip())

    button.clicked.connect(action.trigger)
    action.changed.connect(follow)
    follow()
    return button
