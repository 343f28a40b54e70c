"""The deck: browsed, searched and shuffled; a card's button changes the recipe, and what it did is told and undone."""

from __future__ import annotations

import random

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from studio.core.cards import load_deck
from studio.core.settings import Task
from studio.ui.cards.deck_model import DEALT_ROLE, MUTED_ROLE, DeckModel
from studio.ui.cards.deck_view import wrapped
from studio.ui.cards.page import CardsPage
from tests.ui.train.conftest import Desk

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def titles(page: CardsPage) -> list[str]:
    model = page.deck.model
    return [model.index(row).data() for row in range(model.rowCount())]


def click_card(page: CardsPage, title: str) -> None:
    view, model = page.deck.view, page.deck.model
    index = model.index(titles(page).index(title))
    view.scrollTo(index)
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(index).center())


def test_the_deck_has_the_cards_of_the_projects_task_in_the_order_of_their_titles(cards: CardsPage) -> None:
    shown = titles(cards)
    assert shown == sorted((card.title for card in load_deck().of_task(Task.SEGMENTATION).cards), key=str.casefold)
    assert "Void is not unlabelled" in shown
    assert "Learn the language first" not in shown
    assert cards.deck.count.text() == f"{len(shown)} cards"


def test_a_click_shows_a_card_large_with_its_source(cards: CardsPage) -> None:
    click_card(cards, "Weight decay")
    large = cards.deck.large
    assert large.title.text() == "Weight decay"
    assert "towards zero" in large.text.text()
    assert large.source.text() == "From: Loshchilov and Hutter, Decoupled Weight Decay Regularization (2019)."
    assert large.when.text() == "Dealt when the validation loss rises while the training loss falls."
    click_card(cards, "Squish or crop?")
    assert not large.when.isVisible()
    assert not large.apply.isVisible()
    assert not large.mute.isVisible()


def test_search_finds_as_one_types_and_escape_brings_all_back(cards: CardsPage) -> None:
    QTest.keyClick(cards, Qt.Key.Key_F, CTRL)
    assert cards.deck.search.hasFocus()
    whole = len(titles(cards))
    QTest.keyClicks(cards.deck.search, "memory size")
    assert titles(cards)[0] == "Smaller pictures need far less"
    assert cards.deck.large.title.text() in titles(cards)
    assert cards.deck.count.text() == f"{len(titles(cards))} of {whole} cards"
    QTest.keyClicks(cards.deck.search, "zzz")
    assert titles(cards) == []
    assert cards.deck.card is None
    assert not cards.deck.large.title.isVisible()
    QTest.keyClick(cards.deck.search, Qt.Key.Key_Escape)
    assert len(titles(cards)) == whole
    assert cards.deck.card is not None


def test_shuffling_brings_another_card_and_the_old_order_comes_back(cards: CardsPage) -> None:
    before, first = titles(cards), cards.deck.card
    QTest.keyClick(cards, Qt.Key.Key_S, CTRL | SHIFT)
    assert titles(cards) != before
    assert sorted(titles(cards)) == sorted(before)
    assert cards.deck.card != first
    assert cards.deck.card is not None
    assert cards.deck.card.title == titles(cards)[0]
    action = next(action for action in cards.actions() if action.objectName() == "cards_sort")
    assert action.isEnabled()
    action.trigger()
    assert titles(cards) == before
    assert not action.isEnabled()


def test_no_shuffle_begins_with_the_card_that_was_first() -> None:
    deck = load_deck().cards[:2]
    model = DeckModel(deck)
    for seed in range(10):
        first = model.shown[0]
        model.shuffle(random.Random(seed))
        assert model.shown[0] is not first


def test_the_arrows_go_round_the_deck(cards: CardsPage) -> None:
    shown = titles(cards)
    QTest.keyClick(cards.deck.view, Qt.Key.Key_Left, CTRL)
    assert cards.deck.large.title.text() == shown[-1]
    QTest.keyClick(cards.deck.view, Qt.Key.Key_Right, CTRL)
    assert cards.deck.large.title.text() == shown[0]
    QTest.keyClick(cards.deck.view, Qt.Key.Key_Right)
    assert cards.deck.large.title.text() == shown[1]


def test_the_button_changes_the_recipe_tells_it_and_puts_it_back(desk: Desk, cards: CardsPage) -> None:
    before = desk.page.draft.spec
    click_card(cards, "Weight decay")
    large = cards.deck.large
    assert large.apply.text() == "Set weight decay to 0.1"
    QTest.mouseClick(large.apply, Qt.MouseButton.LeftButton)
    assert desk.page.draft.spec.weight_decay == 0.1
    assert desk.page.recipe.form.weight_decay.value() == 0.1
    assert large.told.text() == "Weight decay is 0.1, it was 0.01."
    assert not large.apply.isVisible()
    QTest.mouseClick(large.back, Qt.MouseButton.LeftButton)
    assert desk.page.draft.spec == before
    assert large.apply.isVisible()
    assert not large.back.isVisible()


def test_keys_apply_a_card_and_put_the_recipe_back(desk: Desk, cards: CardsPage) -> None:
    click_card(cards, "Grow the pictures")
    QTest.keyClick(cards.deck.view, Qt.Key.Key_Return, CTRL)
    first, second = desk.page.draft.stages
    assert (second.height, second.width) == (2 * first.height, 2 * first.width)
    QTest.keyClick(cards.deck.view, Qt.Key.Key_Z, CTRL)
    assert desk.page.draft.stages == (first,)


def test_nothing_is_put_back_over_what_a_person_changed_since(desk: Desk, cards: CardsPage) -> None:
    click_card(cards, "Weight decay")
    QTest.mouseClick(cards.deck.large.apply, Qt.MouseButton.LeftButton)
    desk.page.draft.set_seed(7)
    assert not cards.deck.large.back.isVisible()
    assert desk.page.draft.spec.weight_decay == 0.1
    assert cards.deck.large.told.text() == "Its button has nothing to change: the recipe is so already."
    desk.page.draft.set_weight_decay(0.0)
    assert cards.deck.large.apply.isVisible()


def test_a_card_that_is_not_to_be_dealt_is_dimmed_and_stays_in_the_deck(cards: CardsPage) -> None:
    click_card(cards, "Weight decay")
    cards.deck.large.mute.click()
    index = cards.deck.model.index(titles(cards).index("Weight decay"))
    assert index.data(MUTED_ROLE) is True
    cards.deck.large.mute.click()
    assert index.data(MUTED_ROLE) is False


def test_what_was_dealt_can_be_shown_alone_the_newest_first(desk: Desk, cards: CardsPage) -> None:
    table = desk.page.cards
    assert not cards.deck.dealt.isEnabled()
    for card_id in ("weight-decay", "great-maximum-rate"):
        card = table.deck.card(card_id)
        assert card is not None
        table.dealt_cards.append(card)
        table.dealt.emit(card)
    assert cards.deck.dealt.text() == "Dealt now (2)"
    QTest.mouseClick(cards.deck.dealt, Qt.MouseButton.LeftButton)
    assert titles(cards) == ["A great maximum rate", "Weight decay"]
    assert cards.deck.model.index(0).data(DEALT_ROLE) is True
    table.read(table.deck.cards[0])  # one that is not among them
    assert cards.deck.card == table.deck.cards[0]
    assert len(titles(cards)) == len(table.deck.cards)


def deal(desk: Desk, card_id: str) -> None:
    card = desk.page.cards.deck.card(card_id)
    assert card is not None
    desk.page.cards.dealt_cards.append(card)
    desk.page.cards.dealt.emit(card)


def test_somebody_who_browses_stays_where_they_are_when_a_card_is_dealt(desk: Desk, cards: CardsPage) -> None:
    bar = cards.deck.view.verticalScrollBar()
    bar.setValue(bar.maximum())
    assert bar.value() > 0
    deal(desk, "weight-decay")
    assert bar.value() == bar.maximum()


def test_a_run_that_begins_takes_the_cards_of_the_one_before_off_the_deck(desk: Desk, cards: CardsPage) -> None:
    deal(desk, "weight-decay")
    QTest.mouseClick(cards.deck.dealt, Qt.MouseButton.LeftButton)
    assert titles(cards) == ["Weight decay"]
    desk.page.start_training()
    desk.wait_for_run()
    assert not cards.deck.dealt.isEnabled()
    assert not cards.deck.dealt.isChecked()
    assert len(titles(cards)) == len(desk.page.cards.deck.cards)


def test_titles_are_wrapped_within_their_lines(qtbot: QtBot) -> None:
    font = QFont()
    lines = wrapped("No mirror where left and right mean something", font, 120, 2)
    assert len(lines) == 2
    assert lines[-1].endswith("…")
    assert wrapped("Warm up", font, 400, 2) == ["Warm up"]


def test_the_deck_has_no_widget_for_each_card(cards: CardsPage) -> None:
    assert len(titles(cards)) > 40
    assert len(cards.deck.view.findChildren(QWidget)) < 10
