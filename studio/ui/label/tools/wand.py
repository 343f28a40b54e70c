"""Wand: take what has the colour under the cursor; what that would be shows before it is clicked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import floor
from typing import ClassVar, Final

from PySide6.QtGui import QPainter

from studio.core.arrays import Mask
from studio.core.classes import UNLABELLED
from studio.core.color_wand import ColorField
from studio.core.protection import Protection
from studio.core.raster import Rect
from studio.core.selection import Selection, step_for, window_around
from studio.ui.label.choices import ToolName
from studio.ui.label.picture import Picture
from studio.ui.label.tools.base import Bench, Pointer
from studio.ui.label.tools.picture_tool import PictureTool, visible_pixels
from studio.ui.label.tools.region_layer import Drawing, RegionLayer, draw_selection, selection_colors
from studio.ui.label.viewport import Viewport
from studio.ui.widgets.latest import Latest

WINDOW: Final = 4096
"""Side in image pixels of what the wand looks at, so that it stays quick on a picture of any size."""

_ROUGH_FROM: Final = 2_000_000
"""Pixels from which on a rough answer for what is in sight comes before the exact one."""

_ROUGH_CELLS: Final = 400_000
_DRAG_STARTS: Final = 5.0
"""Logical pixels sideways before a drag changes the tolerance."""

_A_STEP: Final = 4.0
"""Logical pixels that change the tolerance by one."""


@dataclass(frozen=True, slots=True)
class _Question:
    """All that an answer depends on."""

    picture: Picture
    mask: Mask
    seed: tuple[int, int]
    tolerance: int
    contiguous: bool
    protection: Protection
    value: int
    without_grain: bool
    viewport: Viewport
    pixel_ratio: float


@dataclass(frozen=True, slots=True)
class _Answer:
    field: ColorField
    selection: Selection | None
    drawing: Drawing | None


class WandTool(PictureTool):
    name = ToolName.WAND
    usage: ClassVar[str] = "Click takes what has this colour · right-click: erase it · drag sideways: tolerance"

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._layer = RegionLayer(bench, "wand drawing")
        self._exact = Latest("wand", bench.owner)
        self._rough = Latest("wand, rough", bench.owner)
        self._field: ColorField | None = None
        self._rough_field: ColorField | None = None
        self._known_for: tuple[int, bool] | None = None
        self._question: _Question | None = None
        self._answer: _Answer | None = None
        self._value = UNLABELLED
        self._pressed_at: tuple[float, float] | None = None
        self._tolerance_before = 0
        self._let_go = False

    @property
    def is_busy(self) -> bool:
        return self._pressed_at is not None or self._let_go

    def press(self, pointer: Pointer) -> None:
        self._finish()
        value = self.value(pointer)
        if value is None or self.document is None or self.whole_picture is None:
            return
        self._value = value
        self._tolerance_before = self.bench.choices.smart.tolerance
        self._ask((floor(pointer.x), floor(pointer.y)))
        if self._question is not None:
            self._pressed_at = pointer.device

    def drag(self, pointer: Pointer) -> None:
        if self._pressed_at is None:
            return
        moved = (pointer.device[0] - self._pressed_at[0]) / self.bench.pixel_ratio
        beyond = max(0.0, abs(moved) - _DRAG_STARTS) * (1 if moved > 0 else -1)
        self.bench.choices.smart.set_tolerance(self._tolerance_before + round(beyond / _A_STEP))

    def release(self, pointer: Pointer) -> None:
        if self._pressed_at is None:
            return
        self._pressed_at = None
        self._let_go = True
        if self._answer is not None:
            self._finish()

    def hover(self, pointer: Pointer) -> None:
        picture = self.bench.picture
        if self._let_go or self.bench.choices.class_id < 0 or picture is None or picture.is_preview:
            return
        seed = (floor(pointer.x), floor(pointer.y))
        if self._question is None or self._question.seed != seed:
            self._value = self.bench.choices.class_id
            self._ask(seed)

    def leave(self) -> None:
        if not self.is_busy:
            self._forget()

    def put_down(self) -> None:
        """What was let go of is painted before anything else is begun."""
        if self._let_go:
            self._finish()
        self.leave()

    def cancel(self) -> bool:
        if not self.is_busy:
            return False
        self._pressed_at, self._let_go = None, False
        self._forget()
        self.bench.choices.smart.set_tolerance(self._tolerance_before)
        return True

    def item_left(self) -> None:
        self._pressed_at = None
        self._finish()
        self._forget()
        self._field = self._rough_field = self._known_for = None

    def refresh(self) -> None:
        """The tolerance or another choice changed."""
        if self._question is not None and not self._let_go:
            if not self.is_busy:
                self._value = self.bench.choices.class_id
            self._ask(self._question.seed)

    def paint(self, painter: QPainter) -> None:
        self._layer.paint(painter, selection_colors(self.color(self._value)))

    # -- asking -------------------------------------------------------------------------------------------------------

    def _ask(self, seed: tuple[int, int]) -> None:
        """Find what a click on this pixel would take."""
        picture, document = self.bench.picture, self.document
        width, height = self.bench.viewport.image
        inside = 0 <= seed[0] < width and 0 <= seed[1] < height
        if picture is None or document is None or not inside or self._value < 0:
            self._forget()
            return
        smart = self.bench.choices.smart
        question = _Question(
            picture, document.mask, seed, smart.tolerance, smart.contiguous, document.protection, self._value,
            smart.without_grain,
            self.bench.viewport, self.bench.pixel_ratio,
        )  # fmt: skip
        self._question, self._answer = question, None
        field = self._exact_field(question)
        if field is None and width * height > _ROUGH_FROM:
            self._ask_roughly(question)
        else:
            self._rough.drop()
        self._exact.ask(partial(_answer, question, field), self._take)

    def _exact_field(self, question: _Question) -> ColorField | None:
        """The colours that are known already, where they reach far enough around the seed."""
        key = (id(question.picture), question.without_grain)
        if key != self._known_for:
            self._known_for, self._field, self._rough_field = key, None, None
        field = self._field
        if field is None or not field.holds(*question.seed):
            return None
        room = window_around(*question.seed, WINDOW // 2, *question.viewport.image)
        return field if field.rect.intersect(room) == room else None

    def _ask_roughly(self, question: _Question) -> None:
        seen = visible_pixels(question.viewport)
        if seen is None:
            return
        known = self._rough_field
        field = known if known is not None and known.rect == seen else None
        self._rough.ask(partial(_answer_roughly, question, seen, field), self._take_roughly)

    def _take(self, answer: _Answer | None) -> None:
        if answer is None or self._question is None:
            return
        self._rough.drop()
        self._field, self._answer = answer.field, answer
        self._show(answer)
        if self._let_go:
            self._finish()

    def _take_roughly(self, answer: _Answer | None) -> None:
        if answer is not None and self._answer is None:
            self._rough_field = answer.field
            self._show(answer)

    def _show(self, answer: _Answer) -> None:
        if answer.selection is None:
            self._layer.clear()
            return
        selection, ratio = answer.selection, self.bench.pixel_ratio
        self._layer.show(lambda viewport: draw_selection(selection, viewport, ratio), answer.drawing)

    # -- painting -----------------------------------------------------------------------------------------------------

    def _finish(self) -> None:
        """Paint what was let go of, waiting for the answer if it is not there yet."""
        if not self._let_go or self._question is None:
            self._let_go = False
            return
        self._let_go = False
        answer = self._answer or _answer(self._question, self._field)
        value, seed = self._value, self._question.seed
        self._forget()
        if answer is None:
            return
        if not self.paint_selection(answer.selection, value, "wand" if value != UNLABELLED else "erasing"):
            self._say_held_back(seed, value)
        if _is_cut_off(answer, self.bench.viewport.image):
            self.bench.hint(f"The wand looks {WINDOW} pixels far; click again where the region goes on.")

    def _say_held_back(self, seed: tuple[int, int], value: int) -> None:
        """The answer leaves out what is protected, so that the document never hears of it."""
        document = self.document
        if document is None or document.is_editing:
            return
        now = document.mask[seed[1] : seed[1] + 1, seed[0] : seed[0] + 1]
        if now[0, 0] != value and not document.protection.allows(now, value)[0, 0]:
            document.held_back.emit(int(now[0, 0]))

    def _forget(self) -> None:
        self._question = self._answer = None
        self._exact.drop()
        self._rough.drop()
        self._layer.clear()


def _answer(question: _Question, field: ColorField | None) -> _Answer | None:
    """For a background thread."""
    if field is None:
        rect = window_around(*question.seed, WINDOW, *question.viewport.image)
        pixels = question.picture.pixels(rect)
        if pixels is None:
            return None
        field = ColorField.of(pixels, rect, without_grain=question.without_grain)
    return _select(question, field)


def _answer_roughly(question: _Question, seen: Rect, field: ColorField | None) -> _Answer | None:
    """For a background thread: the same for what is in sight, at about the resolution of the screen."""
    if field is None:
        step = step_for(seen, _ROUGH_CELLS)
        pixels = question.picture.pixels(seen, step)
        if pixels is None:
            return None
        field = ColorField.of(pixels, seen, step=step, without_grain=False)
    return _select(question, field) if field.holds(*question.seed) else None


def _select(question: _Question, field: ColorField) -> _Answer:
    selection = field.select(*question.seed, question.tolerance, contiguous=question.contiguous)
    if question.protection:
        now = question.mask[selection.rect.slices][:: selection.step, :: selection.step]
        allowed = question.protection.allows(now, question.value)
        selection = Selection(selection.rect, selection.cells & allowed, selection.step)
    cropped = selection.cropped()
    drawing = draw_selection(cropped, question.viewport, question.pixel_ratio) if cropped is not None else None
    return _Answer(field, cropped, drawing)


def _is_cut_off(answer: _Answer, image: tuple[int, int]) -> bool:
    """Whether the selection ends where the wand's window does and not the picture."""
    if answer.selection is None:
        return False
    found, window = answer.selection.rect, answer.field.rect
    return (
        (found.x == window.x > 0)
        or (found.y == window.y > 0)
        or (found.right == window.right < image[0])
        or (found.bottom == window.bottom < image[1])
    )
