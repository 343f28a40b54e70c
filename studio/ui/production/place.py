"""Where the production errors show in the window: instead of the pages, which each step leads back to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QStackedWidget

from studio.core.items import Split
from studio.ui.session import Page
from studio.ui.workspace import Workspace

if TYPE_CHECKING:
    from studio.ui.production.panel import ProductionPanel


class ProductionPlace(QObject):
    changed = Signal()
    """The panel came or went."""

    def __init__(self, stack: QStackedWidget) -> None:
        super().__init__(stack)
        self._stack = stack
        self.panel: ProductionPanel | None = None

    def show(self, workspace: Workspace) -> None:
        """Show the panel for the workspace's project, as it was left."""
        from studio.ui.production.panel import ProductionPanel  # noqa: PLC0415 - not on the way to the first picture

        if self.panel is None:
            panel = self.panel = ProductionPanel(workspace.session, workspace.run_control)
            panel.left.connect(lambda: self._leave(workspace))
            panel.look_asked.connect(lambda run: self._look_through(workspace, run))
            panel.comparison_asked.connect(lambda run: self._compare(workspace, run))
            self._stack.addWidget(panel)
        self._stack.setCurrentWidget(self.panel)
        self.panel.refresh()
        self.changed.emit()
        self.panel.setFocus()

    def close(self) -> None:
        """Stop what is under way and take the panel away; safe to call twice."""
        panel, self.panel = self.panel, None
        if panel is not None:
            panel.shut_down()
            self._stack.removeWidget(panel)
            panel.deleteLater()

    def _leave(self, workspace: Workspace) -> None:
        self._stack.setCurrentWidget(workspace)
        workspace.page(workspace.current_page).setFocus()
        self.changed.emit()

    def _look_through(self, workspace: Workspace, run: str) -> None:
        self._leave(workspace)
        workspace.show_page(Page.REVIEW)
        workspace.review_page.look_through(run, Split.PRODUCTION)

    def _compare(self, workspace: Workspace, run: str) -> None:
        self._leave(workspace)
        workspace.show_page(Page.REVIEW)
        workspace.review_page.compare(run)
