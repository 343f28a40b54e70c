"""Which card is dealt after what: for each trigger recorded streams that deal it and streams that do not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from studio.core.cards import Card, Dealer, Trigger, load_deck
from studio.core.cards.recipe_changes import ClipGradients, SetWeightDecay
from studio.core.cards.triggers import WATCHES
from studio.core.events import EpochEnd, RunEvent, encode_event, read_events
from studio.core.label_error_recipe import cross_validation
from studio.core.recipe import RunSpec, Stage
from studio.core.settings import Task
from tests.unit.card_streams import BEGIN, DEALS, DOES_NOT, Stream, epochs, falling, hill, noisy, started, steps, warned

SPEC = RunSpec(task=Task.SEGMENTATION, stages=(Stage(epochs=4, height=96, width=128),))
RECORDED = Path(__file__).parents[1] / "recorded"
ONE_EACH = [Card(id=trigger, title="T", text="T.", source="S, 2019", trigger=trigger) for trigger in Trigger]


def dealt(events: Sequence[RunEvent], cards: Sequence[Card] = ONE_EACH, *, spec: RunSpec = SPEC) -> list[str]:
    return [card.id for card in Dealer(cards, spec).see_all(events)]


def recorded(stream: Stream, folder: Path) -> list[RunEvent]:
    """The stream as a run's `events.jsonl` gives it back."""
    path = folder / "events.jsonl"
    path.write_bytes(b"".join(map(encode_event, stream)))
    return list(read_events(path))


def test_every_trigger_has_streams_both_ways() -> None:
    assert set(DEALS) == set(DOES_NOT) == set(Trigger)
    assert all(DEALS.values())
    assert all(DOES_NOT.values())


@pytest.mark.parametrize("trigger", Trigger)
def test_a_trigger_deals_its_card_once_and_only_then(trigger: Trigger, tmp_path: Path) -> None:
    for stream in DEALS[trigger]:
        assert dealt(recorded(stream, tmp_path)).count(trigger) == 1
    for stream in DOES_NOT[trigger]:
        assert trigger not in dealt(recorded(stream, tmp_path)), stream[-3:]


@pytest.mark.parametrize("card", [card for card in load_deck().cards if card.trigger], ids=lambda card: card.id)
def test_each_card_of_the_deck_is_dealt_by_its_stream(card: Card) -> None:
    assert card.trigger is not None
    spec = replace(SPEC, task=card.tasks[0] if card.tasks else Task.SEGMENTATION)
    for stream in DEALS[card.trigger]:
        assert dealt(stream, [card], spec=spec) == [card.id]
    for stream in DOES_NOT[card.trigger]:
        assert dealt(stream, [card], spec=spec) == []


def test_a_card_comes_once_a_run_and_never_when_it_is_muted() -> None:
    stream = [*BEGIN, warned("memory"), *steps(falling(3)), warned("memory")]
    assert dealt(stream) == ["out-of-memory"]
    assert Dealer(ONE_EACH, SPEC, muted=["out-of-memory"]).see_all(stream) == []
    midway = Dealer(ONE_EACH, SPEC)
    assert midway.see_all(stream[: len(BEGIN)]) == []
    midway.mute("out-of-memory")
    assert midway.see_all(stream[len(BEGIN) :]) == []


def test_what_goes_on_is_dealt_for_when_it_begins_and_not_with_every_step() -> None:
    cards = [Card(id=name, title="T", text="T.", source="S, 2019", trigger=Trigger.STANDS_STILL) for name in "ab"]
    assert dealt([*BEGIN, *steps([1.0] * 180)], cards) == ["a"]


def test_what_lasts_over_epochs_is_dealt_for_once_whatever_comes_between() -> None:
    """With several cards for it, too."""
    cards = [Card(id=n, title="T", text="T.", source="S, 2019", trigger=Trigger.VALID_PARTS) for n in "ab"]
    stream = DEALS[Trigger.VALID_PARTS][0]
    *_, last = (event for event in stream if isinstance(event, EpochEnd))
    longer = [replace(last, epoch=last.epoch + n, valid_loss=last.valid_loss * (1 + n / 10)) for n in (1, 2)]
    assert dealt([*stream, *steps(falling(2)), longer[0], *steps(falling(2)), longer[1]], cards) == ["a"]


def test_a_second_card_for_the_same_trigger_comes_when_it_holds_again() -> None:
    cards = [Card(id=name, title="T", text="T.", source="S, 2019", trigger=Trigger.OUT_OF_MEMORY) for name in "ab"]
    assert dealt([*BEGIN, *(warned("memory") for _ in range(3))], cards) == ["a"]
    between = steps(falling(2))
    assert dealt([*BEGIN, warned("memory"), *between, warned("memory"), *between, warned("memory")], cards) == [
        "a",
        "b",
    ]


def test_a_card_that_would_change_nothing_comes_after_one_that_would() -> None:
    def card(name: str, change: ClipGradients | SetWeightDecay) -> Card:
        return Card(id=name, title="T", text="T.", source="S, 2019", trigger=Trigger.FEW_LABELS, change=change)

    cards = [card("a", SetWeightDecay(value=SPEC.weight_decay)), card("b", ClipGradients(norm=1))]
    assert dealt([started(train=4)], cards) == ["b"]


def test_two_that_fit_the_same_event_come_in_the_order_of_their_weight() -> None:
    stream = [started(train=400), *BEGIN[1:], *epochs([(1.0, 1.0), (0.8, 0.9), (0.6, 0.8)])]
    ended = [*stream, DEALS[Trigger.ONE_SIZE][0][-1]]
    assert dealt(ended) == ["last-epoch-best", "one-size"]


def test_a_run_from_another_ones_weights_may_be_good_at_once() -> None:
    (stream,) = DEALS[Trigger.TOO_GOOD]
    assert dealt(stream, spec=replace(SPEC, parent="0001")) == []


def test_a_search_for_label_errors_is_dealt_nothing() -> None:
    for streams in DEALS.values():
        for stream in streams:
            assert dealt(stream, spec=cross_validation(SPEC)) == []


def test_a_stage_is_read_anew_after_a_return_to_lower_rates() -> None:
    (back, *_) = [event for event in DEALS[Trigger.NO_NUMBER][0] if type(event).__name__ == "WentBack"]
    rising = steps(hill(0.6)[:43])
    assert "rose-then-fell" not in dealt([*BEGIN, *rising, back, *steps(falling(60, start=0.4, end=0.1))])


def test_a_card_knows_which_classes_it_was_dealt_for() -> None:
    dealer = Dealer(ONE_EACH, SPEC)
    missed = [("car", "bike", "sign"), ("sign", "bike"), ("bike",)]
    (card,) = dealer.see_all([*BEGIN, *epochs([(1, 1), (0.9, 0.95), (0.8, 0.9)], missed=missed)])
    assert card.trigger is Trigger.CLASS_NEVER_PREDICTED
    assert dealer.detail(card) == "bike, sign"
    assert dealer.detail(ONE_EACH[0]) == ""


def test_a_real_run_on_the_demo_project_is_dealt_for_what_it_did() -> None:
    """Eight epochs of 64×64 from random weights, as `events.jsonl` has them: a rare class is in no prediction, the loss
    fell all the way, and no larger size was seen."""
    dealer = Dealer(load_deck().cards, SPEC)
    dealt = dealer.see_all(read_events(RECORDED / "demo_run.jsonl"))
    assert [card.id for card in dealt] == ["class-never-predicted", "rate-could-be-higher", "progressive-resizing"]
    assert dealer.detail(dealt[0]) == "sign"


@pytest.mark.parametrize("noise", [0.05, 0.2, 0.4])
def test_noise_is_taken_for_no_hill(noise: float) -> None:
    """Of forty runs whose loss only falls, or stands, but for the noise of its batches."""
    for seed in range(20):
        for losses in (falling(400), [1.0] * 400):
            assert "rose-then-fell" not in dealt([*BEGIN, *noisy(losses, noise=noise, seed=seed)])


@pytest.mark.parametrize("noise", [0.02, 0.1, 0.2])
def test_a_hill_is_seen_through_the_noise_and_never_taken_for_a_fall(noise: float) -> None:
    ended = DEALS[Trigger.ONE_SIZE][0][-1]
    for seed in range(10):
        found = dealt([*BEGIN, *noisy(hill(1.0, count=800), noise=noise, seed=seed), ended])
        assert "rose-then-fell" in found
        assert "only-fell" not in found


def test_a_watch_says_no_to_events_that_it_does_not_hear() -> None:
    events = [event for streams in (*DEALS.values(), *DOES_NOT.values()) for stream in streams for event in stream]
    for trigger, make in WATCHES.items():
        watch = make()
        assert not any(watch.see(event) for event in events if type(event) not in watch.hears), trigger


def test_a_hundred_thousand_steps_are_read_with_the_same_work_each() -> None:
    """Counted in what is kept, not in seconds: no watch holds more after many steps than after few."""

    def kept(count: int) -> int:
        dealer = Dealer(ONE_EACH, SPEC)
        dealer.see_all([*BEGIN, *steps(falling(count))])
        return sum(
            len(value) if isinstance(value, (list, dict, set)) else 1
            for watch in dealer._watches.values()
            for value in vars(watch).values()
        )

    assert kept(10_000) == kept(100)
