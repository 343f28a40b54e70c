"""Where a panel about the open project shows in the window: instead of its pages, until it is left."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from studio.ui.workspace import Workspace


class ProjectPanel(QWidget):
    left = Signal()
    """Back to the pages."""

    def come_up(self) -> None:
        """It shows from now on, with the keyboard."""
        raise NotImplementedError

    def shut_down(self) -> None:
        """Stop what is under way and wait for that, for the project is about to close."""
        raise NotImplementedError


class PanelPlace(QObject):
    changed = Signal()
    """The panel came or went."""

    def __init__(self, stack: QStackedWidget) -> None:
        super().__init__(stack)
        self._stack = stack
        self.panel: ProjectPanel | None = None

    def make(self, workspace: Workspace) -> ProjectPanel:
        """The panel for the workspace's project."""
        raise NotImplementedError

    def show(self, workspace: Workspace) -> None:
        """Show the panel for the workspace's project; the workspace comes back when it is left."""
        if self.panel is None:
            self.panel = self.make(workspace)
            self.panel.left.connect(lambda: self.leave(workspace))
            self._stack.addWidget(self.panel)
        self._stack.setCurrentWidget(self.panel)
        self.changed.emit()
        self.panel.come_up()

    def leave(self, workspace: Workspace) -> None:
        """Show the workspace again; the panel stays as it is."""
        self._stack.setCurrentWidget(workspace)
        workspace.page(workspace.current_page).setFocus()
        self.changed.emit()

    def close(self) -> None:
        """Stop what is under way and take the panel away; safe to call twice."""
        panel, self.panel = self.panel, None
        if panel is not None:
            panel.shut_down()
            self._stack.removeWidget(panel)
            panel.deleteLater()
