"""What a tool is, and what it gets to work with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

from PySide6.QtCore import QObject, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QPainter

from studio.core.document import Document
from studio.core.seen_first import Rows
from studio.core.settings import ProjectSettings
from studio.core.sketches import Sketch
from studio.ui.label.choices import Choices, ToolName
from studio.ui.label.huge_edits import HugeEdits
from studio.ui.label.picture import Picture
from studio.ui.label.viewport import Viewport


@dataclass(frozen=True, slots=True)
class Pointer:
    """A mouse event. `x` and `y` in image pixels (a pixel's centre at +0.5), `device` in device pixels of the canvas.

    `erase` is the right button, or the eraser's end of a pen; `pressure` (0–1) is a pen's, None is a mouse, which has
    none.
    """

    x: float
    y: float
    device: tuple[float, float]
    erase: bool = False
    shift: bool = False
    ctrl: bool = False
    alt: bool = False
    pressure: float | None = None


class Bench(Protocol):
    """What a tool works on: the canvas, as far as a tool may know it."""

    @property
    def document(self) -> Document | None: ...

    @property
    def viewport(self) -> Viewport: ...

    @property
    def choices(self) -> Choices: ...

    @property
    def settings(self) -> ProjectSettings: ...

    @property
    def picture(self) -> Picture | None:
        """The decoded picture; its `pixels` may be read on any thread."""
        ...

    @property
    def owner(self) -> QObject:
        """What a tool's threads belong to: they end with it."""
        ...

    @property
    def pixel_ratio(self) -> float:
        """Device pixels a logical pixel; what a person should see at a constant size is multiplied by it."""
        ...

    @property
    def huge_edits(self) -> HugeEdits:
        """What takes too long to be worked out at once."""
        ...

    def repaint_soon(self, area: QRectF) -> None:
        """Paint these device pixels again."""
        ...

    def rows_shown(self) -> Rows | None:
        """The picture's rows that show, ascending, where they are few of all; None where they are not."""
        ...

    def pan(self, dx: float, dy: float) -> None:
        """Move the picture by device pixels."""
        ...

    def hint(self, sentence: str) -> None:
        """Tell the person something that is no error."""
        ...


class Tool:
    """One tool. Its methods are called by the canvas; StudioErrors that they raise are shown to the person."""

    name: ClassVar[ToolName]
    cursor: ClassVar[Qt.CursorShape] = Qt.CursorShape.CrossCursor
    takes_pressure: ClassVar[bool] = False
    """Whether a pen speaks to the tool itself; to the other tools it is a mouse."""
    usage: ClassVar[str] = ""
    """How the tool is used, in a few words for the status line."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench

    @property
    def class_to_paint(self) -> int | None:
        """The chosen class; None while the project has none, which `say_no_class` tells."""
        return self.bench.choices.class_id if self.bench.choices.class_id >= 0 else None

    def say_no_class(self) -> None:
        self.bench.hint("There is no class to paint yet: add one in the panel on the right.")

    @property
    def is_busy(self) -> bool:
        """Whether something is half done, such as a stroke."""
        return False

    def wants_alt(self, pointer: Pointer) -> bool:
        """Whether a press with Alt here is the tool's; else it picks the class under the cursor."""
        return False

    def press(self, pointer: Pointer) -> None:
        """A button went down (left, or right with `pointer.erase`)."""

    def drag(self, pointer: Pointer) -> None:
        """The mouse moved while that button is down."""

    def release(self, pointer: Pointer) -> None:
        """That button went up."""

    def double_click(self, pointer: Pointer) -> None:
        """The second press of a double click, in place of `press`."""
        self.press(pointer)

    def hover(self, pointer: Pointer) -> None:
        """The mouse moved with no button down."""

    def leave(self) -> None:
        """The mouse left the canvas."""

    def put_down(self) -> None:
        """Another tool is taken up."""
        self.leave()

    def key(self, event: QKeyEvent) -> bool:
        """A key was pressed; says whether the tool took it."""
        return False

    def key_released(self, event: QKeyEvent) -> None:
        """A key went up for good."""

    def finish(self) -> None:
        """Do what is half done, such as painting an outline."""

    def step_back(self) -> bool:
        """Undo within what is half done; says whether there was anything."""
        return self.cancel()

    def step_forward(self) -> bool:
        """Redo within what is half done; says whether there was anything."""
        return False

    def cancel(self) -> bool:
        """Give up what is half done; says whether there was anything."""
        return False

    def item_left(self) -> None:
        """Another item is about to be shown; `bench.document` is still the old one."""
        self.cancel()

    def item_shown(self) -> None:
        """`bench.document` is another one now."""

    def waiting(self) -> dict[int, Sketch]:
        """What was begun and is not painted yet, by item id; on the shown item, too."""
        return {}

    def take_back(self, waiting: Mapping[int, Sketch]) -> None:
        """What waited when the project was closed."""

    def picture_changed(self) -> None:
        """More of the picture is there than before, such as the whole after a preview."""

    def annotation_changed(self) -> None:
        """The document changed, by this tool or by another hand."""

    def refresh(self) -> None:
        """A choice changed, such as the brush's size."""

    def paint(self, painter: QPainter) -> None:
        """Draw what belongs to the tool over the picture, in device pixels."""
