"""Recipes to begin with, of one's own and as files: chosen in the window, found in what the engine gets."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QListView, QPushButton, QToolButton

from studio.core.recipe import LearningRate, RunSpec, Stage
from studio.core.recipe_files import read_recipe, write_recipe
from studio.core.recipe_shelf import sample_recipes
from studio.core.settings import Task
from studio.ui.theme import ThemeMode, theme
from studio.ui.train.shelf_list import RECIPE_ROLE

from .conftest import Desk
from .test_train_recipe import field, train

LEFT = Qt.MouseButton.LeftButton
OTHER = RunSpec(task=Task.TEXT, stages=(Stage(epochs=1, height=1, width=200),))


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "own recipes"
    monkeypatch.setattr("studio.core.recipe_shelf.own_folder", lambda: folder)
    return folder


@pytest.fixture
def said(desk: Desk) -> list[str]:
    sentences: list[str] = []
    desk.session.message.connect(lambda sentence, _tone: sentences.append(sentence))
    return sentences


def press(desk: Desk, name: str, kind: type[QToolButton] | type[QPushButton] = QToolButton) -> None:
    desk.qtbot.mouseClick(field(desk, name, kind), LEFT)


def titles(desk: Desk) -> list[str]:
    model = field(desk, "shelf_list", QListView).model()
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def click(desk: Desk, title: str) -> None:
    view = field(desk, "shelf_list", QListView)
    index = view.model().index(titles(desk).index(title), 0)
    view.scrollTo(index)
    desk.qtbot.mouseClick(view.viewport(), LEFT, pos=view.visualRect(index).center())


def test_the_samples_of_the_projects_task_are_listed_and_a_click_takes_one_over(desk: Desk, said: list[str]) -> None:
    before = desk.page.draft.spec
    press(desk, "shelf_button")
    samples = {recipe.title: recipe for recipe in sample_recipes()}
    assert titles(desk) == [title for title, recipe in samples.items() if recipe.spec.task is Task.SEGMENTATION]
    click(desk, "CamVid, as in lesson 3")
    assert said[-1].startswith("CamVid, as in lesson 3: 4 stages, 42 epochs, 360×480 to 720×960, resnet34.")
    assert desk.page.recipe.form.isVisible()
    desk.qtbot.keyClick(desk.page, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert desk.page.draft.spec == before
    desk.qtbot.keyClick(
        desk.page, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    assert train(desk) == samples["CamVid, as in lesson 3"].spec


def test_a_row_is_taken_over_with_the_keyboard(desk: Desk) -> None:
    press(desk, "shelf_button")
    view = field(desk, "shelf_list", QListView)
    view.setFocus()
    desk.qtbot.keyClick(view, Qt.Key.Key_Down)
    chosen = view.currentIndex().data(RECIPE_ROLE).spec
    desk.qtbot.keyClick(view, Qt.Key.Key_Return)
    assert train(desk) == chosen


def test_ones_own_recipe_is_kept_listed_taken_over_and_removed(desk: Desk, own: Path, said: list[str]) -> None:
    mine = replace(desk.page.draft.spec, stages=(Stage(epochs=3, height=64, width=96, lr=LearningRate(high=2e-3)),))
    desk.page.draft.load(mine)
    press(desk, "shelf_button")
    keep = field(desk, "keep_recipe", QPushButton)
    assert not keep.isEnabled()
    desk.qtbot.keyClicks(field(desk, "recipe_name", QLineEdit), "Rainy days")
    press(desk, "keep_recipe", QPushButton)
    assert read_recipe(own / "Rainy days.json") == mine
    desk.page.draft.set_stage(0, epochs=99)
    click(desk, "Rainy days")
    assert desk.page.draft.spec == mine
    press(desk, "shelf_button")
    view = field(desk, "shelf_list", QListView)
    view.setCurrentIndex(view.model().index(titles(desk).index("Rainy days"), 0))
    desk.qtbot.keyClick(view, Qt.Key.Key_Delete)
    assert "Rainy days" not in titles(desk)
    assert said[-1] == "“Rainy days” is removed."
    assert list(own.glob("*.json")) == []


def keep(desk: Desk, name: str, *, button: str = "Keep") -> None:
    desk.qtbot.keyClicks(field(desk, "recipe_name", QLineEdit), name)
    assert field(desk, "keep_recipe", QPushButton).text() == button
    press(desk, "keep_recipe", QPushButton)


def delete(desk: Desk, title: str) -> None:
    view = field(desk, "shelf_list", QListView)
    view.setCurrentIndex(view.model().index(titles(desk).index(title), 0))
    desk.qtbot.keyClick(view, Qt.Key.Key_Delete)


def test_removed_recipes_of_ones_own_come_back_by_a_click_the_last_one_first(desk: Desk, own: Path) -> None:
    press(desk, "shelf_button")
    mine = desk.page.draft.spec
    for name in ("Rainy days", "Sunny days"):
        keep(desk, name)
        delete(desk, name)
    assert not {"Rainy days", "Sunny days"} & set(titles(desk))
    press(desk, "put_back_recipe", QPushButton)
    assert "Sunny days" in titles(desk)
    assert "Rainy days" not in titles(desk)
    press(desk, "put_back_recipe", QPushButton)
    assert {"Rainy days", "Sunny days"} <= set(titles(desk))
    assert read_recipe(own / "Rainy days.json") == mine
    assert not desk.page.recipe.shelf.back.isVisible()


def test_a_name_that_is_taken_says_so_and_what_it_replaced_comes_back(desk: Desk, own: Path, said: list[str]) -> None:
    press(desk, "shelf_button")
    first = desk.page.draft.spec
    keep(desk, "Rainy days")
    keep(desk, "Rainy days", button="Replace")
    assert not desk.page.recipe.shelf.back.isVisible(), "nothing was lost by keeping the same recipe again"
    desk.page.draft.set_stage(0, epochs=77)
    second = desk.page.draft.spec
    keep(desk, "Rainy days", button="Replace")
    assert read_recipe(own / "Rainy days.json") == second
    assert "in the place of the one that had this name" in said[-1]
    press(desk, "put_back_recipe", QPushButton)
    assert read_recipe(own / "Rainy days.json") == first


def test_a_sample_is_not_removed_by_a_key(desk: Desk) -> None:
    press(desk, "shelf_button")
    before = titles(desk)
    view = field(desk, "shelf_list", QListView)
    view.setCurrentIndex(view.model().index(0, 0))
    desk.qtbot.keyClick(view, Qt.Key.Key_Delete)
    assert titles(desk) == before


def test_a_name_that_cannot_be_is_told_and_stays_to_be_mended(desk: Desk, said: list[str]) -> None:
    press(desk, "shelf_button")
    name = field(desk, "recipe_name", QLineEdit)
    desk.qtbot.keyClicks(name, "a/b")
    desk.qtbot.keyClick(name, Qt.Key.Key_Return)
    assert "cannot be a recipe's name" in said[-1]
    assert name.text() == "a/b"


def test_a_damaged_recipe_of_ones_own_is_told_below_the_list(desk: Desk, own: Path) -> None:
    own.mkdir()
    (own / "bad.json").write_text("{")
    press(desk, "shelf_button")
    assert "bad.json is no recipe" in desk.page.recipe.shelf.problems.text()
    assert len(titles(desk)) >= 2


def test_a_recipe_is_saved_and_opened_with_the_file_dialog(desk: Desk, tmp_path: Path, said: list[str]) -> None:
    mine = replace(desk.page.draft.spec, note="saved", seed=7)
    desk.page.draft.load(mine)
    press(desk, "shelf_button")
    press(desk, "save_recipe_button")
    accept(desk, tmp_path / "saved")
    desk.wait((tmp_path / "saved.json").exists)
    assert read_recipe(tmp_path / "saved.json") == mine
    assert "`studio train --recipe` reads it too" in said[-1]
    desk.page.draft.set_seed(1)
    press(desk, "open_recipe_button")
    accept(desk, tmp_path / "saved.json")
    desk.wait(lambda: desk.page.draft.spec == mine)
    press(desk, "train_button", QPushButton)
    assert read_recipe(desk.wait_for_run().folder / "recipe.json") == mine


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("wrong.json", "wrong.json is no recipe"),
        ("text.json", "text.json is a recipe for text, and this project is for segmentation; choose another file."),
        ("gone.json", "gone.json cannot be read (no such file or directory)"),
    ],
)
def test_a_file_that_cannot_be_used_gives_one_sentence_and_changes_nothing(
    desk: Desk, tmp_path: Path, said: list[str], name: str, sentence: str
) -> None:
    (tmp_path / "wrong.json").write_text('{"task": "segmentation"}')
    write_recipe(tmp_path / "text.json", OTHER)
    before = desk.page.draft.spec
    desk.page.recipes.load(tmp_path / name)
    assert sentence in said[-1]
    assert desk.page.draft.spec == before


@pytest.mark.parametrize("mode", [ThemeMode.LIGHT, ThemeMode.DARK])
def test_rows_are_as_high_as_their_text_at_any_width(desk: Desk, mode: ThemeMode) -> None:
    theme().apply(mode)
    press(desk, "shelf_button")
    view = field(desk, "shelf_list", QListView)
    wide = view.visualRect(view.model().index(0, 0)).height()
    desk.page.recipe.setMinimumWidth(600)
    desk.wait(lambda: view.viewport().width() > 500)
    desk.wait(lambda: view.visualRect(view.model().index(0, 0)).height() < wide)


def accept(desk: Desk, path: Path) -> None:
    """Write the path into the dialog that is open, and press its button."""
    dialogs = desk.page.findChildren(QFileDialog)
    assert len(dialogs) == 1
    dialog = dialogs[0]
    desk.wait(dialog.isVisible)
    line = dialog.findChild(QLineEdit)
    assert line is not None
    line.setText(str(path))
    desk.qtbot.keyClick(line, Qt.Key.Key_Return)
    desk.wait(lambda: not desk.page.findChildren(QFileDialog))


def test_the_last_row_can_be_scrolled_to(desk: Desk) -> None:
    press(desk, "shelf_button")
    view = field(desk, "shelf_list", QListView)
    bar = view.verticalScrollBar()
    desk.wait(lambda: bar.maximum() > 0)
    bar.setValue(bar.maximum())
    last = view.visualRect(view.model().index(view.model().rowCount() - 1, 0))
    assert last.bottom() <= view.viewport().height()


@pytest.mark.parametrize("clicked", ["", "name", "words"])
def test_escape_brings_the_form_back(desk: Desk, clicked: str) -> None:
    press(desk, "shelf_button")
    shelf = desk.page.recipe.shelf
    if clicked == "name":
        desk.qtbot.mouseClick(shelf.name, LEFT)
    elif clicked:
        desk.qtbot.mouseClick(shelf.childAt(20, 14), LEFT)
    focused = QApplication.focusWidget()
    assert focused is not None and shelf.isAncestorOf(focused)
    desk.qtbot.keyClick(focused, Qt.Key.Key_Escape)
    assert not shelf.isVisible() and desk.page.recipe.form.isVisible()
    assert not field(desk, "shelf_button", QToolButton).isChecked()
