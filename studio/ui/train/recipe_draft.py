"""The recipe that the form edits: one `RunSpec`, changed a field at a time, and the stage that is selected in it."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Final

from msgspec.structs import replace
from PySide6.QtCore import QObject, Signal

from studio.core.architectures import Architecture, can_stand_on, encoders_of
from studio.core.defaults import COMMON_SIZE
from studio.core.progressive import grown
from studio.core.recipe import (
    Augment,
    LearningRate,
    ModelSpec,
    OnDivergence,
    OnMemory,
    Precision,
    Purpose,
    RunSpec,
    Stage,
)
from studio.core.settings import Task
from studio.ui.train.rates import MAX_RATE, MIN_RATE
from studio.ui.train.recipe_steps import Moment, RecipeSteps

LARGEST_SIDE: Final = 8192
"""Of the pictures of a stage, in pixels."""


class RecipeDraft(QObject):
    """Every control binds to one field here and follows `changed`; what the engine gets is `spec` and nothing else."""

    changed = Signal()
    stage_selected = Signal(int)
    told = Signal(str)
    """What a change that does several things at once has done, in a sentence."""

    def __init__(
        self, spec: RunSpec, parent: QObject | None = None, *, image_size: tuple[int, int] = COMMON_SIZE
    ) -> None:
        """`image_size` is (width, height) of the project's pictures."""
        super().__init__(parent)
        self.image_size = image_size
        self._spec = spec
        self._selected = 0
        self._steps = RecipeSteps()

    @property
    def spec(self) -> RunSpec:
        return self._spec

    @property
    def stages(self) -> tuple[Stage, ...]:
        return self._spec.stages

    @property
    def selected(self) -> int:
        """Index of the stage that the rate finder works on and whose rate its curve sets."""
        return self._selected

    @property
    def selected_stage(self) -> Stage:
        return self._spec.stages[self._selected]

    def load(self, spec: RunSpec, what: Hashable = None) -> None:
        """Take over a whole recipe; a rate finder's one becomes that of a training run. Several of the same `what`
        without a rest between them are one step back."""
        spec = replace(spec, purpose=Purpose.TRAIN)
        if spec != self._spec:
            self._steps.keep(self._now, what)
        self._show(Moment(spec, min(self._selected, len(spec.stages) - 1)))

    # ------------------------------------------------------------------------------------------------ steps back
    @property
    def can_undo(self) -> bool:
        return self._steps.can_undo

    @property
    def can_redo(self) -> bool:
        return self._steps.can_redo

    def undo(self) -> None:
        """Take the last change back; what was typed into one field without a rest is one change."""
        self._show(self._steps.undo(self._now))

    def redo(self) -> None:
        self._show(self._steps.redo(self._now))

    def lr_find_spec(self) -> RunSpec:
        """The same recipe for the rate finder: the selected stage says size, batch and freezing."""
        return replace(self._spec, purpose=Purpose.LR_FIND, stages=(self.selected_stage,))

    def probe_spec(self) -> RunSpec:
        """The same recipe for the one that looks for the selected stage's batch size."""
        return replace(self._spec, purpose=Purpose.PROBE, stages=(self.selected_stage,))

    def look_spec(self) -> RunSpec:
        """The same recipe for a look at augmented samples: of the selected stage only the size counts."""
        stage = Stage(epochs=1, height=self.selected_stage.height, width=self.selected_stage.width)
        return replace(self._spec, purpose=Purpose.LOOK, stages=(stage,), parent=None, fine_tune=None, note="")

    # ------------------------------------------------------------------------------------------------ the whole recipe
    def set_architecture(self, architecture: Architecture) -> None:
        """The encoder stays if the architecture can stand on it; else it becomes the architecture's usual one."""
        own = self._spec.model.encoder
        encoder = own if can_stand_on(architecture, own) else encoders_of(architecture)[0]
        self._set(model=replace(self._spec.model, architecture=architecture, encoder=encoder))

    def set_encoder(self, encoder: str) -> None:
        self._set(model=replace(self._spec.model, encoder=encoder))

    def start_from_weights(self, *, pretrained: bool) -> None:
        """Begin with ImageNet weights or with random ones; a fine-tuning becomes an ordinary run."""
        self._set(model=replace(self._spec.model, pretrained=pretrained), parent=None, fine_tune=None)

    def start_from_run(self, run: str, model: ModelSpec) -> None:
        """Begin with the weights of an earlier run, whose architecture and encoder this one must then have too."""
        fine_tune = self._spec.fine_tune if run == self._spec.parent else None
        same = replace(self._spec.model, architecture=model.architecture, encoder=model.encoder)
        self._set(model=same, parent=run, fine_tune=fine_tune)

    def forget_corrections(self) -> None:
        """Train on all labels instead of on the corrections; the parent stays."""
        self._set(fine_tune=None)

    def set_fine_tune(self, **fields: Any) -> None:
        """Fields of `FineTune`; does nothing in an ordinary run."""
        if self._spec.fine_tune is not None:
            self._set(_names("fine_tune", fields), fine_tune=replace(self._spec.fine_tune, **fields))

    def set_augment(self, **fields: Any) -> None:
        """Fields of `Augment`."""
        augment: Augment = replace(self._spec.augment, **fields)
        self._set(_names("augment", fields), augment=augment)

    def set_precision(self, precision: Precision) -> None:
        self._set(precision=precision)

    def set_on_divergence(self, choice: OnDivergence) -> None:
        self._set(on_divergence=choice)

    def set_on_memory(self, choice: OnMemory) -> None:
        self._set(on_memory=choice)

    def set_training(self, **fields: Any) -> None:
        """Fields of the `RunSpec` itself: such as `resize` or `clip_norm`."""
        self._set(_names("training", fields), **fields)

    def set_weight_decay(self, weight_decay: float) -> None:
        self._set("weight_decay", weight_decay=weight_decay)

    def set_seed(self, seed: int) -> None:
        self._set("seed", seed=seed)

    def set_note(self, note: str) -> None:
        self._set("note", note=note)

    # ------------------------------------------------------------------------------------------------ stages
    def set_stage(self, index: int, **fields: Any) -> None:
        """Fields of `Stage`."""
        stages = list(self._spec.stages)
        stages[index] = replace(stages[index], **fields)
        self._set(_names(index, fields), stages=tuple(stages))

    def set_rate(self, index: int, *, high: float | None = None, low: float | None = None) -> None:
        """The peak rate of a stage, and with `low` that of its earliest layers; each stays on its side of the other."""
        rate = self._spec.stages[index].lr
        new_high = min(max(high if high is not None else rate.high, MIN_RATE), MAX_RATE)
        new_low = low if low is not None else rate.low
        if new_low is not None:
            new_low = min(max(new_low, MIN_RATE), new_high)
        self.set_stage(index, lr=LearningRate(high=new_high, low=new_low, discriminative=rate.discriminative))

    def set_discriminative(self, index: int, on: bool) -> None:
        rate = self._spec.stages[index].lr
        self.set_stage(index, lr=LearningRate(high=rate.high, low=None, discriminative=on))

    def add_stage(self) -> None:
        """One more stage like the last, for the whole network and at a fifth of its rate (lesson 3's second half)."""
        last = self._spec.stages[-1]
        rate = LearningRate(high=last.lr.high / 5, discriminative=True) if last.frozen else last.lr
        self._insert(len(self._spec.stages), replace(last, frozen=False, lr=rate))

    def double_size(self, index: int) -> None:
        """A stage like this one after it, at twice the height and width and half the batch, where there is such a
        size."""
        stage = self._spec.stages[index]
        if self._spec.task is Task.TEXT or 2 * max(stage.height, stage.width) > LARGEST_SIDE:
            self.told.emit(f"There is no size twice as large as {stage.size_in_words}.")
            return
        bigger = replace(
            stage, height=2 * stage.height, width=2 * stage.width, batch_size=max(1, stage.batch_size // 2)
        )
        self._insert(index + 1, bigger)

    def grow(self) -> None:
        """Progressive resizing: spread the epochs over growing sizes of the pictures."""
        growth = grown(self._spec, self.image_size)
        if growth is None:
            self.told.emit("The pictures are too small to begin with smaller ones.")
        elif growth.spec == self._spec:
            self.told.emit("The recipe has these stages already.")
        else:
            self._set_stages(list(growth.spec.stages), 0)
            self.told.emit(growth.sentence)

    def duplicate_stage(self, index: int) -> None:
        self._insert(index + 1, self._spec.stages[index])

    def remove_stage(self, index: int) -> None:
        """The last remaining stage stays."""
        if len(self._spec.stages) == 1:
            return
        stages = [stage for i, stage in enumerate(self._spec.stages) if i != index]
        self._set_stages(stages, min(self._selected - (index < self._selected), len(stages) - 1))

    def move_stage(self, index: int, to: int) -> None:
        """Let the stage stand at the place `to` among the others, and select it."""
        to = min(max(to, 0), len(self._spec.stages) - 1)
        if to == index:
            return
        stages = list(self._spec.stages)
        stages.insert(to, stages.pop(index))
        self._set_stages(stages, to)

    def select(self, index: int) -> None:
        if index != self._selected and 0 <= index < len(self._spec.stages):
            self._selected = index
            self.stage_selected.emit(index)

    def _insert(self, index: int, stage: Stage) -> None:
        stages = list(self._spec.stages)
        stages.insert(index, stage)
        self._set_stages(stages, index)

    def _set_stages(self, stages: list[Stage], selected: int) -> None:
        self._steps.keep(self._now)
        self._show(Moment(replace(self._spec, stages=tuple(stages)), selected))

    def _set(self, what: Hashable = None, **fields: Any) -> None:
        """`what` names the field to which changes without a rest between them are one step back."""
        spec = replace(self._spec, **fields)
        if spec != self._spec:
            self._steps.keep(self._now, what)
            self._spec = spec
            self.changed.emit()

    @property
    def _now(self) -> Moment:
        return Moment(self._spec, self._selected)

    def _show(self, moment: Moment | None) -> None:
        if moment is not None:
            self._spec, self._selected = moment.spec, moment.selected
            self.changed.emit()
            self.stage_selected.emit(self._selected)


def _names(part: Hashable, fields: dict[str, Any]) -> Hashable:
    return (part, *sorted(fields))
