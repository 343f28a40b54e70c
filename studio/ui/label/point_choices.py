"""What is chosen for the point tools, beside the point itself: instance, template, loupe, and a link that is begun."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal


class PointChoices(QObject):
    instance_changed = Signal(int)
    """The instance that clicks add points to and that the keys act on."""
    loupe_changed = Signal(bool)
    """Whether the surroundings of the cursor are shown enlarged."""
    template_changed = Signal(str)
    """The name of the template that a drag places; empty for the last one that was saved."""
    link_from_changed = Signal(int)
    """The keypoint that waits for another one to be linked with; -1 when none does."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._instance = 0
        self._loupe = True
        self._template = ""
        self._link_from = -1

    @property
    def instance(self) -> int:
        return self._instance

    def choose_instance(self, instance: int) -> None:
        if instance != self._instance:
            self._instance = instance
            self.instance_changed.emit(instance)

    @property
    def loupe(self) -> bool:
        return self._loupe

    def show_loupe(self, shown: bool) -> None:
        if shown != self._loupe:
            self._loupe = shown
            self.loupe_changed.emit(shown)

    @property
    def template(self) -> str:
        return self._template

    def choose_template(self, name: str) -> None:
        if name != self._template:
            self._template = name
            self.template_changed.emit(name)

    @property
    def link_from(self) -> int:
        return self._link_from

    def begin_link(self, index: int) -> None:
        """Let the next point that is clicked be linked with this keypoint, or unlinked; -1 gives it up."""
        if index != self._link_from:
            self._link_from = index
            self.link_from_changed.emit(index)
