"""The recipes that one may begin with, in the place of the form: choose one, keep one's own, or use a file."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QShortcut
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.core.recipe_shelf import LONGEST_NAME, Shelf, ShelfRecipe
from studio.ui.train.fields import muted
from studio.ui.train.shelf_list import RECIPE_ROLE, ShelfDelegate, ShelfModel


class ShelfView(QWidget):
    chosen = Signal(object)
    """A `ShelfRecipe` that the person wants."""
    forgotten = Signal(object)
    """One of the person's own that is to go."""
    kept = Signal(str)
    """The name under which the recipe as it is shall be kept."""
    back_asked = Signal()
    """What was removed or replaced last shall come back."""
    left = Signal()
    """Escape: the form shall come back."""

    def __init__(self, files: Sequence[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("recipe_shelf")
        self.model = ShelfModel()
        self._own: set[str] = set()
        self.list = _List()
        self.list.setObjectName("shelf_list")
        self.list.setAccessibleName("Recipes to begin with")
        self.list.setModel(self.model)
        self.list.setItemDelegate(ShelfDelegate(self.list))
        self.list.clicked.connect(self._choose)
        self.list.entered_key.connect(self._choose)
        self.list.delete_key.connect(self._forget)
        self.problems = muted()
        self.problems.setProperty("tone", "warning")
        self.name = QLineEdit(placeholderText="A name for your recipe", maxLength=LONGEST_NAME)
        self.name.setObjectName("recipe_name")
        self.name.setAccessibleName("Name for the recipe as it is")
        self.keep = QPushButton("Keep")
        self.keep.setObjectName("keep_recipe")
        self.keep.setToolTip("Keep the recipe as it is for all projects with this task; Delete in the list removes it")
        self.keep.setEnabled(False)
        self.name.textChanged.connect(self._follow_name)
        self.name.returnPressed.connect(self.keep.click)
        self.keep.clicked.connect(lambda: self.kept.emit(self.name.text()))
        self._build_back()
        self._arrange(files)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setFocusProxy(self.list)
        QShortcut(Qt.Key.Key_Escape, self, self.left.emit, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)

    def show_shelf(self, shelf: Shelf) -> None:
        self.model.show(shelf.recipes)
        self._own = {recipe.name for recipe in shelf.recipes if recipe.own}
        self._follow_name()
        self.problems.setText("\n".join(shelf.problems))
        self.problems.setVisible(bool(shelf.problems))

    def offer_back(self, sentence: str) -> None:
        """Say what happened to a recipe and offer it back; an empty sentence takes the offer away."""
        self.happened.setText(sentence)
        self.back_row.setVisible(bool(sentence))

    def _build_back(self) -> None:
        self.happened = muted()
        self.back = QPushButton("Put back")
        self.back.setObjectName("put_back_recipe")
        self.back.clicked.connect(self.back_asked)
        self.back_row = QWidget()
        row = QHBoxLayout(self.back_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.happened, 1)
        row.addWidget(self.back)
        self.back_row.hide()

    def _follow_name(self) -> None:
        """The button says whether it takes the place of one that is there."""
        name = self.name.text().strip()
        self.keep.setEnabled(bool(name))
        self.keep.setText("Replace" if name in self._own else "Keep")

    def _arrange(self, files: Sequence[QAction]) -> None:
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.name, 1)
        row.addWidget(self.keep)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        for action in files:
            button = QToolButton()
            button.setObjectName(f"{action.objectName().removeprefix('train_')}_button")
            button.setDefaultAction(action)
            button.setProperty("framed", True)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            buttons.addWidget(button, 1)
        below = QVBoxLayout()
        below.setContentsMargins(12, 8, 12, 10)
        below.setSpacing(8)
        below.addWidget(self.problems)
        below.addWidget(self.back_row)
        below.addLayout(row)
        below.addLayout(buttons)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        title = QLabel("A click takes a recipe over; Ctrl+Z brings yours back.")
        title.setProperty("role", "muted")
        title.setWordWrap(True)
        title.setContentsMargins(12, 8, 12, 6)
        layout.addWidget(title)
        layout.addWidget(self.list, 1)
        layout.addLayout(below)

    def _choose(self) -> None:
        recipe = self._current()
        if recipe is not None:
            self.chosen.emit(recipe)

    def _forget(self) -> None:
        recipe = self._current()
        if recipe is not None and recipe.own:
            self.forgotten.emit(recipe)

    def _current(self) -> ShelfRecipe | None:
        return self.list.currentIndex().data(RECIPE_ROLE)


class _List(QListView):
    entered_key = Signal()
    delete_key = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setWordWrap(True)  # the rows' heights follow the width
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self.entered_key.emit()
        elif event.key() == Qt.Key.Key_Delete:
            self.delete_key.emit()
        else:
            super().keyPressEvent(event)
