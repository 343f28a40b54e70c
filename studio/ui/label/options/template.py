"""Which template a drag places."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QComboBox, QLabel, QWidget

from studio.core.settings import ProjectSettings
from studio.ui.label.choices import Choices, ToolName
from studio.ui.label.options.base import ToolOptions
from studio.ui.label.tools.template import chosen_template


class TemplateOptions(ToolOptions):
    tools: ClassVar[frozenset[ToolName]] = frozenset({ToolName.TEMPLATE})

    def __init__(self, choices: Choices, parent: QWidget | None = None) -> None:
        super().__init__(choices, parent)
        self.box = QComboBox()
        self.box.setAccessibleName("Template")
        self.box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.box.setMinimumWidth(160)
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._none = QLabel("none yet: place one instance, then save it (Points menu)")
        self._none.setProperty("role", "muted")
        self.row.addWidget(QLabel("Template"))
        self.row.addWidget(self.box)
        self.row.addWidget(self._none)
        self.row.addStretch(1)
        self.box.activated.connect(lambda _index: choices.points.choose_template(self.box.currentText()))
        self.show_settings(ProjectSettings(name="", task=choices.task))

    def show_settings(self, settings: ProjectSettings) -> None:
        """The project's templates are these now."""
        names = [template.name for template in settings.templates]
        chosen = chosen_template(self.choices, settings)
        with QSignalBlocker(self.box):
            self.box.clear()
            self.box.addItems(names)
            self.box.setCurrentText(chosen.name if chosen is not None else "")
        self.box.setVisible(bool(names))
        self._none.setVisible(not names)
