"""The Cards page in the window: its key, its commands, and the recipe of the Train page that it changes."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from studio.ui.cards.page import CardsPage
from studio.ui.session import Page
from studio.ui.train import TrainPage
from tests.ui.keyboard.conftest import Open, open_palette, open_window, press, settings_of_this_test

__all__ = ["open_window", "settings_of_this_test"]


def test_ctrl_4_shows_the_deck_and_the_palette_works_it(open_window: Open) -> None:
    window = open_window()
    workspace = window.workspace
    assert workspace is not None
    press(window, Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    assert workspace.current_page is Page.CARDS
    page, train = workspace.page(Page.CARDS), workspace.page(Page.TRAIN)
    assert isinstance(page, CardsPage)
    assert isinstance(train, TrainPage)
    card = train.cards.deck.card("weight-decay")
    assert card is not None
    train.cards.read(card)
    palette = open_palette(window)
    QTest.keyClicks(palette.search, "apply the card")
    QTest.keyClick(palette.search, Qt.Key.Key_Return)
    assert train.draft.spec.weight_decay == 0.1
    first = page.deck.card
    palette = open_palette(window)
    QTest.keyClicks(palette.search, "shuffle")
    QTest.keyClick(palette.search, Qt.Key.Key_Return)
    assert page.deck.card != first


def test_a_card_that_is_read_from_the_bar_is_there_when_the_page_is_made_for_it(open_window: Open) -> None:
    window = open_window()
    workspace = window.workspace
    assert workspace is not None
    workspace.show_page(Page.TRAIN)
    train = workspace.page(Page.TRAIN)
    assert isinstance(train, TrainPage)
    card = train.cards.deck.card("strokes-are-enough")
    train.cards.dealt.emit(card)
    QTest.mouseClick(train.view.card.read, Qt.MouseButton.LeftButton)
    assert workspace.current_page is Page.CARDS
    page = workspace.page(Page.CARDS)
    assert isinstance(page, CardsPage)
    assert page.deck.card == card


def test_the_arrows_move_in_the_deck_as_soon_as_its_key_has_shown_it(open_window: Open) -> None:
    window = open_window()
    workspace = window.workspace
    assert workspace is not None
    for _ in range(2):
        press(window, Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
        page = workspace.page(Page.CARDS)
        assert isinstance(page, CardsPage)
        first = page.deck.card
        press(window, Qt.Key.Key_Right)
        assert page.deck.card == page.deck.model.shown[page.deck.model.row_of(first) + 1]
        press(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    press(window, Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    press(window, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert page.playground.controls.units.hasFocus()
