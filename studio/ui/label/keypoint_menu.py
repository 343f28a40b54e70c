"""What can be done with a keypoint of the list: rename, colour, links, mirror partner, delete and bring back."""

from __future__ import annotations

from msgspec.structs import replace
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QMenu, QWidget

from studio.core.keypoint_editing import are_linked, with_keypoint_retired, with_link_toggled
from studio.core.keypoint_pairs import guessed_pairs, mirror_order, paired
from studio.core.settings import ProjectSettings


class KeypointMenu(QMenu):
    """For the keypoint `index`, or with -1 for the list as a whole. Deletes itself when it closes."""

    rename_requested = Signal()
    recolor_requested = Signal()
    settings_chosen = Signal(object)
    """The `ProjectSettings` that the person wants from now on."""

    def __init__(self, settings: ProjectSettings, index: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._settings = settings
        self._index = index
        if index >= 0:
            self._add_own()
        self.addAction("Find mirror partners by name", self._guess)
        self._add_retired()

    def _add_own(self) -> None:
        settings, index = self._settings, self._index
        self.addAction("Rename", self.rename_requested.emit)
        self.addAction("Colour…", self.recolor_requested.emit)
        self.addSeparator()
        links, mirrors = self.addMenu("Linked with"), self.addMenu("Mirror partner")
        partner = mirror_order(settings.keypoints)[index]
        self._add_choice(mirrors, "None", partner == index, replace_names=paired(settings.keypoints, index, None))
        for other, name in enumerate(settings.keypoints):
            if other == index or name.retired:
                continue
            linked = links.addAction(name.name, lambda other=other: self._toggle_link(other))
            linked.setCheckable(True)
            linked.setChecked(are_linked(settings, index, other))
            names = paired(settings.keypoints, index, other)
            self._add_choice(mirrors, name.name, partner == other, replace_names=names)
        self.addSeparator()
        self.addAction("Delete (what is placed is kept)", self._retire)

    def _add_choice(self, menu: QMenu, text: str, checked: bool, *, replace_names: object) -> None:
        action = menu.addAction(
            text, lambda: self.settings_chosen.emit(replace(self._settings, keypoints=replace_names))
        )
        action.setCheckable(True)
        action.setChecked(checked)

    def _add_retired(self) -> None:
        retired = [index for index, name in enumerate(self._settings.keypoints) if name.retired]
        if retired:
            menu = self.addMenu("Bring back")
            for index in retired:
                menu.addAction(self._settings.keypoints[index].name, lambda index=index: self._bring_back(index))

    def _toggle_link(self, other: int) -> None:
        self.settings_chosen.emit(with_link_toggled(self._settings, self._index, other))

    def _guess(self) -> None:
        self.settings_chosen.emit(replace(self._settings, keypoints=guessed_pairs(self._settings.keypoints)))

    def _retire(self) -> None:
        self.settings_chosen.emit(with_keypoint_retired(self._settings, self._index))

    def _bring_back(self, index: int) -> None:
        self.settings_chosen.emit(with_keypoint_retired(self._settings, index, retired=False))
