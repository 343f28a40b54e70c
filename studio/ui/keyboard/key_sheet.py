"""The sheet of all keys, over the window until it is closed; a row's keys are changed where they stand."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QAbstractItemModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from studio.ui.keyboard.borrowed_focus import BorrowedFocus
from studio.ui.keyboard.catalogue import Catalogue
from studio.ui.keyboard.key_table import ACTION, KEYS, MENU, KeyTable

Index = QModelIndex | QPersistentModelIndex

_SIZE: Final = (760, 640)
_MARGIN: Final = 24
_ROW: Final = 28
_HINT: Final = "Enter or a double click, then another key, changes a row's keys. Delete: none. Backspace: its own."


class KeySheet(QFrame):
    """Nothing below it is blocked: Esc, the key that opened it, or its button closes it."""

    def __init__(self, catalogue: Catalogue, host: QWidget) -> None:
        super().__init__(host)
        self.setObjectName("key_sheet")
        self.setProperty("role", "popup")
        self.setAccessibleName("Keys")
        self._host = host
        self._catalogue = catalogue
        self._focus = BorrowedFocus()
        self.search = QLineEdit(placeholderText="Search actions and keys", clearButtonEnabled=True)
        self.search.setAccessibleName("Action or key to look for")
        self.table = _Table()
        self.model = KeyTable(self, catalogue.other_keys)
        self.reset_button = QPushButton("Reset all")
        self.close_button = QPushButton("Close")
        self.told = QLabel(_HINT)
        self._set_up()
        self.hide()

    def toggle(self) -> None:
        if self.isVisible():
            self.leave()
        else:
            self.open()

    def open(self) -> None:
        self._focus.borrow()
        self.model.show(self._catalogue.entries)
        self.told.setText(_HINT)
        self._place()
        self.show()
        self.raise_()
        self.search.setFocus()
        self.search.selectAll()

    def leave(self) -> None:
        self.hide()
        self._focus.give_back()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
            return
        super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._host and event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        width = min(_SIZE[0], self._host.width() - 2 * _MARGIN)
        height = min(_SIZE[1], self._host.height() - 2 * _MARGIN)
        self.setGeometry((self._host.width() - width) // 2, (self._host.height() - height) // 2, width, height)

    def _set_up(self) -> None:
        self.table.setModel(self.model)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(MENU, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(ACTION, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(KEYS, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(KEYS, 230)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.table.setItemDelegateForColumn(KEYS, _KeyDelegate(self.table))
        self.told.setProperty("role", "muted")
        self.told.setWordWrap(True)
        self.search.textChanged.connect(self.model.look_for)
        self.model.told.connect(self.told.setText)
        self.reset_button.clicked.connect(self.model.reset_all)
        self.close_button.clicked.connect(self.leave)
        self._host.installEventFilter(self)
        title = QLabel("Keys")
        title.setProperty("role", "heading")
        top = QHBoxLayout()
        top.addWidget(title)
        top.addStretch(1)
        top.addWidget(self.search, 2)
        below = QHBoxLayout()
        below.addWidget(self.told, 1)
        below.addWidget(self.reset_button)
        below.addWidget(self.close_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 14)
        layout.setSpacing(10)
        layout.addLayout(top)
        layout.addWidget(self.table, 1)
        layout.addLayout(below)


class _Table(QTableView):
    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Keys of all actions")
        self.setShowGrid(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)  # a row is edited, wherever it is clicked
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW)
        self.doubleClicked.connect(self._edit_row)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        model, index = self.model(), self.currentIndex()
        if not isinstance(model, KeyTable) or not index.isValid():
            super().keyPressEvent(event)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2):
            self._edit_row(index)
        elif event.key() == Qt.Key.Key_Delete:
            model.choose(index, [])
        elif event.key() == Qt.Key.Key_Backspace:
            model.reset(index)
        else:
            super().keyPressEvent(event)

    def _edit_row(self, index: QModelIndex) -> None:
        keys = index.siblingAtColumn(KEYS)
        if keys.flags() & Qt.ItemFlag.ItemIsEditable:
            self.edit(keys)


class _KeyDelegate(QStyledItemDelegate):
    """Edits a row's keys by pressing them; the new key becomes the only one."""

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        editor = QKeySequenceEdit(parent)
        editor.setMaximumSequenceLength(1)
        editor.setAccessibleName("Press the new key")
        editor.keySequenceChanged.connect(lambda keys: None if keys.isEmpty() else self._take(editor))
        return editor

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        pass  # it waits empty for a key

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        if isinstance(editor, QKeySequenceEdit) and isinstance(model, KeyTable) and not editor.keySequence().isEmpty():
            model.choose(index, [QKeySequence(editor.keySequence())])

    def _take(self, editor: QKeySequenceEdit) -> None:
        editor.blockSignals(True)  # it says the same key once more when it loses the keyboard
        self.commitData.emit(editor)
        self.closeEditor.emit(editor)
