"""The bar over the pages: which page, which project, whether a run is going, and the theme."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton

from studio.ui.session import Page
from studio.ui.theme import theme


class Header(QFrame):
    page_chosen = Signal(object)
    """The `Page` whose button was pressed."""
    theme_toggled = Signal()

    def __init__(self, page_keys: Mapping[Page, str]) -> None:
        super().__init__()
        self.setProperty("role", "bar")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 5, 10, 5)
        layout.setSpacing(4)
        self._buttons: dict[Page, QToolButton] = {}
        self._page: Page | None = None
        self._group = QButtonGroup(self)
        for page, keys in page_keys.items():
            button = _page_button(page, keys)
            button.clicked.connect(lambda _=False, page=page: self.page_chosen.emit(page))
            self._group.addButton(button)
            layout.addWidget(button)
            self._buttons[page] = button
        self._project = QLabel()
        self._project.setProperty("role", "muted")
        self._project.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._project.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        layout.addWidget(self._project, 1)
        self._run = QToolButton()
        self._run.setObjectName("run_chip")
        self._run.setToolTip("What the current run is doing; click to see it")
        self._run.clicked.connect(lambda: self.page_chosen.emit(Page.TRAIN))
        self._run.hide()
        layout.addWidget(self._run)
        self._theme = QToolButton()
        self._theme.setToolTip("Switch between light and dark")
        self._theme.setAccessibleName("Switch between light and dark")
        self._theme.clicked.connect(self.theme_toggled)
        layout.addWidget(self._theme)
        theme().changed.connect(self._dress)
        self._dress()

    def show_page(self, page: Page) -> None:
        self._page = page
        self._buttons[page].setChecked(True)

    def show_project(self, name: str | None) -> None:
        """The open project's name, or None while no project is shown."""
        self._project.setText(name or "")
        self._project.setToolTip(name or "")
        self._group.setExclusive(name is not None)  # an exclusive group keeps one of them pressed
        for page, button in self._buttons.items():
            button.setEnabled(name is not None)
            button.setChecked(name is not None and page is self._page)

    def show_run(self, text: str) -> None:
        """What the current run is doing in a few words; empty when none is."""
        self._run.setText(text)
        self._run.setVisible(bool(text))

    def _dress(self) -> None:
        for page, button in self._buttons.items():
            button.setIcon(theme().icon(f"page-{page}"))
        self._theme.setIcon(theme().icon("theme", "muted"))


def _page_button(page: Page, keys: str) -> QToolButton:
    button = QToolButton()
    button.setObjectName(f"page_button_{page}")
    button.setText(page.title())
    button.setToolTip(f"{page.title()} ({keys})")
    button.setCheckable(True)
    button.setIconSize(QSize(18, 18))
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    return button
