"""The strip above the canvas: the options of the tool in use, the label's opacity, and what lies over the picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QAction, QIcon, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from studio.core.settings import PLACED_TASKS, ProjectSettings, Task
from studio.ui.keyboard.keyed_texts import set_keyed_tip
from studio.ui.label.buttons import action_button, icon_button
from studio.ui.label.choices import Choices
from studio.ui.label.giving_way import GivingWay
from studio.ui.label.options import make_options
from studio.ui.label.options.slider import option_slider
from studio.ui.label.overlay_colors import View
from studio.ui.theme import theme

_VIEW_ICONS: Final = {View.LABEL: "brush", View.PREDICTION: "sparkle", View.DIFFERENCE: "difference"}


class OptionsBar(QFrame):
    prediction_closed = Signal()
    """The person wants the run's prediction out of the way."""

    def __init__(self, choices: Choices, overlay_action: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("options_bar")
        self.setProperty("role", "bar")
        self._choices = choices
        self.groups = make_options(choices)
        self.opacity_slider = option_slider(
            "Label opacity", "Opacity of the label (keys {fainter} and {stronger})", steps=100, width=100
        )
        self._opacity_word = QLabel("Opacity")
        self._overlay_button = action_button(overlay_action)
        self.close_button = icon_button("Hide the prediction", icon_size=16)
        self.prediction_group = QWidget()
        self.run_label = QLabel()
        self.view_buttons: dict[View, QPushButton] = {}
        self._lay_out()
        self._giving_way = GivingWay(self._row, self._steps())
        self._connect()
        self.show_run(None)

    def show_run(self, run: str | None, said: str = "") -> None:
        """Offer the views of a prediction while there is one. `said` is one about the whole item, which has no views
        but these words."""
        self.prediction_group.setVisible(run is not None)
        self.run_label.setText(f"Run {run}{': ' if said else ''}{said}" if run is not None else "")
        self._giving_way.fit(self.width())

    def show_settings(self, settings: ProjectSettings) -> None:
        """The project's settings are these now."""
        for group in self.groups:
            group.show_settings(settings)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._giving_way.fit(self.width())

    def _steps(self) -> list[Callable[[bool], object]]:
        """What has a key or a menu as well gives way to what only the bar has."""
        steps: list[Callable[[bool], object]] = [self.run_label.setVisible]
        if self._choices.task is Task.SEGMENTATION:
            steps += [self._opacity_word.setVisible, self.opacity_slider.setVisible]
        return [*steps, self._show_view_names, self._show_what_menus_have]

    def _show_view_names(self, shown: bool) -> None:
        for view, button in self.view_buttons.items():
            button.setText(str(view).capitalize() if shown else "")
            button.setIcon(QIcon() if shown else theme().icon(_VIEW_ICONS[view]))

    def _connect(self) -> None:
        choices = self._choices
        self.opacity_slider.valueChanged.connect(lambda percent: choices.set_opacity(percent / 100))
        choices.tool_changed.connect(self._show_groups)
        choices.opacity_changed.connect(self._show_opacity)
        choices.view_changed.connect(self._show_view)
        self.close_button.clicked.connect(self.prediction_closed)
        theme().changed.connect(self._dress)
        for view, button in self.view_buttons.items():
            button.clicked.connect(lambda _=False, view=view: choices.set_view(view))
        self._show_groups()
        self._show_opacity()
        self._show_view()
        self._dress()

    def _dress(self) -> None:
        self.close_button.setIcon(theme().icon("close", "muted"))
        self._giving_way.fit(self.width())

    def _show_what_menus_have(self, shown: bool) -> None:
        for group in self.groups:
            group.setVisible(self._choices.tool in group.tools and (shown or not group.is_in_menu))

    def _show_groups(self, *_: object) -> None:
        self._giving_way.fit(self.width())

    def _show_opacity(self, *_: object) -> None:
        with QSignalBlocker(self.opacity_slider):
            self.opacity_slider.setValue(round(self._choices.opacity * 100))

    def _show_view(self, *_: object) -> None:
        self.view_buttons[self._choices.view].setChecked(True)

    def _lay_out(self) -> None:
        """Tool options at the left; what every tool has stays in its place at the right."""
        layout = self._row = QHBoxLayout(self)
        layout.setContentsMargins(10, 4, 8, 4)
        layout.setSpacing(8)
        for group in self.groups:
            layout.addWidget(group)
        layout.addStretch(1)
        if self._choices.task is Task.SEGMENTATION:
            layout.addWidget(self._opacity_word)
            layout.addWidget(self.opacity_slider)
        layout.addWidget(self._overlay_button)
        layout.addWidget(self.prediction_group)
        self._lay_out_prediction()

    def _lay_out_prediction(self) -> None:
        inside = QHBoxLayout(self.prediction_group)
        inside.setContentsMargins(4, 0, 0, 0)
        inside.setSpacing(4)
        self.run_label.setProperty("role", "muted")
        inside.addWidget(self.run_label)
        group = QButtonGroup(self)
        for view in View:
            button = QPushButton(str(view).capitalize())
            button.setCheckable(True)
            button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            set_keyed_tip(button, f"Show the {view} ({{next_view}} goes round)")
            button.setAccessibleName(f"Show the {view}")
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            group.addButton(button)
            inside.addWidget(button)
            button.setVisible(self._choices.task in PLACED_TASKS)
            self.view_buttons[view] = button
        inside.addWidget(self.close_button)
