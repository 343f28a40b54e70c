"""The Label page: a canvas to paint masks and click points on, the items at its left, the classes at its right."""

from studio.ui.label.page import LabelPage

__all__ = ["LabelPage"]
