"""Four plots of one run, or of several side by side: batch loss, epoch loss, metrics, rates. Where room is short, one
of them at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from studio.ui.train.axes import NumberAxis, RateAxis, WholeAxis
from studio.ui.train.curve_plot import CurvePlot
from studio.ui.train.curves import (
    Measure,
    ShownRun,
    batch_losses,
    epoch_boundaries,
    epoch_losses,
    measure_choices,
    measure_curves,
    metric_choices,
    metric_curves,
    metric_detail,
    step_boundaries,
)
from studio.ui.train.fields import Choice
from studio.ui.train.paint_turns import PaintTurns
from studio.ui.train.plot_controls import PlotControls

_ROOM_FOR_FOUR: Final = 236
"""Logical pixels below which the numbers beside two plots would lie over each other."""

_LEAST: Final = 152


class CurvesPanel(QWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: list[ShownRun] = []
        self.turns = PaintTurns(self)
        self.batch_loss = self._plot("Loss by batch", x_name="batch", left=NumberAxis("left"))
        self.batch_loss.setObjectName("batch_loss")
        self.epoch_loss = self._plot("Loss by epoch", x_name="epoch", left=NumberAxis("left"))
        self.metrics = self._plot("Metrics", x_name="epoch")
        self.rates = self._plot("", x_name="batch", left=RateAxis(), right_axis=True)
        self.measure_choice = Choice("measure", tip="What is drawn of each batch")
        self.measure_choice.setAccessibleName("What is drawn of each batch")
        self.measure_choice.edited.connect(lambda _name: self._show_measure())
        self.measure_choice.setProperty("compact", True)
        self.measure_choice.setFixedWidth(136)
        self.rates.title.hide()
        self.rates.title_row.insertWidget(0, self.measure_choice)
        self.measure_choice.offer([(Measure.RATES.value, Measure.RATES)])
        self.controls = PlotControls()
        self.controls.smoothing_changed.connect(lambda _smoothing: self._draw_batch_losses())
        self.controls.log_changed.connect(self._set_log)
        self.controls.fit_asked.connect(self.fit)
        self.metric_choice = Choice("metric", tip="The metric that is drawn")
        self.metric_choice.setAccessibleName("The metric that is drawn")
        self.metric_choice.edited.connect(lambda _name: self.refresh())
        self.metric_choice.setMaximumWidth(124)
        self.metric_choice.setProperty("compact", True)
        self.metrics.title_row.insertWidget(1, self.metric_choice)
        self.plot_choice = Choice("plot", tip="The plot that is shown; a higher window has room for all four")
        self.plot_choice.setAccessibleName("Plot")
        self.plot_choice.setProperty("compact", True)
        self.plot_choice.setMinimumWidth(104)
        self.plot_choice.setMaximumWidth(124)
        self.plot_choice.hide()
        self.setMinimumHeight(_LEAST)
        self._arrange()

    def _plot(self, title: str, *, x_name: str, left: NumberAxis | None = None, right_axis: bool = False) -> CurvePlot:
        return CurvePlot(
            title,
            x_name=x_name,
            bottom=WholeAxis(),
            left=left,
            right_axis=right_axis,
            waits_for=f"After the first {x_name}",
            turns=self.turns,
        )

    def _arrange(self) -> None:
        self._grid = grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(8)
        self.plots = (self.batch_loss, self.epoch_loss, self.rates, self.metrics)
        for i, plot in enumerate(self.plots):
            grid.addWidget(plot, i // 2, i % 2)
        self._share_room(self.plots)
        names = ("Loss by batch", "Loss by epoch", "By batch", "Metrics")
        self.plot_choice.offer(list(zip(names, self.plots, strict=True)))
        self.plot_choice.edited.connect(self._show_alone)

    @property
    def shows_one(self) -> bool:
        """Whether there is room for one plot only."""
        return not self.plot_choice.isHidden()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_low = event.size().height() < _ROOM_FOR_FOUR
        if is_low == self.shows_one:
            return
        if is_low:
            self._show_alone(self.plot_choice.value)
            return
        self.plot_choice.hide()
        for plot in self.plots:
            plot.title.setVisible(plot is not self.rates)
        self._share_room(self.plots)

    def _show_alone(self, chosen: CurvePlot) -> None:
        """The choice stands where the plot's title was."""
        chosen.title_row.insertWidget(0, self.plot_choice)
        chosen.title.hide()
        self.plot_choice.show()
        self._share_room([chosen])

    def _share_room(self, shown: Sequence[CurvePlot]) -> None:
        """All of it to these plots; the others are hidden."""
        places = {(i // 2, i % 2) for i, plot in enumerate(self.plots) if plot in shown}
        for half in range(2):
            self._grid.setRowStretch(half, int(any(row == half for row, _ in places)))
            self._grid.setColumnStretch(half, int(any(column == half for _, column in places)))
        for plot in self.plots:
            plot.setVisible(plot in shown)

    def show_runs(self, shown: Sequence[ShownRun]) -> None:
        """These runs and no others, from the first batch on, once `drawings` are made."""
        self._shown = list(shown)
        self.fit()

    def fit(self) -> None:
        """Show every curve from its beginning to its end, and follow it from then on."""
        for plot in self.plots:
            plot.show_everything()

    def refresh(self) -> None:
        """Draw what the runs have gained since the last time."""
        for draw in self.drawings():
            draw()

    def drawings(self) -> list[Callable[[], None]]:
        """What `refresh` does, a plot at a time: between two of them the window can listen."""
        return [self._draw_epoch_losses, self._draw_metrics, self._draw_measures, self._draw_batch_losses]

    def _draw_batch_losses(self) -> None:
        curves = batch_losses(self._shown, self.controls.smoothing)
        self.batch_loss.draw(curves, step_boundaries(self._shown))

    def _draw_epoch_losses(self) -> None:
        self.epoch_loss.draw(epoch_losses(self._shown), epoch_boundaries(self._shown))

    def _draw_metrics(self) -> None:
        self._offer_metrics(metric_choices(self._shown))
        choice = self.metric_choice.value or ""
        curves = metric_curves(self._shown, choice) if choice else []
        self.metrics.draw(curves, epoch_boundaries(self._shown))
        self.metrics.setToolTip(metric_detail(self._shown, choice))

    def _draw_measures(self) -> None:
        self._offer_measures(measure_choices(self._shown))
        curves = measure_curves(self._shown, self.measure_choice.value or Measure.RATES)
        self.rates.draw(curves, step_boundaries(self._shown))
        self._show_right_axis(any(curve.right_axis for curve in curves) or not curves)

    def _show_right_axis(self, shown: bool) -> None:
        """Of the momentum, which only a single run's rates have beside them."""
        axis = self.rates.canvas.drawing.getAxis("right")
        if axis.isVisible() != shown:
            axis.setVisible(shown)
            axis.setWidth(None if shown else 0)

    def _show_measure(self) -> None:
        """Another measure has another scale."""
        self._draw_measures()
        self.rates.show_everything()

    def _set_log(self, log_x: bool, log_y: bool) -> None:
        self.batch_loss.set_log(x=log_x, y=log_y)
        self.rates.set_log(x=log_x, y=log_y)
        self.epoch_loss.set_log(x=False, y=log_y)

    def _offer_measures(self, measures: Sequence[Measure]) -> None:
        if measures != self.measure_choice.values:
            self.measure_choice.offer([(measure.value, measure) for measure in measures])

    def _offer_metrics(self, names: Sequence[str]) -> None:
        if list(names) != self.metric_choice.values:
            self.metric_choice.offer([(name, name) for name in names])
        self.metric_choice.setVisible(len(names) > 1)
