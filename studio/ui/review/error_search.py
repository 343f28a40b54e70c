"""Finding label errors from the Review page: which search, as a menu, and the recipe that carries it out."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from studio.core.label_error_recipe import asking_run, cross_validation, recipe_to_follow, run_to_follow, usual_judge
from studio.core.recipe import DEFAULT_FOLDS, Judge, RunSpec
from studio.ui.session import Session
from studio.ui.theme import theme

FOLDS: Final = {3: "quicker", DEFAULT_FOLDS: "usual", 8: "more thorough"}
_AT_ONCE: Final = "Judge validation labels only, by {}, at once"
_TIP: Final = (
    "Find label errors (W): every label is judged by a model that never saw it, and what is probably wrong comes first"
)


class ErrorSearchMenu(QMenu):
    """`proposed` has the recipe of the search that was chosen."""

    proposed = Signal(object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("review_error_search")
        self.setToolTipsVisible(True)
        self._session = session
        self._run: str | None = None
        by_words = usual_judge(session.settings.task) is Judge.WORDS
        how = "by their words, in seconds" if by_words else "which trains a model for each fold"
        for folds, words in FOLDS.items():
            action = self._add(f"find_errors_{folds}", f"Judge every label, in {folds} folds ({words})")
            action.setToolTip(f"Each label is judged by a model of the other folds, {how}")
            action.triggered.connect(partial(self._propose_folds, folds))
        self.addSeparator()
        self.at_once = self._add("find_errors_at_once", _AT_ONCE.format("a trained run"))
        self.at_once.triggered.connect(self._propose_asking)
        self.aboutToShow.connect(self._check)

    def show_run(self, run: str | None) -> None:
        """The run that is reviewed."""
        self._run = run

    def _add(self, name: str, text: str) -> QAction:
        action = self.addAction(text)
        action.setObjectName(name)
        return action

    def _check(self) -> None:
        followed = self._followed()
        self.at_once.setEnabled(followed is not None)
        self.at_once.setText(_AT_ONCE.format("a trained run" if followed is None else f"run {followed}"))
        self.at_once.setToolTip(
            "No run has a model yet"
            if followed is None
            else f"Run {followed} never learnt its validation items; its training items need cross-validation"
        )

    def _recipes(self) -> dict[str, RunSpec]:
        return {record.id: record.spec for record in self._session.store.runs()}

    def _followed(self) -> str | None:
        models = [record.id for record in self._session.store.runs() if record.has_model]
        return run_to_follow(self._recipes(), self._run, models)

    def _propose_folds(self, folds: int) -> None:
        recipes, followed = self._recipes(), self._followed()
        if followed is None and (self._run is None or self._run not in recipes):
            return
        recipe = recipe_to_follow(recipes, followed) if followed is not None else recipes[str(self._run)]
        judge = usual_judge(self._session.settings.task)
        self.proposed.emit(cross_validation(recipe, folds=folds, run=followed, by=judge))

    def _propose_asking(self) -> None:
        followed = self._followed()
        if followed is not None:
            self.proposed.emit(asking_run(self._recipes()[followed], followed))


class ErrorSearchButton(QToolButton):
    """Opens the menu, as the key does."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("review_find_errors")
        self.setText("Label errors")
        self.setAccessibleName("Find label errors")
        self.setToolTip(_TIP)
        theme().changed.connect(self._dress)
        self._dress()

    def open(self, menu: QMenu) -> None:
        menu.popup(self.mapToGlobal(QPoint(0, self.height())))

    def _dress(self) -> None:
        self.setIcon(theme().icon("search"))
