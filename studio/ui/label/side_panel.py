"""The page's right side: sections one below the other, each of which can be folded to its title."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QObject, QSettings, Qt, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QSplitter, QVBoxLayout, QWidget

from studio.ui.theme import theme

_KEY: Final = "label/side"
_HEADER: Final = 32
_SMALLEST: Final = 96
"""Logical pixels of an open section, its title included."""


class SideSection(QFrame):
    """A title that opens and folds what is below it; `corner` stands at the title's right."""

    toggled = Signal(bool)
    """Whether it is open now."""

    def __init__(
        self, name: str, title: str, content: QWidget, *, corner: QWidget | None = None, weight: int = 1
    ) -> None:
        super().__init__()
        self.setObjectName(f"section_{name}")
        self.name = name
        self.height_wanted = weight * 100
        """Logical pixels when open, relative to those of the other open sections."""
        self._content = content
        self._is_open = True
        self.title = QPushButton(title.upper())
        self.title.setProperty("role", "section")
        self.title.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.title.clicked.connect(lambda: self.set_open(not self._is_open))
        self.note = QLabel()
        self.note.setProperty("role", "legend")
        self._title_text = title
        header = QHBoxLayout()
        header.setContentsMargins(4, 0, 6, 0)
        header.setSpacing(4)
        header.addWidget(self.title, 1)
        header.addWidget(self.note)
        if corner is not None:
            header.addWidget(corner)
        strip = QWidget()
        strip.setFixedHeight(_HEADER)
        strip.setLayout(header)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(strip)
        layout.addWidget(content, 1)
        content.installEventFilter(self)
        theme().changed.connect(self._dress)
        self._apply()

    @property
    def is_open(self) -> bool:
        return self._is_open

    def set_open(self, is_open: bool) -> None:
        if is_open != self._is_open:
            self._is_open = is_open
            self._apply()
            self.toggled.emit(is_open)

    def set_note(self, text: str) -> None:
        """A few muted words beside the title, such as a number."""
        self.note.setText(text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._claim_height()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._content and event.type() == QEvent.Type.LayoutRequest:
            self._claim_height()
        return super().eventFilter(watched, event)

    def _claim_height(self) -> None:
        """Text that wraps needs more height in a narrower panel, which a layout's own smallest size leaves out."""
        layout, height = self._content.layout(), self._content.minimumSizeHint().height()
        if layout is not None and layout.hasHeightForWidth():
            height = max(height, layout.minimumHeightForWidth(self.width()))
        self.setMinimumHeight(max(_SMALLEST, _HEADER + height) if self._is_open else _HEADER)

    def _apply(self) -> None:
        self._content.setVisible(self._is_open)
        self._claim_height()
        self.setMaximumHeight(16_777_215 if self._is_open else _HEADER)
        does = "folds" if self._is_open else "opens"
        self.title.setAccessibleName(f"{self._title_text}: {does} the section")
        self._dress()

    def _dress(self) -> None:
        self.title.setIcon(theme().icon("section-open" if self._is_open else "section-closed", "muted"))


class SidePanel(QWidget):
    """Open sections share the height, and scroll where it is too little for all of them; a line between two of them can
    be dragged. What is open, and how high, is kept between sessions."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("side_panel")
        self.sections: dict[str, SideSection] = {}
        self._splitter = QSplitter(Qt.Orientation.Vertical)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.setHandleWidth(1)
        self._splitter.splitterMoved.connect(self._keep_heights)
        self._splitter.setMinimumWidth(1)  # so that a scroll bar beside it makes the sections narrower
        self._scroller = QScrollArea()
        self._scroller.setWidgetResizable(True)
        self._scroller.setFrameShape(QFrame.Shape.NoFrame)
        self._scroller.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroller.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroller.setWidget(self._splitter)
        self._filler = QWidget()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(self._scroller, 1)
        self._column.addWidget(self._filler)

    def add(
        self,
        name: str,
        title: str,
        content: QWidget,
        *,
        corner: QWidget | None = None,
        weight: int = 1,
        open_at_first: bool = True,
    ) -> SideSection:
        """Append a section; `weight` is its share of the height as long as nobody has dragged a line."""
        section = SideSection(name, title, content, corner=corner, weight=weight)
        stored = QSettings()
        section.set_open(str(stored.value(f"{_KEY}/{name}/open", open_at_first)).lower() == "true")
        height = str(stored.value(f"{_KEY}/{name}/height", ""))
        if height.isdigit():
            section.height_wanted = int(height)
        section.toggled.connect(lambda is_open: self._section_toggled(name, is_open))
        self.sections[name] = section
        self._splitter.addWidget(section)
        self._share_height()
        return section

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._share_height()

    def _section_toggled(self, name: str, is_open: bool) -> None:
        QSettings().setValue(f"{_KEY}/{name}/open", is_open)
        self._share_height()

    def _share_height(self) -> None:
        sections = list(self.sections.values())
        is_any_open = any(section.is_open for section in sections)
        self._filler.setVisible(not is_any_open)
        self._scroller.setMaximumHeight(16_777_215 if is_any_open else (_HEADER + 1) * len(sections))
        self._column.activate()
        self._splitter.setSizes([section.height_wanted if section.is_open else _HEADER for section in sections])

    def _keep_heights(self) -> None:
        for section, height in zip(self.sections.values(), self._splitter.sizes(), strict=True):
            if section.is_open:
                section.height_wanted = height
                QSettings().setValue(f"{_KEY}/{section.name}/height", height)
