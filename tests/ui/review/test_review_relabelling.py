"""Labels changed right there in Review: classes by their keys and from a list, points by a click."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from studio.core.classes import make_classes
from studio.core.items import NewItem, Split
from studio.core.points import Keypoint, KeypointName, Points, Visibility
from studio.core.review import Decision, ItemScore
from studio.core.settings import ProjectSettings, Task
from studio.core.tags import PredictedTags, Tags
from studio.store import Store
from studio.ui.review import ReviewPage
from studio.ui.session import Session
from tests.ui.review.conftest import ReviewProject, _shown, recipe, write_scores

if TYPE_CHECKING:
    from .conftest import ReviewProject

CTRL = Qt.KeyboardModifier.ControlModifier
MakePage = Callable[..., ReviewPage]


@pytest.fixture
def make_page(tmp_path: Path, qtbot: QtBot) -> Iterator[MakePage]:
    """Four items with the first class each, and a run that says the second; `names` of the classes."""
    shown: list[Iterator[ReviewPage]] = []
    stores: list[Store] = []

    def make(task: Task, names: list[str]) -> ReviewPage:
        settings = ProjectSettings(name="t", task=task, classes=tuple(make_classes(names)))
        store = Store.create(tmp_path / "project", settings)
        stores.append(store)
        new: list[NewItem] = []
        for number in range(5):
            path = tmp_path / f"{number}.png"
            Image.fromarray(np.full((32, 48, 3), 90, np.uint8)).save(path)
            new.append(NewItem(name=f"{number}.png", path=path, split=Split.VALID if number < 4 else Split.TRAIN))
        project = ReviewProject(store, Session(store))
        project.ids = store.add_items(new)
        store.tags.replace({i: Tags((0,)) for i in project.ids}, "by hand")
        said = PredictedTags(tags=Tags((1,)), shares=((1, 0.9), (0, 0.1)))
        scores = [
            ItemScore(item=i, name=f"{i - 1}.png", split=Split.VALID, revision=1, loss=float(i), error=1.0, tags=said)
            for i in project.ids[:4]
        ]
        write_scores(store.create_run(recipe(task)), scores)
        pages = _shown(project, qtbot)
        shown.append(pages)
        return next(pages)

    yield make
    for pages in shown:
        next(pages, None)
    for store in stores:
        store.close()


def store_of(page: ReviewPage) -> Store:
    return page._session.store


def tags(page: ReviewPage) -> list[tuple[int, ...] | None]:
    """Of the items as they are sorted."""
    model = page.gallery.model
    found = [store_of(page).read_tags(model.item_id(row)) for row in range(model.rowCount())]
    return [t.ids if t is not None else None for t in found]


def test_a_class_key_gives_the_only_class_and_goes_on_to_the_next_item(make_page: MakePage, qtbot: QtBot) -> None:
    page = make_page(Task.SINGLE_LABEL, ["ant", "bee", "wasp"])
    keys = {c.id: c.key for c in store_of(page).settings.classes}
    assert keys == {0: "1", 1: "2", 2: "3"}
    grid = page.gallery.grid
    grid.setFocus()
    qtbot.keyClick(grid, Qt.Key.Key_3)
    qtbot.keyClick(grid, Qt.Key.Key_2)
    assert tags(page) == [(2,), (1,), (0,), (0,)]
    assert grid.current_item == page.gallery.model.item_id(2)
    assert page.gallery.model.review(0).decision is Decision.EDITED
    assert "2 corrections" in page.top.summary.text()

    qtbot.keyClick(grid, Qt.Key.Key_Z, CTRL)
    assert tags(page) == [(2,), (0,), (0,), (0,)]
    assert grid.current_item == page.gallery.model.item_id(1)


def test_a_class_key_gives_a_class_to_all_selected_items_as_one_step(make_page: MakePage, qtbot: QtBot) -> None:
    page = make_page(Task.SINGLE_LABEL, ["ant", "bee", "wasp"])
    grid = page.gallery.grid
    grid.select_rows([0, 1, 3])
    qtbot.keyClick(grid, Qt.Key.Key_3)
    qtbot.waitUntil(lambda: not page.decisions.is_busy)
    assert tags(page) == [(2,), (2,), (0,), (2,)]
    qtbot.keyClick(grid, Qt.Key.Key_Z, CTRL)
    assert tags(page) == [(0,)] * 4
    qtbot.keyClick(grid, Qt.Key.Key_Z, CTRL | Qt.KeyboardModifier.ShiftModifier)
    assert tags(page) == [(2,), (2,), (0,), (2,)]


def test_tags_are_given_and_taken_in_turn_and_the_items_stay(make_page: MakePage, qtbot: QtBot) -> None:
    page = make_page(Task.MULTI_LABEL, ["ant", "bee", "wasp"])
    grid = page.gallery.grid
    grid.select_rows([0])
    qtbot.keyClick(grid, Qt.Key.Key_3)
    assert tags(page)[0] == (0, 2)
    assert grid.current_item == page.gallery.model.item_id(0)
    grid.select_rows([0, 1])
    qtbot.keyClick(grid, Qt.Key.Key_3)
    assert tags(page)[:2] == [(0, 2), (0, 2)], "where only some have it, all of them get it"
    qtbot.keyClick(grid, Qt.Key.Key_3)
    assert tags(page)[:2] == [(0,), (0,)]


def test_a_key_that_an_action_has_stays_the_actions(make_page: MakePage, qtbot: QtBot) -> None:
    page = make_page(Task.SINGLE_LABEL, ["ant", "bee"])
    settings = store_of(page).settings
    from msgspec.structs import replace

    page._session.save_settings(replace(settings, classes=tuple(replace(c, key="ax"[c.id]) for c in settings.classes)))
    assert page.relabelling is not None
    assert page.relabelling.keys() == {}


def test_more_classes_than_keys_are_found_by_their_letters(make_page: MakePage, qtbot: QtBot) -> None:
    names = [f"kind {letter}" for letter in "abcdefghijkl"] + ["zebra"]
    page = make_page(Task.SINGLE_LABEL, names)
    grid = page.gallery.grid
    grid.setFocus()
    qtbot.keyClick(grid, Qt.Key.Key_L)
    assert page.relabelling is not None
    palette = page.relabelling.palette
    assert palette.isVisible()
    assert palette.model.rowCount() == 13
    qtbot.keyClicks(palette.search, "zeb")
    assert palette.model.rowCount() == 1
    qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    assert not palette.isVisible()
    assert tags(page)[0] == (12,)
    assert grid.hasFocus()


def test_the_list_of_tags_stays_open_and_says_how_many_have_each(make_page: MakePage, qtbot: QtBot) -> None:
    page = make_page(Task.MULTI_LABEL, ["ant", "bee", "wasp"])
    grid = page.gallery.grid
    grid.select_rows([0, 1])
    qtbot.keyClick(grid, Qt.Key.Key_L)
    assert page.relabelling is not None
    palette = page.relabelling.palette
    model = palette.model
    assert [model.data(model.index(row)) for row in range(3)] == ["ant, all have it, 1", "bee, 2", "wasp, 3"]
    qtbot.keyClick(palette.search, Qt.Key.Key_Down)
    qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    assert tags(page) == [(0, 1), (0, 1), (0,), (0,)]
    assert palette.isVisible()
    assert model.data(model.index(1)) == "bee, all have it, 2"
    qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    assert tags(page)[:2] == [(0,), (0,)]
    qtbot.keyClick(palette.search, Qt.Key.Key_Escape)
    assert not palette.isVisible()


# --- points ---


@pytest.fixture
def two_points(tmp_path: Path, qapp: object) -> Iterator[ReviewProject]:
    """Two items with two points each; the second point is predicted farther away."""
    names = tuple(KeypointName(name=n, color="#ff8800") for n in ("nose", "chin"))
    store = Store.create(tmp_path / "project", ProjectSettings(name="t", task=Task.KEYPOINTS, keypoints=names))
    project = ReviewProject(store, Session(store))
    for number in range(2):
        Image.fromarray(np.full((160, 240, 3), 90, np.uint8)).save(tmp_path / f"{number}.png")
    project.ids = store.add_items(
        NewItem(name=f"{n}.png", path=tmp_path / f"{n}.png", split=(Split.VALID, Split.TRAIN)[n]) for n in range(2)
    )
    label = Points((Keypoint(index=0, x=10, y=10), Keypoint(index=1, x=12, y=20)))
    store.import_annotations((i, label) for i in project.ids)
    said = Points((Keypoint(index=0, x=12, y=10), Keypoint(index=1, x=30, y=20)))
    score = ItemScore(
        item=project.ids[0], name="0.png", split=Split.VALID, revision=1, loss=1.0, error=9.0, points=said
    )
    write_scores(store.create_run(recipe(Task.KEYPOINTS)), [score])
    yield project
    store.close()


def click_at(page: ReviewPage, qtbot: QtBot, x: float, y: float) -> None:
    """A click on the large picture at a place of the original; the pane shows all of it."""
    canvas = page.gallery.preview.canvas
    qtbot.waitUntil(lambda: canvas.target is not None, timeout=20_000)
    target = canvas.target
    assert target is not None
    scale = target.width() / 240
    position = QPoint(round(target.x() + x * scale), round(target.y() + y * scale))
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=position)


def test_a_click_places_the_point_that_is_farthest_off_and_a_number_another_one(
    two_points: ReviewProject, qtbot: QtBot
) -> None:
    pages = _shown(two_points, qtbot)
    page = next(pages)
    item = two_points.ids[0]
    page.gallery.toggle_preview()
    click_at(page, qtbot, 28, 20)
    points = two_points.store.read_points(item)
    assert points is not None
    chin, nose = points.get(1), points.get(0)
    assert chin is not None and nose is not None
    assert (chin.x, chin.y) == pytest.approx((28, 20), abs=0.4)
    assert (nose.x, nose.y) == (10, 10)
    qtbot.keyClick(page.gallery.preview, Qt.Key.Key_2)
    click_at(page, qtbot, 40, 25)
    points = two_points.store.read_points(item)
    assert points is not None
    again = points.get(1)
    assert again is not None and (again.x, again.y) == pytest.approx((40, 25), abs=0.4)

    for _ in range(2):
        qtbot.keyClick(page.gallery.preview, Qt.Key.Key_Z, CTRL)
    points = two_points.store.read_points(item)
    assert points is not None and points.get(1) == Keypoint(index=1, x=12, y=20)
    assert two_points.store.review.items("0001", [item])[0].decision is Decision.UNDECIDED
    next(pages, None)


def test_that_a_label_changed_here_is_right_leaves_it_a_correction_and_is_answered(
    two_points: ReviewProject, qtbot: QtBot
) -> None:
    said: list[str] = []
    two_points.session.message.connect(lambda text, _tone: said.append(text))
    pages = _shown(two_points, qtbot)
    page = next(pages)
    page.gallery.toggle_preview()
    click_at(page, qtbot, 28, 20)
    qtbot.keyClick(page.gallery.preview, Qt.Key.Key_R)
    assert [c.item for c in two_points.store.review.corrections("0001")] == two_points.ids[:1]
    assert "stays a correction" in said[-1]
    next(pages, None)


def test_a_point_that_is_placed_by_guess_stays_hidden_and_one_that_was_absent_is_seen(
    two_points: ReviewProject, qtbot: QtBot
) -> None:
    item, store = two_points.ids[0], two_points.store
    hidden = Keypoint(index=1, x=12, y=20, visibility=Visibility.HIDDEN)
    absent = Keypoint(index=0, x=10, y=10, visibility=Visibility.ABSENT)
    store.import_annotations([(item, Points((absent, hidden)))])
    pages = _shown(two_points, qtbot)
    page = next(pages)
    page.gallery.toggle_preview()
    click_at(page, qtbot, 28, 20)
    qtbot.keyClick(page.gallery.preview, Qt.Key.Key_1)
    click_at(page, qtbot, 40, 25)
    points = store.read_points(item)
    assert points is not None
    assert [round(point.x) for point in points.placed] == [40, 28]
    assert [point.visibility for point in points.placed] == [Visibility.VISIBLE, Visibility.HIDDEN]
    next(pages, None)


def test_a_click_in_the_close_up_means_the_place_that_it_shows(two_points: ReviewProject, qtbot: QtBot) -> None:
    pages = _shown(two_points, qtbot)
    page = next(pages)
    page.gallery.toggle_preview()
    page.gallery.show_next_pane()
    canvas = page.gallery.preview.canvas
    qtbot.waitUntil(lambda: canvas.target is not None, timeout=20_000)
    target, pictures = canvas.target, canvas.pictures
    assert target is not None and pictures is not None
    part = pictures.part(1)
    assert part.width() < 100
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=target.center().toPoint())
    points = two_points.store.read_points(two_points.ids[0])
    assert points is not None
    chin = points.get(1)
    assert chin is not None
    assert (chin.x, chin.y) == pytest.approx((part.center().x(), part.center().y()), abs=0.3)
    next(pages, None)


# --- editing on the Label page and coming back ---


def test_coming_back_from_editing_goes_on_to_the_next_item_and_without_an_edit_stays(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    first, second, third = (page.gallery.model.item_id(row) for row in range(3))
    grid = page.gallery.grid
    grid.select_row(1)
    qtbot.keyClick(grid, Qt.Key.Key_E)
    page.hide()
    project.session.document(second).brush((10, 10), (20, 10), 4, 2)  # type: ignore[union-attr]
    page.show()
    assert page.gallery.model.review(1).decision is Decision.EDITED
    assert grid.current_item == third
    qtbot.keyClick(grid, Qt.Key.Key_E)
    page.hide()
    page.show()
    assert grid.current_item == third
    assert page.gallery.model.review(2).decision is Decision.UNDECIDED
    assert page.gallery.model.review(0).score.item == first


@pytest.mark.parametrize("edits", [["brush", "undo"], ["brush"], ["brush", "brush", "undo"]])
def test_a_label_that_is_called_right_is_a_correction_only_if_editing_changed_it(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot, edits: list[str]
) -> None:
    said: list[str] = []
    project.session.message.connect(lambda text, _tone: said.append(text))
    item, grid = page.gallery.model.item_id(0), page.gallery.grid
    grid.select_row(0)
    before = project.store.read_mask(item)
    qtbot.keyClick(grid, Qt.Key.Key_E)
    document = project.session.document(item)
    for number, edit in enumerate(edits):
        document.undo() if edit == "undo" else document.brush((10, 10 + number), (20, 10), 4, 2)  # type: ignore[union-attr]
    grid.select_row(0)
    qtbot.keyClick(grid, Qt.Key.Key_R)
    is_changed = not np.array_equal(before, project.store.read_mask(item))  # type: ignore[arg-type]
    assert is_changed == (edits != ["brush", "undo"])
    assert page.gallery.model.review(0).decision is (Decision.EDITED if is_changed else Decision.LABEL_RIGHT)
    assert [c.item for c in project.store.review.corrections("0001")] == [item] * is_changed
    assert any("stays a correction" in sentence for sentence in said) == is_changed


def test_an_undo_of_an_older_edit_is_an_edit_of_the_label_as_well(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    item, grid = page.gallery.model.item_id(0), page.gallery.grid
    document = project.session.document(item)
    for x in (10, 20):
        document.brush((x, 10), (x, 10), 4, 2)  # type: ignore[union-attr]
    grid.select_row(0)
    qtbot.keyClick(grid, Qt.Key.Key_E)
    document.undo()  # type: ignore[union-attr]
    grid.select_row(0)
    qtbot.keyClick(grid, Qt.Key.Key_R)
    assert [c.item for c in project.store.review.corrections("0001")] == [item]


def test_after_a_slip_a_label_changed_here_stays_a_correction_and_that_is_answered(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    said: list[str] = []
    project.session.message.connect(lambda text, _tone: said.append(text))
    item, grid = page.gallery.model.item_id(0), page.gallery.grid
    grid.select_row(0)
    qtbot.keyClick(grid, Qt.Key.Key_E)
    project.session.document(item).brush((10, 10), (20, 10), 4, 2)  # type: ignore[union-attr]
    for key in (Qt.Key.Key_X, Qt.Key.Key_R):
        grid.select_row(0)
        qtbot.keyClick(grid, key)
    assert page.gallery.model.review(0).decision is Decision.EDITED
    assert "stays a correction" in said[-1]
    assert [c.decision for c in project.store.review.corrections("0001")] == [Decision.EDITED]
