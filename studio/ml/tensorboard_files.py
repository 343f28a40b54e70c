"""What a run says as event files that TensorBoard shows: losses, metrics, rates, the finder's curve, recipe, masks."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

from studio.core.errors import CannotWrite, MissingPackage
from studio.core.events import (
    EpochEnd,
    LrFound,
    LrPoint,
    RunEvent,
    SamplePrediction,
    Samples,
    Started,
    Step,
    Warned,
    WentBack,
)
from studio.core.recipe import RunSpec, encode_spec

if TYPE_CHECKING:
    from torch.utils.tensorboard.writer import SummaryWriter

PACKAGE: Final = "tensorboard"

FLUSH_SECONDS: Final = 5

Hear = Callable[[RunEvent], None]


def require_tensorboard() -> None:
    """Raises MissingPackage."""
    try:
        importlib.import_module("torch.utils.tensorboard")
    except ImportError as error:
        raise MissingPackage("Writing TensorBoard's files", [PACKAGE]) from error


@contextmanager
def event_files(folder: Path, run: Path, spec: RunSpec) -> Iterator[Hear]:
    """Whatever the given function hears goes into `folder`; `run` is the run's folder, where its sample masks lie.

    Raises MissingPackage, CannotWrite.
    """
    require_tensorboard()
    try:
        board = _Board(folder, run, spec)
    except OSError as error:
        raise CannotWrite(folder, error.strerror or str(error)) from error
    try:
        yield board.hear
    finally:
        board.close()


class _Board:
    def __init__(self, folder: Path, run: Path, spec: RunSpec) -> None:
        self._folder = folder
        self._run = run
        self._step = 0
        self._writer = _writer(folder)
        self._writer.add_text("recipe", f"```json\n{encode_spec(spec).decode()}\n```")

    def close(self) -> None:
        self._writer.close()

    def hear(self, event: RunEvent) -> None:
        match event:
            case Started() if event.resumed_at:
                self._forget_after(event.resumed_at)
            case WentBack():
                self._say("warnings", event.sentence, event.time)
                self._forget_after(event.to_step)
            case Warned():
                self._say("warnings", event.sentence, event.time)
            case Step():
                self._hear_step(event)
            case EpochEnd():
                self._hear_epoch(event)
            case Samples():
                for prediction in event.predictions:
                    self._show(prediction, event.time)
            case LrPoint():
                self._draw("lr_finder", {"rate": event.lr, "loss": event.loss, "smoothed": event.smoothed}, event)
            case LrFound():
                rules = "\n".join(f"- {found.rule}: {found.lr:.3e}" for found in event.suggestions)
                self._say("lr_finder/suggestions", rules or f"None: the sweep {event.stopped}.", event.time)
            case _:
                pass

    def _hear_step(self, event: Step) -> None:
        self._step = event.step
        self._draw("loss", {"batch": event.loss, "smoothed": event.smoothed}, event)
        self._draw("rate", {f"group {number}": rate for number, rate in enumerate(event.lrs, start=1)}, event)
        self._draw("optimizer", {"momentum": event.momentum}, event)
        self._draw("speed", {"images per second": event.images_per_second}, event)

    def _hear_epoch(self, event: EpochEnd) -> None:
        self._step = event.step
        self._draw("loss", {"train": event.train_loss, "valid": event.valid_loss}, event)
        self._draw("metrics", {metric.name: metric.value for metric in event.metrics}, event)
        self._draw("speed", {"epoch": event.epoch}, event)

    def _draw(self, group: str, values: dict[str, float], event: Step | EpochEnd | LrPoint) -> None:
        for name, value in values.items():
            self._writer.add_scalar(f"{group}/{name}", value, event.step, walltime=event.time or None)

    def _say(self, tag: str, text: str, time: float) -> None:
        self._writer.add_text(tag, text, self._step, walltime=time or None)

    def _show(self, prediction: SamplePrediction, time: float) -> None:
        """A sample's mask in its classes' colours; points and tags are no pictures."""
        path = self._run / prediction.mask if prediction.mask is not None else None
        if path is not None and path.is_file():
            with Image.open(path) as mask:
                pixels = np.asarray(mask.convert("RGB"))
            self._writer.add_image(
                f"samples/{prediction.name}", pixels, self._step, walltime=time or None, dataformats="HWC"
            )

    def _forget_after(self, step: int) -> None:
        """What comes behind a step was undone, and TensorBoard shall not show it beside what comes instead."""
        self._writer.close()
        self._writer = _writer(self._folder, purge_step=step + 1)
        self._step = step


def _writer(folder: Path, *, purge_step: int | None = None) -> SummaryWriter:
    from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415 - its package is an extra

    return SummaryWriter(str(folder), purge_step=purge_step, flush_secs=FLUSH_SECONDS)
