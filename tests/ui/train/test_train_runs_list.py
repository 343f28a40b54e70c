"""The list of runs: what each was, its recorded curves, several side by side, and what can be done with one."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QAction, QTextDocumentFragment
from PySide6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot

from studio.core.events import BatchFound, BatchTried, EpochAdded, Failed, Finished
from studio.core.kept_state import STATE_FILE
from studio.core.outcome import OutcomeKind
from studio.engine import FakeEngine, FakeRun
from studio.store import Store
from studio.ui.theme import ThemeMode, theme
from studio.ui.train.curves import ALL_METRICS, Curve
from studio.ui.train.legend import Legend
from studio.ui.train.run_list import FIGURE_ROLE, SECOND_LINE_ROLE
from studio.ui.train.run_words import date_text

from .conftest import Desk, epoch_end, lr_found, lr_sweep, open_desk, stage, started, step, training

LEFT = Qt.MouseButton.LeftButton


def finished_run(desk: Desk, *, epochs: int = 2, note: str = "") -> FakeRun:
    """A whole run of the draft, up to its end being written down."""
    number = len(desk.engine.runs) + 1
    desk.page.draft.set_note(note)
    desk.page.start_training()
    run = desk.wait_for_run(number)
    (run.folder / "model.safetensors").write_bytes(b"")
    run.say(*training(epochs), Finished(outcome=OutcomeKind.FINISHED, seconds=60.0))
    run.end()
    desk.wait(lambda: not desk.control.is_busy and desk.store.run(run.folder.name).outcome is not None)
    desk.wait_for_plots()
    return run


def crashed_run(desk: Desk) -> FakeRun:
    number = len(desk.engine.runs) + 1
    desk.page.start_training()
    run = desk.wait_for_run(number)
    run.say(started(), stage(), step(1))
    (run.folder / STATE_FILE).write_bytes(b"state")
    run.end(-11)
    desk.wait(lambda: not desk.control.is_busy and desk.store.run(run.folder.name).outcome is not None)
    return run


def click(desk: Desk, run: str, *, together: bool = False) -> None:
    view = desk.page.runs.view
    place = view.visualRect(desk.page.runs.model.index_of(run)).center()
    keys = Qt.KeyboardModifier.ControlModifier if together else Qt.KeyboardModifier.NoModifier
    desk.qtbot.mouseClick(view.viewport(), LEFT, keys, pos=QPoint(place))
    desk.wait_for_plots()


def act(desk: Desk, name: str) -> None:
    button = desk.page.runs.findChild(QToolButton, f"button_{name}")
    assert button is not None and button.isEnabled()
    desk.qtbot.mouseClick(button, LEFT)


def action(desk: Desk, name: str) -> QAction:
    return next(a for a in desk.page.actions() if a.objectName() == name)


def test_without_a_run_the_page_says_so_instead_of_showing_blank_plots(desk: Desk) -> None:
    assert desk.page.view.empty.isVisible()
    assert desk.page.view.empty.text() == ("Press Train, and the curves grow here while you go on labelling.")
    assert not desk.page.view.curves.isVisible()


def test_a_row_tells_what_the_run_was_how_it_did_and_how_it_ended(desk: Desk) -> None:
    desk.page.draft.set_stage(0, epochs=2)
    finished_run(desk, note="first try")
    index = desk.page.runs.model.index(0)
    desk.wait(lambda: index.data(FIGURE_ROLE) == "0.7")
    assert index.data() == "0001  2 epochs"
    when, outcome, note = index.data(SECOND_LINE_ROLE).split(" · ")
    assert dt.datetime.strptime(when, "%H:%M")
    assert (outcome, note) == ("finished", "first try")
    assert "Finished in 1 min 0 s." in index.data(Qt.ItemDataRole.ToolTipRole)


def test_a_rate_finders_row_has_the_rate_that_it_suggests(desk: Desk) -> None:
    desk.page.find_rate()
    run = desk.wait_for_run()
    run.say(*lr_sweep(), lr_found(), Finished(outcome=OutcomeKind.FINISHED, seconds=3.0))
    run.end()
    desk.wait(lambda: desk.page.runs.model.index(0).data(FIGURE_ROLE) == "1.5e-3")
    assert desk.page.runs.model.index(0).data() == "0001  rate finder"


def test_recorded_curves_come_back_when_the_project_is_opened_again(project: Path, qtbot: QtBot) -> None:
    for desk in open_desk(project, qtbot, FakeEngine(hold=True)):
        finished_run(desk)
    for desk in open_desk(project, qtbot, FakeEngine(hold=True)):
        plot = desk.page.view.curves.batch_loss
        desk.wait(lambda plot=plot: "0001 raw" in plot.keys and len(plot.data("0001 raw")[0]) == 10)
        assert desk.page.view.header.title.text().endswith("finished")
        assert "Pixel accuracy 0.7" in desk.page.view.header.facts.text()


def test_curves_are_as_thick_on_a_screen_of_twice_the_density(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    finished_run(desk)
    plot = desk.page.view.curves.epoch_loss
    desk.wait(lambda: bool(plot.items_by_key))
    curve = next(iter(plot.items_by_key.values()))
    before = curve.opts["pen"].widthF()  # a cosmetic pen's width counts device pixels
    monkeypatch.setattr(plot.canvas, "devicePixelRatioF", lambda: 2.0)
    QApplication.sendEvent(plot.canvas, QEvent(QEvent.Type.DevicePixelRatioChange))
    assert curve.opts["pen"].widthF() == pytest.approx(2 * before)


def test_a_legend_without_room_names_the_first_curves_and_counts_the_rest(qtbot: QtBot) -> None:
    legend = Legend()
    qtbot.addWidget(legend)
    names = [f"a metric with a long name, number {number}" for number in range(6)]
    curve = np.zeros(1)
    legend.show_values("", [(Curve(key=name, name=name, x=curve, y=curve), "0.9") for name in names])
    legend.show()
    shown, seen = 6, ""
    legend.resize(int(1.06 * legend.fontMetrics().horizontalAdvance("".join(names))) + 150, 20)
    seen_names = QTextDocumentFragment.fromHtml(legend.text()).toPlainText()
    assert all(name in seen_names for name in names), "names come before values"
    assert "0.9" not in seen_names
    for width in (4000, 700):
        legend.resize(width, 20)
        qtbot.waitUntil(lambda width=width: legend.width() == width)
        seen = QTextDocumentFragment.fromHtml(legend.text()).toPlainText()
        shown = legend.shown
        assert [name in seen for name in names] == [True] * shown + [False] * (6 - shown)
        assert legend.sizeHint().width() <= width
        assert all(name in legend.toolTip() for name in names)
    assert 0 < shown < 6
    assert seen.endswith(f"+{6 - shown}")


def test_several_selected_runs_lie_over_each_other_in_their_own_colours(desk: Desk) -> None:
    finished_run(desk)
    finished_run(desk, epochs=3)
    click(desk, "0002")
    click(desk, "0001", together=True)
    curves = desk.page.view.curves
    assert sorted(curves.epoch_loss.keys) == ["0001 valid", "0002 valid"]
    assert curves.epoch_loss.data("0002 valid")[1].tolist() == pytest.approx([1.2, 0.6, 0.4])
    assert curves.epoch_loss.legend.plain_text() == "0001 0.6  0002 0.4"
    assert desk.page.view.header.title.text() == "Comparing 2 runs"
    assert ALL_METRICS not in curves.metric_choice.values
    dots = {desk.page.runs.model.data(desk.page.runs.model.index(i), role) for i in range(2) for role in (260,)}
    assert dots == {"series_1", "series_2"}
    click(desk, "0001")
    assert sorted(curves.epoch_loss.keys) == ["0001 train", "0001 valid"]


def test_a_chosen_metric_is_drawn_alone(desk: Desk) -> None:
    finished_run(desk)
    curves = desk.page.view.curves
    assert sorted(curves.metrics.keys) == ["0001 Mean IoU", "0001 Pixel accuracy"]
    box = curves.metric_choice
    box.setFocus()
    while box.value != "Mean IoU":
        desk.qtbot.keyClick(box, Qt.Key.Key_Down)
    assert curves.metrics.keys == ["0001 Mean IoU"]
    assert curves.metrics.toolTip() == "valid, 3 classes, without void, 32×64"


def test_a_crashed_run_is_resumed_from_the_list(desk: Desk) -> None:
    crashed_run(desk)
    finished_run(desk)
    assert not action(desk, "train_resume").isEnabled()
    click(desk, "0001")
    assert desk.page.view.outcome.isVisible()
    assert desk.page.view.outcome.remedy.text() == "Resume"
    act(desk, "train_resume")
    run = desk.wait_for_run(3)
    assert run.start.resume
    assert run.folder.name == "0001"


def test_a_finished_run_can_be_the_start_of_the_next_by_one_click(desk: Desk) -> None:
    finished_run(desk)
    act(desk, "train_start_from")
    assert desk.page.draft.spec.parent == "0001"
    assert desk.page.recipe.form.start.currentText().startswith("Run 0001")


def test_deleting_a_run_moves_it_to_the_trash_and_takes_it_off_the_list(desk: Desk) -> None:
    run = finished_run(desk)
    finished_run(desk)
    click(desk, "0001")
    act(desk, "train_delete")
    assert desk.page.runs.model.rowCount() == 1
    assert [record.id for record in desk.store.runs()] == ["0002"]
    assert not run.folder.exists()
    assert (run.folder.parent / ".trash" / "0001").is_dir()
    assert desk.page.runs.selected == ["0002"]


def test_the_run_that_is_going_cannot_be_deleted(desk: Desk) -> None:
    desk.page.start_training()
    desk.wait_for_run()
    assert desk.page.runs.selected == ["0001"]
    assert not action(desk, "train_delete").isEnabled()


def test_other_runs_can_be_looked_at_while_one_is_going(desk: Desk) -> None:
    finished_run(desk)
    desk.page.start_training()
    run = desk.wait_for_run(2)
    click(desk, "0001")
    run.say(started(), stage(), *[step(n) for n in range(1, 4)])
    desk.wait(lambda: desk.control.history.step_count == 3)
    assert desk.page.view.curves.batch_loss.keys == ["0001 raw", "0001 smoothed"]
    desk.wait(lambda: desk.page.view.header.title.text() == "Run 0002: Training epoch 1 of 2")
    click(desk, "0002")
    assert desk.page.view.curves.batch_loss.data("0002 raw")[0].tolist() == [1, 2, 3]


def test_what_the_mouse_points_at_is_read_off_every_curve(desk: Desk) -> None:
    finished_run(desk)
    plot = desk.page.view.curves.batch_loss
    desk.wait(lambda: len(plot.data("0001 raw")[0]) == 10)
    box = plot.canvas.getPlotItem().getViewBox()
    from PySide6.QtCore import QPointF

    place = plot.canvas.mapFromScene(box.mapViewToScene(QPointF(4.2, 1.0)))
    desk.qtbot.mouseMove(plot.canvas.viewport(), QPoint(place))
    desk.wait(lambda: plot.legend.plain_text().startswith("batch 4"))
    assert plot.legend.plain_text() == "batch 4  batch 1.429  smoothed 1.439"


def test_both_themes_draw_curves_in_their_own_colours(desk: Desk) -> None:
    finished_run(desk)
    plot = desk.page.view.curves.epoch_loss
    item = plot.items_by_key["0001 valid"]
    light = item.opts["pen"].color().name()
    assert light == theme().color("series_2").name()
    theme().apply(ThemeMode.DARK)
    dark = item.opts["pen"].color().name()
    assert dark == theme().color("series_2").name() != light
    assert plot.canvas.backgroundBrush().color() == theme().color("plot")
    theme().apply(ThemeMode.LIGHT)


def test_dates_are_as_short_as_they_can_be_told() -> None:
    now = dt.datetime(2026, 11, 24, 12, 0)
    assert date_text(dt.datetime(2026, 11, 24, 9, 5), now) == "09:05"
    assert date_text(dt.datetime(2026, 3, 2, 9, 5), now) == "2 Mar 09:05"
    assert date_text(dt.datetime(2024, 3, 2, 9, 5), now) == "2 Mar 2024"


def test_a_failed_run_is_named_by_what_its_last_checkpoint_reaches(desk: Desk) -> None:
    desk.page.start_training()
    run = desk.wait_for_run()
    run.say(started(), stage(), epoch_end(1, accuracy=0.9), epoch_end(2, accuracy=0.6))
    run.say(Failed(outcome=OutcomeKind.BAD_INPUT, sentence="An image is gone."))
    run.end(1)
    desk.wait(lambda: desk.page.runs.model.index(0).data(FIGURE_ROLE) == "0.6")


def test_runs_of_another_program_appear_when_the_session_says_so(desk: Desk) -> None:
    with Store.open(desk.store.root) as other:
        other.create_run(desk.page.draft.spec)
    desk.session.runs_changed.emit()
    assert desk.page.runs.model.rowCount() == 1


def test_a_steered_run_is_listed_with_the_epochs_that_were_added(desk: Desk) -> None:
    desk.page.start_training()
    run = desk.wait_for_run()
    epochs = [epoch_end(1), epoch_end(2), epoch_end(3)]
    added = EpochAdded(step=3, stage=0, epochs=3, total_epochs=3, total_steps=15)
    run.say(started(), stage(), step(3), added, *epochs, Finished(outcome=OutcomeKind.FINISHED, seconds=1.0))
    run.end()
    desk.wait_for_idle()
    index = desk.page.runs.model.index(0)
    desk.wait(lambda: index.data().endswith("2 + 1 epochs"))
    assert "2 + 1 epochs" in index.data(Qt.ItemDataRole.ToolTipRole)


def test_a_run_that_looks_for_a_batch_size_tells_in_words_what_it_tries(desk: Desk) -> None:
    desk.page.propose_batch()
    run = desk.wait_for_run()
    view = desk.page.view
    desk.wait(lambda: "Batches of growing size" in view.empty.text() and view.empty.isVisible())
    run.say(started(purpose="probe-batch"), stage(), BatchTried(batch_size=2, fits=True, images_per_second=33.0))
    desk.wait(lambda: view.empty.text() == "2 together: 33 a second")
    run.say(BatchTried(batch_size=4, fits=False), BatchFound(batch_size=2, sentence="It is 2."))
    desk.wait(lambda: view.empty.text().splitlines()[1:] == ["4 together: do not fit into memory", "", "It is 2."])


def test_a_search_cannot_be_paused_and_a_training_can(desk: Desk) -> None:
    pause = desk.page.view.header.findChild(QToolButton, "pause_run")
    assert pause is not None
    for number, (begin, can_pause) in enumerate(((desk.page.find_rate, False), (desk.page.start_training, True)), 1):
        begin()
        run = desk.wait_for_run(number)
        run.say(started(), stage(), step(1))
        desk.wait(lambda: desk.control.history.step_count == 1)
        assert pause.isEnabled() == can_pause
        run.end()
        desk.wait_for_idle()


def test_runs_that_are_compared_have_no_axis_for_momentum(desk: Desk) -> None:
    finished_run(desk)
    rates = desk.page.view.curves.rates.canvas.drawing.getAxis("right")
    assert rates.isVisible()
    finished_run(desk)
    click(desk, "0001", together=True)
    assert not rates.isVisible()
    click(desk, "0002")
    assert rates.isVisible()
