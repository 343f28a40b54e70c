"""A stage's schedule, chosen and set with mouse and keys, lands in the recipe that the engine gets."""

from __future__ import annotations

from msgspec.structs import replace
from PySide6.QtCore import QPoint, Qt

from studio.core.recipe import ClassWeights, RunSpec, Stage
from studio.core.schedules import Constant, FlatCosine, OneCycle
from studio.core.settings import Task
from studio.ui.train.learning_fields import LearningFields
from studio.ui.train.recipe_draft import RecipeDraft
from studio.ui.train.stage_card import StageCard

from .conftest import Desk
from .test_train_recipe import choose, train, type_over


def opened(desk: Desk) -> StageCard:
    """The first stage with its schedule unfolded by a click."""
    card = desk.page.recipe.form.stages.cards[0]
    line = card.schedule_fold.line
    desk.qtbot.mouseClick(line, Qt.MouseButton.LeftButton, pos=QPoint(12, line.height() // 2))
    assert card.schedule.kind.isVisible()
    return card


def test_the_schedule_is_folded_to_one_line_that_names_it(desk: Desk) -> None:
    card = desk.page.recipe.form.stages.cards[0]
    assert not card.schedule.isVisible()
    assert card.schedule_fold.line.text() == "One cycle, peak at 25 %"
    assert train(desk).stages[0].schedule == OneCycle()


def test_each_number_of_one_cycle_is_what_the_run_gets(desk: Desk) -> None:
    fields = opened(desk).schedule
    type_over(desk, fields.turn, "30")
    type_over(desk, fields.div, "10")
    type_over(desk, fields.div_final, "400")
    for field, text in zip(fields.momenta, ("0.9", "0.8", "0.7"), strict=True):
        type_over(desk, field, text)
    wanted = OneCycle(pct_start=0.3, div=10, div_final=400, momenta=(0.9, 0.8, 0.7))
    assert train(desk).stages[0].schedule == wanted


def test_a_schedule_shows_only_the_numbers_that_it_has(desk: Desk) -> None:
    card = opened(desk)
    fields = card.schedule
    choose(desk, "schedule", "Constant")
    assert fields.momentum.isVisible()
    assert not any(field.isVisible() for field in (fields.turn, fields.div, fields.div_final, *fields.momenta))
    choose(desk, "schedule", "Flat")
    assert fields.turn.isVisible()
    assert fields.turn.accessibleName() == "Falls from"
    assert not fields.div.isVisible()
    type_over(desk, fields.turn, "60")
    type_over(desk, fields.momentum, "0.8")
    assert card.schedule_fold.line.text() == "Flat, then cosine from 60 %"
    assert train(desk).stages[0].schedule == FlatCosine(pct_start=0.6, momentum=0.8)


def test_clipping_parts_an_early_end_and_compiling_are_unfolded_and_set(desk: Desk) -> None:
    fields = desk.page.recipe.form.training
    assert fields.line.text() == "Clipping, parts, early end"
    fields.line.setFocus()
    desk.qtbot.keyClick(fields.line, Qt.Key.Key_Space)
    assert fields.clip_norm.text() == fields.early_stop.text() == "Off"
    type_over(desk, fields.clip_norm, "0.5")
    type_over(desk, fields.parts, "2")
    type_over(desk, fields.early_stop, "3")
    assert fields.line.text() == "Clipped at 0.5, batches in 2 parts, early end after 3 epochs"
    desk.qtbot.mouseClick(fields.compile, Qt.MouseButton.LeftButton, pos=QPoint(8, fields.compile.height() // 2))
    assert fields.line.text().endswith(", compiled")
    spec = train(desk)
    assert spec.compile
    assert (spec.clip_norm, spec.parts, spec.early_stop) == (0.5, 2, 3)


def test_smoothed_labels_and_weighed_classes_are_unfolded_and_set(desk: Desk) -> None:
    fields = desk.page.recipe.form.learning
    assert fields.line.text() == "Smoothing, class weights, averaging"
    fields.line.setFocus()
    desk.qtbot.keyClick(fields.line, Qt.Key.Key_Space)
    assert fields.label_smoothing.text() == "Off"
    type_over(desk, fields.label_smoothing, "0.1")
    choose(desk, "class_weights", "Balanced")
    assert fields.line.text() == "Labels smoothed by 0.1, classes balanced"
    choose(desk, "average_weights", "100 steps")
    assert fields.line.text() == "Labels smoothed by 0.1, classes balanced, weights averaged (0.99)"
    spec = train(desk)
    assert (spec.label_smoothing, spec.class_weights, spec.average_weights) == (0.1, ClassWeights.BALANCED, 0.99)


def test_an_average_of_another_length_is_shown_and_stays(desk: Desk) -> None:
    desk.page.draft.set_training(average_weights=0.95)
    field = desk.page.recipe.form.learning.average_weights
    assert field.currentText() == "0.95"
    choose(desk, "average_weights", "Off")
    assert train(desk).average_weights == 0


def test_pictures_of_classes_can_be_mixed_and_masks_cannot(desk: Desk) -> None:
    spec = RunSpec(task=Task.SINGLE_LABEL, stages=(Stage(epochs=1, height=32, width=32),))
    draft = RecipeDraft(spec)
    fields = LearningFields(draft, spec.task)
    desk.qtbot.addWidget(fields)
    fields.show()
    fields.line.click()
    assert fields.mixup.text() == "Off"
    fields.mixup.selectAll()
    desk.qtbot.keyClicks(fields.mixup, "0.4")
    assert draft.spec.mixup == 0.4
    assert fields.line.text() == "MixUp 0.4"
    masks = desk.page.recipe.form.learning
    masks.line.click()
    assert masks.label_smoothing.isVisible()
    assert not masks.mixup.isVisible()


def test_what_is_off_says_so_and_is_off_in_the_recipe(desk: Desk) -> None:
    desk.page.draft.set_training(clip_norm=1.0, early_stop=4)
    fields = desk.page.recipe.form.training
    fields.line.click()
    type_over(desk, fields.clip_norm, "0")
    type_over(desk, fields.early_stop, "0")
    spec = train(desk)
    assert (spec.clip_norm, spec.early_stop) == (None, None)


def test_a_recipe_that_is_loaded_shows_the_schedule_of_each_stage(desk: Desk) -> None:
    stages = (
        Stage(epochs=1, height=32, width=64, schedule=Constant(momentum=0.5)),
        Stage(epochs=1, height=32, width=64, schedule=OneCycle(pct_start=0.3)),
    )
    desk.page.draft.load(replace(desk.page.draft.spec, stages=stages))
    cards = desk.page.recipe.form.stages.cards
    assert [card.schedule_fold.line.text() for card in cards] == ["Constant", "One cycle, peak at 30 %"]
    assert cards[0].schedule.momentum.value() == 0.5
    assert train(desk).stages == stages
