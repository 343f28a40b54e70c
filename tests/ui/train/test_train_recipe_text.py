"""The JSON behind the recipe: shown, copied, and edited; what it says is the recipe that the engine gets."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QTextCursor
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QPushButton, QToolButton

from studio.core.recipe import decode_spec
from studio.core.recipe_text import recipe_text
from studio.ui.theme import ThemeMode, theme

from .conftest import Desk
from .test_train_recipe import field, train
from .test_train_timeline import STAGES

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def text(desk: Desk) -> QPlainTextEdit:
    """Opened with a click, on a recipe of three stages."""
    desk.page.draft.load(replace(desk.page.draft.spec, stages=STAGES))
    desk.qtbot.mouseClick(field(desk, "recipe_text_button", QToolButton), LEFT)
    edit = desk.page.recipe.text.text
    assert edit.isVisible()
    return edit


def overwrite(desk: Desk, text: QPlainTextEdit, old: str, new: str) -> None:
    """Select some text and type over it."""
    found = text.document().find(old)
    assert not found.isNull()
    text.setFocus()
    text.setTextCursor(found)
    desk.qtbot.keyClicks(text, new)


def note(desk: Desk) -> str:
    return field(desk, "recipe_text_note", QLabel).text()


def test_one_click_shows_the_recipe_and_another_the_form_again(desk: Desk, text: QPlainTextEdit) -> None:
    assert decode_spec(text.toPlainText()) == desk.page.draft.spec
    desk.qtbot.mouseClick(field(desk, "recipe_text_button", QToolButton), LEFT)
    assert desk.page.recipe.form.isVisible()
    assert not text.isVisible()


def test_what_is_typed_is_what_the_form_shows_and_the_run_gets(desk: Desk, text: QPlainTextEdit) -> None:
    overwrite(desk, text, '"epochs": 6', '"epochs": 17')
    overwrite(desk, text, '"seed": 42', '"seed": 7')
    assert desk.page.recipe.form.stages.cards[1].epochs.value() == 17
    assert text.toPlainText().count("17") == 1
    spec = train(desk)
    assert (spec.stages[1].epochs, spec.seed) == (17, 7)


def test_a_mistake_is_marked_where_it_is_and_nothing_starts_until_it_is_mended(
    desk: Desk, text: QPlainTextEdit
) -> None:
    before = desk.page.draft.spec
    overwrite(desk, text, '"epochs": 6', '"epochs": "six"')
    line = next(n for n, row in enumerate(text.toPlainText().splitlines(), 1) if "six" in row)
    assert note(desk) == f"Line {line}: stage 2, epochs: expected a whole number, got a text in quotes."
    marks = text.extraSelections()
    assert [mark.cursor.blockNumber() + 1 for mark in marks] == [line]  # pyright: ignore[reportAttributeAccessIssue]
    assert not field(desk, "train_button", QPushButton).isEnabled()
    assert "no recipe yet" in field(desk, "recipe_problem", QLabel).text()
    desk.page.start_training()
    assert desk.engine.runs == []
    assert desk.page.draft.spec == before
    overwrite(desk, text, '"six"', "16")
    assert not text.extraSelections()
    assert train(desk).stages[1].epochs == 16


def test_leaving_for_the_form_gives_a_mistake_up(desk: Desk, text: QPlainTextEdit) -> None:
    overwrite(desk, text, '"epochs": 6', '"epochs": ')
    desk.qtbot.mouseClick(field(desk, "recipe_text_button", QToolButton), LEFT)
    assert field(desk, "train_button", QPushButton).isEnabled()
    assert text.toPlainText() == recipe_text(desk.page.draft.spec)
    assert train(desk).stages == STAGES


def test_the_text_follows_what_is_done_elsewhere_and_keeps_the_way_it_was_typed(
    desk: Desk, text: QPlainTextEdit
) -> None:
    text.moveCursor(QTextCursor.MoveOperation.Start)
    desk.qtbot.keyClick(text, Qt.Key.Key_Return)
    assert text.toPlainText().startswith("\n{")
    desk.page.draft.set_seed(5)
    assert text.toPlainText() == recipe_text(desk.page.draft.spec)
    assert '"seed": 5' in text.toPlainText()


def test_the_text_goes_to_the_stage_that_is_chosen_on_the_timeline(desk: Desk, text: QPlainTextEdit) -> None:
    timeline = desk.page.recipe.header.timeline
    desk.qtbot.mouseClick(timeline, LEFT, pos=timeline.block(2).center().toPoint())
    below = text.toPlainText().splitlines()[text.textCursor().blockNumber() :]
    assert below[1].strip() == '"epochs": 2,'
    assert below[2].strip() == '"height": 128,'


def test_the_recipe_is_copied(desk: Desk, text: QPlainTextEdit) -> None:
    said: list[str] = []
    desk.session.message.connect(lambda sentence, _tone: said.append(sentence))
    desk.qtbot.mouseClick(field(desk, "copy_recipe", QPushButton), LEFT)
    assert decode_spec(QGuiApplication.clipboard().text()) == desk.page.draft.spec
    assert said == ["The recipe is copied."]


@pytest.mark.parametrize("mode", [ThemeMode.LIGHT, ThemeMode.DARK])
def test_names_texts_and_numbers_have_the_themes_colours(desk: Desk, text: QPlainTextEdit, mode: ThemeMode) -> None:
    theme().apply(mode)
    block = text.document().findBlockByNumber(1)
    assert block.text() == '  "version": 1,'
    colors = [part.format.foreground().color() for part in block.layout().formats()]
    assert colors == [theme().color("series_1"), theme().color("series_2")]


def test_only_one_of_form_text_and_shelf_is_shown(desk: Desk, text: QPlainTextEdit) -> None:
    desk.qtbot.mouseClick(field(desk, "shelf_button", QToolButton), LEFT)
    assert not text.isVisible()
    assert not field(desk, "recipe_text_button", QToolButton).isChecked()
    assert field(desk, "shelf_button", QToolButton).isChecked()


def test_a_text_that_was_out_of_sight_shows_what_was_changed_meanwhile(desk: Desk, text: QPlainTextEdit) -> None:
    desk.page.hide()
    desk.page.draft.set_seed(77)
    desk.page.show()
    assert '"seed": 77' in text.toPlainText()


def test_another_theme_brings_no_earlier_recipe_back(desk: Desk, text: QPlainTextEdit) -> None:
    desk.qtbot.mouseClick(field(desk, "recipe_text_button", QToolButton), LEFT)
    desk.page.draft.set_seed(99)
    for mode in (ThemeMode.DARK, ThemeMode.LIGHT):
        theme().apply(mode)
    assert desk.page.draft.spec.seed == 99
