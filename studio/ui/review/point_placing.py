"""A click on the large picture puts a keypoint where it belongs."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QKeySequence, QPainter, QShortcut

from studio.core.deciding import PlacePoint
from studio.core.points import Keypoint, Points, Visibility
from studio.core.review import ReviewItem
from studio.ui.review.decisions import Decisions
from studio.ui.review.differences import point_pairs
from studio.ui.review.gallery import Gallery
from studio.ui.review.over_picture import paint_words
from studio.ui.review.pictures import Pictures
from studio.ui.session import Session

_MOST_KEYS = 9


class PointPlacing(QObject):
    """Which point a click places: the one whose number was pressed, else the one farthest from its prediction. One that
    is hidden stays so."""

    def __init__(self, session: Session, gallery: Gallery, decisions: Decisions, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._preview = gallery.preview
        self._decisions = decisions
        self._chosen: tuple[int, int] | None = None
        """Of which item, and the index of the keypoint."""
        canvas = self._preview.canvas
        canvas.setCursor(Qt.CursorShape.CrossCursor)
        canvas.clicked.connect(self._click)
        canvas.over = self._paint
        for number in range(min(_MOST_KEYS, len(session.settings.keypoints))):
            shortcut = QShortcut(QKeySequence(str(number + 1)), self._preview)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(lambda index=number: self.choose(index))

    def choose(self, index: int) -> None:
        """The next click on this item places this keypoint."""
        review = self._preview.review
        if review is not None and not self._session.settings.keypoints[index].retired:
            self._chosen = review.score.item, index
            self._preview.canvas.update()

    def next_point(self, review: ReviewItem) -> tuple[int, int] | None:
        """Index and instance of the keypoint that a click places; None where the project asks for none."""
        label = self._session.store.read_points(review.score.item) or Points()
        said = review.score.points or Points()
        pairs = point_pairs(label, said)
        worst = max(pairs, key=lambda pair: (pair[0].x - pair[1].x) ** 2 + (pair[0].y - pair[1].y) ** 2, default=None)
        if self._chosen is not None and self._chosen[0] == review.score.item:
            return self._chosen[1], worst[0].instance if worst is not None else 0
        if worst is not None:
            return worst[0].index, worst[0].instance
        names = self._session.settings.keypoints
        missing = (i for i, name in enumerate(names) if not name.retired and label.get(i) is None)
        index = next(missing, None)
        return (index, 0) if index is not None else None

    def _click(self, position: QPointF) -> None:
        review, place = self._preview.review, self._preview.canvas.original_at(position)
        wanted = self.next_point(review) if review is not None else None
        if review is None or place is None or wanted is None:
            return
        index, instance = wanted
        self._decisions.finish()
        known = (self._session.store.read_points(review.score.item) or Points()).get(index, instance)
        hidden = known is not None and known.visibility is Visibility.HIDDEN
        point = Keypoint(
            index=index,
            x=round(place.x(), 2),
            y=round(place.y(), 2),
            visibility=Visibility.HIDDEN if hidden else Visibility.VISIBLE,
            instance=instance,
        )
        self._decisions.act([review.score.item], PlacePoint(point))

    def _paint(self, painter: QPainter, target: QRectF, _pictures: Pictures, _pane: int) -> None:
        review = self._preview.review
        wanted = self.next_point(review) if review is not None else None
        if wanted is None:
            return
        names = self._session.settings.keypoints
        others = f"  ·  1 – {min(_MOST_KEYS, len(names))}: another one" if len(names) > 1 else ""
        paint_words(painter, target, f"A click places {names[wanted[0]].name}{others}")
