"""The classes at the page's right: pick one to paint, add, rename, recolour, mark as void, remove."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtWidgets import QLabel, QMenu, QPushButton, QVBoxLayout, QWidget

from studio.core.classes import LabelClass
from studio.ui.label.buttons import icon_button
from studio.ui.label.choices import Choices
from studio.ui.label.class_model import CLASS_KEYS, ClassModel
from studio.ui.label.class_removal import ClassRemoval
from studio.ui.label.color_dialog import ask_for_color
from studio.ui.label.swatch_list import SwatchList
from studio.ui.session import Session
from studio.ui.theme import theme


class ClassesPanel(QWidget):
    """`add_button` is for whoever places the panel: it belongs beside its title."""

    note_changed = Signal(str)
    """A few words for the title: how many classes are locked."""

    def __init__(
        self,
        session: Session,
        choices: Choices,
        keys: Callable[[], dict[int, str]],
        removal: ClassRemoval,
        parent: QWidget | None = None,
    ) -> None:
        """`keys` tells the key by class id that picks it."""
        super().__init__(parent)
        self.setObjectName("classes_panel")
        self._choices = choices
        self._removal = removal
        self.model = ClassModel(session, choices.locks, keys, self)
        self.list = SwatchList("Classes")
        self.list.setObjectName("class_list")
        self.add_button = icon_button("Add a class")
        self._empty = self._make_empty()
        self._lay_out()
        self.list.setModel(self.model)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._show_menu)
        self.list.selectionModel().currentChanged.connect(self._row_chosen)
        self.list.recolor_requested.connect(lambda row: self.recolor(self.model.classes[row]))
        self.list.lock_toggled.connect(lambda row: choices.locks.toggle(self.model.classes[row].id))
        self.add_button.clicked.connect(self.add)
        self.model.modelReset.connect(self._rows_changed)
        choices.class_changed.connect(self._show_choice)
        choices.locks.changed.connect(self._note_locks)
        theme().changed.connect(self._dress)
        self._dress()
        self._rows_changed()

    def add(self) -> None:
        """Add a class, make it the current one, and let its name be typed."""
        class_id = self.model.add()
        if class_id is not None:
            self._choices.choose_class(class_id)
            self.rename(class_id)

    def rename(self, class_id: int) -> None:
        self.list.edit(self.model.index(self.model.row_of(class_id)))

    def recolor(self, label_class: LabelClass) -> None:
        ask_for_color(
            self,
            f"Colour of {label_class.name}",
            label_class.color,
            lambda color: self.model.change(label_class.id, color=color),
        )

    def _row_chosen(self, current: QModelIndex) -> None:
        if current.isValid():
            self._choices.choose_class(self.model.classes[current.row()].id)

    def _show_choice(self, class_id: int) -> None:
        row = self.model.row_of(class_id)
        if row < 0 or row == self.list.currentIndex().row():
            return
        self.list.setCurrentIndex(self.model.index(row))
        self.list.scrollTo(self.model.index(row))

    @property
    def note(self) -> str:
        locked = sum(self._choices.locks.is_locked(c.id) for c in self.model.classes)
        return f"{locked} locked" if locked else ""

    def _note_locks(self) -> None:
        self.note_changed.emit(self.note)

    def _rows_changed(self) -> None:
        """Some class is always chosen as long as there is one."""
        classes = self.model.classes
        self._empty.setVisible(not classes)
        self.back_button.setVisible(self._removal.has_removed)
        self.list.setVisible(bool(classes))
        if self.model.row_of(self._choices.class_id) < 0:
            self._choices.choose_class(classes[0].id if classes else -1)
        self._show_choice(self._choices.class_id)
        self._note_locks()

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
        menu.addAction("Colour…", lambda: self.recolor(label_class))
        keys = menu.addMenu("Key")
        for key in (*CLASS_KEYS, ""):
            action = keys.addAction(key or "None", lambda key=key: self.model.give_key(label_class.id, key))
            action.setCheckable(True)
            action.setChecked(key == label_class.key)
        menu.addSeparator()
        void = menu.addAction("Void: no metric counts it")
        void.setCheckable(True)
        void.setChecked(label_class.void)
        void.toggled.connect(lambda on: self.model.change(label_class.id, void=on))
        lock = menu.addAction("Locked: nothing paints over it")
        lock.setCheckable(True)
        lock.setChecked(self._choices.locks.is_locked(label_class.id))
        lock.toggled.connect(lambda _on: self._choices.locks.toggle(label_class.id))
        menu.addSeparator()
        self._removal.offer(menu, label_class)
        return menu

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self._empty)
        layout.addWidget(self.list, 1)
        layout.addStretch(0)

    def _make_empty(self) -> QWidget:
        empty = QWidget()
        layout = QVBoxLayout(empty)
        layout.setContentsMargins(16, 12, 16, 12)
        sentence = QLabel("There are no classes yet; add one to start painting.", wordWrap=True)
        sentence.setProperty("role", "muted")
        button = QPushButton("Add a class")
        button.setObjectName("add_first_class")
        button.clicked.connect(self.add)
        layout.addWidget(sentence)
        self.back_button = QPushButton("Bring back")
        self.back_button.setObjectName("bring_back_class")
        back = QMenu(self.back_button)
        back.aboutToShow.connect(lambda: self._removal.offer_back(back))
        self.back_button.setMenu(back)
        layout.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self.back_button, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addStretch(1)
        return empty

    def _dress(self) -> None:
        self.add_button.setIcon(theme().icon("plus"))
