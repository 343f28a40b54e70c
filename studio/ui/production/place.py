"""Where the production errors show in the window: as they were left, and each step leads back to a page."""

from __future__ import annotations

from studio.core.items import Split
from studio.ui.panel_place import PanelPlace, ProjectPanel
from studio.ui.session import Page
from studio.ui.workspace import Workspace


class ProductionPlace(PanelPlace):
    def make(self, workspace: Workspace) -> ProjectPanel:
        from studio.ui.production.panel import ProductionPanel  # noqa: PLC0415 - not on the way to the first picture

        panel = ProductionPanel(workspace.session, workspace.run_control)
        panel.look_asked.connect(lambda run: self._look_through(workspace, run))
        panel.comparison_asked.connect(lambda run: self._compare(workspace, run))
        return panel

    def _look_through(self, workspace: Workspace, run: str) -> None:
        self.leave(workspace)
        workspace.show_page(Page.REVIEW)
        workspace.review_page.look_through(run, Split.PRODUCTION)

    def _compare(self, workspace: Workspace, run: str) -> None:
        self.leave(workspace)
        workspace.show_page(Page.REVIEW)
        workspace.review_page.compare(run)
