"""The panels at the right in which an item's label is made: classes, tags, or keypoints and instances."""

from __future__ import annotations

from studio.core.points import Points
from studio.ui.label.choices import Choices
from studio.ui.label.class_keys import ClassKeys
from studio.ui.label.class_removal import ClassRemoval
from studio.ui.label.classes_panel import ClassesPanel
from studio.ui.label.instances_panel import InstancesPanel
from studio.ui.label.label_actions import LabelActions
from studio.ui.label.points_panel import PointsPanel
from studio.ui.label.side_panel import SidePanel
from studio.ui.label.tagging.tags_panel import TagsPanel
from studio.ui.session import Session


class LabelPanels:
    """Which of them there are depends on the project's task; the others are None."""

    def __init__(
        self, session: Session, choices: Choices, actions: LabelActions, keys: ClassKeys, removal: ClassRemoval
    ) -> None:
        self.classes: ClassesPanel | None = None
        self.tags: TagsPanel | None = None
        self.instances: InstancesPanel | None = None
        self.points: PointsPanel | None = None
        if actions.points is not None:
            self.instances = InstancesPanel(session, choices, actions.points)
            self.points = PointsPanel(session, choices)
        elif actions.tagging is not None and actions.tags is not None:
            self.tags = TagsPanel(session, choices, actions.tagging, actions.tags, keys.by_id, removal)
        else:
            self.classes = ClassesPanel(session, choices, keys.by_id, removal)

    def add_to(self, side: SidePanel) -> None:
        if self.instances is not None:
            side.add("instances", "Instances", self.instances, corner=self.instances.corner, weight=1)
        if self.points is not None:
            side.add("keypoints", "Keypoints", self.points, corner=self.points.add_button, weight=3)
        if self.tags is not None:
            section = side.add("tags", "Classes", self.tags, corner=self.tags.add_button, weight=5)
            self.tags.note_changed.connect(section.set_note)
        if self.classes is not None:
            section = side.add("classes", "Classes", self.classes, corner=self.classes.add_button, weight=3)
            self.classes.note_changed.connect(section.set_note)
            section.set_note(self.classes.note)

    def show_points(self, points: Points) -> None:
        for panel in (self.points, self.instances):
            if panel is not None:
                panel.show_points(points)
