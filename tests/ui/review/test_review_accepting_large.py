"""Accepting predictions too large to be done at once: worked out on a thread, carried out in the order of the keys."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from studio.core.deciding import AcceptRegion, Act
from studio.core.document import MaskDocument
from studio.core.review import Decision
from studio.store import Acceptance
from studio.ui.review import ReviewPage, decisions

if TYPE_CHECKING:
    from .conftest import ReviewProject

VOID = 4
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """What accepting changes is worked out on a thread, which waits until this is set."""
    gate = threading.Event()
    work_out = decisions._work_out

    def slow(*args: object) -> Acceptance | None:
        gate.wait(5)
        return work_out(*args)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(decisions, "_AT_ONCE_PIXELS", 0)
    monkeypatch.setattr(decisions, "_work_out", slow)
    yield gate
    gate.set()


def decided(project: ReviewProject) -> list[Decision]:
    """What is decided about the items, the worst first."""
    ids = project.store.review.ids("0001")
    return [review.decision for review in project.store.review.items("0001", ids)]


def expected(project: ReviewProject, item: int) -> np.ndarray:
    return np.where(project.labels[item] == VOID, VOID, project.predictions[item])


def press(
    qtbot: QtBot, page: ReviewPage, key: Qt.Key, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    page.gallery.grid.setFocus()
    qtbot.keyClick(page.gallery.grid, key, keys)


def settle(qtbot: QtBot, page: ReviewPage) -> None:
    qtbot.waitUntil(lambda: not page.decisions.is_busy, timeout=5000)


def test_keys_go_on_while_an_acceptance_is_worked_out_and_are_carried_out_in_their_order(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot, gate: threading.Event
) -> None:
    first, second, third = (page.gallery.model.item_id(row) for row in range(3))
    for key in (Qt.Key.Key_A, Qt.Key.Key_X, Qt.Key.Key_A):
        press(qtbot, page, key)
    assert page.gallery.grid.current_item == page.gallery.model.item_id(3)
    assert decided(project)[:3] == [Decision.UNDECIDED] * 3
    gate.set()
    settle(qtbot, page)
    assert [c.item for c in project.store.review.corrections("0001")] == [first, second, third]
    assert decided(project)[:3] == [Decision.ACCEPTED, Decision.LEFT_OUT, Decision.ACCEPTED]
    for item in (first, third):
        np.testing.assert_array_equal(project.label_file(item), expected(project, item))
    for left in (2, 1, 0):
        press(qtbot, page, Qt.Key.Key_Z, CTRL)
        assert sum(d is not Decision.UNDECIDED for d in decided(project)) == left
    np.testing.assert_array_equal(project.label_file(first), project.labels[first])


def test_a_label_that_changes_meanwhile_is_what_the_prediction_is_accepted_over(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot, gate: threading.Event
) -> None:
    worst = page.gallery.model.item_id(0)
    press(qtbot, page, Qt.Key.Key_A)
    document = project.session.document(worst)
    assert isinstance(document, MaskDocument)
    document.brush((10, 10), (14, 10), 5, VOID)
    painted = document.mask.copy()
    gate.set()
    settle(qtbot, page)
    wanted = np.where(painted == VOID, VOID, project.predictions[worst])
    np.testing.assert_array_equal(project.label_file(worst), wanted)
    np.testing.assert_array_equal(document.mask, wanted)
    press(qtbot, page, Qt.Key.Key_Z, CTRL)
    np.testing.assert_array_equal(project.label_file(worst), painted)


def test_taking_back_what_is_still_being_worked_out_leaves_the_label_as_it_was(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot, gate: threading.Event
) -> None:
    worst = page.gallery.model.item_id(0)
    press(qtbot, page, Qt.Key.Key_A)
    press(qtbot, page, Qt.Key.Key_Z, CTRL)
    gate.set()
    assert not page.decisions.is_busy
    assert decided(project)[0] is Decision.UNDECIDED
    np.testing.assert_array_equal(project.label_file(worst), project.labels[worst])
    press(qtbot, page, Qt.Key.Key_A)
    settle(qtbot, page)
    assert decided(project)[0] is Decision.ACCEPTED


def test_a_prediction_that_cannot_be_read_is_said_and_nothing_of_it_is_decided(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot, gate: threading.Event
) -> None:
    first, second = (page.gallery.model.item_id(row) for row in (0, 1))
    (review,) = project.store.review.items("0001", [second])
    assert review.score.mask is not None
    (project.store.run("0001").folder / review.score.mask).write_bytes(b"no mask")
    said: list[str] = []
    project.session.message.connect(lambda sentence, _tone: said.append(sentence))
    press(qtbot, page, Qt.Key.Key_A)
    press(qtbot, page, Qt.Key.Key_A)
    gate.set()
    settle(qtbot, page)
    assert decided(project)[:2] == [Decision.ACCEPTED, Decision.UNDECIDED]
    assert len(said) == 1
    press(qtbot, page, Qt.Key.Key_Z, CTRL)
    assert decided(project)[:2] == [Decision.UNDECIDED, Decision.UNDECIDED]
    np.testing.assert_array_equal(project.label_file(first), project.labels[first])


def test_closing_the_page_carries_out_what_was_decided(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot, gate: threading.Event
) -> None:
    worst = page.gallery.model.item_id(0)
    press(qtbot, page, Qt.Key.Key_A)
    gate.set()
    page.shut_down()
    np.testing.assert_array_equal(project.label_file(worst), expected(project, worst))


def test_a_region_of_a_large_picture_is_worked_out_on_a_thread_too(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot, gate: threading.Event
) -> None:
    item = project.ids[5]
    label, said = project.labels[item], project.predictions[item]
    sky = (said == 2) & (label == 0)
    rows, columns = np.nonzero(sky)
    page.decisions.act([item], AcceptRegion(x=int(columns[0]), y=int(rows[0])))
    press(qtbot, page, Qt.Key.Key_R)
    np.testing.assert_array_equal(project.read_label(item), label)
    gate.set()
    settle(qtbot, page)
    np.testing.assert_array_equal(project.label_file(item), np.where(sky, 2, label))
    steps = project.store.review.journal(project.store.review.journal_ids())
    assert [step.act for step in reversed(steps)] == [Act.REGION, Act.DECIDED], "in the order of the keys"
