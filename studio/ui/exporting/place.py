"""Where the export shows in the window: for as long as it is open."""

from __future__ import annotations

from studio.ui.panel_place import PanelPlace, ProjectPanel
from studio.ui.workspace import Workspace


class ExportPlace(PanelPlace):
    def make(self, workspace: Workspace) -> ProjectPanel:
        from studio.ui.exporting.panel import ExportPanel  # noqa: PLC0415 - not on the way to the first picture

        return ExportPanel(workspace.session)

    def leave(self, workspace: Workspace) -> None:
        """The next export is asked for anew."""
        super().leave(workspace)
        self.close()
