"""Which mistakes show: the panel beside the items, what it counts and what was chosen in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal

from studio.core.items import Split
from studio.core.settings import Task
from studio.core.tag_figures import summed
from studio.core.tags import TAG_THRESHOLD
from studio.ui.review.confusion import ConfusionPanel
from studio.ui.review.histogram import HistogramPanel, Range
from studio.ui.review.loading import RunFigures
from studio.ui.review.mistake_list import Cell
from studio.ui.review.tag_counting import TagCounting, TagOverview
from studio.ui.review.tag_panel import TagPanel
from studio.ui.session import Session, Tone

_Figures = TypeVar("_Figures")


class Mistakes(QObject):
    """`panel` is what the task has: a confusion matrix, a table of tags, or a histogram of errors."""

    changed = Signal()
    """Other mistakes were chosen."""
    right_wanted = Signal(str, object)
    """Of this run and this split, None for all, how much of each class is right, for `show_right`."""
    threshold_chosen = Signal(float)

    def __init__(self, session: Session, shown_split: Callable[[], Split | None], parent: QObject) -> None:
        """`shown_split` gives the split whose items show, None for all."""
        super().__init__(parent)
        self._session = session
        self._shown_split = shown_split
        self._figures: RunFigures | None = None
        self._tags: TagOverview | None = None
        self._tag_counting = TagCounting(session.store.root, self)
        self._tag_counting.counted.connect(self._take_tags)
        self._tag_counting.failed.connect(lambda sentence: session.say(sentence, Tone.ERROR))
        self.cell: Cell | None = None
        self._of_split: Split | None = None
        """Whose figures the panel shows."""
        self.range: Range | None = None
        """Of errors, where the task has a histogram of them."""
        self.panel = _panel_for(session.settings.task)
        if isinstance(self.panel, HistogramPanel):
            self.panel.chosen.connect(self._choose_range)
        else:
            self.panel.chosen.connect(self._choose_cell)
        if isinstance(self.panel, ConfusionPanel):
            self.panel.right_wanted.connect(self._want_right)
        if isinstance(self.panel, TagPanel):
            self.panel.threshold_chosen.connect(self.threshold_chosen)

    def forget(self) -> None:
        """Nothing is chosen any more; the panel shows that with the next figures."""
        self.cell = self.range = None

    def clear(self) -> None:
        """Nothing is chosen any more; nobody is told."""
        self.forget()
        self.panel.select(None)

    def show_figures(self, figures: RunFigures | None) -> None:
        self._figures = figures
        self.show_anew()

    def show_anew(self) -> None:
        """By the project's settings as they are now."""
        figures = self._figures
        self._of_split = self._shown_split()
        if isinstance(self.panel, ConfusionPanel):
            found = self._chosen(figures.confusion) if figures else []
            counts = sum(found, np.zeros_like(found[0])) if found else np.zeros((0, 0), np.int64)
            self.panel.show_counts(counts, self._session.settings.known_classes)
            self.panel.select(self.cell)
        elif isinstance(self.panel, TagPanel):
            chosen = figures.threshold if figures else None
            self.panel.show_threshold(TAG_THRESHOLD if chosen is None else chosen)
            if figures is not None:
                self._tag_counting.want(figures.run)
            self.show_tags()
            self.panel.select(self.cell)
        else:
            errors = self._chosen(figures.errors) if figures else []
            self.panel.show_errors([error for each in errors for error in each])
            self.panel.show_keypoints(self._session.settings.keypoints)
            self.panel.select(self.range)

    def show_split(self) -> None:
        """Speak of the items of the split that is shown, so that a click on a number shows as many items."""
        if isinstance(self.panel, TagPanel):
            self.show_tags()
        elif self._of_split is not self._shown_split():
            self.show_anew()

    def _chosen(self, by_split: Mapping[Split, _Figures]) -> list[_Figures]:
        """Those of the split that is shown, or of all."""
        return [figures for of, figures in by_split.items() if self._of_split in (None, of)]

    def show_tags(self) -> None:
        """Tag by tag, of the split that is shown."""
        if not isinstance(self.panel, TagPanel):
            return
        known = self._tags if self._tags is not None and self._tags.run == self._run else None
        split = self._shown_split()
        chosen = [counts for of, counts in known.counts.items() if split in (None, of)] if known else []
        # what judges labels has several models, and none to choose a threshold for
        has_model = self._figures is None or self._figures.suspected is None
        self.panel.show_curve(known.curve if known and has_model else None)
        self.panel.show_counts(summed(chosen) if known else None, self._session.settings.known_classes)

    def show_right(self, run: str, split: Split | None, right: npt.NDArray[np.int64] | None) -> None:
        """(n,) int64: what the run has right of each class in the split, None for all; None where nobody knows."""
        if isinstance(self.panel, ConfusionPanel) and (run, split) == (self._run, self._of_split):
            self.panel.show_right(right)

    def close(self) -> None:
        """End the thread, and ask the project nothing more."""
        self._figures = None
        self._tag_counting.close()

    @property
    def _run(self) -> str | None:
        return self._figures.run if self._figures else None

    def _take_tags(self, tags: TagOverview) -> None:
        self._tags = tags
        self.show_tags()

    def _want_right(self) -> None:
        if self._figures is not None:
            self.right_wanted.emit(self._figures.run, self._of_split)

    def _choose_cell(self, cell: Cell | None) -> None:
        self.cell = cell
        self.changed.emit()

    def _choose_range(self, chosen: Range | None) -> None:
        self.range = chosen
        self.changed.emit()


def _panel_for(task: Task) -> ConfusionPanel | HistogramPanel | TagPanel:
    if task is Task.KEYPOINTS:
        return HistogramPanel()
    if task is Task.MULTI_LABEL:
        return TagPanel()
    return ConfusionPanel(counted="pixels" if task is Task.SEGMENTATION else "items")
