"""Asking for proposals by key and button, seeing them, and taking them over or putting them away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.wait_signal import SignalBlocker

from studio.core.classes import UNLABELLED
from studio.core.errors import CannotWrite
from studio.core.events import Finished, Progress, Proposed
from studio.core.items import LabelState
from studio.core.masks import write_mask
from studio.core.outcome import OutcomeKind
from studio.core.points import Keypoint, Points
from studio.core.proposals import FROM_STROKES, JOB_FILE, decode_job
from studio.core.settings import Task
from studio.engine import FakeEngine
from studio.ui.label.next_order import NextOrder
from studio.ui.label.proposing.panel import ProposalPanel
from tests.ui.label.conftest import HEIGHT, WIDTH, Desk
from tests.unit.scribbles import right, scene, strokes

Make = Callable[..., Desk]

SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier
LONG = 60_000


def halves() -> np.ndarray:
    """Sky above, road below."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[HEIGHT // 2 :] = 1
    return mask


def propose(desk: Desk, mask: np.ndarray | None = None, item: int | None = None, **others: Any) -> None:
    """A proposal lies there, as a worker leaves it."""
    item = item if item is not None else desk.ids[0]
    path = desk.store.proposals.mask_path(item)
    if "points" not in others:
        write_mask(path, halves() if mask is None else mask, desk.session.settings.classes)
    desk.store.proposals.put(item, FROM_STROKES, **others)
    desk.session.proposals_changed.emit([item])
    if item == desk.session.current_item:
        desk.qtbot.waitUntil(lambda: desk.page.showing.prediction is not None, timeout=5000)


def sentence_of(told: SignalBlocker) -> str:
    assert told.args
    return str(told.args[0])


def panel_of(desk: Desk) -> ProposalPanel:
    assert desk.page.proposals is not None
    return desk.page.proposals


def paint_block(desk: Desk) -> None:
    """The third class in a block at the left, painted with the rectangle of a large brush."""
    desk.page.choices.choose_class(2)
    desk.page.choices.set_brush_size(20)
    desk.drag((20, 50), (40, 50))


@pytest.fixture
def desk(make_desk: Make) -> Desk:
    return make_desk()


def test_accepting_all_fills_only_what_nobody_has_labelled_and_is_undone_in_one_step(desk: Desk) -> None:
    paint_block(desk)
    painted = desk.mask()
    propose(desk)
    desk.key(Qt.Key.Key_A, SHIFT)
    mask = desk.mask()
    assert (mask[painted == 2] == 2).all()
    assert (mask[painted == UNLABELLED] == halves()[painted == UNLABELLED]).all()
    assert desk.page.showing.prediction is None
    desk.key(Qt.Key.Key_Z, CTRL)
    assert np.array_equal(desk.mask(), painted)
    desk.qtbot.waitUntil(lambda: desk.page.showing.prediction is not None, timeout=5000)


def test_no_button_moves_when_a_proposal_comes_and_goes(desk: Desk) -> None:
    desk.page.resize(1280, 640)
    panel = panel_of(desk)
    buttons = [panel.here_button, panel.ahead_button, panel.accept_button, panel.discard_button, panel.replaces]

    def places() -> list[QPoint]:
        QApplication.processEvents()
        return [button.mapTo(desk.page, QPoint()) for button in buttons]

    before = places()
    assert not panel.accept_button.isEnabled()
    propose(desk, uncertainty=0.25)
    assert panel.accept_button.isEnabled()
    assert places() == before
    panel.discard_button.click()
    assert places() == before


def test_the_list_marks_the_items_whose_proposal_waits(desk: Desk) -> None:
    model, view = desk.page.items.model, desk.page.items.list

    def told(row: int) -> bool:
        index = model.index(row)
        spoken, tip = index.data(Qt.ItemDataRole.AccessibleTextRole), index.data(Qt.ItemDataRole.ToolTipRole)
        assert ("a proposal waits" in spoken) == ("proposal waits" in tip)
        return "a proposal waits" in spoken

    def look(row: int) -> QImage:
        return view.viewport().grab(view.visualRect(model.index(row))).toImage()

    desk.qtbot.waitUntil(lambda: desk.page.items.thumbnails.get(desk.ids[1], model.item(1).path) is not None)
    plain = look(1)
    propose(desk)
    propose(desk, item=desk.ids[1])
    assert [told(row) for row in range(3)] == [True, True, False]
    assert look(1) != plain
    desk.key(Qt.Key.Key_A, SHIFT)
    assert [told(row) for row in range(3)] == [False, True, False]
    desk.key(Qt.Key.Key_Z, CTRL)
    assert told(0)
    desk.store.proposals.discard(desk.ids[1])
    desk.session.proposals_changed.emit([desk.ids[1]])
    assert not told(1) and look(1) == plain


def test_an_acceptance_that_is_undone_and_redone_offers_its_proposal_and_takes_it_away_again(desk: Desk) -> None:
    propose(desk)
    bar = desk.page.items.filter_bar
    bar.state.setCurrentIndex(bar.state.findText("Has a proposal"))

    def is_offered() -> bool:
        listed = list(desk.page.items.model.ids) == [desk.ids[0]]
        assert listed == desk.store.proposals.is_open(desk.ids[0])
        return listed and panel_of(desk).accept_button.isEnabled()

    def is_gone() -> bool:
        return not is_offered() and desk.page.showing.prediction is None

    desk.qtbot.waitUntil(is_offered, timeout=5000)
    desk.key(Qt.Key.Key_A, SHIFT)
    assert is_gone()
    for _ in range(2):
        desk.key(Qt.Key.Key_Z, CTRL)
        desk.qtbot.waitUntil(is_offered, timeout=5000)
        assert (desk.mask() == UNLABELLED).all()
        desk.key(Qt.Key.Key_Z, CTRL | SHIFT)
        assert is_gone()
        assert np.array_equal(desk.mask(), halves())
    desk.open(desk.ids[1])
    desk.open(desk.ids[0])
    assert is_gone()
    desk.key(Qt.Key.Key_Z, CTRL)
    desk.qtbot.waitUntil(is_offered, timeout=5000)


def test_a_person_may_choose_that_a_proposal_replaces_labels(desk: Desk) -> None:
    paint_block(desk)
    propose(desk)
    QTest.mouseClick(
        panel_of(desk).replaces, Qt.MouseButton.LeftButton, pos=panel_of(desk).replaces.rect().center() * 0.2
    )
    assert desk.page.choices.proposals.replaces
    panel_of(desk).accept_button.click()
    assert np.array_equal(desk.mask(), halves())


def test_the_region_under_the_cursor_is_accepted_alone(desk: Desk) -> None:
    propose(desk)
    desk.move(80, 20)
    desk.key(Qt.Key.Key_A)
    mask = desk.mask()
    assert (mask[: HEIGHT // 2] == 0).all()
    assert (mask[HEIGHT // 2 :] == UNLABELLED).all()
    assert desk.page.showing.prediction is not None


def test_the_chosen_class_is_accepted_alone(desk: Desk) -> None:
    propose(desk)
    desk.page.choices.choose_class(1)
    desk.key(Qt.Key.Key_A, SHIFT | CTRL)
    mask = desk.mask()
    assert (mask[HEIGHT // 2 :] == 1).all()
    assert (mask[: HEIGHT // 2] == UNLABELLED).all()


def test_a_discarded_proposal_leaves_no_trace_in_the_label(desk: Desk) -> None:
    propose(desk)
    desk.key(Qt.Key.Key_D, CTRL)
    assert desk.page.showing.prediction is None
    assert (desk.mask() == UNLABELLED).all()
    assert desk.store.proposals.count_open() == 0
    desk.open(desk.ids[1])
    desk.open(desk.ids[0])
    assert desk.page.showing.prediction is None


def test_discarding_is_undone_and_redone_in_its_turn_among_the_strokes(desk: Desk) -> None:
    undo = next(action for action in desk.page.actions() if action.objectName() == "undo")

    def offered() -> bool:
        return desk.store.proposals.is_open(desk.ids[0])

    paint_block(desk)
    before = desk.mask()
    propose(desk)
    desk.key(Qt.Key.Key_D, CTRL)
    assert undo.text() == "Undo discarding the proposal"
    desk.drag((100, 80), (130, 80))
    desk.key(Qt.Key.Key_Z, CTRL)
    assert (desk.mask() == before).all() and not offered()
    desk.key(Qt.Key.Key_Z, CTRL)
    assert (desk.mask() == before).all() and offered()
    desk.qtbot.waitUntil(lambda: desk.page.showing.prediction is not None, timeout=5000)
    assert undo.text() != "Undo discarding the proposal"
    desk.key(Qt.Key.Key_Z, CTRL | SHIFT)
    assert not offered() and desk.page.showing.prediction is None
    desk.key(Qt.Key.Key_Z, CTRL)
    desk.key(Qt.Key.Key_Z, CTRL)
    assert (desk.mask() == UNLABELLED).all() and offered()
    desk.key(Qt.Key.Key_Z, CTRL | SHIFT)
    assert (desk.mask() == before).all() and offered()  # the stroke counts now


def test_undo_leaves_a_newer_proposal_and_other_items_alone(desk: Desk) -> None:
    paint_block(desk)
    propose(desk)
    desk.key(Qt.Key.Key_D, CTRL)
    propose(desk, np.ones((HEIGHT, WIDTH), np.uint8))
    desk.key(Qt.Key.Key_A, SHIFT)
    assert set(np.unique(desk.mask())) == {1, 2}
    desk.key(Qt.Key.Key_Z, CTRL)
    desk.key(Qt.Key.Key_Z, CTRL)
    assert (desk.mask() == UNLABELLED).all()
    propose(desk)
    desk.key(Qt.Key.Key_D, CTRL)
    desk.open(desk.ids[1])
    desk.key(Qt.Key.Key_Z, CTRL)
    assert not desk.store.proposals.is_open(desk.ids[0])
    desk.open(desk.ids[0])
    desk.key(Qt.Key.Key_Z, CTRL)
    assert desk.store.proposals.is_open(desk.ids[0])


def test_a_proposal_is_there_again_when_the_item_is_opened(desk: Desk) -> None:
    propose(desk, item=desk.ids[1])
    desk.open(desk.ids[1])
    desk.qtbot.waitUntil(lambda: desk.page.showing.prediction is not None, timeout=5000)
    desk.open(desk.ids[2])
    assert desk.page.showing.prediction is None


def test_a_proposal_does_not_look_like_a_label(desk: Desk) -> None:
    desk.page.choices.set_opacity(1.0)
    plain = desk.canvas.grab().toImage()
    propose(desk)
    proposed = desk.canvas.grab().toImage()
    desk.key(Qt.Key.Key_A, SHIFT)
    labelled = desk.canvas.grab().toImage()
    place = [desk.at(x, 20) for x in range(40, 80)]
    seen = [[image.pixel(point) for point in place] for image in (plain, proposed, labelled)]
    kept = sum(a == b for a, b in zip(seen[0], seen[1], strict=True))
    assert 0.4 * len(place) < kept < len(place)
    assert len(set(seen[2])) == 1


def test_the_list_can_show_only_items_with_a_proposal(desk: Desk) -> None:
    propose(desk, item=desk.ids[2])
    bar = desk.page.items.filter_bar
    bar.state.setCurrentIndex(bar.state.findText("Has a proposal"))
    assert list(desk.page.items.model.ids) == [desk.ids[2]]
    desk.open(desk.ids[2])
    desk.qtbot.waitUntil(lambda: desk.page.showing.prediction is not None, timeout=5000)
    desk.key(Qt.Key.Key_A, SHIFT)
    assert list(desk.page.items.model.ids) == []


def test_next_unlabelled_goes_to_the_most_uncertain_item_first_and_to_any_at_random(make_desk: Make) -> None:
    desk = make_desk(5)
    for item, uncertainty in ((2, 0.2), (3, 0.9), (4, 0.5)):
        propose(desk, item=desk.ids[item], uncertainty=uncertainty)
    box = desk.page.items.next_order
    box.choose(NextOrder.UNCERTAIN)
    seen = []
    for _ in range(4):
        desk.key(Qt.Key.Key_U)
        current = desk.session.current_item
        assert current is not None
        seen.append(desk.ids.index(current))
        desk.wait_for(current)
        desk.drag((20, 20), (40, 20))
    assert seen == [3, 4, 2, 0]
    box.choose(NextOrder.RANDOM)
    desk.key(Qt.Key.Key_U)
    assert desk.session.current_item == desk.ids[1]


def test_without_strokes_the_key_says_what_to_do(desk: Desk) -> None:
    with desk.qtbot.waitSignal(desk.page.proposing.failed, timeout=LONG) as said:
        desk.key(Qt.Key.Key_Y)
    assert "paint a few strokes" in sentence_of(said)
    assert not desk.page.proposing.is_busy


def test_strokes_and_one_key_propose_the_rest_of_this_picture_and_of_others(make_desk: Make) -> None:
    """The real worker, from a person's strokes to an accepted label."""
    desk = make_desk(3, classes=("ground", "square", "void"), size=(200, 150))
    truth = {}
    for number, item in enumerate(desk.ids):
        picture, truth[item] = scene(number)
        Image.fromarray(picture).save(desk.store.item(item).path)
    desk.open(desk.ids[1])
    desk.open(desk.ids[0])
    label = strokes(truth[desk.ids[0]])
    desk.page.choices.set_brush_size(3)
    for value in (0, 1):
        desk.page.choices.choose_class(value)
        rows, columns = np.nonzero(label == value)
        for row in sorted({int(r) for r in rows})[1::3]:
            inside = columns[rows == row]
            desk.drag((float(inside.min()), row + 0.5), (float(inside.max()), row + 0.5))
    painted = desk.mask()
    desk.page.choices.proposals.set_ahead(2)
    with desk.qtbot.waitSignal(desk.page.proposing.ended, timeout=LONG):
        desk.key(Qt.Key.Key_Y, SHIFT)
    desk.qtbot.waitUntil(lambda: desk.page.showing.prediction is not None, timeout=5000)
    assert np.array_equal(desk.mask(), painted)  # a proposal is no label
    desk.key(Qt.Key.Key_A, SHIFT)
    first = desk.mask()
    assert (first[painted != UNLABELLED] == painted[painted != UNLABELLED]).all()
    assert right(first, truth[desk.ids[0]]) > 0.85
    other = desk.store.proposals.of(desk.ids[1])
    assert other is not None
    assert other.uncertainty is not None
    assert desk.store.item(desk.ids[1]).state is LabelState.UNLABELLED
    assert desk.store.proposals.of(desk.ids[2]) is None
    desk.open(desk.ids[1])
    desk.qtbot.waitUntil(lambda: desk.page.showing.prediction is not None, timeout=5000)
    desk.key(Qt.Key.Key_A, SHIFT)
    assert right(desk.mask(), truth[desk.ids[1]]) > 0.85
    assert not list((desk.store.proposals.folder / ".jobs").iterdir())


def job_of(engine: FakeEngine) -> Any:
    return decode_job((Path(engine.runs[-1].start.folder) / JOB_FILE).read_bytes())


def ask_run(desk: Desk, engine: FakeEngine, run: str) -> None:
    desk.page.proposing.use_engine(engine)
    desk.page.choices.proposals.choose_source(run)


def test_a_run_proposes_for_all_unlabelled_items_and_can_be_stopped(make_desk: Make, monkeypatch: Any) -> None:
    desk = make_desk(4)
    record = finished_run(desk)
    engine = FakeEngine(hold=True)
    ask_run(desk, engine, record)
    desk.drag((20, 20), (40, 20))
    desk.key(Qt.Key.Key_Y, CTRL | ALT)
    desk.qtbot.waitUntil(lambda: bool(engine.runs), timeout=5000)
    job = job_of(engine)
    assert [wanted.item for wanted in job.wanted] == desk.ids[1:]
    assert job.run == str(desk.store.run(record).folder)
    panel = panel_of(desk)
    assert panel.progress.isVisible()
    write_mask(Path(job.wanted[0].mask), halves(), job.classes)
    engine.runs[-1].say(Proposed(item=desk.ids[1], uncertainty=0.25), Progress(what="Proposing", done=1, total=3))
    desk.qtbot.waitUntil(lambda: panel.progress.value() == 1, timeout=5000)
    with desk.qtbot.waitSignal(desk.page.proposing.ended, timeout=5000):
        panel.cancel_button.click()
    desk.qtbot.waitUntil(panel.here_button.isVisible, timeout=5000)
    kept = desk.store.proposals.of(desk.ids[1])
    assert kept is not None
    assert (kept.source, kept.uncertainty, kept.is_open) == (record, 0.25, True)
    assert desk.store.proposals.of(desk.ids[2]) is None


@pytest.mark.parametrize(
    ("task", "which", "mark"),
    [(Task.SEGMENTATION, "unpainted", "painted pixel"), (Task.KEYPOINTS, "empty", "placed point")],
)
def test_all_says_which_items_it_means_and_that_there_are_none(
    make_desk: Make, task: Task, which: str, mark: str
) -> None:
    desk = make_desk(2, task=task)
    engine = FakeEngine(hold=True)
    ask_run(desk, engine, finished_run(desk))
    button = panel_of(desk).everywhere_button
    assert button.text() == f"All {which}"
    assert f"without a {mark}" in button.toolTip()
    for item in desk.ids:
        desk.open(item)
        desk.click(30, 30)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert desk.page.status.hint.text() == f"Every item has a {mark} already; Y proposes for the one shown."
    assert not engine.runs


def test_a_full_disk_is_told_and_the_proposals_after_it_are_kept(make_desk: Make, monkeypatch: Any) -> None:
    desk = make_desk(3)
    engine = FakeEngine(hold=True)
    ask_run(desk, engine, finished_run(desk))
    desk.key(Qt.Key.Key_Y, CTRL | ALT)
    desk.qtbot.waitUntil(lambda: bool(engine.runs), timeout=5000)
    put = desk.store.proposals.put

    def full_once(item: int, *arguments: Any, **options: Any) -> Any:
        if item == desk.ids[0]:
            raise CannotWrite(Path("studio.db"), "no space left on device")
        return put(item, *arguments, **options)

    monkeypatch.setattr(desk.store.proposals, "put", full_once)
    told: list[str] = []
    desk.page.proposing.failed.connect(told.append)
    write_mask(desk.store.proposals.mask_path(desk.ids[1]), halves(), desk.session.settings.classes)
    engine.runs[-1].say(*(Proposed(item=item) for item in desk.ids[:2]))
    engine.runs[-1].say(Finished(outcome=OutcomeKind.FINISHED, seconds=1.0))
    with desk.qtbot.waitSignal(desk.page.proposing.ended, timeout=5000) as ended:
        engine.runs[-1].end()
    assert "no space left" in told[0]
    assert "1 item has a new proposal" in sentence_of(ended)
    assert desk.store.proposals.of(desk.ids[1]) is not None


def test_a_process_that_is_killed_while_it_proposes_is_told_of_as_that(make_desk: Make) -> None:
    desk = make_desk(2)
    engine = FakeEngine(hold=True)
    ask_run(desk, engine, finished_run(desk))
    desk.key(Qt.Key.Key_Y)
    desk.qtbot.waitUntil(lambda: bool(engine.runs), timeout=5000)
    with desk.qtbot.waitSignal(desk.page.proposing.failed, timeout=5000) as said:
        engine.runs[-1].end(-9)
    assert sentence_of(said).startswith("The process that proposes labels was killed by the system")
    assert "batch" not in sentence_of(said)


def test_points_are_proposed_by_a_run_and_fill_only_those_that_are_missing(make_desk: Make) -> None:
    desk = make_desk(2, task=Task.KEYPOINTS)
    assert "Train a run first" in panel_of(desk).said.text()
    record = finished_run(desk)
    engine = FakeEngine(hold=True)
    ask_run(desk, engine, record)
    desk.click(30, 30)
    desk.key(Qt.Key.Key_Y)
    desk.qtbot.waitUntil(lambda: bool(engine.runs), timeout=5000)
    points = Points(tuple(Keypoint(index=i, x=100.0, y=20.0 + 10 * i) for i in range(3)))
    engine.runs[-1].say(Proposed(item=desk.ids[0], points=points, uncertainty=0.1))
    engine.runs[-1].say(Finished(outcome=OutcomeKind.FINISHED, seconds=1.0))
    engine.runs[-1].end()
    desk.qtbot.waitUntil(lambda: desk.page.showing.prediction is not None, timeout=5000)
    desk.key(Qt.Key.Key_A, SHIFT)
    placed = desk.store.read_points(desk.ids[0])
    assert placed is not None
    first, second = placed.get(0), placed.get(1)
    assert first is not None
    assert second is not None
    assert abs(first.x - 30) < 2
    assert (second.x, second.y) == (100.0, 30.0)


def finished_run(desk: Desk, parent: str | None = None) -> str:
    """A run of the project that is over; what it learnt is of no matter here."""
    from studio.core.outcome import RunOutcome
    from studio.core.recipe import RunSpec, Stage
    from studio.core.snapshot import Snapshot

    run_id, folder = desk.store._runs.claim_folder()
    stages = (Stage(epochs=1, height=32, width=32),)
    spec = RunSpec(task=desk.session.settings.task, stages=stages, parent=parent)
    desk.store._runs.record(run_id, folder, spec, Snapshot(task=desk.session.settings.task))
    desk.store.set_outcome(run_id, RunOutcome(kind=OutcomeKind.FINISHED, sentence="The run finished."))
    desk.session.runs_changed.emit()
    return run_id


def test_the_model_that_was_kept_proposes_unless_strokes_do(desk: Desk) -> None:
    from studio.core.model_choices import Kept

    first = finished_run(desk)
    second = finished_run(desk, parent=first)
    proposals, panel = desk.page.choices.proposals, panel_of(desk)

    def keep(kept: Kept) -> str:
        desk.store.models.keep(second, kept)
        desk.session.runs_changed.emit()
        return proposals.source

    proposals.choose_source("strokes")
    assert keep(Kept.OLD) == "strokes"
    proposals.choose_source(second)
    assert keep(Kept.NEW) == second
    assert keep(Kept.OLD) == first
    listed = [panel.source.itemText(place) for place in range(panel.source.count())]
    assert listed[1:] == [f"Run {second} · set aside", f"Run {first} · kept"]


@pytest.mark.parametrize("how", ["accept_here", "accept_class", "accept_all"])
def test_a_proposal_of_another_size_is_said_and_neither_taken_over_nor_put_away(desk: Desk, how: str) -> None:
    desk.move(50, 50)
    desk.page.choices.choose_class(0)
    with desk.qtbot.waitSignal(
        desk.page.showing.prediction_problem, check_params_cb=lambda said: "another size" in said
    ):
        write_mask(desk.store.proposals.mask_path(desk.ids[0]), halves()[:-1], desk.session.settings.classes)
        desk.store.proposals.put(desk.ids[0], FROM_STROKES)
        desk.session.proposals_changed.emit([desk.ids[0]])
    desk.trigger(how)
    proposal = desk.store.proposals.of(desk.ids[0])
    assert proposal is not None and proposal.is_open
    assert desk.canvas.document is not None and not desk.canvas.document.can_undo
