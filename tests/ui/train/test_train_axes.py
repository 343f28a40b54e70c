"""What the axes of the plots name: few numbers, none over another, whole batches."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from studio.ui.train.axes import NumberAxis
from studio.ui.train.curve_plot import CurvePlot
from studio.ui.train.log_ticks import log_ticks, number_text

from .conftest import Desk, epoch_end, stage, started, step


@given(st.floats(-12, 9), st.floats(0.02, 15), st.floats(30, 900))
def test_an_axis_in_powers_of_ten_names_two_numbers_or_more_with_room_between(
    low: float, decades: float, pixels: float
) -> None:
    gap = decades * 20 / pixels
    ticks = log_ticks(low, low + decades, gap=gap)
    places = [math.log10(tick) for tick in ticks]
    assert len(ticks) >= 2
    assert all(low - 1e-9 <= place <= low + decades + 1e-9 for place in places)
    assert len(ticks) == 2 or all(b - a >= gap for a, b in itertools.pairwise(places))


@pytest.mark.parametrize(
    ("lowest", "highest", "gap", "named"),
    [
        (0.9, 130, 0.25, ["1", "2", "5", "10", "20", "50", "100"]),
        (0.9, 130, 0.5, ["1", "10", "100"]),
        (1e-7, 10, 1.5, ["1e-6", "1e-4", "0.01", "1"]),
        (0.55, 0.83, 0.03, ["0.6", "0.7", "0.8"]),
        (900, 250_000, 0.9, ["1,000", "10,000", "1e5"]),
    ],
)
def test_it_names_round_numbers(lowest: float, highest: float, gap: float, named: list[str]) -> None:
    ticks = log_ticks(math.log10(lowest), math.log10(highest), gap=gap)
    assert [number_text(tick) for tick in ticks] == named


def labels(plot: CurvePlot, side: str) -> list[tuple[QRectF, str]]:
    """What is written beside a plot, and where."""
    axis = plot.canvas.getPlotItem().getAxis(side)
    image = QImage(800, 800, QImage.Format.Format_ARGB32)
    painter = QPainter(image)
    axis.picture = None
    _line, _ticks, texts = axis.generateDrawSpecs(painter)
    painter.end()
    return [(QRectF(rect), text) for rect, _flags, text in texts if text]


def test_no_label_lies_over_another_on_logarithmic_axes(desk: Desk) -> None:
    desk.page.start_training()
    run = desk.wait_for_run()
    run.say(started(epochs=24), stage(epochs=24), *(step(n) for n in range(1, 121)), epoch_end(1), epoch_end(2))
    desk.wait(lambda: desk.control.history.step_count == 120)
    desk.wait_for_plots()
    curves = desk.page.view.curves
    curves.controls.log_x.click()
    curves.controls.log_y.click()
    desk.page.grab()
    for plot in (curves.batch_loss, curves.epoch_loss, curves.rates):
        for side in ("left", "bottom"):
            shown = labels(plot, side)
            assert len(shown) >= 2, (plot.title.text(), side)
            for (one, text), (other, _text) in itertools.combinations(shown, 2):
                assert not one.intersects(other), (plot.title.text(), text)
    assert labels(curves.batch_loss, "bottom")[0][1] == "1"


def test_batches_are_whole_numbers(desk: Desk) -> None:
    desk.page.start_training()
    run = desk.wait_for_run()
    run.say(started(), stage(), step(1), step(2))
    desk.wait(lambda: desk.control.history.step_count == 2)
    desk.wait_for_plots()
    desk.page.grab()
    for plot in (desk.page.view.curves.batch_loss, desk.page.view.curves.rates):
        assert {text for _rect, text in labels(plot, "bottom")} <= {"0", "1", "2", "3"}


def test_linear_axes_keep_their_numbers(desk: Desk) -> None:
    axis = desk.page.view.curves.batch_loss.canvas.getPlotItem().getAxis("left")
    assert isinstance(axis, NumberAxis)
    assert axis.tickStrings([0.0, 0.5, 1.0], 1.0, 0.5) == ["0", "0.5", "1.0"]
