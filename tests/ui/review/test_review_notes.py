"""A question about an item: put with N, shown on the tile, found by the filter, answered, taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from studio.core.review import Decision
from studio.ui.review import ReviewPage
from studio.ui.review.model import in_words

if TYPE_CHECKING:
    from .conftest import ReviewProject

CTRL = Qt.KeyboardModifier.ControlModifier


def say(page: ReviewPage, qtbot: QtBot, text: str) -> None:
    """N, the text, Enter."""
    qtbot.keyClick(page.gallery.grid, Qt.Key.Key_N)
    bar = page.asking.bar
    assert bar.isVisible()
    qtbot.keyClicks(bar.text, text)
    qtbot.keyClick(bar.text, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not page.decisions.is_busy, timeout=20_000)


def test_n_asks_and_n_again_answers(project: ReviewProject, page: ReviewPage, qtbot: QtBot) -> None:
    project.store.review.who = "Ann"
    worst = page.gallery.model.item_id(0)
    page.gallery.grid.setFocus()
    say(page, qtbot, "a van or a car? rex")
    assert not page.asking.bar.isVisible()
    assert page.gallery.grid.hasFocus()
    review = page.gallery.model.review(0)
    assert review.note is not None and (review.note.text, review.note.who) == ("a van or a car? rex", "Ann")
    assert review.decision is Decision.UNDECIDED, "the letters typed decide nothing"
    assert "Ann asked: a van or a car? rex" in in_words(review, project.store.settings.task)

    project.store.review.who = "Ben"
    qtbot.keyClick(page.gallery.grid, Qt.Key.Key_N)
    assert page.asking.bar.answer_button.isVisible()
    assert "Ann asked: a van or a car? rex" in page.asking.bar.heading.text()
    page.asking.close()
    say(page, qtbot, "a van")
    note = project.store.review.note_of(worst)
    assert note is not None and (note.answer, note.answered_by) == ("a van", "Ben")

    qtbot.keyClick(page.gallery.grid, Qt.Key.Key_Z, CTRL)
    note = project.store.review.note_of(worst)
    assert note is not None and note.is_open
    qtbot.keyClick(page.gallery.grid, Qt.Key.Key_Z, CTRL)
    assert project.store.review.note_of(worst) is None
    assert page.gallery.model.review(0).note is None


def test_one_question_is_put_about_all_selected_items_and_found_by_the_filter(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    chosen = [page.gallery.model.item_id(row) for row in (1, 3)]
    page.gallery.grid.select_rows([1, 3])
    say(page, qtbot, "which side?")
    combo = page.gallery.filters.decision
    combo.setCurrentIndex(combo.findText("Open question"))
    model = page.gallery.model
    assert [model.item_id(row) for row in range(model.rowCount())] == chosen
    page.gallery.clear_filters()
    assert model.rowCount() == 8
    qtbot.keyClick(page.gallery.grid, Qt.Key.Key_Z, CTRL)
    assert project.store.review.open_notes() == 0


def test_escape_closes_the_line_and_a_question_can_be_taken_away(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    page.gallery.grid.setFocus()
    qtbot.keyClick(page.gallery.grid, Qt.Key.Key_N)
    assert not page.asking.bar.clear_button.isVisible()
    qtbot.keyClick(page.asking.bar.text, Qt.Key.Key_Escape)
    assert not page.asking.bar.isVisible()
    assert project.store.review.journal_ids() == []
    say(page, qtbot, "why?")
    qtbot.keyClick(page.gallery.grid, Qt.Key.Key_N)
    page.asking.bar.clear_button.click()
    assert project.store.review.note_of(page.gallery.model.item_id(0)) is None
    assert len(project.store.review.journal_ids()) == 2


def test_the_tile_shows_a_badge_once_somebody_asked(project: ReviewProject, page: ReviewPage, qtbot: QtBot) -> None:
    grid = page.gallery.grid
    grid.select_row(4)
    cell = grid.visualRect(page.gallery.model.index(0))
    qtbot.waitUntil(lambda: grid.picture_at(cell.topLeft() + QPoint(40, 40)) is not None)
    before = grid.grab(cell).toImage()
    grid.select_row(0)
    say(page, qtbot, "why?")
    grid.select_row(4)
    assert grid.grab(cell).toImage() != before
