"""Label errors on the Review page: starting a search, and looking through what it suspects."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from studio.core.items import Split
from studio.core.label_error_recipe import cross_validation
from studio.core.recipe import Purpose, RunSpec
from studio.core.review import Decision
from studio.core.review_order import SortBy
from studio.core.suspicions import Method, Suspicion, encode_suspicion
from studio.store import RunRecord
from studio.ui.review import ReviewPage
from tests.ui.review.conftest import ReviewProject, mask_score, recipe, write_scores

QUALITIES = {2: 0.05, 5: 0.2, 0: 0.9}
"""By place among the items; the first two are called wrong."""


def searched(project: ReviewProject, *, run: str | None = "0001") -> RunRecord:
    """A search for label errors that judged three items; what it proposes for each is the first run's prediction."""
    record = project.store.create_run(cross_validation(recipe(), folds=3, run=run))
    items = {place: project.ids[place] for place in QUALITIES}
    write_scores(
        record,
        [
            mask_score(record, item, f"frame{place}.png", project.labels[item], project.predictions[item])
            for place, item in items.items()
        ],
    )
    (record.folder / "suspicions.jsonl").write_bytes(
        b"".join(
            encode_suspicion(
                Suspicion(
                    item=items[place],
                    name=f"frame{place}.png",
                    split=Split.VALID,
                    revision=1,
                    quality=quality,
                    is_issue=quality < 0.5,
                    method=Method.REGIONS,
                )
            )
            for place, quality in QUALITIES.items()
        )
    )
    return record


def with_model(project: ReviewProject) -> None:
    (project.store.run("0001").folder / "model.safetensors").write_bytes(b"")


def proposed(page: ReviewPage, project: ReviewProject, name: str) -> list[RunSpec]:
    specs: list[RunSpec] = []
    project.session.run_proposed.connect(specs.append)
    page.error_search.aboutToShow.emit()
    action = page.error_search.findChild(QAction, name)
    assert action is not None
    action.trigger()
    return specs


@pytest.fixture
def searched_page(project: ReviewProject, page: ReviewPage, qtbot: QtBot) -> ReviewPage:
    """The page after a search, which it shows."""
    record = searched(project)
    page.read_runs()
    qtbot.waitUntil(lambda: page.top.runs.findData(record.id) >= 0, timeout=20_000)
    place = page.top.runs.findData(record.id)
    page.top.runs.setCurrentIndex(place)
    page.top.runs.activated.emit(place)
    qtbot.waitUntil(lambda: page.gallery.model.rowCount() == len(QUALITIES), timeout=20_000)
    return page


@pytest.mark.parametrize("folds", [3, 4, 8])
def test_a_search_in_folds_follows_the_run_and_starts_from_nothing(
    project: ReviewProject, page: ReviewPage, folds: int
) -> None:
    with_model(project)
    (spec,) = proposed(page, project, f"find_errors_{folds}")
    assert spec.purpose is Purpose.LABEL_ERRORS
    assert spec.parent is None
    assert spec.stages == recipe().stages
    assert spec.label_errors is not None
    assert (spec.label_errors.folds, spec.label_errors.run) == (folds, "0001")


def test_the_model_is_asked_at_once_about_what_it_did_not_learn(project: ReviewProject, page: ReviewPage) -> None:
    with_model(project)
    (spec,) = proposed(page, project, "find_errors_at_once")
    assert spec.parent == "0001"
    assert spec.label_errors is not None
    assert (spec.label_errors.folds, spec.label_errors.run) == (0, "0001")
    assert page.error_search.at_once.text() == "Judge validation labels only, by run 0001, at once"


def test_a_run_without_a_model_can_be_followed_but_not_asked(project: ReviewProject, page: ReviewPage) -> None:
    assert proposed(page, project, "find_errors_at_once") == []
    (spec,) = proposed(page, project, "find_errors_4")
    assert spec.label_errors is not None
    assert (spec.label_errors.run, spec.stages) == (None, recipe().stages)


@pytest.mark.qt_log_ignore("grabbing the keyboard", extend=True)
def test_the_key_and_the_button_open_the_menu(page: ReviewPage, qtbot: QtBot) -> None:
    page.gallery.grid.setFocus()
    qtbot.keyClick(page.gallery.grid, Qt.Key.Key_W)
    qtbot.waitUntil(page.error_search.isVisible)
    page.error_search.close()
    qtbot.mouseClick(page.top.find_errors, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(page.error_search.isVisible)
    page.error_search.close()


def test_the_most_suspicious_labels_come_first_until_somebody_sorts_otherwise(
    project: ReviewProject, searched_page: ReviewPage, qtbot: QtBot
) -> None:
    page = searched_page

    def shown() -> list[int]:
        model = page.gallery.model
        return [model.item_id(row) for row in range(model.rowCount())]

    by_quality = [project.ids[place] for place in sorted(QUALITIES, key=QUALITIES.__getitem__)]
    assert shown() == by_quality
    summary = page.findChild(QLabel, "review_summary")
    assert summary is not None
    assert "3 validation items, most suspicious first" in summary.text()
    assert summary.text().startswith("2 suspects, 2 undecided")
    heads = [(head.start, head.words) for head in page.gallery.model.heads]
    assert heads == [(0, "Probably a wrong label"), (2, "No suspicion")]
    sort = page.gallery.order.sort
    sort.setCurrentIndex(sort.findData(SortBy.LOSS))
    by_loss = sorted(by_quality, key=lambda item: -project.wrong[item])
    qtbot.waitUntil(lambda: shown() == by_loss)
    assert "2 suspects, 2 undecided" in summary.text()
    assert page.gallery.model.heads == ()


def test_a_narrow_window_shows_how_many_suspects_are_undecided(searched_page: ReviewPage, qtbot: QtBot) -> None:
    page = searched_page
    page.top.runs.addItem("Run 0000  ·  a note that says much about what was tried")
    page.top.show_report_button(True)
    page.resize(1080, 640)
    qtbot.waitUntil(lambda: page.top.summary.shown_text.startswith("2 suspects, 2 undecided"))


def test_how_many_of_the_suspects_are_undecided_falls_as_somebody_decides(
    searched_page: ReviewPage, qtbot: QtBot
) -> None:
    page = searched_page
    summary = page.findChild(QLabel, "review_summary")
    assert summary is not None
    page.gallery.grid.setFocus()
    for words in ("2 suspects, 1 undecided", "2 suspects, all decided"):
        qtbot.keyClick(page.gallery.grid, Qt.Key.Key_R)
        page.decisions.finish()
        assert summary.text().startswith(words)
    qtbot.keyClick(page.gallery.grid, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    page.decisions.finish()
    assert summary.text().startswith("2 suspects, 1 undecided")


def test_accepting_takes_what_the_search_proposes(
    project: ReviewProject, searched_page: ReviewPage, qtbot: QtBot
) -> None:
    page, item = searched_page, project.ids[2]
    page.gallery.reveal([item])
    page.gallery.grid.setFocus()
    qtbot.keyClick(page.gallery.grid, Qt.Key.Key_A)
    page.decisions.finish()
    label, predicted = project.labels[item], project.predictions[item]
    assert np.array_equal(project.read_label(item), np.where(label == 4, label, predicted))
    (correction,) = project.store.review.corrections("0002")
    assert correction.item == item


def test_the_list_of_runs_calls_a_search_by_what_it_looked_for(searched_page: ReviewPage) -> None:
    words = [searched_page.top.runs.itemText(row) for row in range(searched_page.top.runs.count())]
    assert words[0] == "Run 0002  ·  label errors"


def test_corrections_of_a_search_are_learnt_by_the_run_that_it_followed(
    project: ReviewProject, searched_page: ReviewPage, qtbot: QtBot
) -> None:
    page, specs = searched_page, []
    project.session.run_proposed.connect(specs.append)
    page.gallery.reveal([project.ids[2]])
    qtbot.keyClick(page.gallery.grid, Qt.Key.Key_A)
    page.decisions.finish()
    qtbot.waitUntil(page.fine_tune.button.isEnabled)
    assert "from the model of run 0001" in page.fine_tune.button.toolTip()
    page.fine_tune.button.click()
    qtbot.waitUntil(lambda: bool(specs))
    assert [(spec.purpose, spec.parent, spec.label_errors) for spec in specs] == [(Purpose.TRAIN, "0001", None)]


def test_corrections_of_the_run_and_of_the_search_are_counted_and_learnt_together(
    project: ReviewProject, searched_page: ReviewPage, qtbot: QtBot
) -> None:
    page = searched_page
    first, second = (page.gallery.model.item_id(row) for row in (0, 1))
    project.store.review.note_edited("0001", first)
    page.decisions.decide([second], Decision.ACCEPTED)
    page.decisions.finish()
    assert page.fine_tune.button.text() == "Fine-tune on 2 corrections"
    with qtbot.waitSignal(project.session.run_proposed) as proposed:
        qtbot.mouseClick(page.fine_tune.button, Qt.MouseButton.LeftButton)
    (spec,) = proposed.args or ()
    assert spec.fine_tune.corrections == (first, second)
