"""How one tile of the review grid looks: a caption in words, badges, and its pictures side by side."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from PySide6.QtCore import QObject, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QPixmap

from studio.core.items import Split
from studio.core.report import error_figure, error_in_words
from studio.core.review import Decision, ReviewItem
from studio.core.settings import Task
from studio.ui.review.answer_bars import paint_answers
from studio.ui.review.differences import MASK_OPACITY
from studio.ui.review.flicker import Flicker, shown_pane
from studio.ui.review.pictures import Pictures
from studio.ui.review.tile_layout import PANE_NAMES, TileLayout, TileMeasures
from studio.ui.review.tile_words import badges_of, shortened, stem_of
from studio.ui.theme import theme

_BADGE_GAP: Final = 4
_NAME_GAP: Final = 6
_ROUNDING: Final = 7.0
_SPLIT_COLORS: Final = {
    Split.TRAIN: "series_1",
    Split.VALID: "series_2",
    Split.TEST: "series_4",
    Split.PRODUCTION: "series_6",
}

_CORRECTED: Final = frozenset({Decision.ACCEPTED, Decision.EDITED})
"""Decisions after which the label is no longer the one that the run's figures are about."""

_LEFT: Final = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter

FindPictures = Callable[[ReviewItem], Pictures | None]
PaintPicture = Callable[[QPainter, QRectF, Pictures], None]
"""Is given where the picture lies."""

_MOST_PIXELS: Final = 7_000_000
"""Of tiles kept as they were drawn: some screens full, on a plain screen."""

_MOST_PARTS: Final = 64
"""Frames and badges that are kept; a window that is being resized asks for ever other sizes."""


@dataclass(frozen=True)
class _Kept:
    key: tuple[object, ...]
    pictures: Pictures | None
    image: QPixmap

    @property
    def pixels(self) -> int:
        return self.image.width() * self.image.height()


def figures_in_words(review: ReviewItem, task: Task) -> tuple[str, str]:
    """The item's error and loss; “was” where the label was corrected since the run scored it. Without a label there is
    no loss."""
    if not review.score.labelled:
        was = review.decision in _CORRECTED
        return "had no label" if was else "no label to judge by", ""
    error, loss = error_in_words(review.score.error, task), f"loss {review.score.loss:.3g}"
    return (f"was {error}", f"was {loss}") if review.decision in _CORRECTED else (error, loss)


class TilePainter(QObject):
    """`find` gives the pictures of an item, or None while they are being drawn; `flicker` says which of them stand at
    another's place."""

    def __init__(
        self,
        task: Task,
        find: FindPictures,
        font: QFont,
        parent: QObject | None = None,
        *,
        classes: int = 2,
        flicker: Flicker | None = None,
    ) -> None:
        super().__init__(parent)
        self.opacity = MASK_OPACITY
        """Of masks over their pictures, 0 to 1."""
        self._flicker = flicker or Flicker(self)
        self._task = task
        self._find = find
        self._font = font
        self._bold = QFont(font)
        self._bold.setWeight(QFont.Weight.DemiBold)
        self._small = QFont(font)
        self._small.setPointSizeF(max(7.0, font.pointSizeF() * 0.85))
        self._bold_metrics = QFontMetrics(self._bold)
        self._small_metrics = QFontMetrics(self._small)
        self._small_line = self._small_metrics.height()
        self._measures = TileMeasures(task, classes, self._bold_metrics.height(), self._small_line)
        self._laid_out: tuple[int, float, TileLayout] | None = None
        self._kept: OrderedDict[int, _Kept] = OrderedDict()
        self._kept_pixels = 0
        self._parts: dict[tuple[object, ...], QPixmap] = {}
        theme().changed.connect(self.forget)

    # -- geometry -----------------------------------------------------------------------------------------------------

    def set_classes(self, count: int) -> None:
        """How many classes the project has, which is how many answers there can be."""
        self._measures = replace(self._measures, classes=count)
        self._laid_out = None
        self.forget()

    def layout(self, width: int, aspect: float) -> TileLayout:
        """All tiles have one size, so the last layout is nearly always the one that is asked for."""
        known = self._laid_out
        if known is None or known[:2] != (width, aspect):
            known = self._laid_out = width, aspect, self._measures.layout(width, aspect)
        return known[2]

    def pane_size(self, width: int, aspect: float) -> QSize:
        return self.layout(width, aspect).panes[0].size()

    def height(self, width: int, aspect: float) -> int:
        return self.layout(width, aspect).height

    # -- painting -----------------------------------------------------------------------------------------------------

    def paint(
        self, painter: QPainter, rect: QRect, review: ReviewItem, *, aspect: float, selected: bool, current: bool
    ) -> None:
        """Draw the tile into `rect`. Scrolling draws the same tiles again and again, so each is kept as one image."""
        ratio = painter.device().devicePixelRatioF()
        pictures = self._find(review)
        if pictures is None:
            self._draw(painter, rect, review, None, aspect, selected, current)
            return
        score = review.score
        turn = self._flicker.turn(score.item)
        key = (
            review.run,
            score.item,
            score.loss,
            review.decision,
            review.note,
            selected,
            current,
            rect.size(),
            ratio,
            turn,
            self.opacity if pictures.masks else None,
        )
        kept = self._kept.get(score.item)
        if kept is None or kept.key != key or kept.pictures is not pictures:
            image = _transparent(rect.size(), ratio)
            inner = QPainter(image)
            self._draw(inner, QRect(QPoint(0, 0), rect.size()), review, pictures, aspect, selected, current)
            inner.end()
            kept = _Kept(key, pictures, image)
            self._keep(score.item, kept)
        self._kept.move_to_end(score.item)
        painter.drawPixmap(rect.topLeft(), kept.image)

    def picture_at(
        self, rect: QRect, review: ReviewItem, aspect: float, point: QPoint
    ) -> tuple[QRectF, Pictures] | None:
        """The picture of the tile in `rect` that lies under `point`: where it is, and of what."""
        pictures = self._find(review)
        if pictures is None or pictures.trouble:
            return None
        for target in self._targets(rect, aspect, pictures):
            if target.contains(point):
                return QRectF(target), pictures
        return None

    def paint_over(
        self, painter: QPainter, rect: QRect, review: ReviewItem, aspect: float, paint: PaintPicture
    ) -> None:
        """Paint something over each picture of a tile that is painted already."""
        pictures = self._find(review)
        if pictures is not None and not pictures.trouble:
            for target in self._targets(rect, aspect, pictures):
                paint(painter, QRectF(target), pictures)

    def _targets(self, rect: QRect, aspect: float, pictures: Pictures) -> list[QRect]:
        """Where the pictures of a tile lie."""
        boxes = [box.translated(rect.topLeft()) for box in self.layout(rect.width(), aspect).panes]
        alone = len(boxes) == 1
        return [_within(box, pictures.panes[-1 if alone else n].size()) for n, box in enumerate(boxes)]

    def forget(self) -> None:
        """Colours changed: draw every tile anew."""
        self._kept.clear()
        self._kept_pixels = 0
        self._parts.clear()

    def _keep(self, item: int, kept: _Kept) -> None:
        old = self._kept.pop(item, None)
        self._kept_pixels += kept.pixels - (old.pixels if old is not None else 0)
        self._kept[item] = kept
        most = _MOST_PIXELS * kept.image.devicePixelRatio() ** 2
        while self._kept_pixels > most and len(self._kept) > 1:
            _item, dropped = self._kept.popitem(last=False)
            self._kept_pixels -= dropped.pixels

    def _draw(
        self,
        painter: QPainter,
        rect: QRect,
        review: ReviewItem,
        pictures: Pictures | None,
        aspect: float,
        selected: bool,
        current: bool,
    ) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        layout = self.layout(rect.width(), aspect)
        painter.drawPixmap(rect.topLeft(), self._frame(painter, rect.size(), layout, selected, current))
        panes = [pane.translated(rect.topLeft()) for pane in layout.panes]
        if pictures is not None:
            if pictures.trouble:
                self._paint_trouble(painter, panes[0].united(panes[-1]), pictures.trouble)
            else:
                self._paint_panes(painter, panes, review, pictures, named=selected)
            answers = layout.answers.translated(rect.topLeft())
            paint_answers(painter, answers, pictures.answers, self._small, threshold=pictures.threshold)
        self._paint_caption(painter, layout.caption.translated(rect.topLeft()), review)

    def _frame(self, painter: QPainter, tile: QSize, layout: TileLayout, selected: bool, current: bool) -> QPixmap:
        """The card and its empty panes, which most tiles have in common."""
        ratio = painter.device().devicePixelRatioF()
        first = layout.panes[0]
        sizes = (tile.width(), tile.height(), first.width(), first.height(), len(layout.panes))
        key = ("frame", *sizes, selected, current, ratio)
        return self._part(key, lambda: self._draw_frame(tile, layout, selected, current, ratio))

    def _draw_frame(self, tile: QSize, layout: TileLayout, selected: bool, current: bool, ratio: float) -> QPixmap:
        frame = _transparent(tile, ratio)
        painter = QPainter(frame)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_card(painter, QRect(QPoint(0, 0), tile), selected=selected, current=current)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color("canvas"))
        for pane in layout.panes:
            painter.drawRoundedRect(pane, 3, 3)
        painter.end()
        return frame

    def _part(self, key: tuple[object, ...], draw: Callable[[], QPixmap]) -> QPixmap:
        """What many tiles have in common, drawn once."""
        part = self._parts.get(key)
        if part is None:
            if len(self._parts) >= _MOST_PARTS:
                self._parts.clear()
            part = self._parts[key] = draw()
        return part

    @staticmethod
    def _paint_card(painter: QPainter, rect: QRect, *, selected: bool, current: bool) -> None:
        line = theme().color("accent" if selected or current else "line")
        painter.setPen(QPen(line, 2.0 if selected else 1.0))
        painter.setBrush(theme().color("accent_soft" if selected else "raised"))
        edge = 1.0 if selected else 0.5
        painter.drawRoundedRect(QRectF(rect).adjusted(edge, edge, -edge, -edge), _ROUNDING, _ROUNDING)

    def _paint_panes(
        self, painter: QPainter, boxes: list[QRect], review: ReviewItem, pictures: Pictures, *, named: bool
    ) -> None:
        faded = review.decision is Decision.LEFT_OUT
        turn = self._flicker.turn(review.score.item)
        alone = len(boxes) == 1
        for place, box in enumerate(boxes):
            shown = shown_pane(len(pictures.panes) - 1 if alone else place, turn, alone=alone)
            pane = pictures.shown(shown, self.opacity)
            target = _within(box, pane.size())
            painter.setOpacity(0.4 if faded else 1.0)
            painter.drawImage(target, pane)
            painter.setOpacity(1.0)
            if (named or turn) and len(pictures.panes) > 1:
                self._paint_pane_name(painter, target, PANE_NAMES[self._task][shown])

    def _paint_pane_name(self, painter: QPainter, pane: QRect, name: str) -> None:
        box = QRect(0, 0, self._small_metrics.horizontalAdvance(name) + 10, self._small_line + 2)
        if box.width() > pane.width():
            return
        box.moveBottomLeft(pane.bottomLeft())
        painter.fillRect(box, QColor(0, 0, 0, 150))
        painter.setFont(self._small)
        painter.setPen(QColor(255, 255, 255, 230))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, name)

    def _paint_trouble(self, painter: QPainter, room: QRect, trouble: str) -> None:
        painter.setFont(self._small)
        painter.setPen(theme().color("danger"))
        painter.drawText(room.adjusted(8, 4, -8, -4), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, trouble)

    def _paint_caption(self, painter: QPainter, rect: QRect, review: ReviewItem) -> None:
        score = review.score
        top = QRect(rect.left(), rect.top(), rect.width(), self._measures.line)
        right = self._paint_badges(painter, top, review)
        name = QRect(top.left(), top.top(), right - top.left() - _NAME_GAP, top.height())
        painter.setFont(self._bold)
        painter.setPen(theme().color("text"))
        painter.drawText(name, _LEFT, shortened(self._bold_metrics, score.name, name.width()))
        low = QRect(rect.left(), top.bottom() + 4, rect.width(), self._small_line)
        split = "corrected" if score.corrected else score.split.value
        right = self._paint_badge(painter, rect.right() + 1, low, split, _SPLIT_COLORS[score.split])
        self._paint_figures(painter, QRect(low.left(), low.top(), right - low.left() - 6, low.height()), review)

    def _paint_badges(self, painter: QPainter, line: QRect, review: ReviewItem) -> int:
        """What was decided and asked: in words where the name has room beside them, else as the icons of the keys.
        Returns where they begin."""
        badges = badges_of(review)
        room = line.width() - self._bold_metrics.horizontalAdvance(stem_of(review.score.name)) - _NAME_GAP
        in_words = sum(self._badge_width(badge.words) + _BADGE_GAP for badge in badges) - _BADGE_GAP <= room
        right = line.right() + 1
        for badge in badges:
            icon = "" if in_words else badge.icon
            right = self._paint_badge(painter, right, line, badge.words, badge.role, icon=icon) - _BADGE_GAP
        return right + _BADGE_GAP if badges else right

    def _paint_figures(self, painter: QPainter, rect: QRect, review: ReviewItem) -> None:
        painter.setFont(self._small)
        error, loss = figures_in_words(review, self._task)
        if review.score.labelled and self._small_metrics.horizontalAdvance(error) > rect.width():
            error = error_figure(review.score.error, self._task)
        corrected = review.decision in _CORRECTED
        painter.setPen(theme().color("muted" if corrected else "text"))
        painter.drawText(rect, _LEFT, _fitted(self._small_metrics, error, rect.width(), Qt.TextElideMode.ElideRight))
        used = self._small_metrics.horizontalAdvance(error) + 10
        if rect.width() - used >= self._small_metrics.horizontalAdvance(loss):
            painter.setPen(theme().color("muted"))
            painter.drawText(rect.adjusted(used, 0, 0, 0), _LEFT, loss)

    def _paint_badge(self, painter: QPainter, right: int, line: QRect, words: str, role: str, *, icon: str = "") -> int:
        """Draw a badge that ends at `right`, with an icon in the place of its words if one is named; returns where it
        begins."""
        ratio = painter.device().devicePixelRatioF()
        key = ("badge", words, icon, role, ratio)
        badge = self._part(key, lambda: self._draw_badge(words, role, ratio, icon))
        width = round(badge.width() / ratio)
        painter.drawPixmap(QPoint(right - width, line.center().y() - self._small_line // 2), badge)
        return right - width

    def _badge_width(self, words: str) -> int:
        return self._small_metrics.horizontalAdvance(words) + 12

    def _draw_badge(self, words: str, role: str, ratio: float, icon: str) -> QPixmap:
        width = self._small_line + 5 if icon else self._badge_width(words)
        box = QRect(0, 0, width, self._small_line + 1)
        badge = _transparent(box.size(), ratio)
        color = theme().color(role)
        soft = QColor(color)
        soft.setAlphaF(0.17)
        painter = QPainter(badge)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(soft)
        painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
        if icon:
            theme().icon(icon, role).paint(painter, box.adjusted(2, 1, -2, -1))
        else:
            painter.setFont(self._small)
            painter.setPen(color)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)
        painter.end()
        return badge


def _within(box: QRect, size: QSize) -> QRect:
    """The largest rectangle of the shape of `size` in the middle of `box`."""
    target = QRect(box.topLeft(), size.scaled(box.size(), Qt.AspectRatioMode.KeepAspectRatio))
    target.moveCenter(box.center())
    return target


def _transparent(size: QSize, ratio: float) -> QPixmap:
    pixmap = QPixmap(size * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    return pixmap


def _fitted(metrics: QFontMetrics, text: str, width: int, mode: Qt.TextElideMode) -> str:
    """`text`, cut to `width` pixels where it is wider."""
    return text if metrics.horizontalAdvance(text) <= width else metrics.elidedText(text, mode, width)
