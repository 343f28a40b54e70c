"""From corrections to the recipe of a run that starts from the model which made the mistakes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import QSettings, QSize, Qt, Signal
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QPushButton, QSizePolicy, QToolButton, QWidget

from studio.core.counting import counted
from studio.core.fine_tuning import fine_tune_spec, teacher_of
from studio.core.recipe import RunSpec
from studio.ui.review.fine_tune_options import FineTuneOptions
from studio.ui.theme import theme

_OPEN_KEY: Final = "review/fine_tune_options"


class FineTuneBar(QWidget):
    """The button that goes on to a fine-tuning, and its options, which fold where there is no room for them."""

    wanted = Signal(str)
    """Pressed: what there is to learn of this run, for `propose` or else `give_up`."""
    proposed = Signal(object)
    """The `RunSpec` to show and start."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._reads = False
        """Whether the pressed button waits for what there is to learn."""
        self._pressed: Callable[[Sequence[int]], RunSpec] | None = None
        """The recipe for what there is to learn, with the options as they were when the button was pressed."""
        self._parent: tuple[str, RunSpec] | None = None
        self._count = 0
        self._old = 0
        self.options = FineTuneOptions()
        self.options.changed.connect(self._check)
        self.fold = QToolButton(autoRaise=True)
        self.fold.setCheckable(True)
        self.fold.setObjectName("fine_tune_fold")
        self.fold.setProperty("fold", True)
        self.fold.setIconSize(QSize(12, 12))
        self.fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.fold.setToolTip("How the fine-tuning learns")
        self.fold.setChecked(bool(QSettings().value(_OPEN_KEY, False, bool)))
        self.fold.toggled.connect(self._opened)
        self.button = QPushButton("Fine-tune")
        self.button.setObjectName("fine_tune")
        self.button.setProperty("primary", True)
        self.button.clicked.connect(self._ask)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addStretch(1)
        line.addWidget(self.fold)
        line.addWidget(self.button)
        self._lines = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._lines.setContentsMargins(0, 0, 0, 0)
        self._lines.setSpacing(8)
        self._lines.addWidget(self.options, 0, Qt.AlignmentFlag.AlignRight)
        self._lines.addLayout(line)
        self._folds = False
        self._check()
        theme().changed.connect(self._dress)
        self._show_fold()

    @property
    def unfolded_width(self) -> int:
        """What all controls beside each other take, in pixels."""
        return self.options.sizeHint().width() + self._lines.spacing() + self.button.sizeHint().width()

    def give_room(self, width: int) -> None:
        """Show the options beside the button where `width` pixels are enough, and else behind a fold."""
        self._folds = width < self.unfolded_width
        self._show_fold()

    def show_run(self, run: str, spec: RunSpec) -> None:
        """The run whose model would be fine-tuned; its rate is the start of the proposal."""
        if self._parent is None or self._parent[0] != run:
            self.options.show_parent(run, spec)
            self._reads = False
        self._parent = run, spec
        self._check()

    def show_corrections(self, count: int) -> None:
        """How many items there are to learn from."""
        self._count = count
        self.options.propose_replay(self._count, self._old)
        self._check()

    def show_old_items(self, count: int) -> None:
        """How many training items could be replayed."""
        self._old = count
        self.options.propose_replay(self._count, self._old)

    def propose(self, run: str, items: Sequence[int]) -> None:
        """The answer to `wanted`; it counts for nothing once another run shows."""
        if not self._reads or self._pressed is None or self._parent is None or self._parent[0] != run:
            return
        self.give_up()
        self.proposed.emit(self._pressed(items))

    def give_up(self) -> None:
        """Wait no longer; the button may be pressed again."""
        self._reads = False
        self._check()

    def _check(self) -> None:
        count = self._count
        words = f"Fine-tune on {counted(count, 'correction')}" if count else "Fine-tune on corrections"
        self.button.setText(f"Reading {counted(count, 'correction')} …" if self._reads else words)
        self.fold.setText(self.options.in_words)
        self.fold.setAccessibleName(f"How the fine-tuning learns: {self.options.in_words}")
        rate = self.options.chosen_rate
        has_model = self._parent is not None and teacher_of(self._parent[1], self._parent[0]) is not None
        self.button.setEnabled(bool(count) and rate is not None and has_model and not self._reads)
        if self._reads:
            self.button.setToolTip("The Train page shows as soon as the corrections are read")
        elif count and self._parent is not None and not has_model:
            self.button.setToolTip("This search kept no model; train one on the corrected labels, on the Train page")
        elif not count:
            self.button.setToolTip(
                "Accept a prediction or edit a label first: a model is fine-tuned on what was corrected"
            )
        elif rate is None:
            self.button.setToolTip("The rate is no number above 0, such as 1e-4")
        else:
            self.button.setToolTip(self._what_happens)

    @property
    def _what_happens(self) -> str:
        teacher = teacher_of(self._parent[1], self._parent[0]) if self._parent is not None else None
        return (
            f"A click starts the training at once, from the model of run {teacher}; the Train page shows it.\n"
            "Validation items among the corrections are learnt as well, and the report keeps them apart."
        )

    def _ask(self) -> None:
        rate = self.options.chosen_rate
        if self._parent is None or rate is None:
            return
        run, spec = self._parent
        self._pressed = partial(
            fine_tune_spec,
            spec,
            run,
            replay=self.options.chosen_replay,
            weight=self.options.chosen_weight,
            epochs=self.options.epochs.value(),
            rate=rate,
            frozen=self.options.frozen.isChecked(),
        )
        self._reads = True
        self._check()
        self.wanted.emit(run)

    def _opened(self, is_open: bool) -> None:
        QSettings().setValue(_OPEN_KEY, is_open)
        self._show_fold()

    def _show_fold(self) -> None:
        self.fold.setVisible(self._folds)
        self.options.setVisible(not self._folds or self.fold.isChecked())
        below = QBoxLayout.Direction.TopToBottom if self._folds else QBoxLayout.Direction.LeftToRight
        self._lines.setDirection(below)
        self._dress()

    def _dress(self) -> None:
        self.button.setIcon(theme().icon("sparkle", "on_accent"))
        self.fold.setIcon(theme().icon("section-open" if self.fold.isChecked() else "section-closed", "muted"))
