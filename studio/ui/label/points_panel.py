"""The keypoints at the page's right: which is next, where the placed ones lie, which are hidden or absent."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from studio.core.points import Points
from studio.ui.label.buttons import icon_button
from studio.ui.label.choices import Choices
from studio.ui.label.color_dialog import ask_for_color
from studio.ui.label.keypoint_menu import KeypointMenu
from studio.ui.label.keypoint_model import KeypointModel
from studio.ui.label.swatch_list import SwatchList
from studio.ui.label.tools.point_order import active_points, free_instance
from studio.ui.session import Session
from studio.ui.theme import theme


class PointsPanel(QWidget):
    """The current row is the selected point, or else the one that the next click places. `add_button` is for whoever
    places the panel: it belongs beside its title."""

    def __init__(self, session: Session, choices: Choices, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("points_panel")
        self._session = session
        self._choices = choices
        self._points = Points()
        self._showing = False
        self.model = KeypointModel(session, self)
        self.list = SwatchList("Keypoints")
        self.list.setObjectName("point_list")
        self.next_label = QLabel(wordWrap=True)
        self.add_button = icon_button("Add a keypoint")
        self._lay_out()
        self.list.setModel(self.model)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._show_menu)
        self.list.selectionModel().currentChanged.connect(self._row_chosen)
        self.list.recolor_requested.connect(self.recolor)
        self.add_button.clicked.connect(self.add)
        self.model.modelReset.connect(self._show_choice)
        choices.point_changed.connect(self._show_choice)
        choices.selected_point_changed.connect(self._show_choice)
        choices.points.instance_changed.connect(lambda _instance: self.show_points(self._points))
        session.settings_changed.connect(self._hide_retired)
        self.model.modelReset.connect(self._hide_retired)
        theme().changed.connect(self._dress)
        self._dress()
        self._hide_retired()

    def show_points(self, points: Points) -> None:
        self._points = points
        self.model.show(points, self._choices.points.instance)
        self._show_choice()

    def add(self) -> None:
        """Add a keypoint and let its name be typed."""
        index = self.model.add()
        self.list.edit(self.model.index(index))

    def recolor(self, index: int) -> None:
        name = self.model.names[index]
        ask_for_color(self, f"Colour of {name.name}", name.color, lambda color: self.model.recolor(index, color))

    def _row_chosen(self, current: QModelIndex) -> None:
        if self._showing or not current.isValid():
            return
        if self.model.is_placed(current.row()):
            self._choices.select_point(current.row())
        else:
            self._choices.select_point(-1)
            self._choices.choose_point(current.row())

    def _show_choice(self, *_: object) -> None:
        choices, names = self._choices, self.model.names
        row = choices.selected_point if choices.selected_point >= 0 else choices.point
        self._showing = True
        if 0 <= row < len(names) and row != self.list.currentIndex().row():
            self.list.setCurrentIndex(self.model.index(row))
            self.list.scrollTo(self.model.index(row))
        self._showing = False
        active = active_points(self._session.settings)
        if not active:
            self.next_label.setText("There are no keypoints yet; add the first one.")
        elif 0 <= choices.point < len(names):
            self.next_label.setText(f"Next click places <b>{escape(names[choices.point].name)}</b>")
        elif self._session.settings.several_instances:
            number = free_instance(self._points) + 1
            self.next_label.setText(f"All points are placed. The next click begins instance {number}.")
        else:
            self.next_label.setText("All points are placed.")
        self._first_button.setVisible(not active)

    def _hide_retired(self) -> None:
        for row, name in enumerate(self.model.names):
            self.list.setRowHidden(row, name.retired)
        self._show_choice()

    def _show_menu(self, position: QPoint) -> None:
        index = self.list.indexAt(position)
        menu = KeypointMenu(self._session.settings, index.row() if index.isValid() else -1, self)
        menu.rename_requested.connect(lambda: self.list.edit(index))
        menu.recolor_requested.connect(lambda: self.recolor(index.row()))
        menu.settings_chosen.connect(self.model.save)
        menu.popup(self.list.viewport().mapToGlobal(position))

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        note = QVBoxLayout()
        note.setContentsMargins(12, 0, 12, 4)
        self.next_label.setProperty("role", "muted")
        self._first_button = QPushButton("Add a keypoint")
        self._first_button.clicked.connect(self.add)
        note.addWidget(self.next_label)
        note.addWidget(self._first_button, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addLayout(note)
        layout.addWidget(self.list, 1)

    def _dress(self) -> None:
        self.add_button.setIcon(theme().icon("plus"))
