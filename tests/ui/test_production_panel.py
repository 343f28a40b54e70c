"""Lesson 3's recipe in the window, from a model's errors out there to the comparison, left and resumed on the way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from PIL import Image
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from studio.core.classes import make_classes
from studio.core.events import Finished, Progress, Scored
from studio.core.items import LabelState, NewItem, Split
from studio.core.outcome import OutcomeKind
from studio.core.recipe import Purpose, RunSpec, Stage
from studio.core.review import Decision, ItemScore, encode_score
from studio.core.settings import ProjectSettings, Task
from studio.core.snapshot import decode_snapshot
from studio.core.tags import PredictedTags, Tags
from studio.engine import FakeEngine, FakeRun
from studio.store import Store
from studio.ui import workspace
from studio.ui.main_window import MainWindow
from studio.ui.production.panel import ProductionPanel
from studio.ui.production.standing import Step, read_standing
from studio.ui.session import Page
from studio.ui.train import TrainPage
from tests.ui.train.conftest import started

CAT, DOG = 0, 1


def model_file(folder: Path, settings: ProjectSettings) -> None:
    """The header of a model file, with no weights behind it."""
    said = {
        "format": "relearn-studio-model-1",
        "task": settings.task.value,
        "architecture": "",
        "encoder": "resnet18",
        "height": "32",
        "width": "32",
        "classes": msgspec.json.encode(settings.classes).decode(),
    }
    header = json.dumps({"__metadata__": said}).encode()
    (folder / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)


def answered(folder: Path, *, right: bool) -> None:
    """What a worker leaves behind: all items of the run's snapshot, answered cat, or `right`."""
    lines: list[bytes] = []
    for item in decode_snapshot((folder / "snapshot.json").read_bytes()).items:
        said = item.tags if right and item.tags is not None else Tags((CAT,))
        wrong = item.tags is not None and item.tags != said
        score = ItemScore(
            item=item.id,
            name=item.name,
            split=item.split,
            revision=item.revision,
            loss=2.0 if wrong else 0.1,
            error=float(wrong),
            tags=PredictedTags(tags=said, shares=tuple((i, 0.9 if i in said.ids else 0.1) for i in (CAT, DOG))),
            label=item.tags,
            corrected=item.corrected,
            labelled=item.tags is not None,
        )
        lines.append(encode_score(score))
    (folder / "scores.jsonl").write_bytes(b"".join(lines))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Six labelled pictures, and run 0001, which has a model and scores."""
    settings = ProjectSettings(name="p", task=Task.SINGLE_LABEL, classes=tuple(make_classes(["cat", "dog"])))
    (tmp_path / "pictures").mkdir()
    with Store.create(tmp_path / "project", settings) as store:
        places = [tmp_path / "pictures" / f"{number}.png" for number in range(6)]
        for place in places:
            Image.new("RGB", (64, 48), "gray").save(place)
        ids = store.add_items(
            NewItem(name=p.name, path=p, split=Split.VALID if n > 3 else Split.TRAIN) for n, p in enumerate(places)
        )
        store.tags.replace({item: Tags((item % 2,)) for item in ids}, "by hand")
        record = store.create_run(RunSpec(task=settings.task, stages=(Stage(epochs=1, height=32, width=32),)))
        model_file(record.folder, settings)
        answered(record.folder, right=True)
        store.review.load_scores(record.id)
    return tmp_path / "project"


@pytest.fixture
def errors(tmp_path: Path) -> Path:
    folder = tmp_path / "seen"
    folder.mkdir()
    for name in ("a.png", "b.png", "c.png"):
        Image.new("RGB", (64, 48), "navy").save(folder / name)
    (folder / "errors.csv").write_text("image,true\na.png,dog\nb.png,dog\nc.png,\ngone.png,cat\n", encoding="utf-8")
    return folder / "errors.csv"


@pytest.fixture
def window(project: Path, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path / "settings"))
    monkeypatch.setattr(workspace, "LocalEngine", lambda: FakeEngine(hold=True))
    window = MainWindow()
    qtbot.addWidget(window)
    window.resize(960, 600)
    window.show()
    window.open_folder(project)
    yield window
    window.close_now()


def opened(window: MainWindow, qtbot: QtBot) -> ProductionPanel:
    action = window.findChild(QAction, "production_errors")
    assert action is not None
    action.trigger()
    panel = window.findChildren(ProductionPanel)[-1]
    qtbot.waitUntil(lambda: panel.model.models.count() > 0 and not panel.cards[Step.COMPARE].inside.isVisible())
    return panel


def last_run(window: MainWindow, qtbot: QtBot, count: int) -> FakeRun:
    assert window.workspace is not None
    engine = window.workspace.engine
    assert isinstance(engine, FakeEngine)
    qtbot.waitUntil(lambda: len(engine.runs) == count, timeout=30_000)
    return engine.runs[-1]


def finish(run: FakeRun, purpose: Purpose, *, right: bool) -> None:
    run.say(started(purpose=purpose.value), Progress(what="scoring", done=1, total=5))
    answered(run.folder, right=right)
    run.say(Scored(scores="scores.jsonl", items=5), Finished(outcome=OutcomeKind.FINISHED, seconds=1))
    run.end()


def is_open(panel: ProductionPanel, step: Step) -> bool:
    return panel.cards[step].inside.isVisible()


def scored(window: MainWindow, errors: Path, qtbot: QtBot) -> ProductionPanel:
    """With the first two steps done."""
    panel = opened(window, qtbot)
    qtbot.mouseClick(panel.model.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: is_open(panel, Step.ERRORS))
    panel.source.source.setText(str(errors))
    qtbot.mouseClick(panel.source.go, Qt.MouseButton.LeftButton)
    finish(last_run(window, qtbot, 1), Purpose.SCORE, right=False)
    qtbot.waitUntil(lambda: is_open(panel, Step.LOOK), timeout=30_000)
    return panel


def test_items_are_looked_through_once_each_is_settled_and_not_when_some_are_twice(
    window: MainWindow, errors: Path, qtbot: QtBot
) -> None:
    """Two of three came with a label; deciding about these says nothing about the third."""
    scored(window, errors, qtbot)
    assert window.workspace is not None
    store, run = window.workspace.session.store, "0002"
    *labelled, open_one = sorted(
        store.production.scored(run), key=lambda i: store.item(i).state is LabelState.UNLABELLED
    )
    for item in labelled:
        store.review.decide(run, item, Decision.LABEL_RIGHT)
    assert read_standing(store.root).step is Step.LOOK
    store.review.decide(run, open_one, Decision.LEFT_OUT)
    assert read_standing(store.root).step is Step.TUNE


def test_the_steps_lead_from_the_model_to_the_comparison(window: MainWindow, errors: Path, qtbot: QtBot) -> None:
    panel = opened(window, qtbot)
    assert is_open(panel, Step.MODEL)
    assert panel.model.models.currentText().startswith("Run 0001")
    scored(window, errors, qtbot)
    assert "gone.png is not there" in panel.source.problems.toPlainText()
    assert panel.cards[Step.ERRORS].said.text() == "3 items, 2 labelled."
    assert "0 of 3 items decided; 1 still without a label" in panel.cards[Step.LOOK].said.text()
    assert window.workspace is not None
    store = window.workspace.store
    wrong = store.item_named("production/errors/c.png").id
    proposal = store.proposals.of(wrong)
    assert proposal is not None
    assert proposal.tags is not None
    assert proposal.tags.tags == Tags((CAT,))

    qtbot.mouseClick(panel.look, Qt.MouseButton.LeftButton)
    review = window.workspace.review_page
    qtbot.waitUntil(lambda: review.run == "0002" and review.gallery.model.rowCount() == 3)
    assert window.workspace.current_page is Page.REVIEW
    assert review.gallery.filters.filters.split is Split.PRODUCTION
    assert review.fine_tune.button.text() == "Fine-tune on 2 corrections"
    review.decisions.decide([wrong], Decision.ACCEPTED)
    review.decisions.finish()
    assert store.read_tags(wrong) == Tags((CAT,))

    back = review.findChild(QToolButton, "review_production")
    assert back is not None
    qtbot.mouseClick(back, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: is_open(panel, Step.TUNE), timeout=30_000)
    assert panel.tune.button.text() == "Fine-tune on 3 corrections"
    qtbot.mouseClick(panel.tune.button, Qt.MouseButton.LeftButton)
    tuning = last_run(window, qtbot, 2)
    assert window.workspace.current_page is Page.TRAIN
    spec = store.run("0003").spec
    assert (spec.parent, spec.purpose) == ("0002", Purpose.TRAIN)
    assert spec.fine_tune is not None
    assert len(spec.fine_tune.corrections) == 3
    assert len(store.snapshot("0003").of(Split.VALID)) == 2
    (store.run("0002").folder / "model.safetensors").write_bytes(b"as the worker copies it")
    finish(tuning, Purpose.TRAIN, right=True)
    train = window.findChild(TrainPage)
    assert train is not None
    qtbot.waitUntil(lambda: not train.check.problem)
    outcome = train.view.outcome
    qtbot.waitUntil(lambda: outcome.review.text() == "Compare before and after")

    opened(window, qtbot)
    qtbot.waitUntil(lambda: is_open(panel, Step.COMPARE), timeout=30_000)
    assert "2 fixed" in panel.cards[Step.COMPARE].said.text()
    qtbot.mouseClick(panel.compare, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: review.report.run == "0003", timeout=30_000)
    assert review.stack.currentWidget() is review.report


@pytest.mark.parametrize("is_known", [True, False])
def test_the_errors_of_a_run_are_looked_through_from_the_train_page_without_the_validation_items(
    window: MainWindow, errors: Path, qtbot: QtBot, *, is_known: bool
) -> None:
    scored(window, errors, qtbot)
    assert window.workspace is not None
    review = window.workspace.review_page
    if is_known:
        qtbot.waitUntil(lambda: "0002" in [choice.id for choice in review._choices.values()], timeout=20_000)
    else:
        review._choices.pop("0002", None)
    window.workspace.session.run_review_asked.emit("0002")
    qtbot.waitUntil(lambda: review.gallery.run == "0002" and review.gallery.model.rowCount() == 3, timeout=20_000)
    shown = [review.gallery.model.review(row).score.split for row in range(review.gallery.model.rowCount())]
    assert shown == [Split.PRODUCTION] * 3


def test_the_keyboard_is_on_what_each_step_begins_with(window: MainWindow, errors: Path, qtbot: QtBot) -> None:
    window.activateWindow()
    panel = opened(window, qtbot)
    qtbot.waitUntil(panel.model.go.hasFocus)
    qtbot.keyClick(panel.model.go, Qt.Key.Key_Space)
    qtbot.waitUntil(panel.source.source.hasFocus)
    qtbot.keyClicks(panel.source.source, str(errors))
    qtbot.keyClick(panel.source.source, Qt.Key.Key_Return)
    finish(last_run(window, qtbot, 1), Purpose.SCORE, right=False)
    qtbot.waitUntil(panel.look.hasFocus, timeout=30_000)
    panel.cards[Step.TUNE].line.click()
    assert panel.tune.button.hasFocus()
    panel.cards[Step.COMPARE].line.click()
    assert panel.cards[Step.COMPARE].line.hasFocus()
    panel.left.emit()
    action = window.findChild(QAction, "production_errors")
    assert action is not None
    action.trigger()
    assert panel.cards[Step.COMPARE].line.hasFocus()


def test_a_step_that_was_left_is_where_the_project_goes_on(
    window: MainWindow, errors: Path, project: Path, qtbot: QtBot
) -> None:
    panel = scored(window, errors, qtbot)
    panel.left.emit()
    assert not panel.isVisible()
    window.shut_down()
    window.open_folder(project)
    again = opened(window, qtbot)
    assert again is not panel
    qtbot.waitUntil(lambda: is_open(again, Step.LOOK))
    assert again.cards[Step.MODEL].said.text() == "What run 0001 got wrong: errors.csv"
    again.cards[Step.ERRORS].line.click()
    assert is_open(again, Step.ERRORS)
    assert not is_open(again, Step.LOOK)


def test_what_cannot_be_brought_in_is_a_sentence_and_the_step_stays(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    panel = opened(window, qtbot)
    qtbot.mouseClick(panel.model.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: is_open(panel, Step.ERRORS))
    assert not panel.source.go.isEnabled()
    panel.source.source.setText(str(tmp_path / "nothing.csv"))
    panel.source.source.returnPressed.emit()
    qtbot.waitUntil(panel.source.problems.isVisible)
    assert "does not exist" in panel.source.problems.toPlainText()
    assert is_open(panel, Step.ERRORS)
    assert panel.source.go.isEnabled()


def test_a_folder_without_a_model_is_refused(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    panel = opened(window, qtbot)
    (tmp_path / "empty").mkdir()
    panel.model.add_folder(str(tmp_path / "empty"))
    assert window.workspace is not None
    with qtbot.waitSignal(window.workspace.session.message) as told:
        qtbot.mouseClick(panel.model.go, Qt.MouseButton.LeftButton)
    assert told.args is not None
    assert "is not a checkpoint" in told.args[0]
    assert is_open(panel, Step.MODEL)
