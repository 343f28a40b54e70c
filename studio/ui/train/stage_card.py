"""One stage of the recipe: epochs, size, batch, rate and freezing, each bound to the draft."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from studio.core.recipe import Stage
from studio.core.settings import Task
from studio.ui.theme import theme
from studio.ui.train.fields import RateField, Tick, WholeField, caption
from studio.ui.train.fold import Fold
from studio.ui.train.rates import low_rate
from studio.ui.train.recipe_draft import LARGEST_SIDE, RecipeDraft
from studio.ui.train.schedule_fields import ScheduleFields, schedule_text


class StageCard(QFrame):
    """Shows and edits stage `index` of the draft. A click anywhere on it selects the stage. `batch_asked` when a person
    wants a batch size proposed for it."""

    batch_asked = Signal()

    def __init__(self, draft: RecipeDraft, index: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._draft = draft
        self._index = index
        self.setProperty("role", "card")
        self.setObjectName(f"stage_{index + 1}")
        self._build_fields()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 10, 10)
        layout.setSpacing(6)
        layout.addLayout(self._header())
        layout.addLayout(self._grid())
        layout.addWidget(self.frozen)
        layout.addWidget(self.discriminative)
        layout.addWidget(self.schedule_fold)
        for field in (self.epochs, self.batch_size, self.height_field, self.width_field, self.high, self.low):
            field.edited.connect(self._select)
        self.frozen.edited.connect(self._select)
        self.schedule.edited.connect(self._select)
        self.discriminative.edited.connect(self._select)
        theme().changed.connect(self._dress)
        self._dress()
        self.refresh()

    def refresh(self) -> None:
        """Take the values from the draft."""
        stage = self._draft.stages[self._index]
        self.epochs.show_value(stage.epochs)
        self.batch_size.show_value(stage.batch_size)
        self.height_field.show_value(stage.height)
        self.width_field.show_value(stage.width)
        self.frozen.show_value(stage.frozen)
        low = None if stage.frozen else low_rate(stage.lr)
        self.high.show_rate(stage.lr.high)
        self.discriminative.show_value(low is not None)
        self.discriminative.setEnabled(not stage.frozen)
        self.low.setVisible(low is not None)
        self._to.setVisible(low is not None)
        if low is not None:
            self.low.show_rate(low)
        self.schedule.show_schedule(stage.schedule)
        self.schedule_fold.say(schedule_text(stage.schedule))
        self._title.setText(f"Stage {self._index + 1}{_what_learns(stage)}")
        self.frozen.setVisible(not stage.language)
        self.remove.setEnabled(len(self._draft.stages) > 1)
        self.show_selected(self._draft.selected == self._index)

    def show_selected(self, selected: bool) -> None:
        if self.property("selected") != selected:
            self.setProperty("selected", selected)
            self.style().polish(self)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._select()
        super().mousePressEvent(event)

    # ------------------------------------------------------------------------------------------------ construction
    def _build_fields(self) -> None:
        change = partial(self._draft.set_stage, self._index)
        self.epochs = WholeField("epochs", 1, 10_000, tip="How often the stage goes through all training items")
        self.batch_size = WholeField("batch_size", 1, 4096, tip="Items a step; half of it when memory runs out")
        self.height_field = WholeField("height", 32, LARGEST_SIDE, step=32, tip="Images are trained at this height")
        self.width_field = WholeField("width", 32, LARGEST_SIDE, step=32, tip="Images are trained at this width")
        if self._draft.spec.task is Task.TEXT:
            self.width_field.setToolTip("So many tokens are read of a document, from its beginning")
        self.high = RateField("rate", tip="The peak learning rate; Up and Down change it")
        self.low = RateField("low_rate", tip="The peak learning rate of the earliest layers")
        self.frozen = Tick("frozen", "Train the head only", tip="The encoder is frozen, except its batch-norm layers")
        self.discriminative = Tick(
            "discriminative", "Lower rate for early layers", tip="Rates spread from the low one to the high one"
        )
        self.schedule = ScheduleFields()
        self.schedule_fold = Fold("schedule_fold", self.schedule, tip="How the rate and the momentum move")
        self.schedule.edited.connect(lambda schedule: change(schedule=schedule))
        self.epochs.edited.connect(lambda value: change(epochs=value))
        self.batch_size.edited.connect(lambda value: change(batch_size=value))
        self.height_field.edited.connect(lambda value: change(height=value))
        self.width_field.edited.connect(lambda value: change(width=value))
        self.frozen.edited.connect(lambda on: change(frozen=on, unfrozen=None))
        self.high.edited.connect(lambda rate: self._draft.set_rate(self._index, high=rate))
        self.low.edited.connect(lambda rate: self._draft.set_rate(self._index, low=rate))
        self.discriminative.edited.connect(lambda on: self._draft.set_discriminative(self._index, on))

    def _header(self) -> QHBoxLayout:
        self._title = QLabel()
        self._title.setStyleSheet("font-weight: 600;")
        self.double = self._tool("grow", "Add a stage after this one at double the size", self._draft.double_size)
        self.duplicate = self._tool("copy", "Add a stage like this one after it", self._draft.duplicate_stage)
        self.remove = self._tool("trash", "Delete this stage", self._draft.remove_stage)
        self.propose_batch = self._tool("sparkle", "Propose a batch size by trying some", self._ask_batch)
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(self._title)
        row.addStretch(1)
        for button in (self.double, self.duplicate, self.remove):
            row.addWidget(button)
        if self._draft.spec.task is Task.TEXT:
            self.double.hide()
        return row

    def _ask_batch(self, _index: int) -> None:
        self._select()
        self.batch_asked.emit()

    def _tool(self, icon: str, tip: str, act: object) -> QToolButton:
        button = QToolButton()
        button.setObjectName(f"stage_{icon}")
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setProperty("icon_name", icon)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda: act(self._index))  # type: ignore[operator]
        return button

    def _grid(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(6)
        self._to = QLabel("from")
        grid.addWidget(caption("Epochs", self.epochs), 0, 0)
        grid.addWidget(self.epochs, 0, 1)
        grid.addWidget(caption("Batch", self.batch_size), 0, 2)
        batch = QHBoxLayout()
        batch.setSpacing(0)
        batch.addWidget(self.batch_size, 1)
        batch.addWidget(self.propose_batch)
        grid.addLayout(batch, 0, 3)
        if self._draft.spec.task is Task.TEXT:
            self.height_field.setParent(self)
            self.height_field.hide()
            grid.addWidget(caption("Tokens", self.width_field), 1, 0)
            grid.addWidget(self.width_field, 1, 1)
        else:
            grid.addWidget(caption("Height", self.height_field), 1, 0)
            grid.addWidget(self.height_field, 1, 1)
            grid.addWidget(caption("Width", self.width_field), 1, 2)
            grid.addWidget(self.width_field, 1, 3)
        grid.addWidget(caption("Rate", self.high), 2, 0)
        grid.addWidget(self.high, 2, 1)
        grid.addWidget(self._to, 2, 2)
        grid.addWidget(self.low, 2, 3)
        self.low.setAccessibleName("Rate of the earliest layers")
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        return grid

    def _select(self, _value: object = None) -> None:
        self._draft.select(self._index)

    def _dress(self) -> None:
        for button in (self.double, self.duplicate, self.remove, self.propose_batch):
            button.setIcon(theme().icon(button.property("icon_name"), "muted"))


def _what_learns(stage: Stage) -> str:
    """Behind the stage's number, where it is not the whole network."""
    if stage.language:
        return " · language model"
    return f" · last {stage.unfrozen} groups" if stage.unfrozen else ""
