"""The caption of a tile: its item's name and what was decided have room beside each other, also in small tiles."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFont, QFontMetrics, QImage, QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QLabel, QToolButton
from pytestqt.qtbot import QtBot

from studio.core.classes import make_classes
from studio.core.items import Split
from studio.core.review import Decision, ItemScore, Note, ReviewItem
from studio.core.settings import Task
from studio.ui.review.confusion import ConfusionPanel
from studio.ui.review.model import ReviewModel
from studio.ui.review.tile_painter import TilePainter
from studio.ui.review.tile_words import shortened

pytestmark = pytest.mark.usefixtures("qapp")


def tile(name: str, decision: Decision, note: Note | None, width: int) -> QImage:
    painter_of_tiles = TilePainter(Task.TEXT, lambda _review: None, QApplication.font())
    height = painter_of_tiles.height(width, 1.3)
    image = QPixmap(width, height)
    score = ItemScore(item=1, name=name, split=Split.VALID, revision=1, loss=1.2, error=1.0)
    review = ReviewItem(run="0001", score=score, decision=decision, note=note)
    painter = QPainter(image)
    painter_of_tiles.paint(painter, QRect(0, 0, width, height), review, aspect=1.3, selected=False, current=False)
    painter.end()
    return image.toImage()


@pytest.mark.parametrize("width", [130, 140, 170, 300])
@pytest.mark.parametrize("note", [None, Note(text="why?")])
@pytest.mark.parametrize("decision", list(Decision))
def test_names_that_differ_in_their_last_number_are_told_apart(
    decision: Decision, note: Note | None, width: int
) -> None:
    assert tile("texts_41.txt", decision, note, width) != tile("texts_47.txt", decision, note, width)


def test_every_decision_and_question_looks_different_in_a_small_tile() -> None:
    notes = (None, Note(text="why?"), Note(text="why?", answer="so", answered=1.0))
    looks = [tile("texts_41.txt", decision, note, 130) for decision in Decision for note in notes]
    assert all(look != other for place, look in enumerate(looks) for other in looks[:place])


def test_a_name_loses_its_extension_first_and_then_its_beginning() -> None:
    metrics = QFontMetrics(QFont())

    def width(words: str) -> int:
        return metrics.horizontalAdvance(words)

    name = "long/sequence.7/frame_000123.png"
    assert shortened(metrics, name, width(name)) == name
    assert shortened(metrics, name, width(name) - 1) == "long/sequence.7/frame_000123"
    cut = shortened(metrics, name, width("…frame_000123") + 3)
    assert cut.startswith("…") and cut.endswith("frame_000123")
    assert shortened(metrics, "sequence.7/frame", width("sequence.7/frame") - 1).endswith("7/frame")
    assert shortened(metrics, name, -5) in ("", "…")


def test_the_tip_of_a_text_says_what_the_colours_of_its_words_mean() -> None:
    def tip(words: tuple[tuple[int, float], ...], role: Qt.ItemDataRole) -> str:
        score = ItemScore(item=1, name="one.txt", split=Split.VALID, revision=1, loss=1.2, error=1.0, words=words)
        model = ReviewModel(Task.TEXT)
        model.show([1], lambda _ids: [ReviewItem(run="0001", score=score)])
        return model.index(0).data(role)

    legend = "Blue, underlined words pushed towards what is predicted; orange, dotted ones away from it"
    assert tip(((0, 0.5),), Qt.ItemDataRole.ToolTipRole).splitlines()[1:] == [legend]
    assert legend not in tip((), Qt.ItemDataRole.ToolTipRole)
    assert legend not in tip(((0, 0.5),), Qt.ItemDataRole.AccessibleTextRole)


def test_the_title_of_the_matrix_stays_whole_and_in_place_once_a_mistake_is_chosen(qtbot: QtBot) -> None:
    panel = ConfusionPanel(counted="items")
    qtbot.addWidget(panel)
    panel.resize(290, 600)
    panel.show_counts(np.array([[0, 3], [9, 0]]), make_classes(("negative", "positive")))
    panel.show()
    title = next(label for label in panel.findChildren(QLabel) if label.text() == "WHAT WAS TAKEN FOR WHAT")
    before = panel.list.geometry()
    panel.select((1, 0))
    qtbot.waitUntil(panel.findChild(QToolButton, "clear_confusion").isVisible)
    panel.layout().activate()
    assert title.width() >= title.sizeHint().width()
    assert panel.list.geometry() == before
