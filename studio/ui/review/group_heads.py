"""What stands over the groups of the grid."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFont, QPainter

from studio.core.counting import counted
from studio.core.review_order import GroupBy
from studio.core.settings import ProjectSettings, Task
from studio.store import ItemGroup
from studio.store.review_queries import JUDGED, SUSPECTED, TRUSTED, UNASKED
from studio.ui.review.grid_layout import GAP
from studio.ui.review.model import GroupHead
from studio.ui.theme import theme

_LEFT: Final = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter

_UNGROUPED: Final[dict[int | str | None, str]] = {
    JUDGED: "With a label",
    None: "No label to judge by",
    SUSPECTED: "Probably a wrong label",
    TRUSTED: "No suspicion",
    UNASKED: "Label not judged",
}

_ONE_CLASS: Final = frozenset({Task.SINGLE_LABEL, Task.TEXT})


def heads_of(groups: Iterable[ItemGroup], by: GroupBy, settings: ProjectSettings) -> tuple[GroupHead, ...]:
    """A mask or tags stand with the class of their largest mistake, which the head says."""
    names = {c.id: c.name for c in settings.known_classes}
    return tuple(GroupHead(group.start, _words(group.key, by, settings.task, names)) for group in groups)


def paint_head(painter: QPainter, rect: QRect, head: GroupHead, items: int, font: QFont) -> None:
    """What the group is, how many items it has, and a line to the end of `rect`."""
    bold = QFont(font)
    bold.setWeight(QFont.Weight.DemiBold)
    painter.setFont(bold)
    shown = painter.fontMetrics().elidedText(head.words, Qt.TextElideMode.ElideRight, rect.width() * 2 // 3)
    painter.setPen(theme().color("text"))
    painter.drawText(rect, _LEFT, shown)
    end = rect.left() + painter.fontMetrics().horizontalAdvance(shown) + GAP
    many = counted(items, "item")
    painter.setFont(font)
    painter.setPen(theme().color("muted"))
    painter.drawText(rect.adjusted(end - rect.left(), 0, 0, 0), _LEFT, many)
    painter.setPen(theme().color("line"))
    begin = end + painter.fontMetrics().horizontalAdvance(many) + GAP
    painter.drawLine(begin, rect.center().y(), rect.right(), rect.center().y())


def _words(key: int | str | None, by: GroupBy, task: Task, names: dict[int, str]) -> str:
    if by is GroupBy.NOTHING:
        return _UNGROUPED[key]
    if by is GroupBy.SEQUENCE:
        return str(key) if key else "In no sequence or folder"
    one_class = task in _ONE_CLASS
    if key is None:
        return "No class" if one_class else "Nothing mistaken"
    name = names.get(key, str(key)) if isinstance(key, int) else key
    return name if one_class else f"{name} mistaken most"
