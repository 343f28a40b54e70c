"""What to label next on the Label page: choosing it, going from one item to the next, and what is left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from studio.core.events import Finished, Progress, Proposed, Ranked
from studio.core.label_queue import Queued
from studio.core.masks import write_mask
from studio.core.model_choices import Kept
from studio.core.outcome import OutcomeKind
from studio.core.proposals import JOB_FILE, ProposalJob, decode_job
from studio.core.settings import Task
from studio.core.tags import PredictedTags, Tags
from studio.engine import FakeEngine
from studio.store import QueueState
from studio.ui.label.next_order import NextOrder
from studio.ui.theme import ThemeMode, theme
from tests.ui.label.conftest import HEIGHT, WIDTH, Desk
from tests.ui.label.test_label_narrow import SMALLEST, cut_parts
from tests.ui.label.test_label_proposals import finished_run

Make = Callable[..., Desk]

SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def dressed_in_light(qapp: QApplication) -> Iterator[None]:
    """Sizes are those of the style sheet that people see."""
    theme().apply(ThemeMode.LIGHT)
    yield
    qapp.setStyleSheet("")


def queue(desk: Desk, *items: int, run: str = "0001") -> None:
    """A queue lies there, as a worker leaves it."""
    desk.store.queue.replace(run, [Queued(item=item, uncertainty=0.5) for item in items])
    desk.session.queue_changed.emit()


def job_of(engine: FakeEngine) -> ProposalJob:
    return decode_job((Path(engine.runs[-1].start.folder) / JOB_FILE).read_bytes())


def filter_by(desk: Desk, state: str) -> None:
    bar = desk.page.items.filter_bar
    bar.state.setCurrentIndex(bar.state.findText(state))


def test_a_run_queues_items_with_its_proposals_and_the_key_goes_through_them(make_desk: Make) -> None:
    desk = make_desk(5)
    run = finished_run(desk)
    engine = FakeEngine(hold=True)
    desk.page.proposing.use_engine(engine)
    desk.session.runs_changed.emit()
    panel = desk.page.queue
    assert panel.rank_button.toolTip() == f"Choose what to label next with run {run} (Ctrl+Shift+J)"
    panel.places.setValue(2)
    QTest.mouseClick(panel.rank_button, Qt.MouseButton.LeftButton)
    desk.qtbot.waitUntil(lambda: bool(engine.runs), timeout=5000)
    job = job_of(engine)
    unlabelled = [wanted.item for wanted in job.wanted]
    assert job.queue is not None and job.queue.places == 2 and job.run == str(desk.store.run(run).folder)
    engine.runs[-1].say(Progress(what="Ranking", done=3, total=5))
    desk.qtbot.waitUntil(lambda: panel.said.text() == "Ranking… 3 of 5", timeout=5000)
    assert panel.progress.isVisible() and not panel.rank_button.isVisible()
    proposals = desk.page.proposals
    assert proposals is not None and not proposals.progress.isVisible()  # nobody asked for these
    assert not proposals.here_button.isEnabled()
    first, second = unlabelled[2], unlabelled[0]
    engine.runs[-1].say(Ranked(queue=(Queued(item=first, uncertainty=0.9), Queued(item=second, uncertainty=0.3))))
    proposed = np.ones((HEIGHT, WIDTH), np.uint8)
    for item in (first, second):
        write_mask(desk.store.proposals.mask_path(item), proposed, job.classes)
        engine.runs[-1].say(Proposed(item=item, uncertainty=0.5))
    engine.runs[-1].say(Finished(outcome=OutcomeKind.FINISHED, seconds=1))
    with desk.qtbot.waitSignal(desk.page.proposing.ended, timeout=5000):
        engine.runs[-1].end()
    assert desk.page.status.hint.text() == "2 items to label next: Ctrl+J goes from one to the next."
    desk.qtbot.waitUntil(panel.rank_button.isVisible, timeout=5000)
    assert panel.said.text() == f"2 left of 2, by run {run}."
    desk.key(Qt.Key.Key_J, CTRL)
    desk.wait_for(first)
    desk.qtbot.waitUntil(lambda: desk.page.showing.prediction is not None, timeout=5000)
    desk.key(Qt.Key.Key_A, SHIFT)
    assert (desk.mask() == 1).all()
    assert panel.said.text() == f"1 left of 2, by run {run}."
    assert panel.note == "1 of 2"
    desk.key(Qt.Key.Key_J, CTRL)
    desk.wait_for(second)
    assert (desk.mask() != 1).all()  # nothing that is proposed is a label yet


def test_undoing_a_label_brings_its_item_back_into_the_queue(make_desk: Make) -> None:
    desk = make_desk(3)
    queue(desk, desk.ids[1], desk.ids[2])
    desk.key(Qt.Key.Key_J, CTRL)
    desk.wait_for(desk.ids[1])
    desk.drag((20, 20), (40, 20))
    assert desk.page.queue.note == "1 of 2"
    desk.key(Qt.Key.Key_Z, CTRL)
    assert desk.page.queue.note == "2 of 2"


def test_the_list_shows_the_queue_in_its_order_and_drops_what_is_labelled_when_one_goes_on(make_desk: Make) -> None:
    desk = make_desk(5)
    ids = desk.ids
    queue(desk, ids[4], ids[1], ids[3])
    filter_by(desk, "Queued")
    assert list(desk.page.items.model.ids) == [ids[4], ids[1], ids[3]]
    desk.key(Qt.Key.Key_J, CTRL)
    desk.wait_for(ids[4])
    desk.drag((20, 20), (40, 20))
    assert desk.page.items.model.row_of(ids[4]) == 0  # it stays while it is worked on
    desk.key(Qt.Key.Key_J, CTRL)
    desk.wait_for(ids[1])
    assert list(desk.page.items.model.ids) == [ids[1], ids[3]]
    assert desk.page.items.list.currentIndex().row() == 0


def test_next_unlabelled_can_follow_the_queue(make_desk: Make) -> None:
    desk = make_desk(5)
    ids = desk.ids
    queue(desk, ids[4], ids[2])
    desk.page.items.next_order.choose(NextOrder.QUEUED)
    for wanted in (ids[4], ids[2], ids[4]):
        desk.key(Qt.Key.Key_U)
        desk.wait_for(wanted)


def test_the_end_of_the_queue_and_no_queue_are_said(make_desk: Make) -> None:
    desk = make_desk(3)
    hint = desk.page.status.hint
    assert desk.page.queue.said.text() == "Train a run first; then its model says what to label next."
    assert not desk.page.queue.rank_button.isVisible() and not desk.page.queue.next_button.isVisible()
    desk.key(Qt.Key.Key_J, CTRL)
    assert hint.text() == "Train a run first; then its model says what to label next."
    finished_run(desk)
    desk.session.runs_changed.emit()
    desk.key(Qt.Key.Key_J, CTRL)
    assert hint.text() == "Nothing is queued yet: Ctrl+Shift+J chooses what to label next."
    queue(desk, desk.session.current_item or 0)
    desk.key(Qt.Key.Key_J, CTRL)
    assert hint.text() == "This is the only item that is left in the queue."
    desk.drag((20, 20), (40, 20))
    desk.key(Qt.Key.Key_J, CTRL)
    assert hint.text().startswith("Everything in the queue is labelled")
    assert desk.page.queue.said.text() == "1 item is labelled, none is left. Train, then rank again."


def test_a_newer_run_is_offered_and_a_picked_one_stays(make_desk: Make) -> None:
    desk = make_desk(4)
    first = finished_run(desk)
    second = finished_run(desk, parent=first)
    desk.session.runs_changed.emit()
    queue(desk, desk.ids[2], desk.ids[3], run=first)
    panel = desk.page.queue
    assert panel.said.text() == f"2 left of 2, by run {first}. Run {second} is newer."
    desk.store.models.keep(second, Kept.OLD)
    desk.session.runs_changed.emit()
    assert "is newer" not in panel.said.text()
    desk.store.models.keep(second, Kept.NEW)
    desk.session.runs_changed.emit()
    assert panel.rank_button.text() == "Rank again"
    assert f"run {second}" in panel.rank_button.toolTip()
    panel.run.setCurrentIndex(1)
    panel.run.activated.emit(1)
    assert desk.page.queue_choices.run == first
    third = finished_run(desk)
    desk.session.runs_changed.emit()
    assert desk.page.queue_choices.run == first
    assert panel.run.itemData(0) == third


def test_a_kept_model_chooses_rather_than_the_newest(make_desk: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = make_desk(3)
    kept = finished_run(desk)
    newest = finished_run(desk)
    assert desk.page.queue_choices.run == newest
    monkeypatch.setattr(desk.store.models, "kept", lambda: kept)
    desk.session.runs_changed.emit()
    assert desk.page.queue_choices.run == kept


def test_ranking_that_is_stopped_leaves_the_queue_as_it_was(make_desk: Make) -> None:
    desk = make_desk(4)
    run = finished_run(desk)
    engine = FakeEngine(hold=True)
    desk.page.proposing.use_engine(engine)
    desk.session.runs_changed.emit()
    queue(desk, desk.ids[3], run=run)
    desk.key(Qt.Key.Key_J, CTRL | SHIFT)
    desk.qtbot.waitUntil(lambda: bool(engine.runs), timeout=5000)
    desk.qtbot.waitUntil(desk.page.queue.stop_button.isVisible, timeout=5000)
    with desk.qtbot.waitSignal(desk.page.proposing.ended, timeout=5000):
        QTest.mouseClick(desk.page.queue.stop_button, Qt.MouseButton.LeftButton)
    assert desk.page.status.hint.text() == "Stopped; the queue is as it was."
    assert desk.store.queue.state() == QueueState(run=run, left=1, total=1)


@pytest.mark.parametrize("task", [Task.SINGLE_LABEL, Task.MULTI_LABEL])
def test_a_proposed_class_is_named_accepted_and_offered_again_on_undo(make_desk: Make, task: Task) -> None:
    desk = make_desk(3, task=task)
    item = desk.ids[1]
    shares = ((1, 0.75), (0, 0.2), (2, 0.05))
    desk.store.proposals.put(item, "0001", tags=PredictedTags(tags=Tags((1,)), shares=shares), uncertainty=0.5)
    queue(desk, item)
    desk.key(Qt.Key.Key_J, CTRL)
    panel = desk.page.queue
    desk.qtbot.waitUntil(panel.proposed.isVisible, timeout=5000)
    assert panel.proposed.text() == "Proposed: road 75\N{NO-BREAK SPACE}%"
    assert desk.store.read_tags(item) is None
    desk.key(Qt.Key.Key_A, SHIFT)
    assert desk.store.read_tags(item) == Tags((1,))
    assert panel.note == "0 of 1"
    assert not panel.proposed.isVisible()
    desk.key(Qt.Key.Key_Z, CTRL)
    desk.qtbot.waitUntil(panel.proposed.isVisible, timeout=5000)
    assert desk.store.read_tags(item) is None
    QTest.mouseClick(panel.discard_button, Qt.MouseButton.LeftButton)
    assert not panel.proposed.isVisible()
    assert desk.store.proposals.count_open() == 0


@pytest.mark.parametrize("task", [Task.SEGMENTATION, Task.MULTI_LABEL])
def test_in_the_smallest_window_the_section_shows_all_its_words(
    make_desk: Make, task: Task, dressed_in_light: None
) -> None:
    desk = make_desk(4, task=task, page_size=SMALLEST)
    queue(desk, desk.ids[2], run=finished_run(desk))
    finished_run(desk)
    QApplication.processEvents()
    assert desk.page.queue.rank_button.isVisible()
    assert cut_parts(desk.page.queue) == []


def test_choosing_a_class_for_an_item_of_the_queue_leads_along_the_queue(make_desk: Make) -> None:
    desk = make_desk(5, task=Task.SINGLE_LABEL)
    ids, store = desk.ids, desk.store
    store.tags.replace({ids[4]: Tags((0,))}, "by hand")
    queue(desk, ids[3], ids[1])
    desk.key(Qt.Key.Key_J, CTRL)
    desk.wait_for(ids[3])
    desk.key(Qt.Key.Key_2)
    assert desk.session.current_item == ids[1]
    desk.key(Qt.Key.Key_Z, CTRL)
    assert desk.session.current_item == ids[3] and store.read_tags(ids[3]) is None
    desk.key(Qt.Key.Key_3)
    assert desk.session.current_item == ids[1]
    desk.wait_for(ids[1])
    desk.key(Qt.Key.Key_2)
    assert desk.session.current_item == ids[2]  # the queue is done, the next unlabelled one follows
    assert desk.page.status.hint.text().startswith("Everything in the queue is labelled")
    assert [store.read_tags(i) for i in ids] == [None, Tags((1,)), None, Tags((2,)), Tags((0,))]


def test_an_item_of_the_queue_that_was_reached_in_the_list_is_left_in_its_order(make_desk: Make) -> None:
    desk = make_desk(5, task=Task.SINGLE_LABEL)
    ids = desk.ids
    queue(desk, ids[1], ids[4])
    desk.key(Qt.Key.Key_J, CTRL)
    desk.wait_for(ids[1])
    desk.key(Qt.Key.Key_N, SHIFT)
    desk.key(Qt.Key.Key_N)
    desk.wait_for(ids[1])
    desk.key(Qt.Key.Key_1)
    assert desk.session.current_item == ids[2]


def test_next_up_says_where_choosing_leads(make_desk: Make) -> None:
    desk = make_desk(5, task=Task.SINGLE_LABEL)
    ids = desk.ids
    queue(desk, ids[3], ids[1])
    desk.page.items.next_order.choose(NextOrder.QUEUED)
    for wanted in (ids[3], ids[1]):
        desk.key(Qt.Key.Key_1)
        desk.wait_for(wanted)


def test_undo_after_discarding_offers_the_proposal_again_and_only_then_goes_back_to_the_item_before(
    make_desk: Make,
) -> None:
    desk = make_desk(4, task=Task.SINGLE_LABEL)
    first, second, store = desk.ids[2], desk.ids[1], desk.store
    said = PredictedTags(tags=Tags((1,)), shares=((1, 0.75), (0, 0.25)))
    store.proposals.put(second, "0001", tags=said, uncertainty=0.5)
    queue(desk, first, second)
    desk.key(Qt.Key.Key_J, CTRL)
    desk.wait_for(first)
    desk.key(Qt.Key.Key_1)
    desk.wait_for(second)
    panel = desk.page.queue
    desk.qtbot.waitUntil(panel.proposed.isVisible, timeout=5000)
    desk.key(Qt.Key.Key_D, CTRL)
    assert not panel.proposed.isVisible()
    assert desk.page.status.hint.text() == "Discarded (Ctrl+Z offers it again)."
    desk.key(Qt.Key.Key_Z, CTRL)
    desk.qtbot.waitUntil(panel.proposed.isVisible, timeout=5000)
    assert desk.session.current_item == second
    assert store.read_tags(first) == Tags((0,))
    desk.key(Qt.Key.Key_Z, CTRL)
    assert desk.session.current_item == first
    assert store.read_tags(first) is None


def propose_class(desk: Desk, item: int) -> None:
    said = PredictedTags(tags=Tags((1,)), shares=((1, 0.75), (0, 0.25)))
    desk.store.proposals.put(item, "0001", tags=said, uncertainty=0.5)
    desk.session.proposals_changed.emit([item])


def test_accepting_a_class_goes_on_like_choosing_one_and_undo_comes_back(make_desk: Make) -> None:
    desk = make_desk(4, task=Task.SINGLE_LABEL)
    first, second, panel = desk.ids[2], desk.ids[1], desk.page.queue
    propose_class(desk, first)
    queue(desk, first, second)
    desk.key(Qt.Key.Key_J, CTRL)
    desk.wait_for(first)
    desk.qtbot.waitUntil(panel.proposed.isVisible, timeout=5000)
    desk.key(Qt.Key.Key_A, SHIFT)
    assert desk.session.current_item == second
    assert desk.store.read_tags(first) == Tags((1,))
    assert not panel.proposed.isVisible()
    desk.key(Qt.Key.Key_Z, CTRL)
    assert desk.session.current_item == first
    assert desk.store.read_tags(first) is None
    desk.qtbot.waitUntil(panel.proposed.isVisible, timeout=5000)
    desk.trigger("tag_advance")
    desk.key(Qt.Key.Key_A, SHIFT)
    assert desk.session.current_item == first
    assert not panel.proposed.isVisible()


@pytest.mark.parametrize("task", [Task.SINGLE_LABEL, Task.MULTI_LABEL])
def test_a_label_by_its_key_settles_what_was_proposed(make_desk: Make, task: Task) -> None:
    desk = make_desk(3, task=task)
    item, model = desk.ids[0], desk.page.items.model

    def is_marked() -> bool:
        return "a proposal waits" in model.index(0).data(Qt.ItemDataRole.AccessibleTextRole)

    propose_class(desk, item)
    desk.qtbot.waitUntil(desk.page.queue.proposed.isVisible, timeout=5000)
    assert is_marked()
    desk.key(Qt.Key.Key_1)
    assert desk.store.read_tags(item) == Tags((0,))
    assert not is_marked() and not desk.page.queue.proposed.isVisible()
    desk.key(Qt.Key.Key_Z, CTRL)
    assert desk.session.current_item == item and desk.store.read_tags(item) is None
    assert is_marked()
    desk.qtbot.waitUntil(desk.page.queue.proposed.isVisible, timeout=5000)
