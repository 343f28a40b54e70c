"""One review item, large: label, prediction and difference in turn on one key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from studio.core.report import score_in_words
from studio.core.review import Decision, ReviewItem, note_in_words
from studio.core.settings import TAG_TASKS, Task
from studio.ui.review.answer_bars import paint_answers, paint_tick
from studio.ui.review.differences import MASK_OPACITY
from studio.ui.review.document_tile import AWAY, TOWARDS
from studio.ui.review.flicker import Flicker, shown_pane
from studio.ui.review.pictures import Pictures
from studio.ui.review.tile_layout import PANE_NAMES
from studio.ui.review.tile_words import DECISION_WORDS
from studio.ui.theme import theme

_STEPS: Final = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Down: 1,
}


_WIDEST_ANSWERS: Final = 340
_ANSWERS_SHARE: Final = 0.34
_MARGIN: Final = 14
_ANSWERS_HEADING: Final = "What the model says"


PaintOver = Callable[[QPainter, QRectF, Pictures, int], None]
"""Is given where the picture lies, in logical pixels, and which pane it is."""


class Preview(QWidget):
    """Shows what it is given; `stepped` asks for the item before or after, `closed` for the grid. `flicker` puts one
    picture at another's place."""

    closed = Signal()
    stepped = Signal(int)
    resized = Signal()

    def __init__(self, task: Task, flicker: Flicker, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._task = task
        self._flicker = flicker
        self._item: int | None = None
        self.review: ReviewItem | None = None
        """The item that shows."""
        self._place = 0
        self.setObjectName("review_preview")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._name = QLabel()
        self._name.setTextFormat(Qt.TextFormat.PlainText)
        self._name.setProperty("role", "heading")
        self._figures = QLabel()
        self._figures.setProperty("role", "muted")
        self._back = _back_button()
        self._back.clicked.connect(self.closed)
        self.show_way_back()
        self.canvas = PreviewCanvas(has_answers=task in TAG_TASKS)
        self.canvas.pressed.connect(self.setFocus)
        self._views = QButtonGroup(self)
        bar = QHBoxLayout()
        bar.setContentsMargins(10, 6, 10, 6)
        bar.setSpacing(10)
        bar.addWidget(self._back)
        bar.addWidget(self._name)
        bar.addWidget(self._figures)
        bar.addStretch(1)
        for place, name in enumerate(PANE_NAMES[task]):
            button = QToolButton()
            button.setText(name)
            button.setCheckable(True)
            button.setObjectName(f"preview_{name.lower()}")
            button.setToolTip(f"{name} (D shows the next one)")
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(lambda _checked, place=place: self._choose(place))
            self._views.addButton(button, place)
            bar.addWidget(button)
            button.setVisible(len(PANE_NAMES[task]) > 1)
        flicker.changed.connect(lambda _item: self._show_pane())
        self._show_pane()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        layout.addWidget(self.canvas, 1)
        theme().changed.connect(self._dress)
        self._dress()

    def _dress(self) -> None:
        self._back.setIcon(theme().icon("previous"))

    @property
    def pane(self) -> int:
        """Which of the task's pictures shows, be it for as long as a key is held."""
        return self.canvas.pane

    @property
    def room(self) -> QSize:
        """The room of the picture, in logical pixels."""
        return self.canvas.picture_room

    def show_review(self, review: ReviewItem, pictures: Pictures | None) -> None:
        score = review.score
        self._item = score.item
        self.review = review
        self._name.setText(score.name)
        words = [*score_in_words(score, self._task), score.split.value]
        if review.decision is not Decision.UNDECIDED:
            words.append(DECISION_WORDS[review.decision])
        if review.note is not None:
            words.append("asked" if review.note.is_open else "answered")
        self._figures.setToolTip(note_in_words(review.note) if review.note is not None else "")
        self._figures.setText("  ·  ".join(words))
        self.canvas.show_pictures(pictures)
        self._show_pane()

    def show_way_back(self, words: str = "Back to the grid") -> None:
        """Where closing it leads."""
        self._back.setText(words)
        self._back.setToolTip(f"{words} (Esc or Space)")

    def show_next_pane(self) -> None:
        self._choose((self.canvas.pane + 1) % len(self._views.buttons()))

    def _choose(self, place: int) -> None:
        self._place = place
        self._flicker.forget()
        self._show_pane()

    def _show_pane(self) -> None:
        turn = 0 if self._item is None else self._flicker.turn(self._item)
        shown = shown_pane(self._place, turn, alone=True)
        self._views.button(shown).setChecked(True)
        self.canvas.show_pane(shown)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        elif event.key() in _STEPS:
            self.stepped.emit(_STEPS[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.canvas.update()


class PreviewCanvas(QWidget):
    """The picture, and where the mouse is on it; positions are in logical pixels of this widget."""

    pressed = Signal()
    clicked = Signal(QPointF)
    """With the left button."""
    pointed = Signal(QPointF)
    left = Signal()

    def __init__(self, *, has_answers: bool) -> None:
        super().__init__()
        self._has_answers = has_answers
        self.pane = 0
        self.pictures: Pictures | None = None
        self.opacity = MASK_OPACITY
        """Of the mask over the picture, 0 to 1."""
        self._composed: tuple[Pictures, int, float, QImage] | None = None
        """What was painted last: the mouse over it paints it again and again."""
        self.over: PaintOver | None = None
        """Paints over the picture."""
        self.setMouseTracking(True)

    def show_pane(self, place: int) -> None:
        self.pane = place
        self.update()

    def show_pictures(self, pictures: Pictures | None) -> None:
        self.pictures = pictures
        self.update()

    @property
    def target(self) -> QRectF | None:
        """Where the picture lies; None without one."""
        pictures = self.pictures
        if pictures is None or pictures.trouble or not pictures.panes:
            return None
        image = pictures.panes[min(self.pane, len(pictures.panes) - 1)]
        room = QRect(self.rect().topLeft(), self.picture_room)
        target = QRect(room.topLeft(), image.size().scaled(room.size(), Qt.AspectRatioMode.KeepAspectRatio))
        target.moveCenter(room.center())
        return QRectF(target)

    def original_at(self, position: QPointF) -> QPointF | None:
        """The place in the original, in its pixels, that shows at this position; None beside the picture."""
        target, pictures = self.target, self.pictures
        if target is None or pictures is None or not target.contains(position):
            return None
        part = pictures.part(self.pane)
        across = (position.x() - target.x()) / target.width()
        down = (position.y() - target.y()) / target.height()
        return QPointF(part.x() + across * part.width(), part.y() + down * part.height())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.pressed.emit()
        if event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.pointed.emit(event.position())

    def leaveEvent(self, event: QEvent) -> None:
        self.left.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(self.rect(), theme().color("canvas"))
        pictures = self.pictures
        if pictures is None:
            return
        if self._has_answers:
            self._paint_answers(painter, pictures)
        room = QRect(self.rect().topLeft(), self.picture_room)
        if pictures.trouble:
            painter.setPen(theme().color("danger"))
            painter.drawText(room.adjusted(40, 0, -40, 0), _CENTRED, pictures.trouble)
            return
        target = self.target
        if target is not None:
            painter.drawImage(target, self._image(pictures))
            if self.over is not None:
                self.over(painter, target, pictures, self.pane)

    def _image(self, pictures: Pictures) -> QImage:
        pane = min(self.pane, len(pictures.panes) - 1)
        known = self._composed
        if known is None or known[0] is not pictures or known[1:3] != (pane, self.opacity):
            known = self._composed = pictures, pane, self.opacity, pictures.shown(pane, self.opacity)
        return known[3]

    @property
    def picture_room(self) -> QSize:
        """What the answers leave to the picture."""
        return self.size() - QSize(self._answers_width if self._has_answers else 0, 0)

    @property
    def _answers_width(self) -> int:
        return min(_WIDEST_ANSWERS, round(self.width() * _ANSWERS_SHARE))

    def _paint_answers(self, painter: QPainter, pictures: Pictures) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left = self.width() - self._answers_width
        painter.fillRect(left, 0, self._answers_width, self.height(), theme().color("raised"))
        room = self.rect().adjusted(left + _MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
        painter.setPen(theme().color("muted"))
        line = self.fontMetrics().height()
        painter.drawText(room, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, _ANSWERS_HEADING)
        paint_tick(painter, QPointF(room.right() - self.fontMetrics().horizontalAdvance("label") - 12, room.top() + 5))
        painter.setPen(theme().color("muted"))
        painter.drawText(room, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight, "label")
        rows = room.adjusted(0, line + 8, 0, -(2 * line + 18) if pictures.weighed else 0)
        paint_answers(painter, rows, pictures.answers, self.font(), threshold=pictures.threshold)
        if pictures.weighed:
            self._paint_legend(painter, room, next((a.name for a in pictures.answers if a.predicted), ""))

    def _paint_legend(self, painter: QPainter, room: QRect, predicted: str) -> None:
        """What the colours of a document's words say, at the foot of the answers."""
        line = self.fontMetrics().height()
        for place, (role, words) in enumerate(
            ((TOWARDS, f"pushed towards {predicted}"), (AWAY, "pushed away from it"))
        ):
            row = QRect(room.left(), room.bottom() - (2 - place) * (line + 4), room.width(), line)
            swatch = QRect(row.left(), row.center().y() - 5, 12, 12)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme().color(role))
            painter.drawRoundedRect(swatch, 3, 3)
            painter.setPen(theme().color("muted"))
            text = row.adjusted(20, 0, 0, 0)
            fitting = self.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, text.width())
            painter.drawText(text, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, fitting)


def _back_button() -> QToolButton:
    button = QToolButton()
    button.setObjectName("preview_close")
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return button


_CENTRED: Final = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
