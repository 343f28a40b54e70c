"""What a run may do beside its schedule, folded away: clip gradients, compute batches in parts, end stages early,
compile the network."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QWidget

from studio.core.recipe import RunSpec
from studio.core.settings import Task
from studio.ui.train.fields import DecimalField, Tick, WholeField, caption
from studio.ui.train.fold import Fold
from studio.ui.train.recipe_draft import RecipeDraft

_OFF = "Off"


class TrainingFields(Fold):
    """Follows the draft; its line names what is on."""

    def __init__(self, draft: RecipeDraft, parent: QWidget | None = None) -> None:
        inside = QWidget()
        super().__init__("training_fold", inside, tip="Clipping, parts, early end, compiling", parent=parent)
        self.clip_norm = DecimalField(
            "clip_norm", 0, 1000, step=0.5, decimals=2, tip="Gradients longer than this together are shortened to it"
        )
        self.parts = WholeField(
            "parts", 1, 1024, tip="Compute each batch in so many parts whose gradients add up: less memory, more time"
        )
        self.early_stop = WholeField(
            "early_stop",
            0,
            1000,
            suffix=" epochs",
            tip="End a stage after so many epochs without a lower validation loss",
        )
        self.compile = Tick(
            "compile",
            "Compile the network",
            tip="Compute the steps with a program that PyTorch's compiler makes of the network: a minute or so to "
            "begin with, then faster, mostly on a GPU",
        )
        if draft.spec.task is Task.TEXT:
            self.compile.hide()
        self.clip_norm.setSpecialValueText(_OFF)
        self.early_stop.setSpecialValueText(_OFF)
        self._arrange(inside)
        self._draft = draft
        self.clip_norm.edited.connect(lambda value: draft.set_training(clip_norm=value or None))
        self.parts.edited.connect(lambda value: draft.set_training(parts=value))
        self.early_stop.edited.connect(lambda value: draft.set_training(early_stop=value or None))
        self.compile.edited.connect(lambda on: draft.set_training(compile=on))
        draft.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        spec = self._draft.spec
        self.clip_norm.show_value(spec.clip_norm or 0)
        self.parts.show_value(spec.parts)
        self.early_stop.show_value(spec.early_stop or 0)
        self.compile.show_value(spec.compile)
        self.say(training_text(spec))

    def _arrange(self, inside: QWidget) -> None:
        grid = QGridLayout(inside)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(6)
        grid.setColumnMinimumWidth(0, 84)
        grid.setColumnStretch(1, 1)
        rows = (("Clip at", self.clip_norm), ("Batch in parts", self.parts), ("Patience", self.early_stop))
        for i, (name, field) in enumerate(rows):
            grid.addWidget(caption(name, field), i, 0)
            grid.addWidget(field, i, 1)
        grid.addWidget(self.compile, len(rows), 0, 1, 2)


def training_text(spec: RunSpec) -> str:
    """Clipped at 1, batches in 2 parts, early end after 3 epochs; or what could be set."""
    on: list[str] = []
    if spec.clip_norm is not None:
        on.append(f"clipped at {spec.clip_norm:g}")
    if spec.parts > 1:
        on.append(f"batches in {spec.parts} parts")
    if spec.early_stop is not None:
        on.append(f"early end after {spec.early_stop} epoch{'' if spec.early_stop == 1 else 's'}")
    if spec.compile:
        on.append("compiled")
    text = ", ".join(on) or "clipping, parts, early end"
    return text[0].upper() + text[1:]
