"""The bar on the Train page deals the card that fits what a run has just done; it can be applied, read and muted."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton

from studio.core.events import Concern, Failed, Finished, Warned
from studio.core.outcome import OutcomeKind
from studio.engine import FakeRun
from studio.ui.cards.card_table import CardTable
from studio.ui.cards.catching_up import CaughtUp
from studio.ui.cards.muted import muted_cards
from studio.ui.cards.page import CardsPage
from studio.ui.session import Page
from tests.ui.train.conftest import Desk, epoch_end, stage, started, step

MEMORY = Warned(sentence="A batch did not fit.", about=Concern.MEMORY)


MANY = msgspec.structs.replace(started(), train_items=400)
"""So few items as the project has would deal a card of their own."""


def train(desk: Desk) -> FakeRun:
    desk.page.start_training()
    return desk.wait_for_run(len(desk.engine.runs) + 1)


def click(button: QAbstractButton) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_the_card_that_fits_is_dealt_while_the_run_goes_on_and_its_button_changes_the_recipe(desk: Desk) -> None:
    desk.page.resize(1600, 660)
    run, bar = train(desk), desk.page.view.card
    assert not bar.isVisible()
    run.say(MANY, stage(), step(1), MEMORY)
    desk.wait(bar.isVisible)
    assert bar.title.text() == "Not enough memory: add up parts"
    assert bar.apply.text() == "Compute batches in twice as many parts"
    click(bar.apply)
    assert desk.page.draft.spec.parts == 2
    assert bar.text.text() == "The number of parts of a batch is 2, it was 1."
    assert not bar.apply.isVisible()
    click(bar.back)
    assert desk.page.draft.spec.parts == 1
    assert bar.apply.isVisible()
    click(bar.dismiss)
    assert not bar.isVisible()
    run.say(step(2), MEMORY)
    desk.wait(bar.isVisible)
    assert bar.title.text() == "Smaller pictures need far less"  # the other card that fits
    run.say(Finished(outcome=OutcomeKind.FINISHED, seconds=1))
    run.end()
    desk.wait_for_idle()


def test_cards_wait_behind_each_other_and_the_next_run_clears_them(desk: Desk) -> None:
    run, bar = train(desk), desk.page.view.card
    run.say(started(), stage(), step(1), MEMORY)
    desk.wait(lambda: bar.title.text() == "Not enough memory: add up parts")
    assert [card.id for card in desk.page.cards.dealt_cards] == ["few-labels", "batches-in-parts"]
    click(bar.dismiss)
    assert bar.isVisible()
    assert bar.title.text() == "Make much of few labels"
    run.end()
    desk.wait_for_idle()
    train(desk)
    desk.wait(lambda: not bar.isVisible())
    assert desk.page.cards.dealt_cards == []


def test_a_card_that_was_sent_away_is_dealt_no_more_also_in_the_next_run(desk: Desk) -> None:
    run, bar = train(desk), desk.page.view.card
    run.say(started())
    desk.wait(bar.isVisible)
    click(bar.mute)
    assert not bar.isVisible()
    assert muted_cards() == {"few-labels"}
    run.end()
    desk.wait_for_idle()
    run = train(desk)
    run.say(started(), stage(), step(1))
    desk.wait(lambda: desk.control.history.step_count == 1)
    assert not bar.isVisible()


def test_the_whole_card_is_read_on_the_cards_page(desk: Desk, cards: CardsPage) -> None:
    run, bar = train(desk), desk.page.view.card
    wanted: list[str] = []
    desk.session.page_requested.connect(wanted.append)
    run.say(started())
    desk.wait(bar.isVisible)
    click(bar.read)
    assert wanted == [Page.CARDS]
    assert cards.deck.large.title.text() == "Make much of few labels"


def test_a_process_that_was_killed_for_its_memory_is_dealt_for_by_its_end(desk: Desk) -> None:
    run, bar = train(desk), desk.page.view.card
    run.say(started(), stage(), step(1))
    desk.wait(lambda: desk.control.history.step_count == 1)
    run.end(-9)
    desk.wait_for_idle()
    assert bar.title.text() == "Not enough memory: add up parts"


def test_an_error_that_the_run_could_report_is_dealt_for_once(desk: Desk) -> None:
    run, bar = train(desk), desk.page.view.card
    run.say(started(), stage(), Failed(outcome=OutcomeKind.OUT_OF_MEMORY, sentence="It did not fit."))
    run.end(1)
    desk.wait_for_idle()
    assert [card.id for card in desk.page.cards.dealt_cards] == ["few-labels", "batches-in-parts"]
    assert bar.isVisible()


def test_the_other_pages_draw_on_while_it_waits(desk: Desk) -> None:
    """It takes no focus and no key."""
    run, bar = train(desk), desk.page.view.card
    focus = desk.page.window().focusWidget()
    run.say(started(), stage(), *(step(n) for n in range(1, 6)), epoch_end(1))
    desk.wait(bar.isVisible)
    assert desk.page.window().focusWidget() is focus


def test_where_room_is_short_the_title_comes_first_and_then_what_was_done(desk: Desk) -> None:
    run, bar = train(desk), desk.page.view.card
    run.say(MANY, stage(), step(1), MEMORY)
    desk.wait(bar.isVisible)
    bar.setParent(None)  # the page would give it another width
    desk.qtbot.addWidget(bar)
    bar.resize(460, 40)
    bar.show()
    assert bar.title.isVisible()
    assert not bar.text.isVisible()
    assert bar.apply.text() == "Apply"
    assert bar.apply.toolTip() == "Compute batches in twice as many parts, in the recipe of the next run"
    assert bar.title.shown_text == "Not enough memory: add up parts"
    click(bar.apply)
    assert not bar.title.isVisible()
    assert bar.text.text() == "The number of parts of a batch is 2, it was 1."
    bar.resize(1000, 40)
    assert bar.title.isVisible()
    assert bar.text.isVisible()


def test_the_classes_that_are_never_predicted_are_named(desk: Desk, cards: CardsPage) -> None:
    run, bar = train(desk), desk.page.view.card
    missed = [msgspec.structs.replace(epoch_end(n), never_predicted=("Tree",)) for n in (1, 2)]
    run.say(MANY, stage(), step(1), *missed)
    desk.wait(bar.isVisible)
    assert bar.title.text() == "A class that is never predicted: Tree"
    click(bar.read)
    assert cards.deck.large.when.text().endswith("In this run: Tree.")


def test_what_the_run_said_before_there_was_anybody_to_deal_is_dealt_for_once(desk: Desk) -> None:
    run = train(desk)
    run.say(MANY, stage(), step(1), MEMORY)
    dealt = desk.page.cards.dealt_cards
    desk.wait(lambda: len(dealt) == 1)
    late = CardTable(desk.session, desk.control, desk.page.draft)
    run.say(*(step(number) for number in range(2, 5)))
    desk.wait(lambda: late.dealt_cards == dealt)
    run.say(MEMORY)
    desk.wait(lambda: len(desk.page.cards.dealt_cards) == len(late.dealt_cards) > 1)
    assert late.dealt_cards == desk.page.cards.dealt_cards
    late.close()


@given(written=st.integers(0, 12), heard=st.integers(0, 12), turn=st.integers(1, 4))
def test_each_event_counts_once_wherever_reading_and_hearing_meet(written: int, heard: int, turn: int) -> None:
    """`written` events were read; hearing begins at event `heard`, which is not later than that."""
    events = [step(number) for number in range(1, 13)]
    heard = min(heard, written)
    known = CaughtUp(events[:written], [])
    later = events[heard:]
    new = [event for start in range(0, len(later), turn) for event in known.new_of(later[start : start + turn])]
    assert [*events[:written], *new] == events
