"""The instances at the page's right: which there are, which one clicks add to, and whether images have several."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractItemView, QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from studio.core.points import Points
from studio.ui.keyboard.keyed_texts import set_keyed_tip
from studio.ui.label.buttons import action_button
from studio.ui.label.choices import Choices
from studio.ui.label.instance_model import InstanceModel
from studio.ui.label.point_actions import PointActions
from studio.ui.label.swatch_list import SwatchList
from studio.ui.session import Session

_LEAST_HEIGHT: Final = 32
"""One row in logical pixels: most projects have one instance an image, and the keypoints need the room."""


class InstancesPanel(QWidget):
    """`corner` is for whoever places the panel: it belongs beside its title."""

    def __init__(
        self, session: Session, choices: Choices, actions: PointActions, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("instances_panel")
        self._choices = choices
        self._points = Points()
        self._showing = False
        self.model = InstanceModel(session, self)
        self.list = SwatchList("Instances")
        self.list.setObjectName("instance_list")
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.setModel(self.model)
        self.list.setMinimumHeight(_LEAST_HEIGHT)
        self.several = QCheckBox("Several per image")
        self.corner = QWidget()
        self._lay_out(actions)
        self._bind_several(actions.several)
        self.list.selectionModel().currentChanged.connect(self._row_chosen)
        choices.points.instance_changed.connect(lambda _instance: self.show_points(self._points))
        session.settings_changed.connect(lambda: self.show_points(self._points))
        self.show_points(Points())

    def show_points(self, points: Points) -> None:
        self._points = points
        self._showing = True
        current = self._choices.points.instance
        self.model.show(points, current)
        row = self.model.index(self.model.numbers.index(current))
        if row.row() != self.list.currentIndex().row():
            self.list.setCurrentIndex(row)
            self.list.scrollTo(row)
        self._showing = False

    def _row_chosen(self, current: QModelIndex) -> None:
        if current.isValid() and not self._showing:
            self._choices.points.choose_instance(self.model.numbers[current.row()])

    def _bind_several(self, action: QAction) -> None:
        set_keyed_tip(
            self.several, "After the last point of an instance the next click begins another one ({several_instances})"
        )
        self.several.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.several.setChecked(action.isChecked())
        self.several.clicked.connect(lambda _checked: action.trigger())
        action.toggled.connect(self.several.setChecked)

    def _lay_out(self, actions: PointActions) -> None:
        buttons = QHBoxLayout(self.corner)
        buttons.setContentsMargins(0, 0, 0, 0)
        buttons.setSpacing(0)
        for action in (actions.delete_instance, actions.add_instance):
            buttons.addWidget(action_button(action))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 4)
        layout.setSpacing(4)
        row = QHBoxLayout()
        row.setContentsMargins(12, 2, 12, 2)
        row.addWidget(self.several)
        layout.addLayout(row)
        layout.addWidget(self.list, 1)
