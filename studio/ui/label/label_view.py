"""A widget that shows an item: its picture, its label and what a model says about it; it takes no input."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from studio.core.arrays import Mask
from studio.core.document import Document, MaskDocument, PointsDocument, TagsDocument
from studio.core.points import Points
from studio.core.raster import Rect
from studio.core.seen_first import Rows
from studio.core.settings import ProjectSettings
from studio.ui.label.choices import Choices
from studio.ui.label.overlay_colors import Offer, OverlayColors
from studio.ui.label.picture import Picture
from studio.ui.label.picture_look import look_of
from studio.ui.label.picture_view import PictureView
from studio.ui.label.points_display import PointsDisplay
from studio.ui.label.points_layer import PointsLayer
from studio.ui.label.tagging.chips import paint_chips
from studio.ui.theme import theme

_SETTLE_MS: Final = 4
"""After a stroke was painted: the screen's own program has the processor to itself for so long."""


class LabelView(PictureView):
    """A stroke costs what it touches: the document marks pixels, the scene composes those, and only their rectangle of
    the widget is painted."""

    picture_changed = Signal(object)
    """The `Picture` that shows now, or None."""
    label_changed = Signal()
    """The pixels of the label are others now, or the classes are."""
    points_changed = Signal(object)
    """The `Points` of the item that is shown."""

    def __init__(self, choices: Choices, settings: ProjectSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._choices = choices
        self._settings = settings
        self._document: Document | None = None
        self._predicted_mask: Mask | None = None
        self._predicted_points: Points | None = None
        self._points = PointsDisplay()
        self._is_proposed = False
        self._settling = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._settling.timeout.connect(self._settle)
        self._follow_choices()
        self._recolor()

    @property
    def document(self) -> Document | None:
        return self._document

    @property
    def choices(self) -> Choices:
        return self._choices

    @property
    def settings(self) -> ProjectSettings:
        return self._settings

    def set_settings(self, settings: ProjectSettings) -> None:
        """Classes or keypoints changed."""
        self._settings = settings
        self._recolor()
        self._note_points()
        self.label_changed.emit()

    # -- what is shown ------------------------------------------------------------------------------------------------

    def show_item(self, document: Document | None, picture: Picture) -> None:
        """Show a picture with its label, or without one that could be edited. The zoom stays when the picture has the
        size of the one before."""
        self._let_document_go()
        self._document = document
        if document is not None:
            document.changed.connect(self._annotation_changed)
        self._predicted_mask = self._predicted_points = None
        self.set_picture(picture)
        self._show_masks()
        self._note_points()
        self.update()
        self.label_changed.emit()

    def show_sentence(self, sentence: str) -> None:
        """Show no picture but a sentence in its place."""
        self._let_document_go()
        self.set_sentence(sentence)
        self.picture_changed.emit(None)
        self._show_masks()

    def show_prediction(self, mask: Mask | None, points: Points | None, *, proposed: bool = False) -> None:
        """Show what a model says about this item: a mask of the picture's size, or points."""
        self._predicted_mask, self._predicted_points = mask, points
        if proposed != self._is_proposed:
            self._is_proposed = proposed
            self._recolor()
        self._show_masks()
        self._note_points()
        self.update()

    def set_picture(self, picture: Picture) -> None:
        super().set_picture(picture)
        self._show_look()
        self.picture_changed.emit(picture)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if isinstance(self._document, MaskDocument) and self._document.owes:
            self._settling.start()  # once what was painted is on the screen

    def paint_over(self, painter: QPainter) -> None:
        if isinstance(self._document, PointsDocument) and self._choices.overlay_shown:
            self._points_layer().paint(painter, self._document.points, self._predicted_points)
        elif isinstance(self._document, TagsDocument) and self._choices.overlay_shown:
            classes, ratio = self._settings.known_classes, self.pixel_ratio
            paint_chips(
                painter, self._document.tags, classes, width=self.width() * ratio, ratio=ratio, font=self.font()
            )

    def _let_document_go(self) -> Document | None:
        """Show changes of it no more; returns what was shown."""
        document, self._document = self._document, None
        if document is not None:
            document.changed.disconnect(self._annotation_changed)
        return document

    # -- changes of the annotation ------------------------------------------------------------------------------------

    def _annotation_changed(self, rect: Rect | None = None) -> None:
        if rect is not None:
            seen = self.scene.mark(rect)
            if seen is not None:
                self.repaint_soon(QRectF(seen.x, seen.y, seen.width, seen.height))
            self.label_changed.emit()
        elif isinstance(self._document, PointsDocument):
            self.points_changed.emit(self._document.points)
            self.repaint_soon(self._points.change(self._document.points, self._points_layer()))
        elif isinstance(self._document, TagsDocument):
            self.update()

    def rows_shown(self) -> Rows | None:
        """The picture's rows that show, ascending, where they are few of all; None where they are not."""
        return self.scene.rows_shown()

    def _settle(self) -> None:
        """Other rows may show from now on."""
        if isinstance(self._document, MaskDocument):
            self._document.settle()

    def _show_masks(self) -> None:
        label = self._document.mask if isinstance(self._document, MaskDocument) else None
        self.scene.set_masks(label, self._predicted_mask)

    def _note_points(self) -> None:
        """Everything is painted again: say how the points are drawn from now on."""
        points = self._document.points if isinstance(self._document, PointsDocument) else Points()
        self._points.show(points, self._predicted_points, self._points_layer())

    def _points_layer(self) -> PointsLayer:
        selected = (self._choices.points.instance, self._choices.selected_point)
        return PointsLayer(self._settings, self.viewport, self.pixel_ratio, selected, self._points.named)

    # -- changes of how it is shown -----------------------------------------------------------------------------------

    def _follow_choices(self) -> None:
        choices = self._choices
        choices.selected_point_changed.connect(self._point_chosen)
        choices.points.instance_changed.connect(self._instance_chosen)
        choices.opacity_changed.connect(self._recolor)
        choices.overlay_shown_changed.connect(self._recolor)
        choices.view_changed.connect(self._recolor)
        choices.proposals.changed.connect(self._recolor)
        choices.seeing.changed.connect(self._see_otherwise)
        choices.class_changed.connect(self._see_otherwise)
        theme().changed.connect(self._recolor)
        self.view_changed.connect(self._note_points)
        self.view_changed.connect(self._settle)

    def _point_chosen(self, _index: int) -> None:
        if isinstance(self._document, PointsDocument):
            self.repaint_soon(self._points.select(self._points_layer()))

    def _instance_chosen(self, _instance: int) -> None:
        self._note_points()
        self.update()

    def _see_otherwise(self, *_: object) -> None:
        """Outlines, one class alone, or another look of the picture."""
        self._recolor()
        self._show_look()

    def _show_look(self) -> None:
        if self.picture is not None:
            self.scene.set_look(look_of(self.picture, self._choices.seeing.seen))
            self.update()

    def _recolor(self, *_: object) -> None:
        self.scene.set_colors(self._colors())
        self.scene.set_surround(theme().color("canvas"))
        self.update()

    def _colors(self) -> OverlayColors | None:
        choices, classes = self._choices, self._settings.known_classes
        if not (choices.overlay_shown and classes):
            return None
        seen = choices.seeing.seen
        alone = choices.class_id if seen.alone and choices.class_id >= 0 else None
        return OverlayColors(
            classes, choices.opacity, choices.view, outline=seen.outline, alone=alone, offer=self._offer()
        )

    def _offer(self) -> Offer | None:
        if not self._is_proposed:
            return None
        return Offer.REPLACE if self._choices.proposals.replaces else Offer.FILL
