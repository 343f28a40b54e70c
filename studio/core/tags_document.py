"""Open tags: choosing, adding and clearing them as edits."""

from __future__ import annotations

from studio.core.edits import Edit, TagsEdit
from studio.core.tags import NONE_OF_THEM, Tags
from studio.core.value_document import ValueDocument


class TagsDocument(ValueDocument[Tags | None]):
    """The classes of an item as a person gives them. It needs nothing of the picture or the text itself, so that an
    item can be tagged whatever it is."""

    @property
    def tags(self) -> Tags | None:
        """None: nobody has said anything. Empty: none of the classes applies."""
        return self._value

    def choose(self, class_id: int) -> bool:
        """Make this the only class. Returns whether that changes anything."""
        return self._become(Tags((class_id,)), "choosing a class")

    def toggle(self, class_id: int) -> bool:
        """Add the class, or take it away; taking the last one away says “none of them”."""
        now = self._value or NONE_OF_THEM
        what = "removing a tag" if class_id in now.ids else "adding a tag"
        return self._become(now.toggled(class_id), what)

    def set_none(self) -> bool:
        """Say that none of the classes applies."""
        return self._become(NONE_OF_THEM, "none of them")

    def clear(self) -> bool:
        """Take back whatever was said: the item is unlabelled again."""
        return self._become(None, "clearing the label")

    def _edit(self, what: str, old: Tags | None, new: Tags | None) -> Edit:
        return TagsEdit(what, old, new)

    def _ends(self, edit: Edit) -> tuple[Tags | None, Tags | None]:
        assert isinstance(edit, TagsEdit)
        return edit.old, edit.new
