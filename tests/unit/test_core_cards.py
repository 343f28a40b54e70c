"""Trick cards: their files, what their buttons do to a recipe, and the words that tell of it."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from msgspec.structs import replace

from studio.core.architectures import Architecture
from studio.core.cards import Card, Trigger, changed_recipe, load_deck
from studio.core.cards.card import search
from studio.core.cards.changes import Change, why_not
from studio.core.cards.difference import in_words
from studio.core.cards.recipe_changes import (
    AverageWeights,
    BalanceClasses,
    ClipGradients,
    ComputeInParts,
    GoBack,
    MixPictures,
    MixPrecision,
    NextSeed,
    ReplayMore,
    ResizePictures,
    SetAugment,
    SetWeightDecay,
    SmoothLabels,
    StopEarly,
    UseArchitecture,
)
from studio.core.cards.stage_changes import (
    AddUnfrozenStage,
    DoubleBatch,
    DoubleSize,
    FreezeFirst,
    ScaleRates,
    SpreadRates,
    StartSmaller,
    TrainLonger,
    UseOneCycle,
)
from studio.core.recipe import (
    Augment,
    ClassWeights,
    FineTune,
    LearningRate,
    ModelSpec,
    OnDivergence,
    Precision,
    RunSpec,
    Stage,
    decode_spec,
    encode_spec,
)
from studio.core.resizing import Resize
from studio.core.schedules import Constant, OneCycle
from studio.core.settings import Task

STAGE = Stage(epochs=3, height=96, width=128, batch_size=8, lr=LearningRate(high=1e-3))
SPEC = RunSpec(task=Task.SEGMENTATION, stages=(STAGE,))
FROZEN = replace(SPEC, stages=(replace(STAGE, frozen=True),))


def made(change: Change, spec: RunSpec = SPEC) -> RunSpec:
    changed = changed_recipe(change, spec)
    assert changed is not None
    assert decode_spec(encode_spec(changed)) == changed
    return changed


# -------------------------------------------------------------------------------------------------------- files
def test_the_programs_own_cards_are_all_whole() -> None:
    deck = load_deck()
    assert deck.problems == ()
    assert len(deck.cards) >= 36
    for card in deck.cards:
        assert 80 < len(card.text) < 400, card.id
        assert 2 <= card.text.count(". ") + card.text.count(": ") + 1 <= 8, card.id
        assert any(year in card.source for year in map(str, range(1985, 2027))), card.id
        assert card.tags, card.id
    assert len({card.title for card in deck.cards}) == len(deck.cards)


def test_every_trigger_has_a_card_for_some_task() -> None:
    assert {card.trigger for card in load_deck().cards if card.trigger is not None} == set(Trigger)


def test_a_broken_file_is_one_sentence_and_the_others_are_loaded(tmp_path: Path) -> None:
    good = 'title = "A"\ntext = "B."\nsource = "C, 2019"\n'
    (tmp_path / "good.toml").write_text(good)
    (tmp_path / "no-toml.toml").write_text("title = ")
    (tmp_path / "odd-bytes.toml").write_bytes(b'title = "\xff"')
    (tmp_path / "missing.toml").write_text('title = "A"\n')
    (tmp_path / "empty.toml").write_text(good.replace("B.", " "))
    (tmp_path / "unknown.toml").write_text(good + '[change]\ndo = "fly"\n')
    (tmp_path / "range.toml").write_text(good + 'trigger = "full-moon"\n')
    (tmp_path / "notes.txt").write_text("no card")
    deck = load_deck(tmp_path)
    assert [card.id for card in deck.cards] == ["good"]
    names = ["empty.toml", "missing.toml", "no-toml.toml", "odd-bytes.toml", "range.toml", "unknown.toml"]
    assert [problem.split()[0] for problem in deck.problems] == names
    assert all(problem.endswith("mend or remove the file.") for problem in deck.problems)
    assert "its text is empty" in deck.problems[0]
    assert "`source`" in deck.problems[1] or "`text`" in deck.problems[1]


def test_a_task_has_its_own_cards_and_those_of_all() -> None:
    deck = load_deck()
    texts = {card.id for card in deck.of_task(Task.TEXT).cards}
    assert {"language-model-first", "weight-decay"} <= texts
    assert not {"progressive-resizing", "threshold-on-the-curve"} & texts
    assert deck.card("weight-decay") in deck.cards
    assert deck.card("nothing") is None


def test_search_wants_every_word_and_puts_titles_first() -> None:
    cards = [
        Card(id="a", title="Weight decay", text="Pulls.", source="X, 2019"),
        Card(id="b", title="Clip", text="Weight and decay.", source="X, 2019"),
        Card(id="c", title="Decay", text="Only one.", source="X, 2019"),
    ]
    assert [card.id for card in search(cards[::-1], " DECAY weight ")] == ["a", "b"]
    assert [card.id for card in search(cards, "")] == ["a", "b", "c"]
    assert [card.id for card in search(cards, "2019 only")] == ["c"]
    assert [card.id for card in search(cards, "dec")] == [card.id for card in search(cards, "decay")]
    assert search(cards, "ecay") == []


# ------------------------------------------------------------------------------------------------------ changes
def test_single_values_are_set_and_no_button_is_there_where_they_are_already() -> None:
    assert made(ClipGradients(norm=0.5)).clip_norm == 0.5
    assert made(SetWeightDecay(value=0.1)).weight_decay == 0.1
    assert made(StopEarly(epochs=3)).early_stop == 3
    assert made(StopEarly(epochs=0), made(StopEarly(epochs=3))).early_stop is None
    assert made(GoBack()).on_divergence is OnDivergence.GO_BACK
    assert made(MixPrecision(), replace(SPEC, precision=Precision.FLOAT32)).precision is Precision.AUTO
    assert made(NextSeed()).seed == SPEC.seed + 1
    for change in (SetWeightDecay(value=0.01), StopEarly(epochs=0), MixPrecision(), ReplayMore(), AddUnfrozenStage()):
        assert changed_recipe(change, SPEC) is None


def test_rates_of_all_stages_are_scaled_with_their_low_ends() -> None:
    spec = replace(SPEC, stages=(STAGE, replace(STAGE, lr=LearningRate(low=1e-5, high=1e-4))))
    first, second = made(ScaleRates(factor=3.0), spec).stages
    assert first.lr.high == pytest.approx(3e-3)
    assert (second.lr.low, second.lr.high) == (pytest.approx(3e-5), pytest.approx(3e-4))
    assert changed_recipe(ScaleRates(factor=1e6), spec) is None  # no rate of a thousand


def test_the_unfrozen_stage_is_a_slice_below_a_fifth_of_the_frozen_rate() -> None:
    head, whole = made(AddUnfrozenStage(), FROZEN).stages
    assert head == FROZEN.stages[0]
    assert not whole.frozen
    assert whole.lr == LearningRate(high=1e-3 / 5, discriminative=True)


def test_the_head_comes_first_where_there_is_something_to_freeze() -> None:
    head, whole = made(FreezeFirst(epochs=2)).stages
    assert (head.frozen, head.epochs, head.lr.high) == (True, 2, 1e-3)
    assert (whole.frozen, whole.epochs, whole.lr.high) == (False, 3, pytest.approx(2e-4))
    random_weights = replace(SPEC, model=ModelSpec(pretrained=False))
    assert changed_recipe(FreezeFirst(), random_weights) is None
    assert changed_recipe(FreezeFirst(), FROZEN) is None


def test_early_layers_get_lower_rates_only_where_the_whole_network_had_one() -> None:
    assert made(SpreadRates()).stages[0].lr.discriminative
    assert changed_recipe(SpreadRates(), FROZEN) is None
    sliced = replace(SPEC, stages=(replace(STAGE, lr=LearningRate(low=1e-5, high=1e-3)),))
    assert changed_recipe(SpreadRates(), sliced) is None


def test_sizes_are_doubled_behind_and_halved_in_front() -> None:
    _, bigger = made(DoubleSize()).stages
    assert (bigger.height, bigger.width, bigger.batch_size) == (192, 256, 4)
    smaller, _ = made(StartSmaller()).stages
    assert (smaller.height, smaller.width, smaller.batch_size) == (64, 64, 8)
    tiny = replace(SPEC, stages=(replace(STAGE, height=32, width=32),))
    assert changed_recipe(StartSmaller(), tiny) is None
    huge = replace(SPEC, stages=(replace(STAGE, height=4096, width=64),))
    assert changed_recipe(DoubleSize(), huge) is None


def test_batches_are_computed_in_more_parts_but_never_in_more_than_they_have_items() -> None:
    assert made(ComputeInParts()).parts == 2
    assert made(ComputeInParts(), replace(SPEC, parts=3)).parts == 4


def test_twice_the_batch_goes_with_a_rate_that_grows_by_its_root() -> None:
    (stage,) = made(DoubleBatch()).stages
    assert stage.batch_size == 16
    assert stage.lr.high == pytest.approx(1e-3 * math.sqrt(2))


def test_augmentation_is_switched_as_named_and_its_amounts_never_get_less() -> None:
    varied = replace(SPEC, augment=Augment(flip=True, zoom=0.3))
    augment = made(SetAugment(flip=False, flip_vertical=True, zoom=0.1, lighting=0.2), varied).augment
    assert augment == Augment(flip=False, flip_vertical=True, zoom=0.3, lighting=0.2)
    text = replace(SPEC, task=Task.TEXT, stages=(replace(STAGE, height=1),))
    assert changed_recipe(SetAugment(flip_vertical=True), text) is None


def test_one_cycle_replaces_other_schedules_and_keeps_its_own_numbers() -> None:
    own = OneCycle(pct_start=0.5, div=10)
    spec = replace(SPEC, stages=(replace(STAGE, schedule=Constant()), replace(STAGE, schedule=own)))
    first, second = made(UseOneCycle(pct_start=0.3), spec).stages
    assert first.schedule == OneCycle(pct_start=0.3)
    assert second.schedule == OneCycle(pct_start=0.3, div=10)


def test_the_last_stage_is_trained_longer() -> None:
    spec = replace(SPEC, stages=(STAGE, STAGE))
    assert [stage.epochs for stage in made(TrainLonger(factor=1.5), spec).stages] == [3, 5]


def test_what_training_does_to_labels_and_weights_is_set_where_the_task_has_it() -> None:
    assert made(SmoothLabels(share=0.1)).label_smoothing == 0.1
    assert made(BalanceClasses()).class_weights is ClassWeights.BALANCED
    assert made(AverageWeights(decay=0.99)).average_weights == 0.99
    assert made(ResizePictures(how=Resize.CROP)).resize is Resize.CROP
    tags = replace(SPEC, task=Task.MULTI_LABEL)
    assert made(MixPictures(alpha=0.4), tags).mixup == 0.4
    points = replace(SPEC, task=Task.KEYPOINTS)
    for change in (SmoothLabels(), BalanceClasses(), MixPictures()):
        assert changed_recipe(change, points) is None


def test_more_of_the_old_data_is_replayed_up_to_all_of_it() -> None:
    tuning = replace(SPEC, parent="0001", fine_tune=FineTune(corrections=(1, 2), replay=0.9))
    changed = made(ReplayMore(), tuning)
    assert changed.fine_tune is not None
    assert changed.fine_tune.replay == 1.0
    assert changed_recipe(ReplayMore(), changed) is None


def test_an_architecture_comes_with_an_encoder_that_it_can_stand_on() -> None:
    changed = made(UseArchitecture(name=Architecture.LRASPP))
    assert changed.model.architecture is Architecture.LRASPP
    assert changed.model.encoder == "mobilenet_v3_large"
    of_timm = replace(SPEC, model=ModelSpec(encoder="timm/convnext_atto"))
    wider = changed_recipe(UseArchitecture(name=Architecture.DYNAMIC_UNET), of_timm)
    assert wider is not None
    assert wider.model.encoder == "timm/convnext_atto"
    assert changed_recipe(UseArchitecture(name=Architecture.UNET), SPEC) is None  # it is the task's own
    assert changed_recipe(UseArchitecture(name=Architecture.HEATMAP), SPEC) is None
    assert changed_recipe(UseArchitecture(name=Architecture.LRASPP), replace(SPEC, parent="0001")) is None


def test_a_batch_that_cannot_be_divided_further_is_left_as_it_is() -> None:
    small = replace(SPEC, stages=(replace(STAGE, batch_size=2),))
    assert changed_recipe(ComputeInParts(), small) is None
    eight = replace(SPEC, parts=4, stages=(replace(STAGE, batch_size=8),))
    assert changed_recipe(ComputeInParts(), eight) is None


def test_every_button_of_the_deck_says_what_it_does_and_does_it_to_some_recipe() -> None:
    recipes = [
        SPEC,
        FROZEN,
        replace(SPEC, precision=Precision.FLOAT32, early_stop=2, stages=(replace(STAGE, schedule=Constant()),)),
        replace(SPEC, parent="0001", fine_tune=FineTune(corrections=(1,), replay=0.5)),
        replace(SPEC, task=Task.KEYPOINTS),
        replace(SPEC, task=Task.SINGLE_LABEL, resize=Resize.CROP),
        replace(SPEC, model=ModelSpec(architecture=Architecture.DYNAMIC_UNET)),
    ]
    for card in load_deck().cards:
        if card.change is None:
            continue
        assert 5 < len(card.change.button()) < 60, card.id
        changed = [(spec, new) for spec in recipes if (new := changed_recipe(card.change, spec)) is not None]
        assert changed, card.id
        for spec, new in changed:
            told = in_words(spec, new)
            assert told.endswith("."), card.id
            assert in_words(new, new) == ""


def test_a_difference_is_told_with_both_values() -> None:
    assert in_words(SPEC, replace(SPEC, weight_decay=0.1)) == "Weight decay is 0.1, it was 0.01."
    assert in_words(SPEC, made(ClipGradients(norm=1))) == "Clipping of gradients is 1, it was off."
    assert in_words(SPEC, replace(SPEC, average_weights=0.99)) == (
        "The run answers with a moving average of its weights (0.99), it did with its last weights."
    )
    assert in_words(replace(SPEC, resize=Resize.CROP), replace(SPEC, resize=Resize.SQUISH)) == (
        "Pictures of another shape are squished, they were cropped."
    )
    assert in_words(SPEC, replace(SPEC, on_divergence=OnDivergence.GO_BACK)) == (
        "A run that diverges is to go back to its last checkpoint; it was to stop."
    )
    assert in_words(SPEC, made(ScaleRates(factor=3))) == "Stage 1 has a rate of 0.003 instead of 0.001."
    assert in_words(SPEC, made(DoubleSize())) == (
        "Stage 2 is new: 3 × the whole network, images at 192×256, batches of 4, rate 0.001."
    )
    assert in_words(SPEC, made(FreezeFirst(epochs=2))) == (
        "Stage 1 is new: 2 × the head alone, images at 96×128, batches of 8, rate 0.001. "
        "Stage 2 is now 3 × the whole network, images at 96×128, batches of 8, rate 2e-05 to 0.0002."
    )


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (SetWeightDecay(value=0.01), "nothing to change: the recipe is so already."),
        (MixPictures(), "no place in this recipe: only pictures that have classes as a whole can be mixed"),
        (ReplayMore(), "no place in this recipe: it does not fine-tune on corrections."),
        (UseArchitecture(name=Architecture.HEATMAP), "no place in this recipe: heatmap is not for segmentation."),
    ],
)
def test_what_changes_nothing_says_whether_it_is_so_already_or_has_no_place(change: Change, why: str) -> None:
    spec = RunSpec(task=Task.SEGMENTATION, stages=(Stage(epochs=1, height=64, width=64),), weight_decay=0.01)
    assert changed_recipe(change, spec) is None
    assert why_not(change, spec).startswith(f"Its button has {why}")
