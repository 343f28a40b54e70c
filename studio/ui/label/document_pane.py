"""The document that is labelled, as one reads a page: a column of comfortable width, however long the text is."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSettings, Qt, QTimer, Signal
from PySide6.QtGui import QFont, QKeyEvent, QResizeEvent, QTextBlockFormat, QTextCharFormat, QTextCursor, QWheelEvent
from PySide6.QtWidgets import QFrame, QLabel, QStackedWidget, QTextEdit, QVBoxLayout, QWidget

from studio.ui.label.tokens_view import TokensView
from studio.ui.theme import theme

_COLUMN: Final = 76
"""Letters in a line, about as many as a book has."""

_LINE_HEIGHT: Final = 150.0
_PIECE: Final = 24_000
"""Letters that are laid out at once: a few milliseconds."""

_AHEAD: Final = 2
"""Pages of the window that are laid out below what is seen."""

_SMALLEST: Final = 70
_LARGEST: Final = 300
_STEP: Final = 10
_NOTCH: Final = 120
_SIZE_KEY: Final = "label/text/size"
_LARGER_THAN_ELSEWHERE: Final = 1.2
_MARGIN: Final = 28


class DocumentPane(QFrame):
    """Shows a text for reading and copying. A long one is laid out piece by piece as it is scrolled into sight."""

    tokens_wanted = Signal(str)
    """The text whose tokens are to be shown on `tokens`."""
    zoomed = Signal(float)
    """The text's size, 1 being 100 %."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("document_pane")
        self.percent = min(max(int(str(QSettings().value(_SIZE_KEY, 100))), _SMALLEST), _LARGEST)
        self._text = ""
        self._shown = 0
        self._to_end = False
        self.page = _Page()
        self.page.setAccessibleName("Document")
        self.sentence = QLabel()
        self.sentence.setProperty("role", "muted")
        self.sentence.setWordWrap(True)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.sentence.setMargin(_MARGIN)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.page)
        self._stack.addWidget(self.sentence)
        self.tokens = TokensView()
        self._stack.addWidget(self.tokens)
        self.shows_tokens = False
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)
        self._more = QTimer(self, singleShot=True, interval=0)
        self._more.timeout.connect(self._lay_out_what_is_near)
        bar = self.page.verticalScrollBar()
        bar.valueChanged.connect(lambda _value: self._more.start())
        bar.rangeChanged.connect(lambda _least, _most: self._more.start())
        self.page.wheel_zoomed.connect(self.zoom)
        self.page.end_wanted.connect(self._go_to_end)
        self.setFocusProxy(self.page)
        theme().changed.connect(self._dress)
        self._dress()

    @property
    def text(self) -> str:
        """All of it, also what is not laid out yet."""
        return self._text

    def show_text(self, text: str) -> None:
        """From its beginning."""
        self._text, self._shown, self._to_end = text, 0, False
        self.page.clear()
        self._append_piece()
        self.page.moveCursor(QTextCursor.MoveOperation.Start)
        self.page.verticalScrollBar().setValue(0)
        self._show_page()

    def show_sentence(self, sentence: str) -> None:
        """In place of a document."""
        self._text, self._shown = "", 0
        self.page.clear()
        self.sentence.setText(sentence)
        self._stack.setCurrentWidget(self.sentence)

    def show_tokens(self, on: bool) -> None:
        """What a model reads of the document, token by token, in place of the page; or the page again."""
        self.shows_tokens = on
        if self._stack.currentWidget() is not self.sentence:
            self._show_page()

    def _show_page(self) -> None:
        if self.shows_tokens:
            self.tokens_wanted.emit(self._text)
        self._stack.setCurrentWidget(self.tokens if self.shows_tokens else self.page)
        self.setFocusProxy(self.tokens.page if self.shows_tokens else self.page)

    def zoom(self, steps: int) -> None:
        """Larger or smaller letters, kept between sessions."""
        self.set_percent(self.percent + steps * _STEP)

    def set_percent(self, percent: int) -> None:
        self.percent = min(max(percent, _SMALLEST), _LARGEST)
        QSettings().setValue(_SIZE_KEY, self.percent)
        self._dress()

    def close_down(self) -> None:
        self._more.stop()

    def _dress(self) -> None:
        font = QFont(self.font())
        font.setPointSizeF(font.pointSizeF() * _LARGER_THAN_ELSEWHERE * self.percent / 100)
        self.page.setFont(font)
        self.tokens.page.setFont(font)
        self.page.fit_column()
        self.zoomed.emit(self.percent / 100)

    def _lay_out_what_is_near(self) -> None:
        """One piece at a time, so that the window answers in between."""
        bar = self.page.verticalScrollBar()
        is_near = bar.value() + _AHEAD * self.page.height() >= bar.maximum()
        if self._shown < len(self._text) and (is_near or self._to_end):
            self._append_piece()
            self._more.start()
        elif self._to_end:
            self._to_end = bar.value() < bar.maximum()  # laying out goes on for a moment, and the end moves with it
            bar.setValue(bar.maximum())
            if self._to_end:
                self._more.start()

    def _append_piece(self) -> None:
        """One piece more, up to the end of a paragraph. Where a paragraph is longer than a piece, its next piece begins
        on a line of its own, because a paragraph is laid out as a whole."""
        end, cut = min(self._shown + _PIECE, len(self._text)), -1
        if end < len(self._text):
            cut = self._text.rfind("\n", self._shown + 1, end)
            end = cut + 1 if cut > 0 else self._text.rfind(" ", self._shown + 1, end) + 1 or end
        cursor = QTextCursor(self.page.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        block = QTextBlockFormat()
        block.setLineHeight(_LINE_HEIGHT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        cursor.setBlockFormat(block)
        cursor.insertText(self._text[self._shown : end], QTextCharFormat())
        if cut <= 0 and end < len(self._text):
            cursor.insertBlock()
        self._shown = end

    def _go_to_end(self) -> None:
        """Jump to the end, once all of a long document is laid out."""
        self._to_end = True
        self._more.start()


class _Page(QTextEdit):
    wheel_zoomed = Signal(int)
    end_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "document")
        self.setReadOnly(True)
        self.setCursorWidth(0)
        self.setUndoRedoEnabled(False)
        self.setAcceptRichText(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setLineWrapMode(QTextEdit.LineWrapMode.FixedPixelWidth)  # the same with a scroll bar and without
        self._rest = 0

    def fit_column(self) -> None:
        """Centre a column of `_COLUMN` letters; a narrow window has all of its width."""
        column = self.fontMetrics().averageCharWidth() * _COLUMN
        room = self.width() - self.verticalScrollBar().sizeHint().width()
        side = max(_MARGIN, (room - column) // 2)
        right = max(_MARGIN, side - _MARGIN)
        self.setViewportMargins(side, _MARGIN, right, _MARGIN // 2)
        self.setLineWrapColumnOrWidth(max(1, room - side - right))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.fit_column()
        super().resizeEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._rest += event.angleDelta().y()
            notches = int(self._rest / _NOTCH)
            self._rest -= notches * _NOTCH
            self.wheel_zoomed.emit(notches)
            event.accept()
        else:
            super().wheelEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_End and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.end_wanted.emit()
        elif event.key() == Qt.Key.Key_Home and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.moveCursor(QTextCursor.MoveOperation.Start)
            self.verticalScrollBar().setValue(0)
        elif event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up) and not event.modifiers():
            step = self.verticalScrollBar().singleStep() * (3 if event.key() == Qt.Key.Key_Down else -3)
            self.verticalScrollBar().setValue(self.verticalScrollBar().value() + step)
        elif event.key() == Qt.Key.Key_Space:
            pages = -1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
            bar = self.verticalScrollBar()
            bar.setValue(bar.value() + pages * int(0.9 * bar.pageStep()))
        else:
            super().keyPressEvent(event)
