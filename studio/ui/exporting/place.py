"""Where the export shows in the window: instead of the project, for as long as it is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QStackedWidget

from studio.ui.workspace import Workspace

if TYPE_CHECKING:
    from studio.ui.exporting.panel import ExportPanel


class ExportPlace(QObject):
    changed = Signal()
    """The panel came or went."""

    def __init__(self, stack: QStackedWidget) -> None:
        super().__init__(stack)
        self._stack = stack
        self.panel: ExportPanel | None = None

    def show(self, workspace: Workspace) -> None:
        """Show the panel for the workspace's project; the workspace comes back when it is left."""
        from studio.ui.exporting.panel import ExportPanel  # noqa: PLC0415 - not on the way to the first picture

        if self.panel is None:
            self.panel = ExportPanel(workspace.session)
            self.panel.left.connect(lambda: self._leave(workspace))
            self._stack.addWidget(self.panel)
        self._stack.setCurrentWidget(self.panel)
        self.changed.emit()
        self.panel.take_focus()

    def close(self) -> None:
        """Stop what is under way and take the panel away; safe to call twice."""
        panel, self.panel = self.panel, None
        if panel is not None:
            panel.shut_down()
            self._stack.removeWidget(panel)
            panel.deleteLater()

    def _leave(self, workspace: Workspace) -> None:
        self._stack.setCurrentWidget(workspace)
        self.close()
        workspace.page(workspace.current_page).setFocus()
        self.changed.emit()
