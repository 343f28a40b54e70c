"""A tool that draws an outline first: it shows, waits on its item and is undone step by step until it is painted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter

from studio.core.classes import UNLABELLED
from studio.core.document import MaskDocument
from studio.core.raster import XY
from studio.core.sketches import Sketch
from studio.ui.label.tools.base import Bench, Pointer, Tool
from studio.ui.label.tools.colors import class_color
from studio.ui.label.tools.outline_history import OutlineHistory
from studio.ui.label.tools.outline_painter import OutlinePainter
from studio.ui.label.tools.outlines import Outline


class SketchTool(Tool):
    """What there is of an outline and how it is seen; how the mouse makes one is its heirs' idea."""

    what: ClassVar[str]
    """How its edits are called in the history."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._outline: Outline | None = None
        self._history = OutlineHistory()
        self._waiting: dict[int, tuple[Outline, OutlineHistory]] = {}
        """By the id of the item, which is not shown."""
        self._is_unseen = False
        """Whether the outline came back with its item while another tool was in use."""

    def sketch_of(self, outline: Outline) -> Sketch:
        """What is kept of it when the project is closed."""
        return Sketch(tuple(outline.handles), outline.erase)

    def outline_of(self, sketch: Sketch) -> Outline | None:
        """What was kept, to be drawn on; None where that is no outline."""
        raise NotImplementedError

    def change(self, outline: Outline | None) -> None:
        """The outline becomes another one, which undo takes back."""
        self._history.add(self._outline)
        self._show(outline)

    @property
    def outline(self) -> Outline | None:
        """What is drawn and not painted yet."""
        return self._outline

    def middles(self, outline: Outline) -> Sequence[XY]:
        """Where a press would insert a corner."""
        return []

    def shown_path(self, outline: Outline) -> Sequence[XY]:
        """What is drawn of it; a tool may add where the cursor is."""
        return outline.path

    def may_paint(self, pointer: Pointer) -> bool:
        """Whether there is a label here and something to paint it with; says what is missing."""
        if not isinstance(self.bench.document, MaskDocument):
            return False
        if not pointer.erase and self.class_to_paint is None:
            self.say_no_class()
            return False
        return True

    # -- what the canvas calls ----------------------------------------------------------------------------------------

    @property
    def is_busy(self) -> bool:
        return self._outline is not None

    def put_down(self) -> None:
        """What is complete is painted rather than left behind unseen; what nobody has seen yet goes on waiting."""
        self.leave()
        if self.bench.choices.tool is self.name:
            self._is_unseen = False
        elif self._outline is not None and self._outline.is_complete and not self._is_unseen:
            self.finish()

    def finish(self) -> None:
        """Paint the outline."""
        self._paint_outline(erase=False)

    def cancel(self) -> bool:
        had_any = self._outline is not None
        self._drop()
        return had_any

    def step_back(self) -> bool:
        if self._outline is None or not self._history.can_go_back:
            return False
        self._show(self._history.back(self._outline))
        return True

    def step_forward(self) -> bool:
        if not self._history.can_go_forward:
            return False
        self._show(self._history.forward(self._outline))
        return True

    def item_left(self) -> None:
        document = self.bench.document
        if document is not None and self._outline is not None:
            self._waiting[document.item.id] = self._outline, self._history
        self._drop()

    def item_shown(self) -> None:
        document = self.bench.document
        if document is not None and document.item.id in self._waiting:
            self._outline, self._history = self._waiting.pop(document.item.id)
            self._is_unseen = self.bench.choices.tool is not self.name

    def waiting(self) -> dict[int, Sketch]:
        outlines = {item: outline for item, (outline, _) in self._waiting.items()}
        if self.bench.document is not None and self._outline is not None:
            outlines[self.bench.document.item.id] = self._outline
        return {item: self.sketch_of(outline) for item, outline in outlines.items()}

    def take_back(self, waiting: Mapping[int, Sketch]) -> None:
        for item, sketch in waiting.items():
            outline = self.outline_of(sketch)
            if outline is not None:
                self._waiting[item] = outline, OutlineHistory()

    def refresh(self) -> None:
        self._repaint()

    def paint(self, painter: QPainter) -> None:
        if self._outline is None:
            return
        outline = self._outline
        drawn = OutlinePainter(painter, self.bench.viewport, self.bench.pixel_ratio)
        color = class_color(self.bench, UNLABELLED if outline.erase else self.bench.choices.class_id)
        drawn.region(self.shown_path(outline), color, erase=outline.erase)
        drawn.line(self.shown_path(outline), closed=outline.is_complete)
        drawn.middles(self.middles(outline))
        drawn.handles(outline.handles, color, self._marked)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _paint_outline(self, *, erase: bool) -> None:
        document, outline = self.bench.document, self._outline
        if outline is None or not isinstance(document, MaskDocument):
            return
        if len(outline.handles) < 3:
            self.bench.hint("An outline needs at least three corners.")
            return
        self._drop()
        self.paint_pixels(document, outline, erase=erase or outline.erase)

    def paint_pixels(self, document: MaskDocument, outline: Outline, *, erase: bool) -> None:
        """One edit of what the outline encloses. Raises CannotWrite; what is painted then stays and is written with
        the next edit."""
        painted = outline.pixels(*document.size)
        if painted is not None:
            document.begin(self.what)
            document.paint(*painted, UNLABELLED if erase else self.bench.choices.class_id)
            document.commit()

    @property
    def _marked(self) -> int | None:
        """The handle that the mouse is on or holds."""
        return None

    def _show(self, outline: Outline | None) -> None:
        self._repaint()
        self._outline = outline
        self._repaint()
        if self.bench.choices.tool == self.name:
            self.bench.choices.outline.set_pending(outline is not None)

    def _drop(self) -> None:
        self._history = OutlineHistory()
        self._show(None)

    def _repaint(self) -> None:
        if self._outline is None:
            return
        places = [QPointF(*self.bench.viewport.to_view(*p)) for p in self.shown_path(self._outline)]
        places += [QPointF(*self.bench.viewport.to_view(*p)) for p in self._outline.handles]
        margin = 12 * self.bench.pixel_ratio
        xs, ys = [p.x() for p in places], [p.y() for p in places]
        area = QRectF(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))
        self.bench.repaint_soon(area.adjusted(-margin, -margin, margin, margin))
