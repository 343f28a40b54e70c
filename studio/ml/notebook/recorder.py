"""Hears what the engine says of a notebook's trainings, tells it below the cell and draws it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from studio.core.errors import BadInput
from studio.core.events import EpochEnd, LrFound, LrPoint, LrSuggestion, RunEvent, Step, Warned
from studio.ml.notebook.figures import Figure, new_figure
from studio.ml.notebook.saying import ProgressLine, say

WIDTH: Final = 12
"""Of a column of the table, in characters; a longer name of a metric makes its own wider."""


class Recorder:
    """What the last `lr_find` and the last `fit` said, each until the next one."""

    def __init__(self) -> None:
        self._sweep: list[LrPoint] = []
        self._suggestions: list[LrSuggestion] = []
        self._steps: list[Step] = []
        self._epochs: list[EpochEnd] = []
        self._line = ProgressLine()

    def begin_fit(self) -> None:
        self._steps, self._epochs = [], []

    def begin_sweep(self) -> None:
        self._sweep, self._suggestions = [], []

    def emit(self, event: RunEvent) -> None:
        match event:
            case Step():
                self._steps.append(event)
                left = f"{event.seconds_left:.0f} s left"
                self._line.tell(f"epoch {event.epoch}, step {event.step}, loss {event.smoothed:.4f}, {left}")
            case EpochEnd():
                self._epochs.append(event)
                self._tell(event)
            case LrPoint():
                self._sweep.append(event)
                self._line.tell(f"step {event.step}, rate {event.lr:.1e}, loss {event.smoothed:.4f}")
            case LrFound():
                self._line.clear()
                self._suggestions = event.suggestions
            case Warned():
                say(event.sentence)
            case _:
                pass

    @property
    def losses(self) -> list[float]:
        """Of each step of the last fit, smoothed."""
        return [step.smoothed for step in self._steps]

    @property
    def lrs(self) -> list[float]:
        """The rate of the head at each step."""
        return [step.lrs[-1] for step in self._steps]

    @property
    def moms(self) -> list[float]:
        return [step.momentum for step in self._steps]

    @property
    def val_losses(self) -> list[float]:
        return [epoch.valid_loss for epoch in self._epochs]

    @property
    def metrics(self) -> list[list[float]]:
        """Of each epoch, in the order of the table."""
        return [[metric.value for metric in epoch.metrics] for epoch in self._epochs]

    def plot(self, skip_start: int = 10, skip_end: int = 5) -> Figure:
        """What `lr_find` found: loss against rate, with its suggestions. Raises BadInput before it was called."""
        if not self._sweep:
            raise BadInput("There is nothing to plot yet; call learn.lr_find() first.")
        points = self._sweep[skip_start : len(self._sweep) - skip_end] or self._sweep
        figure, [[ax]] = new_figure(figsize=(6, 4))
        ax.plot([point.lr for point in points], [point.smoothed for point in points])
        for number, found in enumerate(self._suggestions):
            at = min(self._sweep, key=lambda point: abs(point.lr - found.lr))
            ax.plot(found.lr, at.smoothed, "o", color=f"C{number + 1}", label=f"{found.rule}: {found.lr:.2e}")
        ax.set_xscale("log")
        ax.set_xlabel("Learning Rate")
        ax.set_ylabel("Loss")
        if self._suggestions:
            ax.legend()
        return figure

    def plot_losses(self) -> Figure:
        """The training loss, smoothed, and the validation loss of each epoch."""
        self._require_fit()
        figure, [[ax]] = new_figure(figsize=(6, 4))
        ax.plot([step.step for step in self._steps], self.losses, label="Train")
        ax.plot([epoch.step for epoch in self._epochs], self.val_losses, label="Validation", marker=".")
        ax.set_xlabel("Batches processed")
        ax.set_ylabel("Loss")
        ax.legend()
        return figure

    def plot_lr(self, show_moms: bool = False) -> Figure:
        """The rates that the steps were made with, and with `show_moms` the momentum."""
        self._require_fit()
        figure, [axes] = new_figure(columns=1 + show_moms, figsize=(12 if show_moms else 6, 4))
        curves = [("Learning rate", self.lrs), ("Momentum", self.moms)]
        for ax, (name, values) in zip(axes, curves, strict=False):
            ax.plot(values)
            ax.set_xlabel("Iterations")
            ax.set_ylabel(name)
        return figure

    def plot_metrics(self) -> Figure:
        """Each metric by epoch."""
        self._require_fit()
        names = [metric.name for metric in self._epochs[0].metrics] if self._epochs else []
        if not names:
            raise BadInput("There are no metrics to plot; train an epoch first.")
        figure, axes = new_figure(rows=len(names), figsize=(6, 3 * len(names)))
        for [ax], name, values in zip(axes, names, zip(*self.metrics, strict=True), strict=True):
            ax.plot([epoch.step for epoch in self._epochs], values, marker=".")
            ax.set_xlabel("Batches processed")
            ax.set_ylabel(name)
        return figure

    def _require_fit(self) -> None:
        if not self._steps:
            raise BadInput("There is nothing to plot yet; call learn.fit_one_cycle(…) first.")

    def _tell(self, epoch: EpochEnd) -> None:
        """A row of the table, below its head at the first epoch."""
        self._line.clear()
        names = ["epoch", "train_loss", "valid_loss", *(metric.name for metric in epoch.metrics), "time"]
        if len(self._epochs) == 1:
            say(_row(names, names))
        minutes, seconds = divmod(round(epoch.seconds), 60)
        numbers = [f"{value:.6f}" for value in (epoch.train_loss, epoch.valid_loss, *(m.value for m in epoch.metrics))]
        say(_row([str(epoch.epoch), *numbers, f"{minutes:02}:{seconds:02}"], names))


def _row(cells: Sequence[str], names: Sequence[str]) -> str:
    return "  ".join(cell.ljust(max(WIDTH, len(name))) for cell, name in zip(cells, names, strict=True)).rstrip()
