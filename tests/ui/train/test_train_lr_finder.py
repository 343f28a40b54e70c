"""The rate finder: its curve grows live, and what is clicked or dragged on it is the rate of the next run."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QPushButton

from studio.core.events import Finished, StageStarted
from studio.core.outcome import OutcomeKind
from studio.core.recipe import LearningRate, decode_spec
from studio.engine import FakeRun
from studio.ui.train.lr_finder import LrFinderPlot
from studio.ui.train.measured_stage import measured_text

from .conftest import Desk, lr_found, lr_sweep

NONE, LEFT = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton


def find_rate(desk: Desk, number: int = 1) -> FakeRun:
    desk.qtbot.mouseClick(desk.page.recipe.find_rate, LEFT)
    return desk.wait_for_run(number)


def finish(desk: Desk, run: FakeRun) -> None:
    run.say(lr_found(), Finished(outcome=OutcomeKind.FINISHED, seconds=3.0))
    run.end()
    desk.wait_for_idle()
    desk.wait_for_plots()


def drawn(curve: pg.PlotDataItem) -> int:
    """How many points a curve has."""
    x, _y = curve.getOriginalDataset()
    return 0 if x is None else len(x)


def place_of(plot: LrFinderPlot, rate: float) -> QPointF:
    """Where a rate lies on the canvas, in pixels, half-way up."""
    box = plot.canvas.getPlotItem().getViewBox()
    middle = sum(box.viewRange()[1]) / 2
    return QPointF(plot.canvas.mapFromScene(box.mapViewToScene(QPointF(math.log10(rate), middle))))


def drag(desk: Desk, begin: float, end: float) -> None:
    """Press at one rate, move to another in ten steps at the speed of a hand, and let go."""
    plot = desk.page.view.finder
    viewport = plot.canvas.viewport()
    path = [place_of(plot, begin * (end / begin) ** (i / 10)) for i in range(11)]

    def send(kind: QEvent.Type, at: QPointF, button: Qt.MouseButton, buttons: Qt.MouseButton) -> None:
        where = QPointF(viewport.mapToGlobal(at))
        QApplication.sendEvent(viewport, QMouseEvent(kind, at, where, button, buttons, Qt.KeyboardModifier.NoModifier))

    send(QEvent.Type.MouseMove, path[0], NONE, NONE)
    send(QEvent.Type.MouseButtonPress, path[0], LEFT, LEFT)
    for at in path[1:]:
        desk.qtbot.wait(15)
        send(QEvent.Type.MouseMove, at, NONE, LEFT)
    send(QEvent.Type.MouseButtonRelease, path[-1], LEFT, NONE)


def test_the_curve_grows_while_the_finder_runs(desk: Desk) -> None:
    run = find_rate(desk)
    plot = desk.page.view.finder
    assert plot.isVisible()
    events = lr_sweep()
    run.say(*events[:42])
    desk.wait(lambda: desk.control.history.lr_rates.size == 40)
    desk.wait(lambda: drawn(plot.smoothed) == 40)
    assert not any(chip.isVisible() for chip in plot.chips.values())
    run.say(*events[42:])
    desk.wait(lambda: drawn(plot.smoothed) == 100)
    rates, smoothed = plot.smoothed.getOriginalDataset()
    assert np.allclose(rates, [event.lr for event in events[2:]])
    assert np.allclose(smoothed, [event.smoothed for event in events[2:]])
    assert desk.page.view.header.title.text() == "Run 0001: Finding the learning rate"


def test_the_four_suggestions_are_named_and_marked_on_the_curve(desk: Desk) -> None:
    run = find_rate(desk)
    run.say(*lr_sweep())
    finish(desk, run)
    plot = desk.page.view.finder
    desk.wait(lambda: all(chip.isVisible() for chip in plot.chips.values()))
    texts = [chip.text() for chip in plot.chips.values()]
    assert texts == ["valley 1.5e-3", "steep 8e-4", "minimum ÷ 10: 6e-3", "slide 0.02"]
    marked = sorted(float(10 ** spot.pos().x()) for spot in plot.marks.points())
    assert marked == pytest.approx([8e-4, 1.5e-3, 6e-3, 2e-2])
    assert plot.status.text() == "measured on 32×64, batch 8  ·  ended early: the loss grew past four times its best"


def test_a_stage_of_another_size_batch_or_part_than_was_measured_is_named(desk: Desk) -> None:
    desk.page.draft.set_stage(0, height=32, width=64, batch_size=8)
    run = find_rate(desk)
    run.say(*lr_sweep())
    finish(desk, run)
    plot, draft = desk.page.view.finder, desk.page.draft
    desk.wait(plot.chips["valley"].isVisible)
    assert not plot.otherwise.isVisible()
    draft.double_size(0)
    draft.select(1)
    assert plot.otherwise.isVisible()
    batch = draft.stages[1].batch_size
    assert plot.otherwise.text() == (f"Stage 2 has 64×128, batch {batch}: another rate may suit it.")
    draft.select(0)
    assert not plot.otherwise.isVisible()
    draft.set_stage(0, frozen=True)
    assert plot.otherwise.text().startswith("Stage 1 has 32×64, batch 8, the head only:")


def test_what_was_measured_is_named_with_its_part_and_in_tokens() -> None:
    head = StageStarted(stage=0, epochs=1, height=64, width=96, batch_size=4, frozen=True)
    texts = StageStarted(stage=0, epochs=1, height=1, width=256, batch_size=16, frozen=False, language=True)
    assert measured_text(head) == "measured on 64×96, batch 4, the head only"
    assert measured_text(texts) == "measured on 256 tokens, batch 16, the language model"


def test_a_click_on_a_suggestion_sets_the_rate_of_the_next_run(desk: Desk) -> None:
    run = find_rate(desk)
    run.say(*lr_sweep())
    finish(desk, run)
    chip = desk.page.findChild(QPushButton, "suggestion_minimum")
    desk.wait(chip.isVisible)
    desk.qtbot.mouseClick(chip, LEFT)
    assert desk.page.recipe.form.stages.cards[0].high.text() == "6e-3"
    desk.page.start_training()
    desk.wait_for_run(2)
    assert desk.store.run("0002").spec.stages[0].lr.high == 6e-3


def test_a_drag_of_the_line_sets_exactly_the_rate_that_the_next_run_trains_at(desk: Desk) -> None:
    run = find_rate(desk)
    run.say(*lr_sweep())
    finish(desk, run)
    plot = desk.page.view.finder
    desk.wait(lambda: drawn(plot.smoothed) == 100)
    drag(desk, 1e-3, 2e-2)
    dragged = desk.page.draft.spec.stages[0].lr.high
    assert dragged == pytest.approx(2e-2, rel=0.1)
    assert plot.high_line.value() == pytest.approx(math.log10(dragged), abs=1e-3)
    assert desk.page.recipe.form.stages.cards[0].high.text() in plot.rate_label.text()
    desk.page.start_training()
    desk.wait_for_run(2)
    assert desk.store.run("0002").spec.stages[0].lr.high == dragged


def test_lesson_3_takes_the_steepest_fall_while_frozen_and_a_slice_afterwards(desk: Desk) -> None:
    desk.page.draft.set_stage(0, frozen=True)
    run = find_rate(desk)
    run.say(*lr_sweep())
    finish(desk, run)
    lesson = desk.page.view.finder.lesson
    desk.wait(lesson.isVisible)
    assert lesson.text() == "lesson 3: 8e-4"
    desk.qtbot.mouseClick(lesson, LEFT)
    assert desk.page.draft.stages[0].lr == LearningRate(high=8e-4)
    desk.page.draft.add_stage()
    assert lesson.text() == "lesson 3: 1.6e-4 – 1.6e-4"
    desk.page.draft.set_rate(0, high=4e-2)
    assert lesson.text() == "lesson 3: 6e-3 – 8e-3"
    desk.qtbot.mouseClick(lesson, LEFT)
    desk.page.start_training()
    desk.wait_for_run(2)
    recipe = decode_spec((desk.engine.runs[-1].folder / "recipe.json").read_bytes())
    assert (recipe.stages[1].lr.low, recipe.stages[1].lr.high) == (6e-3, 8e-3)


def test_without_a_frozen_stage_before_it_lesson_3_has_no_slice_to_offer(desk: Desk) -> None:
    run = find_rate(desk)
    run.say(*lr_sweep())
    finish(desk, run)
    desk.wait(desk.page.view.finder.chips["valley"].isVisible)
    assert not desk.page.view.finder.lesson.isVisible()


def test_a_stage_with_lower_rates_for_early_layers_has_two_lines_to_drag(desk: Desk) -> None:
    run = find_rate(desk)
    run.say(*lr_sweep())
    finish(desk, run)
    plot = desk.page.view.finder
    assert not plot.low_line.isVisible()
    desk.page.draft.set_discriminative(0, True)
    assert plot.low_line.isVisible()
    assert plot.low_line.value() == pytest.approx(-4)
    drag(desk, 1e-4, 1e-5)
    drag(desk, 1e-3, 1e-2)
    rate = desk.page.draft.spec.stages[0].lr
    assert rate.low == pytest.approx(1e-5, rel=0.1)
    assert rate.high == pytest.approx(1e-2, rel=0.1)
    desk.page.start_training()
    desk.wait_for_run(2)
    assert desk.store.run("0002").spec.stages[0].lr == rate


def test_a_frozen_stage_has_one_line(desk: Desk) -> None:
    desk.page.draft.set_discriminative(0, True)
    desk.page.draft.set_stage(0, frozen=True)
    assert not desk.page.view.finder.low_line.isVisible()


def test_the_lines_stand_at_the_rate_of_the_selected_stage(desk: Desk) -> None:
    desk.page.draft.double_size(0)
    desk.page.draft.set_rate(1, high=5e-4)
    plot = desk.page.view.finder
    desk.page.draft.select(0)
    assert plot.high_line.value() == pytest.approx(-3)
    desk.page.draft.select(1)
    assert plot.high_line.value() == pytest.approx(math.log10(5e-4))
    assert plot.rate_label.text() == "Stage 2 trains at <b>5e-4</b>"


def test_earlier_curves_stay_faint_behind_the_new_one(desk: Desk) -> None:
    first = find_rate(desk)
    first.say(*lr_sweep(80))
    finish(desk, first)
    second = find_rate(desk, 2)
    second.say(*lr_sweep(50))
    plot = desk.page.view.finder
    desk.wait(lambda: drawn(plot.smoothed) == 50)
    desk.wait(lambda: drawn(plot.older[0]) == 80)


def test_the_early_layers_rate_never_passes_the_heads(desk: Desk) -> None:
    draft = desk.page.draft
    draft.set_discriminative(0, True)
    draft.set_rate(0, low=1.0)
    assert draft.stages[0].lr == LearningRate(high=1e-3, low=1e-3, discriminative=True)
    draft.set_rate(0, high=1e-4)
    assert draft.stages[0].lr.low == 1e-4
