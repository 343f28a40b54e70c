"""Reviewing classes of whole items: words on the picture, mistakes as a filter, decisions, and the report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, QSettings, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot

from studio.core.classes import make_classes
from studio.core.items import NewItem, Split
from studio.core.recipe import FineTune, RunSpec, Stage
from studio.core.review import NO_CLASS, Decision, ItemScore
from studio.core.settings import ProjectSettings, Task
from studio.core.tags import PredictedTags, Tags
from studio.core.thresholds import kept_threshold
from studio.store import RunRecord, Store
from studio.ui.review import ReviewPage, tag_counting
from studio.ui.review.confusion import ConfusionPanel
from studio.ui.review.confusion_matrix import ConfusionMatrix
from studio.ui.review.loading import read_report
from studio.ui.review.report_table import ROW_ROLE
from studio.ui.review.tag_counting import read_tags
from studio.ui.review.tag_panel import TagPanel
from studio.ui.review.tag_table import MISSING, TOO_MANY
from studio.ui.review.tiles import key_of
from studio.ui.review.top_bar import View
from studio.ui.session import Session
from studio.ui.theme import ThemeMode, theme
from tests.ui.review.conftest import ReviewProject, _shown, write_scores

NAMES = ("ant", "bee", "wasp")
ANT, BEE, WASP = 0, 1, 2

MakeProject = Callable[[Task], ReviewProject]

SINGLE = {0: ((ANT,), (0.9, 0.1, 0.0)), 1: ((ANT,), (0.2, 0.8, 0.0)), 2: ((BEE,), (0.0, 0.3, 0.7))}
MULTI = {
    0: ((ANT, BEE), (0.9, 0.8, 0.1)),
    1: ((ANT,), (0.7, 0.1, 0.4)),
    2: ((ANT, BEE), (0.7, 0.15, 0.05)),
}
"""By item: the label, and the probability of each class."""


def predicted(task: Task, shares: tuple[float, ...]) -> PredictedTags:
    ranked = tuple(sorted(enumerate(shares), key=lambda entry: -entry[1]))
    if task is Task.SINGLE_LABEL:
        return PredictedTags(tags=Tags((ranked[0][0],)), shares=ranked)
    return PredictedTags(tags=Tags(), shares=ranked).above(0.2)


def score(task: Task, item: int, number: int, *, revision: int = 1, corrected: bool = False) -> ItemScore:
    label, shares = (SINGLE if task is Task.SINGLE_LABEL else MULTI)[number]
    said = predicted(task, shares)
    missing = [i for i in label if i not in said.tags.ids]
    extra = [i for i in said.tags.ids if i not in label]
    if task is Task.SINGLE_LABEL:
        confusion = tuple((a, b, 1) for a, b in zip(missing, extra, strict=True))
    else:
        confusion = (*((i, NO_CLASS, 1) for i in missing), *((NO_CLASS, i, 1) for i in extra))
    return ItemScore(
        item=item,
        name=f"{number}.png",
        split=Split.VALID,
        revision=revision,
        loss=float(number),
        error=float(len(confusion)),
        tags=said,
        label=Tags(label),
        confusion=confusion,
        corrected=corrected,
    )


def spec(task: Task) -> RunSpec:
    return RunSpec(task=task, stages=(Stage(epochs=1, height=64, width=64),))


@pytest.fixture
def make_project(tmp_path: Path, qapp: object) -> Iterator[MakeProject]:
    """Three validation items, the first of which is right, and one to train on."""
    made: list[Store] = []

    def make(task: Task) -> ReviewProject:
        settings = ProjectSettings(name="t", task=task, classes=tuple(make_classes(NAMES)))
        store = Store.create(tmp_path / "project", settings)
        made.append(store)
        new: list[NewItem] = []
        for number in range(4):
            path = tmp_path / f"{number}.png"
            Image.fromarray(np.full((32, 48, 3), 90, np.uint8)).save(path)
            new.append(NewItem(name=f"{number}.png", path=path, split=Split.VALID if number < 3 else Split.TRAIN))
        project = ReviewProject(store, Session(store))
        project.ids = store.add_items(new)
        labels = SINGLE if task is Task.SINGLE_LABEL else MULTI
        store.tags.replace({i: Tags(labels[n % 3][0]) for n, i in enumerate(project.ids)}, "by hand")
        record = store.create_run(spec(task))
        write_scores(record, [score(task, item, number) for number, item in enumerate(project.ids[:3])])
        return project

    yield make
    for store in made:
        store.close()


@pytest.fixture(params=[Task.SINGLE_LABEL, Task.MULTI_LABEL])
def project(request: pytest.FixtureRequest, make_project: MakeProject) -> ReviewProject:
    return make_project(Task(request.param))


@pytest.fixture
def page(project: ReviewProject, qtbot: QtBot) -> Iterator[ReviewPage]:
    yield from _shown(project, qtbot)


def shown(page: ReviewPage) -> list[str]:
    model = page.gallery.model
    return [model.review(row).score.name for row in range(model.rowCount())]


def answers(page: ReviewPage, qtbot: QtBot, row: int) -> list[str]:
    """`✓ant 0.7!`: the label has it, how probable it is, the model predicts it."""
    gallery = page.gallery
    qtbot.waitUntil(lambda: gallery.tiles.pictures(key_of(gallery.model.review(row))) is not None, timeout=20_000)
    pictures = gallery.tiles.pictures(key_of(gallery.model.review(row)))
    assert pictures is not None
    assert pictures.trouble == ""
    return [
        f"{'✓' if answer.in_label else ''}{answer.name} {answer.share}{'!' if answer.predicted else ''}"
        for answer in pictures.answers
    ]


def test_a_tile_has_the_classes_by_probability_with_what_label_and_model_say(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    assert shown(page) == ["2.png", "1.png", "0.png"]
    if project.store.settings.task is Task.SINGLE_LABEL:
        assert answers(page, qtbot, 0) == ["wasp 0.7!", "✓bee 0.3", "ant 0.0"]
        assert answers(page, qtbot, 2) == ["✓ant 0.9!", "bee 0.1", "wasp 0.0"]
    else:
        assert answers(page, qtbot, 0) == ["✓ant 0.7!", "✓bee 0.15", "wasp 0.05"]
        assert answers(page, qtbot, 1) == ["✓ant 0.7!", "wasp 0.4!", "bee 0.1"]
        assert answers(page, qtbot, 2) == ["✓ant 0.9!", "✓bee 0.8!", "wasp 0.1"]


@pytest.mark.parametrize("width", [160, 420])
def test_bars_are_as_long_as_the_classes_are_probable_and_grow_with_the_tile(
    page: ReviewPage, qtbot: QtBot, width: int
) -> None:
    """Of the most probable class of the worst item, 70 %."""
    page.top.tile_width_chosen.emit(width)
    answers(page, qtbot, 0)
    grid = page.gallery.grid
    tile = grid.visualRect(page.gallery.model.index(0))
    room = grid.tiles.layout(tile.width(), grid.aspect).answers.translated(tile.topLeft())
    image = grid.viewport().grab().toImage()
    y = room.top() + 1  # over the words
    ground = image.pixelColor(room.right() - 5, y)
    ends = [x for x in range(room.left() + 8, room.right() - 8) if image.pixelColor(x, y) != ground]
    assert max(ends) == pytest.approx(room.left() + 0.7 * room.width(), abs=3)
    assert room.width() > (0.8 if width < 300 else 0.35) * tile.width()


def test_a_picture_that_cannot_be_read_leaves_the_answers_where_they_are(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    first = page.gallery.model.review(0)
    project.store.item(first.score.item).path.write_bytes(b"no picture")
    page.gallery.refresh([first.score.item])
    tiles = page.gallery.tiles
    qtbot.waitUntil(lambda: tiles.fresh_pictures(key_of(first)) is not None, timeout=20_000)
    found = tiles.fresh_pictures(key_of(first))
    assert found is not None
    assert "cannot be read as an image" in found.trouble
    assert len(found.answers) == 3


def test_a_mistake_filters_the_items(project: ReviewProject, page: ReviewPage, qtbot: QtBot) -> None:
    panel = page.gallery.panel
    if project.store.settings.task is Task.SINGLE_LABEL:
        assert isinstance(panel, ConfusionPanel)
        assert {panel.list.item(n).text() for n in range(panel.list.count())} == {"ant → bee", "bee → wasp"}
        assert panel.matrix.words((ANT, BEE)).startswith("ant was taken for bee: 1 item, 50.0 % of all mistakes")
        panel.matrix.chosen.emit((ANT, BEE))
    else:
        assert isinstance(panel, TagPanel)
        click(panel, qtbot, "wasp", TOO_MANY)
    assert shown(page) == ["1.png"]


def rows(panel: TagPanel) -> dict[str, list[str]]:
    """By tag: precision, recall, missing, too many, as they are written."""
    model = panel.table.model()
    lines = [[str(model.index(row, column).data()) for column in range(5)] for row in range(model.rowCount())]
    return {name: numbers for name, *numbers in lines}


def click(panel: TagPanel, qtbot: QtBot, tag: str, column: int) -> None:
    model = panel.table.model()
    qtbot.waitUntil(lambda: model.rowCount() > 0, timeout=20_000)
    row = next(row for row in range(model.rowCount()) if model.index(row, 0).data() == tag)
    place = panel.table.visualRect(model.index(row, column)).center()
    qtbot.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_the_table_has_each_tags_precision_and_recall_over_the_items_of_the_split(
    tags_page: tuple[ReviewProject, ReviewPage], qtbot: QtBot
) -> None:
    """Of three labelled ants, two bees and no wasp, all ants and one bee are found and a wasp is too many."""
    _project, page = tags_page
    panel = page.gallery.panel
    assert isinstance(panel, TagPanel)
    told = {"ant": ["1.00", "1.00", "0", "0"], "bee": ["1.00", "0.50", "1", "0"], "wasp": ["0.00", "–", "0", "1"]}
    assert rows(panel) == told
    assert panel.heading.text() == "TAG BY TAG, 3 ITEMS"
    page.gallery.filters.split.setCurrentText("Train")
    assert panel.heading.text() == "TAG BY TAG, 0 ITEMS"
    page.gallery.filters.split.setCurrentText("Valid")
    assert rows(panel) == told


def test_a_click_on_how_often_a_tag_is_missing_or_too_many_shows_these_items_and_another_all(
    tags_page: tuple[ReviewProject, ReviewPage], qtbot: QtBot
) -> None:
    _project, page = tags_page
    panel = page.gallery.panel
    assert isinstance(panel, TagPanel)
    place = panel.table.geometry()
    click(panel, qtbot, "bee", MISSING)
    assert shown(page) == ["2.png"]
    QApplication.processEvents()
    assert panel.table.geometry() == place, "what was clicked stays under the mouse"
    click(panel, qtbot, "wasp", TOO_MANY)
    assert shown(page) == ["1.png"]
    click(panel, qtbot, "ant", MISSING)
    assert shown(page) == ["1.png"], "no ant is missing, so there is nothing to show"
    click(panel, qtbot, "wasp", TOO_MANY)
    assert len(shown(page)) == 3


def test_the_table_says_what_a_threshold_would_give_while_it_is_dragged(
    tags_page: tuple[ReviewProject, ReviewPage], qtbot: QtBot
) -> None:
    project, page = tags_page
    panel = page.gallery.panel
    assert isinstance(panel, TagPanel)
    plot = panel.threshold.plot
    qtbot.mousePress(plot, Qt.MouseButton.LeftButton, pos=plot.place(0.75, 0).toPoint())
    assert rows(panel)["ant"] == ["1.00", "0.33", "2", "0"]
    assert kept_threshold(project.store.run("0001").folder) == 0.2, "nothing is chosen yet"


def test_by_row_the_matrix_has_the_share_of_each_class_that_is_right_and_what_the_rest_was_taken_for(
    make_project: MakeProject, qtbot: QtBot
) -> None:
    """Of two ants one is right and one taken for a bee; the only bee is taken for a wasp."""
    project = make_project(Task.SINGLE_LABEL)
    for page in _shown(project, qtbot):
        panel = page.gallery.panel
        assert isinstance(panel, ConfusionPanel)
        matrix = panel.matrix
        assert matrix.words((ANT, BEE)).startswith("ant was taken for bee: 1 item, 50.0 % of all mistakes")
        qtbot.mouseClick(panel.by_row, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(partial(_is_known_to_be_half_right, matrix), timeout=20_000)
        assert (matrix.share((ANT, BEE)), matrix.share((BEE, WASP)), matrix.share((BEE, BEE))) == (0.5, 1.0, 0.0)
        assert matrix.words((ANT, ANT)) == "ant is right in 50 % of its items"
        assert matrix.words((ANT, BEE)).startswith("ant was taken for bee: 1 item, 50 % of ant's items.")
        right, wrong = (matrix.grab().toImage().pixelColor(place_in(matrix, cell)) for cell in ((ANT, ANT), (ANT, BEE)))
        assert right.green() > right.red() and wrong.red() > wrong.green()
        assert QSettings().value("review/confusion_by_row", type=bool) is True


def _is_known_to_be_half_right(matrix: ConfusionMatrix) -> bool:
    return matrix.share((ANT, ANT)) == 0.5


def place_in(matrix: ConfusionMatrix, cell: tuple[int, int]) -> QPoint:
    """Beside the figure in the middle of the cell."""
    return matrix.cell_rect(cell).topLeft().toPoint() + QPoint(3, 3)


def test_the_class_filter_shows_where_a_class_was_mistaken(page: ReviewPage) -> None:
    combo = page.gallery.filters.label_class
    assert combo.isVisible()
    combo.setCurrentIndex(combo.findText("wasp"))
    assert len(shown(page)) == 1


def test_one_key_makes_the_prediction_the_label_and_can_be_taken_back(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    item = project.ids[2]
    before = project.store.read_tags(item)
    page.gallery.grid.setFocus()
    qtbot.keyClick(page.gallery.grid, Qt.Key.Key_A)
    told = project.store.read_tags(item)
    assert told == Tags((WASP,) if project.store.settings.task is Task.SINGLE_LABEL else (ANT,))
    assert [c.decision for c in project.store.review.corrections("0001")] == [Decision.ACCEPTED]
    page.decisions.undo()
    assert project.store.read_tags(item) == before
    page.decisions.redo()
    assert project.store.read_tags(item) == told


def test_accepting_keeps_a_void_tag_beside_the_others(make_project: MakeProject) -> None:
    project = make_project(Task.MULTI_LABEL)
    classes = (*make_classes(NAMES), make_classes(["a", "b", "c", "void"])[3])
    project.store.save_settings(msgspec.structs.replace(project.store.settings, classes=classes))
    item = project.ids[2]
    project.store.tags.replace({item: Tags((ANT, BEE, 3))}, "by hand")
    project.store.review.load_scores("0001")
    project.store.review.decide("0001", item, Decision.ACCEPTED)
    assert project.store.read_tags(item) == Tags((ANT, 3))


def tuned_on_the_second(project: ReviewProject) -> RunRecord:
    store, task = project.store, project.store.settings.task
    store.review.load_scores("0001")
    store.review.decide("0001", project.ids[1], Decision.ACCEPTED)
    tuned = store.create_run(
        RunSpec(
            task=task,
            stages=spec(task).stages,
            parent="0001",
            fine_tune=FineTune(corrections=(project.ids[1],)),
        )
    )
    write_scores(tuned, after_fine_tuning(project, tuned))
    return tuned


@pytest.mark.parametrize("leave", [Qt.Key.Key_Escape, Qt.Key.Key_Space])
def test_a_line_of_the_report_leads_to_its_item_with_the_new_answers_and_back(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot, leave: Qt.Key
) -> None:
    tuned = tuned_on_the_second(project)
    project.session.runs_changed.emit()
    table = page.report.view.table
    qtbot.waitUntil(lambda: table.isVisible() and table.model().rowCount() == 3)
    back = page.findChild(QToolButton, "preview_close")
    for row in (1, 2):
        table.selectRow(row)
        item = table.currentIndex().data(ROW_ROLE).item
        qtbot.keyClick(table, Qt.Key.Key_Return)
        preview = page.gallery.preview
        qtbot.waitUntil(preview.isVisible)
        assert preview.review is not None
        assert (preview.review.run, preview.review.score.item) == (tuned.id, item)
        assert (page.run, back.text()) == (tuned.id, "Back to the report")
        qtbot.keyClick(preview, leave)
        qtbot.waitUntil(table.isVisible)
        assert table.hasFocus()
        assert table.currentIndex().row() == row
    page.top.view_chosen.emit(View.ITEMS)
    page.gallery.toggle_preview()
    assert back.text() == "Back to the grid"
    qtbot.keyClick(page.gallery.preview, Qt.Key.Key_Escape)
    assert page.gallery.grid.isVisible()


def test_the_way_back_from_a_large_item_keeps_its_arrow_in_another_theme(page: ReviewPage) -> None:
    back = page.findChild(QToolButton, "preview_close")

    def arrow() -> QImage:
        return back.icon().pixmap(16, 16).toImage()

    light = arrow()
    try:
        theme().apply(ThemeMode.DARK)
        assert arrow() == theme().icon("previous").pixmap(16, 16).toImage() != light
    finally:
        theme().apply(ThemeMode.LIGHT)


def test_the_report_says_what_a_fine_tuning_fixed(project: ReviewProject) -> None:
    store, task = project.store, project.store.settings.task
    tuned = tuned_on_the_second(project)
    corrected = {entry.id: entry.tags for entry in store.snapshot(tuned.id).items if entry.corrected}
    assert corrected == {project.ids[1]: store.read_tags(project.ids[1])}
    report = read_report(store.root, tuned.id).report
    assert (report.untouched.fixed, report.untouched.broken, report.untouched.unchanged) == (1, 0, 1)
    if task is Task.SINGLE_LABEL:
        assert report.summary[0].endswith("1 fixed, 0 broken, 1 unchanged; 50.0 % → 0.0 % of items wrong.")
    else:
        assert report.summary[0].endswith("1 fixed, 0 broken, 1 unchanged; 0.50 → 0.00 tags wrong on average.")


def after_fine_tuning(project: ReviewProject, record: RunRecord) -> list[ItemScore]:
    """Everything is right now."""
    task = project.store.settings.task
    scores = []
    for number, item in enumerate(project.ids[:3]):
        now = project.store.item(item).revision
        right = score(task, item, number, revision=now, corrected=number == 1)
        scores.append(msgspec.structs.replace(right, error=0.0, confusion=()))
    return scores


@pytest.fixture
def tags_page(make_project: MakeProject, qtbot: QtBot) -> Iterator[tuple[ReviewProject, ReviewPage]]:
    project = make_project(Task.MULTI_LABEL)
    for page in _shown(project, qtbot):
        panel = page.gallery.panel
        assert isinstance(panel, TagPanel)
        qtbot.waitUntil(partial(_is_counted, panel), timeout=20_000)
        yield project, page


def _is_counted(panel: TagPanel) -> bool:
    return panel.table.model().rowCount() > 0


def test_a_threshold_is_chosen_on_the_curve_and_changes_the_predictions_for_good(
    tags_page: tuple[ReviewProject, ReviewPage], qtbot: QtBot
) -> None:
    project, page = tags_page
    panel = page.gallery.panel
    assert isinstance(panel, TagPanel)
    choice = panel.threshold
    assert choice.isVisible()
    assert choice.number.value() == 0.2
    assert "best 0.944 at" in choice.words.text(), "above 0.4 the wasp goes, at the price of nothing"
    assert answers(page, qtbot, 1) == ["✓ant 0.7!", "wasp 0.4!", "bee 0.1"]
    place = choice.plot.place(0.5, 0).toPoint()
    qtbot.mouseClick(choice.plot, Qt.MouseButton.LeftButton, pos=place)
    qtbot.waitUntil(lambda: rows(panel)["wasp"] == ["–", "–", "0", "0"], timeout=20_000)
    assert rows(panel)["bee"] == ["1.00", "0.50", "1", "0"]
    qtbot.waitUntil(lambda: answers(page, qtbot, 1) == ["✓ant 0.7!", "wasp 0.4", "bee 0.1"], timeout=20_000)
    assert [score.name for score in scored(project) if score.error] == ["2.png"]
    project.store.review.load_scores("0001")
    assert kept_threshold(project.store.run("0001").folder) == 0.5
    assert [score.name for score in scored(project) if score.error] == ["2.png"], "also when they are read again"
    project.store.review.decide("0001", project.ids[1], Decision.ACCEPTED)
    assert project.store.read_tags(project.ids[1]) == Tags((ANT,))


def scored(project: ReviewProject) -> list[ItemScore]:
    return [review.score for review in project.store.review.items("0001", project.store.review.ids("0001"))]


def test_the_best_threshold_is_one_button_away(tags_page: tuple[ReviewProject, ReviewPage], qtbot: QtBot) -> None:
    project, page = tags_page
    panel = page.gallery.panel
    assert isinstance(panel, TagPanel)
    qtbot.mouseClick(panel.threshold.best, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not panel.threshold.best.isEnabled(), timeout=20_000)
    assert kept_threshold(project.store.run("0001").folder) == pytest.approx(panel.threshold.number.value())


def test_tags_are_counted_a_part_at_a_time_and_not_to_the_end_where_nobody_wants_it(
    make_project: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(Task.MULTI_LABEL)
    project.store.review.load_scores("0001")
    root = project.store.root
    whole = read_tags(root, "0001", 0.0, lambda: True)
    monkeypatch.setattr(tag_counting, "_CHUNK", 2)
    parts = read_tags(root, "0001", 0.0, lambda: True)
    assert whole is not None and parts is not None
    assert whole.curve is not None and parts.curve is not None
    assert parts.curve.values == pytest.approx(whole.curve.values)
    assert {split: counts.items for split, counts in parts.counts.items() if counts.items} == {Split.VALID: 3}
    assert parts.counts[Split.VALID].at(0.2) == whole.counts[Split.VALID].at(0.2)
    wanted = iter([True, False])
    assert read_tags(root, "0001", 0.0, lambda: next(wanted)) is None


def test_tags_are_counted_over_all_items_also_where_their_scores_were_not_all_stored(make_project: MakeProject) -> None:
    project = make_project(Task.MULTI_LABEL)
    overview = read_tags(project.store.root, "0001", 0.0, lambda: True)
    assert overview is not None and overview.curve is not None
    assert overview.curve.items == overview.counts[Split.VALID].items == 3


def test_a_single_label_has_no_threshold(make_project: MakeProject, qtbot: QtBot) -> None:
    project = make_project(Task.SINGLE_LABEL)
    for page in _shown(project, qtbot):
        assert isinstance(page.gallery.panel, ConfusionPanel)
