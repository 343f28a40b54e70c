"""What a person can ask for a recipe as a whole: begin with another, keep it, save it to a file, open one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from studio.core.errors import StudioError
from studio.core.recipe import RunSpec
from studio.core.recipe_files import read_recipe_for, write_recipe
from studio.core.recipe_shelf import (
    SetAside,
    ShelfRecipe,
    fitted,
    forget_own,
    keep_own,
    put_back,
    shelf_of,
    spec_in_words,
)
from studio.ui.session import Session, Tone
from studio.ui.train.recipe_draft import RecipeDraft
from studio.ui.train.shelf_view import ShelfView

_FILTER: Final = "Recipes (*.json)"


class RecipeRequests(QObject):
    """Carries requests out on the draft, the shelf's folder and files; says in a sentence what came of each."""

    taken_over = Signal()
    """The draft is another recipe now, for the form to show."""

    def __init__(self, session: Session, draft: RecipeDraft, view: ShelfView, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._draft = draft
        self._view = view
        self._window = parent
        self._aside: list[tuple[SetAside, str]] = []
        """What can be put back, the newest last, each with what happened to it."""
        view.chosen.connect(self.begin_with)
        view.kept.connect(self.keep)
        view.forgotten.connect(self.forget)
        view.back_asked.connect(self.put_back)

    def show_shelf(self) -> None:
        """Read what there is now."""
        self._view.show_shelf(shelf_of(self._session.settings.task))

    def begin_with(self, recipe: ShelfRecipe) -> None:
        self._take_over(fitted(recipe.spec, self._session.settings), recipe.title)

    def keep(self, name: str) -> None:
        try:
            replaced = keep_own(name, self._draft.spec)
        except StudioError as error:
            self._session.say(error.sentence, Tone.ERROR)
            return
        self._view.name.clear()
        self.show_shelf()
        kept = f"“{name.strip()}” is kept, for all projects with this task"
        if replaced is None:
            self._session.say(f"{kept}.", Tone.OK)
        else:
            self._session.say(
                f"{kept}, in the place of the one that had this name; Put back brings that back.", Tone.OK
            )
            self._offer_back(replaced, f"“{replaced.title}” was replaced.")

    def forget(self, recipe: ShelfRecipe) -> None:
        try:
            removed = forget_own(recipe)
        except StudioError as error:
            self._session.say(error.sentence, Tone.ERROR)
            return
        self.show_shelf()
        sentence = f"“{recipe.title}” is removed."
        self._session.say(sentence)
        if removed is not None:
            self._offer_back(removed, sentence)

    def put_back(self) -> None:
        """Bring back what was removed or replaced last."""
        if self._aside and self._try(lambda: put_back(self._aside[-1][0])):
            recipe, _ = self._aside.pop()
            self.show_shelf()
            self._session.say(f"“{recipe.title}” is as it was.", Tone.OK)
            self._view.offer_back(self._aside[-1][1] if self._aside else "")

    def _offer_back(self, recipe: SetAside, happened: str) -> None:
        self._aside.append((recipe, happened))
        self._view.offer_back(happened)

    def open_file(self) -> None:
        """Ask for a recipe's file without holding the window, and take it over."""
        dialog = self._dialog("Open a recipe", QFileDialog.AcceptMode.AcceptOpen)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda path: self.load(Path(path)))
        dialog.open()

    def save_file(self) -> None:
        """Ask for a place without holding the window, and write the recipe there as it is then."""
        dialog = self._dialog("Save the recipe", QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("json")
        dialog.selectFile("recipe.json")
        dialog.fileSelected.connect(lambda path: self.save(Path(path)))
        dialog.open()

    def load(self, path: Path) -> None:
        try:
            spec = read_recipe_for(path, self._session.settings.task)
        except StudioError as error:
            self._session.say(error.sentence, Tone.ERROR)
            return
        self._take_over(spec, path.name)

    def save(self, path: Path) -> None:
        if self._try(lambda: write_recipe(path, self._draft.spec)):
            self._session.say(f"The recipe is saved as {path}; `studio train --recipe` reads it too.", Tone.OK)

    def _take_over(self, spec: RunSpec, title: str) -> None:
        self._draft.load(spec)
        self.taken_over.emit()
        self._session.say(f"{title}: {spec_in_words(spec)}. Ctrl+Z brings back the recipe before.")

    def _try(self, act: Callable[[], object]) -> bool:
        try:
            act()
        except StudioError as error:
            self._session.say(error.sentence, Tone.ERROR)
            return False
        return True

    def _dialog(self, title: str, mode: QFileDialog.AcceptMode) -> QFileDialog:
        dialog = QFileDialog(self._window, title)
        dialog.setAcceptMode(mode)
        dialog.setNameFilter(_FILTER)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return dialog
