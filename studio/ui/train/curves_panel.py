"""Four plots of one run, or of several side by side: batch loss, epoch loss, metrics, rates."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QGridLayout, QWidget

from studio.ui.train.axes import EpochAxis, RateAxis
from studio.ui.train.curve_plot import CurvePlot
from studio.ui.train.curves import (
    ShownRun,
    batch_losses,
    epoch_boundaries,
    epoch_losses,
    metric_choices,
    metric_curves,
    metric_detail,
    rate_curves,
    step_boundaries,
)
from studio.ui.train.fields import Choice


class CurvesPanel(QWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: list[ShownRun] = []
        self.batch_loss = CurvePlot("Loss by batch", x_name="batch")
        self.batch_loss.setObjectName("batch_loss")
        self.epoch_loss = CurvePlot("Loss by epoch", x_name="epoch", bottom=EpochAxis())
        self.metrics = CurvePlot("Metrics", x_name="epoch", bottom=EpochAxis())
        self.rates = CurvePlot("Rate, momentum", x_name="batch", left=RateAxis(), right_axis=True)
        self.metric_choice = Choice("metric", tip="The metric that is drawn")
        self.metric_choice.edited.connect(lambda _name: self.refresh())
        self.metric_choice.setMaximumWidth(104)
        self.metric_choice.setProperty("compact", True)
        self.metrics.title_row.insertWidget(1, self.metric_choice)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(8)
        plots = (self.batch_loss, self.epoch_loss, self.rates, self.metrics)
        for i, plot in enumerate(plots):
            grid.addWidget(plot, i // 2, i % 2)
            grid.setColumnStretch(i % 2, 1)
            grid.setRowStretch(i // 2, 1)

    def show_runs(self, shown: Sequence[ShownRun]) -> None:
        """These runs and no others, from the first batch on."""
        self._shown = list(shown)
        for plot in (self.batch_loss, self.epoch_loss, self.metrics, self.rates):
            plot.show_everything()
        self.refresh()

    def refresh(self) -> None:
        """Draw what the runs have gained since the last time."""
        shown = self._shown
        by_step, by_epoch = step_boundaries(shown), epoch_boundaries(shown)
        self.batch_loss.draw(batch_losses(shown), by_step)
        self.epoch_loss.draw(epoch_losses(shown), by_epoch)
        self._offer_metrics(metric_choices(shown))
        choice = self.metric_choice.value or ""
        self.metrics.draw(metric_curves(shown, choice) if choice else [], by_epoch)
        self.metrics.setToolTip(metric_detail(shown, choice))
        self.rates.draw(rate_curves(shown), by_step)

    def _offer_metrics(self, names: Sequence[str]) -> None:
        if list(names) != self.metric_choice.values:
            self.metric_choice.offer([(name, name) for name in names])
        self.metric_choice.setVisible(len(names) > 1)
