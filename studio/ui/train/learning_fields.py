"""What training does to labels and weights, folded away: labels are smoothed, classes weighed, pictures mixed, weights
averaged."""

from __future__ import annotations

from typing import Final

from PySide6.QtWidgets import QGridLayout, QWidget

from studio.core.learning_words import learning_words
from studio.core.recipe import MIXABLE, MOST_MIXUP, ClassWeights, RunSpec
from studio.core.settings import Task
from studio.ui.train.fields import Choice, DecimalField, caption
from studio.ui.train.fold import Fold
from studio.ui.train.recipe_draft import RecipeDraft

_OFF: Final = "Off"

_AVERAGES: Final = [(_OFF, 0.0), ("10 steps", 0.9), ("100 steps", 0.99), ("1,000 steps", 0.999)]
"""How long the average is, and its decay."""


class LearningFields(Fold):
    """Follows the draft; its line names what is on. A field that the task has no use for is left out."""

    def __init__(self, draft: RecipeDraft, task: Task, parent: QWidget | None = None) -> None:
        inside = QWidget()
        super().__init__("learning_fold", inside, tip="What training does to labels and weights", parent=parent)
        self._draft = draft
        self.label_smoothing = DecimalField(
            "label_smoothing",
            0,
            0.9,
            step=0.05,
            decimals=2,
            tip="Share of a label that goes to all classes evenly while training, so that the network gets less sure "
            "of itself; validation is not smoothed",
        )
        self.class_weights = Choice(
            "class_weights",
            [("All alike", ClassWeights.OFF), ("Balanced", ClassWeights.BALANCED)],
            tip="Balanced: in the training loss a rare class has the same say as a common one, each of its pixels or "
            "items up to ten times an average one's",
        )
        self.class_weights.edited.connect(lambda value: draft.set_training(class_weights=value))
        self.average_weights = Choice(
            "average_weights",
            _AVERAGES,
            tip="Validate, score and keep a moving average of the weights over about so many steps, which is steadier "
            "than the last ones; training goes on with the weights themselves",
        )
        self.average_weights.edited.connect(lambda value: draft.set_training(average_weights=value))
        self.mixup = DecimalField(
            "mixup",
            0,
            MOST_MIXUP,
            step=0.1,
            decimals=2,
            tip="Mix each picture with another of its batch, and their classes likewise; the larger, the more of the "
            "other (alpha, 0.4 in fastai)",
        )
        self.mixup.setSpecialValueText(_OFF)
        self.mixup.edited.connect(lambda value: draft.set_training(mixup=value))
        self.label_smoothing.setSpecialValueText(_OFF)
        self.label_smoothing.edited.connect(lambda value: draft.set_training(label_smoothing=value))
        rows: list[tuple[str, QWidget]] = []
        if task is not Task.KEYPOINTS:
            rows += [("Smoothing", self.label_smoothing), ("Classes", self.class_weights)]
        if task in MIXABLE:
            rows.append(("MixUp", self.mixup))
        rows.append(("Averaging", self.average_weights))
        self._arrange(inside, rows)
        draft.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        spec = self._draft.spec
        self.label_smoothing.show_value(spec.label_smoothing)
        self.class_weights.show_value(spec.class_weights)
        if not self.average_weights.offers(spec.average_weights):
            self.average_weights.offer([*_AVERAGES, (f"{spec.average_weights:g}", spec.average_weights)])
        self.average_weights.show_value(spec.average_weights)
        self.mixup.show_value(spec.mixup)
        self.say(learning_text(spec))

    def _arrange(self, inside: QWidget, rows: list[tuple[str, QWidget]]) -> None:
        grid = QGridLayout(inside)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(6)
        grid.setColumnMinimumWidth(0, 84)
        grid.setColumnStretch(1, 1)
        for i, (name, field) in enumerate(rows):
            grid.addWidget(caption(name, field), i, 0)
            grid.addWidget(field, i, 1)


def learning_text(spec: RunSpec) -> str:
    """Labels smoothed by 0.1; or what could be set."""
    could = "averaging" if spec.task is Task.KEYPOINTS else "smoothing, class weights, averaging"
    text = ", ".join(learning_words(spec)) or could
    return text[0].upper() + text[1:]
