"""The plots: thinned without losing a peak, smoothed, on logarithmic axes, zoomed and read under the mouse."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.core.events import RunEvent
from studio.ui.train.curve_plot import CurvePlot, nearest_index
from studio.ui.train.curves import Measure
from studio.ui.train.curves_panel import CurvesPanel
from studio.ui.train.decimation import decimated

from .conftest import Desk, epoch_end, loss_at, stage, started, step


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=400), st.integers(1, 20))
def test_thinning_keeps_both_ends_and_the_extremes_of_every_column(values: list[float], columns: int) -> None:
    x, y = np.arange(1, len(values) + 1, dtype=float), np.array(values)
    thin_x, thin_y = decimated(x, y, low=x[0], high=x[-1], columns=columns)
    assert len(thin_x) <= max(4 * columns, 2)
    assert np.all(np.diff(thin_x) >= 0)
    assert (thin_x[0], thin_x[-1]) == (x[0], x[-1])
    edges = np.linspace(x[0], x[-1], columns + 1)
    column, thin_column = (
        np.clip(np.searchsorted(edges, each, side="right") - 1, 0, columns - 1) for each in (x, thin_x)
    )
    for number in set(column.tolist()):
        assert thin_y[thin_column == number].max() == y[column == number].max()
        assert thin_y[thin_column == number].min() == y[column == number].min()


def test_a_single_peak_in_a_hundred_thousand_steps_is_drawn_from_few_points() -> None:
    x, y = np.arange(1.0, 100_001.0), np.zeros(100_000)
    y[54_321] = 7.0
    thin_x, thin_y = decimated(x, y, low=0, high=100_000, columns=500)
    assert len(thin_x) <= 1000
    assert thin_y.max() == 7.0
    assert abs(thin_x[thin_y.argmax()] - x[54_321]) <= 200


def test_what_is_zoomed_into_is_drawn_point_by_point_with_a_neighbour_on_each_side() -> None:
    x = np.arange(1.0, 100_001.0)
    thin_x, thin_y = decimated(x, x * 2, low=500, high=510, columns=300)
    assert thin_x.tolist() == list(range(499, 512))
    assert thin_y.tolist() == [2 * value for value in range(499, 512)]


def test_a_gap_does_not_hide_the_values_beside_it() -> None:
    x, y = np.arange(1.0, 1001.0), np.ones(1000)
    y[::2] = np.nan
    assert np.isfinite(decimated(x, y, low=1, high=1000, columns=10)[1]).all()


def test_the_nearest_point_is_found_on_either_side() -> None:
    x = np.array([1.0, 2.0, 4.0])
    assert [nearest_index(x, wanted) for wanted in (-5, 1.4, 2.9, 3.1, 9)] == [0, 0, 1, 2, 2]


def train(desk: Desk, *events: RunEvent) -> None:
    desk.page.start_training()
    desk.wait_for_run().say(started(epochs=40), stage(epochs=40), *events)
    count = len(events)
    desk.wait(lambda: desk.control.history.step_count == count)
    desk.wait(lambda: plot(desk).keys != [] and len(plot(desk).data("0001 raw")[0]) == count)
    desk.wait_for_plots()


def plot(desk: Desk) -> CurvePlot:
    return desk.page.view.curves.batch_loss


def test_the_slider_smooths_the_loss_more_and_less(desk: Desk) -> None:
    train(desk, *[step(n) for n in range(1, 101)])
    slider = desk.page.view.curves.controls.slider
    assert plot(desk).data("0001 smoothed")[1] == pytest.approx([loss_at(n) + 0.01 for n in range(1, 101)])
    desk.qtbot.mouseClick(slider, Qt.MouseButton.LeftButton)
    slider.setFocus()
    desk.qtbot.keyClick(slider, Qt.Key.Key_Home)
    assert plot(desk).data("0001 smoothed")[1] == pytest.approx([loss_at(n) for n in range(1, 101)])
    desk.qtbot.keyClick(slider, Qt.Key.Key_End)
    mean, beta = 0.0, 0.999
    for n in range(1, 101):
        mean = beta * mean + (1 - beta) * loss_at(n)
    assert plot(desk).data("0001 smoothed")[1][-1] == pytest.approx(mean / (1 - beta**100))


def test_logarithmic_axes_count_in_powers_of_ten_and_read_real_values(desk: Desk) -> None:
    train(desk, *[step(n) for n in range(1, 101)])
    controls = desk.page.view.curves.controls
    for button in (controls.log_x, controls.log_y):
        desk.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    box = plot(desk).canvas.drawing.getViewBox()
    desk.wait(lambda: box.viewRange()[0][0] <= 0 and 2 <= box.viewRange()[0][1] < 3)
    low, high = box.viewRange()[1]
    assert low < np.log10(loss_at(100)) < np.log10(loss_at(1)) < high
    hover(desk, np.log10(10))
    desk.wait(lambda: plot(desk).legend.plain_text().startswith("batch 10 "))
    for button in (controls.log_x, controls.log_y):
        desk.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    desk.wait(lambda: plot(desk).canvas.drawing.getViewBox().viewRange()[0][1] > 99)


def hover(desk: Desk, x: float) -> None:
    canvas = plot(desk).canvas
    box = canvas.drawing.getViewBox()
    middle = sum(box.viewRange()[1]) / 2
    desk.qtbot.mouseMove(canvas.viewport(), QPoint(canvas.mapFromScene(box.mapViewToScene(QPointF(x, middle)))))


def test_the_wheel_zooms_new_steps_do_not_move_the_view_and_fit_shows_all_again(desk: Desk) -> None:
    train(desk, *[step(n) for n in range(1, 101)])
    canvas = plot(desk).canvas
    box = canvas.drawing.getViewBox()
    QApplication.processEvents()
    box.scaleBy((0.2, 0.2))
    zoomed = box.viewRange()
    desk.engine.runs[-1].say(*[step(n) for n in range(101, 151)])
    desk.wait(lambda: len(plot(desk).data("0001 raw")[0]) == 150)
    assert box.viewRange() == zoomed
    drawn = plot(desk).items_by_key["0001 raw"].getData()[0]
    assert drawn[0] >= zoomed[0][0] - 1
    desk.qtbot.mouseClick(desk.page.view.curves.controls.fit, Qt.MouseButton.LeftButton)
    desk.wait(lambda: box.viewRange()[0][0] <= 1 and box.viewRange()[0][1] >= 150)


def test_the_third_plot_shows_what_was_measured_of_the_steps(desk: Desk) -> None:
    measured = [
        replace(step(n), gradient_norm=float(n) if n % 2 else None, memory=n * 2**30 if n == 4 else None)
        for n in range(1, 7)
    ]
    train(desk, *measured)
    curves = desk.page.view.curves
    assert curves.measure_choice.values == list(Measure)
    for measure, key, points in (
        (Measure.GRADIENTS, "0001 gradient norm", ([1, 3, 5], [1, 3, 5])),
        (Measure.SPEED, "0001 images a second", ([1, 2, 3, 4, 5, 6], [123.4] * 6)),
        (Measure.MEMORY, "0001 process", ([4], [4])),
    ):
        curves.measure_choice.setCurrentIndex(curves.measure_choice.values.index(measure))
        curves.measure_choice.edited.emit(measure)
        assert curves.rates.keys == [key]
        assert [each.tolist() for each in curves.rates.data(key)] == [list(points[0]), list(points[1])]


def test_values_that_have_no_room_in_the_line_above_stand_beside_the_cursor(desk: Desk) -> None:
    train(desk, *[step(n) for n in range(1, 11)])
    desk.page.resize(960, 760)
    canvas = plot(desk).canvas
    desk.wait(lambda: not plot(desk).legend.has_values)
    desk.qtbot.wait(50)
    hover(desk, 4)
    desk.wait(plot(desk).hover.isVisible)
    assert "batch 4" in plot(desk).hover.text()
    assert "1.429" in plot(desk).hover.text()
    assert "1.439" in plot(desk).hover.text()
    assert canvas.rect().contains(plot(desk).hover.geometry())


def test_where_room_is_short_one_plot_has_all_of_it_and_the_others_are_a_choice_away(qtbot: QtBot) -> None:
    curves = CurvesPanel()
    qtbot.addWidget(curves)
    plots = (curves.batch_loss, curves.epoch_loss, curves.rates, curves.metrics)
    curves.resize(456, 400)
    curves.show()
    assert [plot.isVisible() for plot in plots] == [True] * 4
    curves.resize(456, 160)
    for row, plot in enumerate(plots):
        qtbot.waitUntil(lambda plot=plot: plot.size() == curves.size())
        assert [other.isVisible() for other in plots] == [other is plot for other in plots]
        assert curves.plot_choice.isVisible()
        assert curves.plot_choice.parent() is plot
        qtbot.keyClick(curves.plot_choice, Qt.Key.Key_Down)
        assert curves.plot_choice.currentIndex() == min(row + 1, 3)
    curves.resize(456, 400)
    assert [plot.isVisible() for plot in plots] == [True] * 4
    assert [plot.title.isVisible() for plot in plots] == [True, True, False, True]
    assert not curves.plot_choice.isVisible()


def test_a_plot_without_a_curve_says_what_it_waits_for_in_the_place_of_empty_axes(desk: Desk) -> None:
    desk.page.resize(1280, 860)
    desk.page.start_training()
    desk.wait_for_run().say(started(), stage(), step(1))
    curves = desk.page.view.curves
    desk.wait(curves.batch_loss.canvas.isVisible)
    desk.wait_for_plots()
    assert not curves.epoch_loss.canvas.isVisible()
    assert curves.epoch_loss.waiting.isVisible()
    assert curves.epoch_loss.waiting.text() == "After the first epoch"
    desk.engine.runs[-1].say(epoch_end(1))
    desk.wait(curves.epoch_loss.canvas.isVisible)
    assert not curves.epoch_loss.waiting.isVisible()
