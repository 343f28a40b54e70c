"""An open item and its history: the only thing that changes an annotation.

A document speaks through signals and keeps nothing to itself: when `commit` returns, its journal has the edit.
"""

from __future__ import annotations

from studio.core.history import History, Journal, Leap
from studio.core.mask_document import MaskDocument
from studio.core.points_document import PointsDocument
from studio.core.tags_document import TagsDocument

Document = MaskDocument | PointsDocument | TagsDocument

__all__ = ["Document", "MaskDocument", "PointsDocument", "TagsDocument", "History", "Journal", "Leap"]
