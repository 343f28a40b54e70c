"""From corrections to a fine-tuning, and from its scores to the report."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from studio.core.classes import LabelClass
from studio.core.errors import CannotWrite
from studio.core.fine_tuning import fine_tune_spec, proposed_rate, proposed_replay, trainable
from studio.core.items import Split
from studio.core.metric_change import MetricChange
from studio.core.model_choices import Kept
from studio.core.recipe import FineTune, LearningRate, RunSpec, Stage
from studio.core.report import Verdict, before_after
from studio.core.review import Correction, Decision, ItemScore
from studio.core.settings import Task
from studio.reports import FrozenItems, RunReport
from studio.store import RunRecord
from studio.store.review import Review
from studio.ui.review import ReviewPage
from studio.ui.review.fine_tune import FineTuneBar
from studio.ui.review.report_cards import MetricStrip
from studio.ui.review.report_page import ReportPage
from studio.ui.review.report_view import ROW_ROLE, ReportView, by_class_in_words
from studio.ui.review.top_bar import View
from studio.ui.theme import theme

from .conftest import mask_score, recipe, write_scores

if TYPE_CHECKING:
    from .conftest import ReviewProject


def test_the_button_counts_corrections_and_proposes_a_recipe_that_starts_from_the_run(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    bar, proposed = page.fine_tune, list[RunSpec]()
    pages: list[str] = []
    project.session.run_proposed.connect(proposed.append)
    project.session.page_requested.connect(pages.append)
    assert not bar.button.isEnabled()
    items = [page.gallery.model.item_id(row) for row in range(4)]
    page.decisions.decide(items[:2], Decision.ACCEPTED)
    page.decisions.decide(items[2:3], Decision.LABEL_RIGHT)
    page.decisions.decide(items[3:], Decision.LEFT_OUT)
    page.decisions.finish()

    assert bar.button.text() == "Fine-tune on 2 corrections"
    assert bar.button.toolTip() == (
        "A click starts the training at once, from the model of run 0001; the Train page shows it.\n"
        "Validation items among the corrections are learnt as well, and the report keeps them apart."
    )
    assert page.top.summary.text() == "8 validation items, worst first  ·  2 corrections  ·  1 left out"
    bar.options.replay.setValue(0.3)
    bar.options.epochs.setValue(4)
    with qtbot.waitSignal(project.session.run_proposed):
        qtbot.mouseClick(bar.button, Qt.MouseButton.LeftButton)

    parent = recipe()
    assert proposed == [
        RunSpec(
            task=parent.task,
            model=parent.model,
            stages=(Stage(epochs=4, height=96, width=128, batch_size=4, lr=LearningRate(high=2e-4, low=2e-6)),),
            parent="0001",
            fine_tune=FineTune(corrections=tuple(items[:2]), replay=0.3, least_forgetting=True),
            seed=7,
            note="Fine-tuned on 2 corrections of run 0001",
        )
    ]
    assert pages == ["train"]


def proposed_by(page: ReviewPage, project: ReviewProject, qtbot: QtBot) -> RunSpec:
    """What a click on the button proposes, with the worst item corrected."""
    page.decisions.decide([page.gallery.model.item_id(0)], Decision.ACCEPTED)
    with qtbot.waitSignal(project.session.run_proposed) as told:
        qtbot.mouseClick(page.fine_tune.button, Qt.MouseButton.LeftButton)
    assert told.args is not None
    return told.args[0]


def test_corrections_are_read_beside_the_window_and_the_button_says_so_meanwhile(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, readers, read = threading.Event(), list[threading.Thread](), Review.corrections

    def wait_and_read(review: Review, run: str) -> list[Correction]:
        readers.append(threading.current_thread())
        if threading.current_thread() is not threading.main_thread():
            assert gate.wait(30)
        return read(review, run)

    monkeypatch.setattr(Review, "corrections", wait_and_read)
    button, proposed = page.fine_tune.button, list[RunSpec]()
    project.session.run_proposed.connect(proposed.append)
    page.decisions.decide([page.gallery.model.item_id(0)], Decision.ACCEPTED)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert (button.text(), button.isEnabled()) == ("Reading 1 correction …", False)
    epochs, rate = page.fine_tune.options.epochs.value(), page.fine_tune.options.chosen_rate
    page.fine_tune.options.epochs.setValue(epochs + 4)
    page.fine_tune.options.rate.setText("1e-")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(readers))
    assert not proposed
    gate.set()
    qtbot.waitUntil(lambda: len(proposed) == 1)
    assert (button.text(), button.isEnabled()) == ("Fine-tune on 1 correction", False), "the rate is half typed"
    assert proposed[0].stages[-1].epochs == epochs
    assert proposed[0].stages[-1].lr.high == rate
    assert len(readers) == 1
    assert threading.main_thread() not in readers


def test_corrections_that_cannot_be_read_leave_the_button_to_be_pressed_again(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_review: Review, _run: str) -> list[Correction]:
        raise CannotWrite(project.store.root, "the disk is gone")

    said: list[str] = []
    project.session.message.connect(lambda sentence, _tone: said.append(sentence))
    page.decisions.decide([page.gallery.model.item_id(0)], Decision.ACCEPTED)
    with monkeypatch.context() as broken:
        broken.setattr(Review, "corrections", fail)
        qtbot.mouseClick(page.fine_tune.button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(page.fine_tune.button.isEnabled)
    assert "the disk is gone" in said[-1]
    with qtbot.waitSignal(project.session.run_proposed):
        qtbot.mouseClick(page.fine_tune.button, Qt.MouseButton.LeftButton)


def test_every_option_of_the_bar_reaches_the_recipe(project: ReviewProject, page: ReviewPage, qtbot: QtBot) -> None:
    options = page.fine_tune.options
    options.weight.setValue(9)
    assert options.weight_figure.text() == "×4.5"
    options.epochs.setValue(7)
    options.replays.setChecked(False)
    assert not options.replay.isEnabled()
    options.frozen.setChecked(True)
    options.rate.setText("3e-4")
    spec = proposed_by(page, project, qtbot)
    assert spec.fine_tune is not None
    assert (spec.fine_tune.weight, spec.fine_tune.replay) == (4.5, 0.0)
    assert spec.stages == (
        Stage(epochs=7, height=96, width=128, batch_size=4, lr=LearningRate(high=3e-4), frozen=True),
    )
    assert options.in_words == "corrections alone, ×4.5, 7 epochs, rate 3e-4, head only"


def test_the_proposed_rate_follows_from_the_parents_and_says_how(project: ReviewProject, page: ReviewPage) -> None:
    options = page.fine_tune.options
    assert float(options.rate.text()) == 1e-3 / 5
    assert "Proposed: 0.0002, a fifth of 0.001, at which run 0001 trained its head alone." in options.rate.toolTip()
    options.frozen.setChecked(True)
    assert float(options.rate.text()) == 1e-3
    options.frozen.setChecked(False)
    assert float(options.rate.text()) == 1e-3 / 5


@pytest.mark.parametrize(("rates", "whole", "head"), [((4e-3, None), 8e-4, 4e-3), ((None, 2e-3), 4e-4, 2e-3)])
def test_the_rate_is_a_fifth_of_that_of_the_parents_frozen_stage_where_it_had_one(
    rates: tuple[float | None, float | None], whole: float, head: float
) -> None:
    frozen, unfrozen = rates
    stages = [Stage(epochs=1, height=64, width=64, lr=LearningRate(high=frozen), frozen=True)] if frozen else []
    stages.append(Stage(epochs=1, height=64, width=64, lr=LearningRate(high=unfrozen or 1e-4)))
    parent = RunSpec(task=recipe().task, stages=tuple(stages))
    assert proposed_rate(parent) == pytest.approx(whole)
    assert proposed_rate(parent, frozen=True) == pytest.approx(head)
    child = fine_tune_spec(parent, "0001", [1])
    assert proposed_rate(child) == pytest.approx(whole), "a rate that was divided once is not divided again"
    assert proposed_rate(child, frozen=True) == pytest.approx(head)
    assert proposed_rate(fine_tune_spec(parent, "0001", [1], frozen=True)) == pytest.approx(whole)


@pytest.mark.parametrize("width", [960, 1900])
def test_all_options_show_in_a_small_window_and_in_a_large_one(page: ReviewPage, width: int, qtbot: QtBot) -> None:
    page.resize(width, 600)
    qtbot.waitUntil(lambda: page.fine_tune.options.width() > 0 and page.width() == width)
    bar = page.fine_tune
    assert bar.options.isVisibleTo(page)
    assert not bar.fold.isVisibleTo(page)
    assert bar.mapTo(page, bar.rect().bottomRight()).x() < width


def test_where_there_is_no_room_the_options_fold_to_a_line_that_says_them(qtbot: QtBot) -> None:
    bar = FineTuneBar()
    qtbot.addWidget(bar)
    bar.show_run("0001", recipe())
    bar.give_room(bar.unfolded_width - 1)
    assert not bar.options.isVisibleTo(bar)
    assert bar.fold.text() == "100 % of the old data, ×2, 6 epochs, rate 0.0002"
    bar.fold.click()
    assert bar.options.isVisibleTo(bar)
    again = FineTuneBar()
    qtbot.addWidget(again)
    again.give_room(100)
    assert again.options.isVisibleTo(again), "it stays open as it was left"


def test_taking_the_last_correction_back_disables_the_button(project: ReviewProject, page: ReviewPage) -> None:
    page.decisions.decide([page.gallery.model.item_id(0)], Decision.ACCEPTED)
    assert page.fine_tune.button.isEnabled()
    page.decisions.undo()
    assert not page.fine_tune.button.isEnabled()


@pytest.mark.parametrize("rate", ["", "fast", "0", "-1", "nan"])
def test_a_rate_that_is_no_rate_cannot_be_started(project: ReviewProject, page: ReviewPage, rate: str) -> None:
    page.decisions.decide([page.gallery.model.item_id(0)], Decision.ACCEPTED)
    page.fine_tune.options.rate.setText(rate)
    assert not page.fine_tune.button.isEnabled()
    assert "rate" in page.fine_tune.button.toolTip()


def test_only_labels_worth_learning_are_learnt_and_each_once() -> None:
    def correction(item: int, decision: Decision) -> Correction:
        return Correction(run="1", item=item, name="", decision=decision, before=1, after=2, time=0.0)

    kinds = [(3, Decision.ACCEPTED), (1, Decision.EDITED), (2, Decision.LEFT_OUT), (3, Decision.EDITED)]
    assert trainable([correction(*kind) for kind in kinds]) == (3, 1)
    assert trainable([correction(3, Decision.ACCEPTED), correction(3, Decision.LEFT_OUT)]) == ()


def test_a_rate_without_a_low_end_stays_without_one() -> None:
    parent = RunSpec(
        task=recipe().task,
        stages=(Stage(epochs=1, height=64, width=64, lr=LearningRate(high=1e-2, discriminative=True)),),
    )
    spec = fine_tune_spec(parent, "0003", [5], replay=0, epochs=1, rate=5e-4)
    assert spec.stages[0].lr == LearningRate(high=5e-4, discriminative=True)
    assert spec.note == "Fine-tuned on 1 correction of run 0003"


def fine_tuned(project: ReviewProject, page: ReviewPage) -> RunRecord:
    """Accept the two worst items, then a run that is right everywhere, but that takes half of frame0 for car."""
    store = project.store
    items = [page.gallery.model.item_id(row) for row in (0, 1)]
    page.decisions.decide(items, Decision.ACCEPTED)
    spec = fine_tune_spec(store.run("0001").spec, "0001", items, replay=0.5, epochs=1, rate=1e-4)
    record = store.create_run(spec)
    scores = []
    for number, item in enumerate(project.ids[:8]):
        label = project.read_label(item)
        predicted = np.where(label == 4, 0, label).astype(np.uint8)
        if number == 0:
            predicted[:, 24:] = 2
        details = {"revision": store.item(item).revision, "corrected": item in items}
        scores.append(mask_score(record, item, f"frame{number}.png", label, predicted, **details))
        if item in items:
            scores.append(
                mask_score(record, item, f"frame{number}.png", label, predicted, split=Split.TRAIN, **details)
            )
    write_scores(record, scores, metric=0.9)
    return record


def test_the_report_of_a_fine_tuning_shows_by_itself_with_its_numbers(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    fine_tuned(project, page)
    project.session.runs_changed.emit()
    qtbot.waitUntil(lambda: page.report.view.isVisible() and page.report.view.table.model().rowCount() == 8)

    view, counted = page.report.view, 32 * 44
    untouched = sorted(project.wrong.values())[:6]
    fixed = sum(pixels / counted > 0.02 for item, pixels in project.wrong.items() if item != project.ids[0])
    before = 100 * sum(untouched) / counted / 6
    after = 100 * (24 * 32 / counted) / 6
    assert view.cards["untouched"].figures.text() == f"{before:.1f} % → {after:.1f} % of pixels wrong"
    assert "1 broken" in view.cards["untouched"].verdicts.text()
    assert "2 fixed" in view.cards["corrected"].verdicts.text()
    assert not view.cards["others"].isVisible()
    assert view.buttons[Verdict.FIXED].text() == f"Fixed {fixed}"
    assert "car" not in view.classes.text()  # nothing is labelled car
    assert "sky" in view.classes.text()
    moved, by = view.cards["untouched"].chance.text().split(" by ")
    assert moved == f"The error {'rises' if after > before else 'falls'}"
    assert float(by.split()[0]) == pytest.approx(abs(after - before), abs=0.5)
    assert by.endswith(": could be chance.")
    assert view.cards["corrected"].chance.isHidden()


def test_the_named_metrics_stand_over_the_report_with_what_they_are_metrics_of(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    fine_tuned(project, page)
    project.session.runs_changed.emit()
    qtbot.waitUntil(lambda: page.report.view.table.model().rowCount() == 8)
    metrics = page.report.view.metrics
    assert "pixel accuracy" in metrics.figures.text()
    assert "0.750 → 0.900" in metrics.figures.text()
    assert metrics.sentence.text() == (
        "On the 8 frozen validation items; 2 with a corrected label that the model has learnt, which flatters it."
    )


def test_a_metric_and_what_one_class_alone_would_give_are_told_before_and_after(qtbot: QtBot) -> None:
    """Both metrics got better by the same items, so that both are coloured alike."""
    scope, alone = "valid, 17 items, 2 classes", "answering the commonest class alone"
    details = {"detail": f"{scope}; {alone}: 0.706", "detail_before": f"{scope}; {alone}: 0.647"}
    accuracy = MetricChange(name="accuracy", before=0.471, after=0.706, better=1, **details)
    error = MetricChange(name="error rate", before=0.529, after=0.294, better=-1, detail=scope, detail_before=scope)
    report = before_after([], [], [], task=Task.TEXT)
    frozen = FrozenItems(items=17, corrected=1, left_out=0)
    strip = MetricStrip()
    qtbot.addWidget(strip)
    strip.show_report(
        RunReport(run="0002", parent="0001", learnt=1, report=report, metrics=(accuracy, error), frozen=frozen)
    )
    told = strip.figures.text()
    assert "(answering the commonest class alone: 0.647 → 0.706)" in told
    color = theme().color("ok").name()
    assert f"<b style='color:{color}'>0.471 → 0.706</b>" in told
    assert f"<b style='color:{color}'>0.529 → 0.294</b>" in told


def test_the_table_filters_by_verdict_sorts_and_opens_an_item(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    fine_tuned(project, page)
    project.session.runs_changed.emit()
    qtbot.waitUntil(lambda: page.report.view.table.model().rowCount() == 8)
    view = page.report.view
    qtbot.mouseClick(view.buttons[Verdict.BROKEN], Qt.MouseButton.LeftButton)
    model = view.table.model()
    assert [model.index(row, 0).data() for row in range(model.rowCount())] == ["frame0.png"]

    view.table.activated.emit(model.index(0, 0))
    assert project.session.current_item == project.ids[0]
    assert project.session.overlay is not None
    assert project.session.overlay.run == "0002"

    qtbot.mouseClick(view.buttons[None], Qt.MouseButton.LeftButton)
    view.table.sortByColumn(2, Qt.SortOrder.DescendingOrder)
    errors = [model.index(row, 0).data(ROW_ROLE).before for row in range(model.rowCount())]
    assert errors == sorted(errors, reverse=True)

    view.table.setCurrentIndex(model.index(2, 0))
    item = model.index(2, 0).data(ROW_ROLE).item
    view.table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
    names = [model.index(row, 0).data() for row in range(model.rowCount())]
    assert names == sorted(names)
    assert view.table.currentIndex().data(ROW_ROLE).item == item


def test_runs_are_offered_newest_first_with_their_metric(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    fine_tuned(project, page)
    project.session.runs_changed.emit()
    qtbot.waitUntil(lambda: page.top.runs.count() == 2)
    words = [page.top.runs.itemText(place) for place in range(2)]
    assert words == [
        "Run 0002  ·  pixel accuracy 0.900  ·  fine-tuned from 0001",
        "Run 0001  ·  pixel accuracy 0.750",
    ]
    page.top.view_chosen.emit(View.ITEMS)
    assert page.run == "0001"
    page.top.run_chosen.emit("0002")
    qtbot.waitUntil(lambda: page.gallery.run == "0002")
    assert page.gallery.model.item_id(0) == project.ids[0]
    assert page.fine_tune.button.text() == "Fine-tune on corrections"


def test_a_fine_tuning_whose_parent_lost_its_scores_has_a_sentence_instead_of_a_report(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    fine_tuned(project, page)
    (project.store.run("0001").folder / "scores.jsonl").unlink()
    project.session.runs_changed.emit()
    qtbot.waitUntil(page.report.trouble.isVisible)
    assert "run 0001 has no scores" in page.report.trouble.sentence.text()


def focused(page: ReviewPage) -> QWidget:
    """Where a key goes."""
    widget = page.window().focusWidget()
    assert widget is not None
    return widget


def report_page(project: ReviewProject, page: ReviewPage, qtbot: QtBot) -> ReportPage:
    fine_tuned(project, page)
    project.session.runs_changed.emit()
    qtbot.waitUntil(lambda: page.report.view.table.model().rowCount() == 8)
    return page.report


def test_the_new_model_is_kept_by_a_key_and_the_old_one_by_its_button(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    """In the name that is signed beside the other decisions."""
    page.journal.who.setText("Anna")
    report, store = report_page(project, page, qtbot), project.store
    assert report.keep.record.text() == "Not decided yet"
    news: list[None] = []
    project.session.runs_changed.connect(lambda: news.append(None))
    report.view.table.setFocus()
    qtbot.keyClick(report.view.table, Qt.Key.Key_K)
    assert store.kept_run() == "0002"
    assert news
    assert report.keep.new.isChecked()
    assert report.keep.record.text().startswith("Run 0002 kept by Anna, ")
    report.keep.note.setText("it forgot the trams")
    qtbot.mouseClick(report.findChild(QToolButton, "button_keep_old_model"), Qt.MouseButton.LeftButton)
    assert store.kept_run() == "0001"
    assert (report.keep.new.isChecked(), report.keep.old.isChecked()) == (False, True)
    assert [(c.kept, c.note) for c in store.models.all()] == [(Kept.NEW, ""), (Kept.OLD, "it forgot the trams")]


def test_the_report_has_the_keyboard_after_a_click_on_its_tab(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    report_page(project, page, qtbot)
    page.top.view_chosen.emit(View.ITEMS)
    page.gallery.filters.text.setFocus()
    qtbot.mouseClick(page.findChild(QToolButton, "view_report"), Qt.MouseButton.LeftButton)
    qtbot.keyClick(focused(page), Qt.Key.Key_Down)
    assert page.report.view.table.currentIndex().row() >= 0
    qtbot.keyClick(focused(page), Qt.Key.Key_K)
    assert project.store.kept_run() == "0002"


def test_news_of_runs_leave_the_keyboard_to_the_note(project: ReviewProject, page: ReviewPage, qtbot: QtBot) -> None:
    report = report_page(project, page, qtbot)
    report.keep.note.setFocus()
    with qtbot.waitSignal(report.runs.model().rowsInserted):
        project.session.runs_changed.emit()
    assert report.keep.note.hasFocus()


def test_pressing_what_is_decided_takes_it_back(project: ReviewProject, page: ReviewPage, qtbot: QtBot) -> None:
    report = report_page(project, page, qtbot)
    button = report.findChild(QToolButton, "button_keep_new_model")
    for kept in ("0002", None, "0002"):
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        assert project.store.kept_run() == kept
        assert report.keep.new.isChecked() == (kept is not None)
    assert len(project.store.models.all()) == 3


def test_why_can_be_written_after_the_decision(project: ReviewProject, page: ReviewPage, qtbot: QtBot) -> None:
    report = report_page(project, page, qtbot)
    report.keep.new.trigger()
    report.keep.note.setFocus()
    qtbot.keyClicks(report.keep.note, "K like cars")
    qtbot.keyClick(report.keep.note, Qt.Key.Key_Return)
    choice = project.store.models.of("0002")
    assert choice is not None
    assert (choice.kept, choice.note) == (Kept.NEW, "K like cars")


def test_models_are_decided_about_in_the_report_alone(project: ReviewProject, page: ReviewPage, qtbot: QtBot) -> None:
    report = report_page(project, page, qtbot)
    assert report.keep.new in page.actions()
    assert report.keep.new.isEnabled()
    page.top.view_chosen.emit(View.ITEMS)
    assert not report.keep.new.isEnabled()


def test_the_report_is_saved_as_a_page_away_from_the_window(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot, tmp_path: Path
) -> None:
    report = report_page(project, page, qtbot)
    said: list[str] = []
    project.session.message.connect(lambda sentence, _tone: said.append(sentence))
    report.save_to(tmp_path / "report.html")
    qtbot.waitUntil(lambda: len(said) == 2, timeout=20_000)
    assert said == ["Writing the report…", f"{tmp_path / 'report.html'} has the report."]
    written = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "run 0002 after fine-tuning on 2 corrections" in written
    assert "frame0.png" in written


def test_saving_asks_where_and_proposes_a_name(project: ReviewProject, page: ReviewPage, qtbot: QtBot) -> None:
    report = report_page(project, page, qtbot)
    qtbot.keyClick(report.view.table, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    dialog = report.findChild(QFileDialog)
    assert dialog is not None
    assert [Path(path).name for path in dialog.selectedFiles()] == ["t-run-0002.html"]
    dialog.reject()


def test_a_class_that_had_no_mistake_before_is_told_of_and_names_are_as_they_are_written(qtbot: QtBot) -> None:
    def score(confusion: tuple[tuple[int, int, int], ...]) -> ItemScore:
        return ItemScore(item=1, name="a", split=Split.VALID, revision=1, loss=1, error=0.5, confusion=confusion)

    report = before_after([score(((0, 1, 200),))], [score(((0, 1, 150), (1, 0, 40)))], [], task=Task.SEGMENTATION)
    names = [LabelClass(id=0, name="<b>sky</b>", color="#0000ff"), LabelClass(id=1, name="car", color="#00ff00")]
    words = by_class_in_words(report, names)
    assert words.partition(":  ")[2] == "<b>sky</b> −25 %  ·  car 0 → 40"
    view = ReportView()
    qtbot.addWidget(view)
    assert view.classes.textFormat() is Qt.TextFormat.PlainText


@pytest.mark.parametrize(
    ("corrections", "old", "share"),
    [(20, 92, 1.0), (2, 165, 0.6), (20, 400, 0.2), (20, 1000, 0.1), (300, 2000, 0.8), (20, 100_000, 0.1), (0, 0, 1.0)],
)
def test_so_much_old_data_is_proposed_as_is_worth_its_time(corrections: int, old: int, share: float) -> None:
    assert proposed_replay(corrections, old) == share


def test_the_share_of_old_data_follows_the_corrections_until_somebody_chooses_one(qtbot: QtBot) -> None:
    bar = FineTuneBar()
    qtbot.addWidget(bar)
    bar.show_run("0001", recipe())
    bar.show_old_items(2000)
    shares: list[float] = []
    for count in (20, 300):
        bar.show_corrections(count)
        shares.append(bar.options.chosen_replay)
    assert shares == [0.1, 0.8]
    bar.options.replay.setValue(0.4)
    bar.show_corrections(20)
    assert bar.options.chosen_replay == 0.4
