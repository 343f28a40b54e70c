"""What the filters, the confusion matrix and the histogram let through, and what stands where nothing is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QApplication, QComboBox, QToolButton
from pytestqt.qtbot import QtBot

from studio.core.classes import make_classes
from studio.core.items import Split
from studio.core.review import Decision, decode_score, encode_score
from studio.core.settings import ProjectSettings, Task
from studio.store import Store
from studio.ui.review import ReviewPage
from studio.ui.review.confusion import ConfusionPanel
from studio.ui.review.confusion_matrix import ConfusionMatrix
from studio.ui.review.histogram import ErrorHistogram, HistogramPanel
from studio.ui.review.mistake_list import fitting_pair
from studio.ui.session import Session

if TYPE_CHECKING:
    from .conftest import ReviewProject


def choose(combo: QComboBox, value: object) -> None:
    combo.setCurrentIndex(combo.findData(value))


def shown(page: ReviewPage, project: ReviewProject) -> set[str]:
    model = page.gallery.model
    return set(project.names([model.item_id(row) for row in range(model.rowCount())]))


def everyone() -> set[str]:
    return {f"frame{number}.png" for number in range(8)}


def test_the_class_filter_keeps_items_in_which_that_class_was_mistaken(
    project: ReviewProject, page: ReviewPage
) -> None:
    choose(page.gallery.filters.label_class, 3)
    assert shown(page, project) == {"frame6.png", "frame7.png"}
    choose(page.gallery.filters.label_class, 0)
    assert "frame7.png" not in shown(page, project)  # its tree lies in the road


def test_the_split_and_the_decision_filter(project: ReviewProject, page: ReviewPage) -> None:
    choose(page.gallery.filters.split, Split.TRAIN)
    assert shown(page, project) == set()
    choose(page.gallery.filters.split, Split.VALID)
    assert shown(page, project) == everyone()
    worst = page.gallery.model.item_id(0)
    page.decisions.decide([worst], Decision.LABEL_RIGHT)
    choose(page.gallery.filters.decision, Decision.LABEL_RIGHT)
    assert shown(page, project) == {"frame2.png"}
    choose(page.gallery.filters.decision, Decision.UNDECIDED)
    assert shown(page, project) == everyone() - {"frame2.png"}


def test_typing_a_name_filters_shortly_after_the_last_key(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    qtbot.keyClicks(page.gallery.filters.text, "e5")
    qtbot.waitUntil(lambda: shown(page, project) == {"frame5.png"})
    assert page.top.summary.text() == "1 validation item, worst first"


def test_a_filter_without_a_result_says_so_and_one_button_shows_everything_again(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    choose(page.gallery.filters.split, Split.TEST)
    assert page.gallery.nothing.isVisible()
    assert "No item of this run fits" in page.gallery.nothing.sentence.text()
    qtbot.mouseClick(page.gallery.nothing.button, Qt.MouseButton.LeftButton)
    assert page.gallery.grid.isVisible()
    assert shown(page, project) == everyone()


def test_the_selected_item_stays_selected_while_the_filter_lets_it_through(
    project: ReviewProject, page: ReviewPage
) -> None:
    item = page.gallery.model.item_id(3)
    page.gallery.grid.select_row(3)
    choose(page.gallery.filters.decision, Decision.UNDECIDED)
    assert page.gallery.selected() == [item]


@pytest.fixture
def matrix(page: ReviewPage) -> ConfusionMatrix:
    assert isinstance(page.gallery.panel, ConfusionPanel)
    return page.gallery.panel.matrix


def click(qtbot: QtBot, matrix: ConfusionMatrix, cell: tuple[int, int]) -> None:
    qtbot.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=matrix.cell_rect(cell).center().toPoint())


def test_clicking_a_cell_shows_its_items_and_clicking_it_again_shows_all(
    project: ReviewProject, page: ReviewPage, matrix: ConfusionMatrix, qtbot: QtBot
) -> None:
    click(qtbot, matrix, (1, 3))
    expected = {
        f"frame{project.ids.index(item)}.png"
        for item, predicted in project.predictions.items()
        if ((predicted == 3) & (project.labels[item] == 1)).any()
    }
    assert shown(page, project) == expected == {"frame6.png", "frame7.png"}
    click(qtbot, matrix, (1, 3))
    assert shown(page, project) == everyone()


def test_the_chosen_cell_can_be_given_up_by_the_button_too(
    project: ReviewProject, page: ReviewPage, matrix: ConfusionMatrix, qtbot: QtBot
) -> None:
    click(qtbot, matrix, (1, 3))
    button = page.findChild(QToolButton, "clear_confusion")
    assert isinstance(button, QToolButton)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert shown(page, project) == everyone()
    assert not button.isVisible()


def test_the_matrix_speaks_of_the_split_that_shows(
    project: ReviewProject, request: pytest.FixtureRequest, qtbot: QtBot
) -> None:
    path = project.store.run("0001").folder / "scores.jsonl"
    scores = [decode_score(line) for line in path.read_bytes().splitlines()]
    seen = project.ids[:3]
    moved = [msgspec.structs.replace(s, split=Split.PRODUCTION) if s.item in seen else s for s in scores]
    path.write_bytes(b"".join(map(encode_score, moved)))
    page: ReviewPage = request.getfixturevalue("page")
    panel = page.gallery.panel
    assert isinstance(panel, ConfusionPanel)
    panel.by_row.click()
    for split, items in ((Split.PRODUCTION, seen), (Split.VALID, project.ids[3:8]), (None, project.ids[:8])):
        choose(page.gallery.filters.split, split)
        pixels = sum(int(((project.predictions[item] == 2) & (project.labels[item] == 0)).sum()) for item in items)
        qtbot.waitUntil(lambda pixels=pixels: f": {pixels:,} pixels" in panel.matrix.words((0, 2)), timeout=20_000)
    choose(page.gallery.filters.split, Split.PRODUCTION)
    click(qtbot, panel.matrix, (0, 2))
    assert shown(page, project) == {
        name
        for name, item in zip(project.names(seen), seen, strict=True)
        if ((project.predictions[item] == 2) & (project.labels[item] == 0)).any()
    }


def test_a_cell_is_told_in_words_with_the_pixels_counted(project: ReviewProject, matrix: ConfusionMatrix) -> None:
    pixels = sum(
        int(((predicted == 3) & (project.labels[item] == 1)).sum()) for item, predicted in project.predictions.items()
    )
    share = 100 * pixels / sum(project.wrong.values())
    assert matrix.words((1, 3)).startswith(f"road was taken for tree: {pixels:,} pixels, {share:.1f} % of all mistakes")
    assert matrix.words((3, 1)) == "tree was never taken for road"


def test_a_class_without_any_mistake_has_no_row(matrix: ConfusionMatrix) -> None:
    assert matrix.cell_rect((4, 0)).isEmpty()
    assert not matrix.cell_rect((0, 2)).isEmpty()


def test_the_list_of_mistakes_has_the_largest_first_and_filters_like_the_matrix(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    panel = page.gallery.panel
    assert isinstance(panel, ConfusionPanel)
    counts = project.store.review.confusion("0001")
    largest = divmod(int(counts.argmax()), counts.shape[1])
    names = [c.name for c in project.store.settings.classes]
    assert panel.list.item(0).text() == f"{names[largest[0]]} → {names[largest[1]]}"
    assert panel.list.count() == int((counts > 0).sum())
    row = panel.list.visualItemRect(panel.list.item(0)).center()
    qtbot.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=row)
    ids = project.store.review.ids("0001")
    expected = {
        r.score.name
        for r in project.store.review.items("0001", ids)
        if (*largest,) in {c[:2] for c in r.score.confusion}
    }
    assert shown(page, project) == expected


def test_points_have_a_histogram_of_distances_that_filters(
    points_project: ReviewProject, points_page: ReviewPage, qtbot: QtBot
) -> None:
    panel = points_page.gallery.panel
    assert isinstance(panel, HistogramPanel)
    histogram: ErrorHistogram = panel.histogram
    ranges = [(0.0, 1.0), (1.0, 2.0), (2.0, 3.0), (3.0, 5.0), (5.0, 8.0), (8.0, 12.0), (12.0, 20.0), (20.0, 30.0)]
    assert histogram.bins == list(zip(ranges, [1, 0, 0, 1, 0, 1, 2, 1], strict=True))
    qtbot.mouseClick(histogram, Qt.MouseButton.LeftButton, pos=histogram.bar_rect(6).center().toPoint())
    assert shown(points_page, points_project) == {"face3.png", "face4.png"}
    assert not points_page.gallery.filters.label_class.isVisible()
    qtbot.mouseClick(histogram, Qt.MouseButton.LeftButton, pos=histogram.bar_rect(6).center().toPoint())
    assert points_page.gallery.model.rowCount() == 6


def test_the_histogram_is_worked_by_keys(points_project: ReviewProject, points_page: ReviewPage, qtbot: QtBot) -> None:
    panel = points_page.gallery.panel
    assert isinstance(panel, HistogramPanel)
    panel.histogram.setFocus(Qt.FocusReason.TabFocusReason)
    for _ in range(6):
        qtbot.keyClick(panel.histogram, Qt.Key.Key_Down)
    qtbot.keyClick(panel.histogram, Qt.Key.Key_Space)
    assert shown(points_page, points_project) == {"face3.png", "face4.png"}
    qtbot.keyClick(panel.histogram, Qt.Key.Key_Return)
    assert points_page.gallery.model.rowCount() == 6


def test_beside_points_it_says_which_mark_is_the_label_and_whose_colour_is_which(points_page: ReviewPage) -> None:
    panel = points_page.gallery.panel
    assert isinstance(panel, HistogramPanel)
    assert panel.marks.isVisible()
    assert "A cross is the label, a ring the prediction" in panel.marks.text()
    assert 'color:#ff8800">■</span>&nbsp;nose' in panel.marks.text()


def test_without_a_run_the_page_says_what_to_do_and_goes_there(
    tmp_path_factory: pytest.TempPathFactory, qtbot: QtBot
) -> None:
    settings = ProjectSettings(name="t", task=Task.SEGMENTATION, classes=tuple(make_classes(["a", "b"])))
    with Store.create(tmp_path_factory.mktemp("empty") / "project", settings) as store:
        session = Session(store)
        pages: list[str] = []
        session.page_requested.connect(pages.append)
        page = ReviewPage(session)
        qtbot.addWidget(page)
        page.resize(900, 600)
        page.show()
        assert page.no_runs.isVisible()
        assert page.no_runs.heading.text() == "Train a model first"
        said: list[str] = []
        session.message.connect(lambda text, _tone: said.append(text))
        page.activateWindow()
        qtbot.waitUntil(page.no_runs.button.hasFocus)
        qtbot.keyClick(page.no_runs.button, Qt.Key.Key_W)
        assert "finish or stop a run on the Train page first" in said[-1]
        qtbot.mouseClick(page.no_runs.button, Qt.MouseButton.LeftButton)
        assert pages == ["train"]
        assert [a.objectName() for a in page.actions() if a.isEnabled()] == ["review_find_errors"]
        page.shut_down()
        page.close()


def test_a_run_without_scores_is_told_from_no_run_at_all(project: ReviewProject, qtbot: QtBot) -> None:
    (project.store.run("0001").folder / "scores.jsonl").unlink()
    page = ReviewPage(project.session)
    qtbot.addWidget(page)
    page.show()
    qtbot.waitUntil(page.no_runs.isVisible)
    assert page.no_runs.heading.text() == "No run has scores yet"
    page.shut_down()
    page.close()


def test_focus_given_to_the_page_goes_to_the_items(page: ReviewPage, qtbot: QtBot) -> None:
    page.gallery.filters.text.setFocus()
    page.setFocus()
    assert page.gallery.grid.hasFocus()


def test_a_page_that_was_shut_down_asks_the_closed_project_nothing(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    page.decisions.decide([page.gallery.model.item_id(row) for row in range(8)], Decision.LABEL_RIGHT)
    page.shut_down()
    assert project.store.review.counts("0001")[Decision.LABEL_RIGHT] == 8
    project.store.close()
    project.session.runs_changed.emit()
    project.session.review_changed.emit("0001")
    project.session.items_changed.emit([])
    qtbot.wait(60)
    assert page.gallery.model.rowCount() == 0


def test_a_click_beside_the_cells_changes_nothing(
    project: ReviewProject, page: ReviewPage, matrix: ConfusionMatrix, qtbot: QtBot
) -> None:
    qtbot.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=QPoint(2, 2))
    click(qtbot, matrix, (0, 0))
    assert shown(page, project) == everyone()


@pytest.mark.parametrize("size", [(220, 300), (300, 700), (900, 1000)])
def test_a_matrix_of_many_classes_shows_the_worst_ones_that_fit_without_running_into_each_other(
    qtbot: QtBot, size: tuple[int, int]
) -> None:
    panel = ConfusionPanel()
    qtbot.addWidget(panel)
    panel.resize(*size)
    panel.show()
    counts = np.zeros((60, 60), np.int64)
    for class_id in range(60):
        counts[class_id, class_id ^ 1] = 1000 - 10 * (class_id // 2)
    panel.show_counts(counts, make_classes([f"class {number}" for number in range(60)]))
    qtbot.wait(20)

    shown = [number for number in range(60) if not panel.matrix.cell_rect((number, number)).isEmpty()]
    assert shown == list(range(len(shown)))
    assert 2 <= len(shown) < 60
    assert panel.matrix.cell_rect((0, 1)).height() >= 10
    assert panel.matrix.cell_rect((shown[-1], shown[-1])).bottom() <= panel.matrix.height()
    assert panel.list.isVisible()


def test_long_names_of_a_mistake_are_shortened_so_that_neither_is_lost(qapp: QApplication) -> None:
    metrics = QFontMetrics(qapp.font())
    both = "sky, clouds and everything above the roofs → building_with_more_than_three_storeys"
    for words in (both, f"road → {'building_' * 9}", f"{'building_' * 9} → road"):
        width = metrics.horizontalAdvance(words) * 2 // 3
        shown = fitting_pair(words, metrics, width)
        assert metrics.horizontalAdvance(shown) <= width
        label, predicted = shown.split(" → ")
        assert label[:4] == words[:4] and predicted[:4] == words.split(" → ")[1][:4]
    assert fitting_pair("road → tree", metrics, 1000) == "road → tree"


@pytest.fixture
def quick_hand(qapp: QApplication) -> Iterator[None]:
    """A list takes no click for as long as one that opens it may become a double click."""
    before = qapp.doubleClickInterval()
    qapp.setDoubleClickInterval(0)
    yield
    qapp.setDoubleClickInterval(before)


def pick(combo: QComboBox, row: int, qtbot: QtBot) -> None:
    """Open the list with the mouse and click on the entry in that row."""
    qtbot.mouseClick(combo, Qt.MouseButton.LeftButton)
    choices = combo.view()
    qtbot.waitUntil(choices.isVisible)
    QApplication.processEvents()
    place = choices.visualRect(combo.model().index(row, 0)).center()
    qtbot.mouseMove(choices.viewport(), place)
    qtbot.mouseClick(choices.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.waitUntil(lambda: not choices.isVisible())


@pytest.mark.qt_log_ignore("does not support grabbing the", extend=True)
@pytest.mark.parametrize("name", ["filter_split", "filter_class", "filter_decision", "review_sort", "review_run"])
def test_after_a_choice_with_the_mouse_the_keys_are_with_the_items(
    page: ReviewPage, quick_hand: None, qtbot: QtBot, name: str
) -> None:
    combo = page.findChild(QComboBox, name)
    assert isinstance(combo, QComboBox)
    row = combo.count() - 1
    page.gallery.filters.text.setFocus()
    pick(combo, row, qtbot)
    assert combo.currentIndex() == row
    assert page.gallery.stack.currentWidget() is QApplication.focusWidget()
    page.gallery.clear_filters()
    page.gallery.grid.setFocus()
    qtbot.mouseClick(combo, Qt.MouseButton.LeftButton)
    qtbot.keyClick(combo.view(), Qt.Key.Key_Escape)
    assert page.gallery.grid.hasFocus()


@pytest.mark.qt_log_ignore("does not support grabbing the", extend=True)
def test_whoever_came_to_a_filter_by_tab_goes_through_its_entries_until_one_is_chosen(
    page: ReviewPage, qtbot: QtBot
) -> None:
    split = page.gallery.filters.split
    split.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(split, Qt.Key.Key_Down)
    qtbot.keyClick(split, Qt.Key.Key_Down)
    assert split.currentIndex() == 2
    assert split.hasFocus()
    split.showPopup()
    qtbot.keyClick(split.view(), Qt.Key.Key_Escape)
    qtbot.keyClick(split, Qt.Key.Key_Up)
    assert split.hasFocus()
    split.showPopup()
    split.view().setCurrentIndex(split.model().index(2, 0))
    qtbot.keyClick(split.view(), Qt.Key.Key_Return)
    assert page.gallery.filters.filters.split is Split.VALID
    assert page.gallery.grid.hasFocus()
