"""The recipe as a form; every control stands for one field of the draft and follows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.core.counting import counted
from studio.core.recipe import MOST_WARP, ModelSpec, OnDivergence, OnMemory, Precision, RunSpec
from studio.core.resizing import Resize
from studio.core.settings import TAG_TASKS, Task
from studio.ui.theme import theme
from studio.ui.train.fields import Choice, DecimalField, Tick, WholeField, caption, muted, section
from studio.ui.train.imagenet_cache import has_imagenet_weights
from studio.ui.train.learning_fields import LearningFields
from studio.ui.train.model_choices import ModelChoices
from studio.ui.train.recipe_draft import RecipeDraft
from studio.ui.train.stage_list import StageList
from studio.ui.train.training_fields import TrainingFields

_PRECISION_NAMES: Final = {
    Precision.AUTO: "Automatic",
    Precision.FLOAT32: "float32",
    Precision.BF16: "bfloat16",
    Precision.FP16: "float16",
}

_DIVERGENCE_NAMES: Final = {
    OnDivergence.STOP: "Stop",
    OnDivergence.GO_BACK: "Go back, lower the rate",
}
_DIVERGENCE_TIP: Final = (
    "When the loss is no number any more: end with the last good checkpoint, or go back to it and on with a third of "
    "the rates, three times at most"
)

_MEMORY_NAMES: Final = {
    OnMemory.PARTS: "Compute in parts",
    OnMemory.PRECISION: "Half precision",
    OnMemory.STOP: "Stop",
}
_MEMORY_TIP: Final = (
    "When a batch does not fit into memory: compute it in parts whose gradients add up, go on in half precision where "
    "the device has it, or end with the last good checkpoint"
)

_RESIZE_NAMES: Final = {Resize.SQUISH: "Squish", Resize.CROP: "Crop", Resize.PAD: "Pad"}
_RESIZE_TIP: Final = (
    "How pictures of another shape come to a stage's size: squish their sides, cut out a part that is drawn anew each "
    "time, or pad them with grey. After a crop, {} in review and prediction"
)
_SEEN_WHOLE: Final = "pictures are seen whole, padded,"
_SEEN_MIDDLE: Final = "the middle of each picture is seen"

_IMAGENET: Final = "imagenet"
_SCRATCH: Final = "scratch"

_CACHED: Final = "ImageNet weights of this encoder are on this computer."
_NOT_CACHED: Final = "To be fetched once; without a network the run starts from scratch, and says so."
_LANGUAGE_FIRST: Final = "A language model on all texts first, then the classes."
_RANDOM: Final = "Nothing is fetched; training needs more epochs."


@dataclass(frozen=True, kw_only=True)
class StartChoice:
    """An earlier run whose weights a new one may start from."""

    run: str
    model: ModelSpec
    text: str


class RecipeForm(QWidget):
    def __init__(self, draft: RecipeDraft, task: Task, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._draft = draft
        self._task = task
        self._starts: dict[str, StartChoice] = {}
        self._build_fields(task)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 12)
        layout.setSpacing(8)
        layout.addWidget(self.banner)
        layout.addWidget(section("Model"))
        layout.addLayout(_grid(*self.model.rows, ("Start from", self.start)))
        layout.addWidget(self.start_note)
        layout.addSpacing(4)
        layout.addWidget(section("Stages"))
        layout.addWidget(self.stages)
        layout.addSpacing(4)
        layout.addWidget(self._augment())
        layout.addWidget(section("Run"))
        layout.addLayout(
            _grid(
                ("Precision", self.precision),
                ("Weight decay", self.weight_decay),
                ("If it diverges", self.on_divergence),
                ("Memory full", self.on_memory),
                ("Seed", self.seed),
                ("Note", self.note),
            )
        )
        layout.addWidget(self.learning)
        layout.addWidget(self.training)
        layout.addStretch(1)
        draft.changed.connect(self.refresh)
        self.offer_starts([])

    def _augment(self) -> QWidget:
        """What is done to pictures; a text is read as it stands."""
        part = QWidget()
        column = QVBoxLayout(part)
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(8)
        column.addLayout(self._augment_heading())
        column.addWidget(self.flip)
        column.addWidget(self.flip_vertical)
        column.addLayout(
            _grid(
                ("Other shapes", self.resize_by),
                ("Rotate up to", self.rotate),
                ("Zoom up to", self.zoom),
                ("Warp up to", self.warp),
                ("Lighting", self.lighting),
            )
        )
        if self._task is Task.TEXT:
            part.hide()
        return part

    def _augment_heading(self) -> QHBoxLayout:
        heading = QHBoxLayout()
        heading.addWidget(section("Augment"), 1)
        heading.addWidget(self.samples)
        return heading

    def offer_samples(self, action: QAction) -> None:
        """What shows samples of what is done to pictures."""
        self.samples.setDefaultAction(action)

    def offer_starts(self, starts: Sequence[StartChoice]) -> None:
        """Earlier runs that a new one can start from, as they shall be listed."""
        self._starts = {start.run: start for start in starts}
        self._offer()
        self.refresh()

    def commit_edits(self) -> None:
        """Take over what is half typed in a number field."""
        focus = self.focusWidget()
        if isinstance(focus, QAbstractSpinBox):
            focus.interpretText()

    def refresh(self) -> None:
        """Show the draft."""
        spec = self._draft.spec
        if spec.parent is not None and not self.start.offers(spec.parent):
            self._offer()
        self.model.refresh()
        self.start.show_value(spec.parent or (_IMAGENET if spec.model.pretrained else _SCRATCH))
        self.start_note.setText(_start_note(spec))
        self.resize_by.show_value(spec.resize)
        self.flip.show_value(spec.augment.flip)
        self.flip_vertical.show_value(spec.augment.flip_vertical)
        self.rotate.show_value(spec.augment.rotate)
        self.zoom.show_value(100 * spec.augment.zoom)
        self.warp.show_value(100 * spec.augment.warp)
        self.lighting.show_value(100 * spec.augment.lighting)
        self.precision.show_value(spec.precision)
        self.weight_decay.show_value(spec.weight_decay)
        self.on_divergence.show_value(spec.on_divergence)
        self.on_memory.show_value(spec.on_memory)
        self.seed.show_value(spec.seed)
        if self.note.text() != spec.note:
            self.note.setText(spec.note)
        self.banner.refresh()

    # ------------------------------------------------------------------------------------------------ construction
    def _build_fields(self, task: Task) -> None:
        draft = self._draft
        self.banner = FineTuneBanner(draft)
        self.model = ModelChoices(draft)
        self.start = Choice("start_from", tip="The weights that training begins with")
        self.start.edited.connect(self._choose_start)
        self.start_note = muted()
        self.stages = StageList(draft)
        self.resize_by = Choice(
            "resize",
            [(name, resize) for resize, name in _RESIZE_NAMES.items()],
            tip=_RESIZE_TIP.format(_SEEN_MIDDLE if task in TAG_TASKS else _SEEN_WHOLE),
        )
        self.resize_by.edited.connect(lambda resize: draft.set_training(resize=resize))
        flip_tip = "Mirror image and label left to right, every other time"
        if task is Task.KEYPOINTS:
            flip_tip += "; a point takes the name of its mirror partner (Label page)"
        self.samples = QToolButton()
        self.samples.setObjectName("augmented_button")
        self.samples.setProperty("fold", True)
        self.samples.setIconSize(QSize(14, 14))
        self.samples.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.flip = Tick("flip", "Flip left and right", tip=flip_tip)
        self.flip.edited.connect(lambda on: draft.set_augment(flip=on))
        self.flip_vertical = Tick(
            "flip_vertical",
            "Flip up and down",
            tip="Turn image and label upside down, every other time; for pictures from above, such as satellites'",
        )
        self.flip_vertical.edited.connect(lambda on: draft.set_augment(flip_vertical=on))
        self.rotate = DecimalField(
            "rotate", 0, 180, step=1, decimals=0, suffix="°", tip="Turn image and label by up to so much either way"
        )
        self.rotate.edited.connect(lambda degrees: draft.set_augment(rotate=degrees))
        self.zoom = _percent("zoom", 100, step=5, tip="Enlarge image and label by up to so much")
        self.zoom.edited.connect(lambda percent: draft.set_augment(zoom=percent / 100))
        self.warp = _percent("warp", 100 * MOST_WARP, step=5, tip="Tilt image and label as if seen from aside")
        self.warp.edited.connect(lambda percent: draft.set_augment(warp=percent / 100))
        self.lighting = _percent("lighting", 100, step=5, tip="Change brightness and contrast")
        self.lighting.edited.connect(lambda percent: draft.set_augment(lighting=percent / 100))
        self._build_run_fields()

    def _build_run_fields(self) -> None:
        draft = self._draft
        self.precision = Choice("precision", [(name, value) for value, name in _PRECISION_NAMES.items()])
        self.precision.setToolTip("Automatic: half the bits where the device is fast with them, float32 otherwise")
        self.precision.edited.connect(draft.set_precision)
        self.weight_decay = DecimalField("weight_decay", 0, 1, step=0.005, decimals=4, tip="Pulls weights towards zero")
        self.weight_decay.edited.connect(draft.set_weight_decay)
        self.on_divergence = Choice(
            "on_divergence", [(name, choice) for choice, name in _DIVERGENCE_NAMES.items()], tip=_DIVERGENCE_TIP
        )
        self.on_divergence.edited.connect(draft.set_on_divergence)
        self.on_memory = Choice(
            "on_memory", [(name, choice) for choice, name in _MEMORY_NAMES.items()], tip=_MEMORY_TIP
        )
        self.on_memory.edited.connect(draft.set_on_memory)
        self.learning = LearningFields(draft, self._task)
        self.training = TrainingFields(draft)
        self.seed = WholeField("seed", 0, 2**31 - 1, tip="The same seed on the same computer gives the same run")
        self.seed.edited.connect(draft.set_seed)
        self.note = QLineEdit()
        self.note.setObjectName("note")
        self.note.setPlaceholderText("What this run is about")
        self.note.setMaxLength(200)
        self.note.textEdited.connect(draft.set_note)

    def _offer(self) -> None:
        parent = self._draft.spec.parent
        unlisted = [(f"Run {parent}", parent)] if parent is not None and parent not in self._starts else []
        listed = [(start.text, start.run) for start in self._starts.values()]
        imagenet = [] if self._task is Task.TEXT else [("ImageNet weights", _IMAGENET)]
        self.start.offer([*imagenet, ("Random weights", _SCRATCH), *unlisted, *listed])

    def _choose_start(self, value: str) -> None:
        if value in (_IMAGENET, _SCRATCH):
            self._draft.start_from_weights(pretrained=value == _IMAGENET)
        elif value in self._starts:
            self._draft.start_from_run(value, self._starts[value].model)


def _start_note(spec: RunSpec) -> str:
    if spec.parent is not None:
        return f"The weights and the {'vocabulary' if spec.task is Task.TEXT else 'model'} of run {spec.parent}."
    if spec.task is Task.TEXT:
        return _LANGUAGE_FIRST
    if not spec.model.pretrained:
        return _RANDOM
    return _CACHED if has_imagenet_weights(spec.model.encoder) else _NOT_CACHED


class FineTuneBanner(QFrame):
    """Says that the recipe trains on corrections, and how they are mixed with the old data; hidden otherwise."""

    def __init__(self, draft: RecipeDraft, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._draft = draft
        self.setProperty("role", "card")
        self.setProperty("selected", True)
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.drop = QToolButton()
        self.drop.setToolTip("Train on all labels instead")
        self.drop.setAccessibleName("Train on all labels instead")
        self.drop.clicked.connect(draft.forget_corrections)
        self.replay = _percent("replay", 100, step=10, tip="Share of its old training items")
        self.replay.edited.connect(lambda percent: draft.set_fine_tune(replay=percent / 100))
        self.weight = DecimalField(
            "weight", 1, 100, step=1, decimals=1, suffix=" ×", tip="How many times as often a corrected item is drawn"
        )
        self.weight.edited.connect(lambda weight: draft.set_fine_tune(weight=weight))
        top = QHBoxLayout()
        top.addWidget(self.text, 1)
        top.addWidget(self.drop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 8, 10)
        layout.addLayout(top)
        layout.addLayout(_grid(("Old data", self.replay), ("Corrections", self.weight)))
        theme().changed.connect(self._dress)
        self._dress()
        self.refresh()

    def refresh(self) -> None:
        spec = self._draft.spec
        self.setVisible(spec.fine_tune is not None)
        if spec.fine_tune is not None:
            count = len(spec.fine_tune.corrections)
            self.text.setText(f"Fine-tune on {counted(count, 'correction')} of run {spec.parent}")
            self.replay.show_value(100 * spec.fine_tune.replay)
            self.weight.show_value(spec.fine_tune.weight)

    def _dress(self) -> None:
        self.drop.setIcon(theme().icon("close", "muted"))


def _percent(name: str, most: float, *, step: float, tip: str) -> DecimalField:
    """From 0 on; whole percents, unless a recipe has a part of one."""
    return DecimalField(name, 0, most, step=step, decimals=0, suffix=" %", tip=tip)


def _grid(*rows: tuple[str, QWidget]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(10)
    grid.setVerticalSpacing(6)
    grid.setColumnMinimumWidth(0, 84)
    grid.setColumnStretch(1, 1)
    for i, (name, widget) in enumerate(rows):
        grid.addWidget(caption(name, widget), i, 0)
        grid.addWidget(widget, i, 1)
    return grid
