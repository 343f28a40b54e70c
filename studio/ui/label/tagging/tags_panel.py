"""The classes at the page's right in projects of tags: each with its mark and its key, and a line to find one."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from studio.core.classes import LabelClass
from studio.core.counting import counted
from studio.ui.keyboard.search import fit
from studio.ui.label.buttons import icon_button
from studio.ui.label.choices import Choices
from studio.ui.label.class_model import CLASS_KEYS
from studio.ui.label.class_removal import ClassRemoval
from studio.ui.label.color_dialog import ask_for_color
from studio.ui.label.swatch_list import SwatchList
from studio.ui.label.tagging.actions import TagActions
from studio.ui.label.tagging.tag_model import TagModel
from studio.ui.label.tagging.tagging import Tagging
from studio.ui.session import Session
from studio.ui.theme import theme


class TagsPanel(QWidget):
    """A click gives a class; `add_button` is for whoever places the panel: it belongs beside its title."""

    note_changed = Signal(str)
    """How many items the next click is for; empty for one."""
    left = Signal()
    """The search is over; the keyboard belongs to the picture again."""

    def __init__(
        self,
        session: Session,
        choices: Choices,
        tagging: Tagging,
        actions: TagActions,
        keys: Callable[[], dict[int, str]],
        removal: ClassRemoval,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("tags_panel")
        self._tagging = tagging
        self._removal = removal
        self.model = TagModel(session, choices.locks, tagging, keys, self)
        self.search = _Search()
        self.list = SwatchList("Classes")
        self.list.setObjectName("class_list")
        self.list.setModel(self.model)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.add_button = icon_button("Add a class")
        self.advance = QCheckBox("Next item after choosing")
        self.advance.setToolTip(actions.advance.toolTip() if actions.advance else "")
        self.none_button = QPushButton("None of them")
        self.clear_button = QPushButton("Clear")
        self._lay_out(actions)
        self._connect(actions)
        self._dress()
        self._show()

    def focus_search(self) -> None:
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def add(self) -> None:
        """Add a class and let its name be typed."""
        class_id = self.model.add()
        if class_id is not None:
            self.rename(class_id)

    def rename(self, class_id: int) -> None:
        self.list.edit(self.model.index(self.model.row_of(class_id)))

    def _connect(self, actions: TagActions) -> None:
        self.list.clicked.connect(lambda index: self._press(index.row()))
        self.list.activated.connect(lambda index: self._press(index.row()))
        self.list.recolor_requested.connect(lambda row: self._recolor(self.model.classes[row]))
        self.list.customContextMenuRequested.connect(self._show_menu)
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(self._take_found)
        self.search.left.connect(self._leave_search)
        self.search.stepped.connect(self._step)
        self.add_button.clicked.connect(self.add)
        self.advance.toggled.connect(self._tagging.set_advances)
        self.none_button.clicked.connect(self._tagging.say_none)
        self.clear_button.clicked.connect(self._tagging.clear)
        self._tagging.changed.connect(self._show)
        self.model.modelReset.connect(self._filter)
        theme().changed.connect(self._dress)

    def _press(self, row: int) -> None:
        self._tagging.press(self.model.classes[row].id)

    def _show(self) -> None:
        self.advance.setChecked(self._tagging.advances)
        number = self._tagging.number
        self.note_changed.emit(counted(number, "item") if number > 1 else "")

    # -- finding one --------------------------------------------------------------------------------------------------

    def _filter(self, *_: object) -> None:
        wanted = self.search.text().strip()
        best: tuple[int, int] | None = None
        for row, label_class in enumerate(self.model.classes):
            fits = fit(wanted, label_class.name)
            self.list.setRowHidden(row, fits is None)
            if wanted and fits is not None and (best is None or fits > best[0]):
                best = (fits, row)
        self.list.setCurrentIndex(self.model.index(best[1] if best else -1))

    def _take_found(self) -> None:
        index = self.list.currentIndex()
        if index.isValid() and not self.list.isRowHidden(index.row()):
            self._press(index.row())
            self._leave_search()

    def _step(self, steps: int) -> None:
        """Go through the classes that are found."""
        rows = [row for row in range(len(self.model.classes)) if not self.list.isRowHidden(row)]
        if rows:
            now = self.list.currentIndex().row()
            place = rows.index(now) + steps if now in rows else 0
            self.list.setCurrentIndex(self.model.index(rows[place % len(rows)]))

    def _leave_search(self) -> None:
        self.search.clear()
        self.left.emit()

    # -- the classes themselves ---------------------------------------------------------------------------------------

    def _recolor(self, label_class: LabelClass) -> None:
        ask_for_color(
            self,
            f"Colour of {label_class.name}",
            label_class.color,
            lambda color: self.model.change(label_class.id, color=color),
        )

    def _show_menu(self, position: QPoint) -> None:
        index = self.list.indexAt(position)
        if index.isValid():
            menu = self.menu_of(self.model.classes[index.row()])
            menu.popup(self.list.viewport().mapToGlobal(position))
        else:
            self._removal.pop_up_removed(self.list.viewport(), position)

    def menu_of(self, label_class: LabelClass) -> QMenu:
        """What can be done to a class; the menu goes when it is closed."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Rename", lambda: self.rename(label_class.id))
        menu.addAction("Colour…", lambda: self._recolor(label_class))
        keys = menu.addMenu("Key")
        for key in (*CLASS_KEYS[:-1], ""):
            action = keys.addAction(key or "A letter", lambda key=key: self.model.give_key(label_class.id, key))
            action.setCheckable(True)
            action.setChecked(key == label_class.key)
        menu.addSeparator()
        self._removal.offer(menu, label_class)
        return menu

    def _lay_out(self, actions: TagActions) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 0, 8, 8)
        layout.setSpacing(6)
        layout.addWidget(self.search)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.advance)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        buttons.addWidget(self.none_button, 3)
        buttons.addWidget(self.clear_button, 2)
        layout.addLayout(buttons)
        self.advance.setVisible(not self._tagging.is_multi)
        self.none_button.setVisible(self._tagging.is_multi)
        for button, action in ((self.none_button, actions.none), (self.clear_button, actions.clear)):
            if action is not None:
                button.setToolTip(action.toolTip())

    def _dress(self) -> None:
        self.add_button.setIcon(theme().icon("plus"))
        self.search.dress()


class _Search(QLineEdit):
    """Escape leaves it; the arrows go through what is found."""

    left = Signal()
    stepped = Signal(int)

    def __init__(self) -> None:
        super().__init__(placeholderText="Find a class ( / )", clearButtonEnabled=True)
        self.setAccessibleName("Find a class by its letters")
        self._icon = self.addAction(theme().icon("search", "muted"), QLineEdit.ActionPosition.LeadingPosition)

    def dress(self) -> None:
        self._icon.setIcon(theme().icon("search", "muted"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
        if steps is not None:
            self.stepped.emit(steps)
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)
