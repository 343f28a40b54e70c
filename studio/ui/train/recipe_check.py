"""What the draft amounts to with the project as it is now: its summary, and what stands in its way."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from studio.core.items import LabelState, Split
from studio.core.recipe import RunSpec
from studio.store import ItemFilter
from studio.ui.session import Session
from studio.ui.train.recipe_draft import RecipeDraft
from studio.ui.train.run_library import RunLibrary
from studio.ui.train.summary import LabelledItems, problem, summary_sentence

_COUNT_MS: Final = 400
"""Labels are counted again after so long without a change."""


class RecipeCheck(QObject):
    """`changed` when the summary or the problem may read differently."""

    changed = Signal()

    def __init__(self, session: Session, draft: RecipeDraft, library: RunLibrary, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._draft = draft
        self._library = library
        self._items = LabelledItems(train=0, valid=0)
        self._runs: frozenset[str] = frozenset()
        self._held = ""
        self._later = QTimer(self, singleShot=True, interval=_COUNT_MS)
        self._later.timeout.connect(self.count)
        session.items_changed.connect(self._count_later)
        draft.changed.connect(self.changed)
        library.loaded.connect(self._runs_read)
        self.count()

    @property
    def items(self) -> LabelledItems:
        return self._items

    @property
    def summary(self) -> str:
        sentence = summary_sentence(self._draft.spec, self._items, self._library.latest_pace())
        if self._session.settings.several_instances:
            return f"{sentence}; of several instances in an image only the first is learnt"
        return sentence

    @property
    def problem(self) -> str:
        """Of the draft as a training run."""
        return self.problem_of(self._draft.spec)

    def problem_of(self, spec: RunSpec) -> str:
        return self._held or problem(spec, self._items, self._runs)

    def hold(self, problem: str) -> None:
        """Nothing can be started because of this, until it is an empty sentence."""
        self._held = problem
        self.changed.emit()

    def know_runs(self, runs: frozenset[str]) -> None:
        """The runs that a recipe may start from."""
        self._runs = runs
        self.changed.emit()

    def count(self) -> None:
        """Count the labelled items now."""
        self._later.stop()
        self._items = LabelledItems(train=self._labelled(Split.TRAIN), valid=self._labelled(Split.VALID))
        self.changed.emit()

    def _count_later(self, _ids: list[int]) -> None:
        self._later.start()

    def _runs_read(self, _run: str) -> None:
        self.changed.emit()

    def _labelled(self, split: Split) -> int:
        return self._session.store.item_count(ItemFilter(states=(LabelState.LABELLED,), splits=(split,)))
