"""Accepting on a picture too large to be done at once: worked out on a thread, in its turn, one edit each."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PySide6.QtCore import Qt

from studio.core.classes import UNLABELLED
from studio.core.masks import write_mask
from studio.core.proposals import FROM_STROKES
from studio.ui.label import huge_edits, sequence_editing
from studio.ui.label.proposing import accepting
from tests.ui.label.conftest import HEIGHT, WIDTH, Desk

SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier

HALVES = np.zeros((HEIGHT, WIDTH), np.uint8)
HALVES[HEIGHT // 2 :] = 1


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """What is taken over is worked out on a thread, which waits until this is set."""
    gate = threading.Event()

    def behind_the_gate(work: Callable[..., object]) -> Callable[..., object]:
        def slow(*args: object, **options: object) -> object:
            gate.wait(5)
            return work(*args, **options)

        return slow

    monkeypatch.setattr(huge_edits, "AT_ONCE_PIXELS", 0)
    for module, name in ((accepting, "acceptance"), (accepting, "acceptance_at"), (sequence_editing, "copy_of")):
        monkeypatch.setattr(module, name, behind_the_gate(getattr(module, name)))
    yield gate
    gate.set()


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    """A proposal lies on the first item: sky above, road below."""
    desk = make_desk()
    desk.page.choices.set_brush_size(20)
    propose(desk)
    return desk


def propose(desk: Desk, mask: np.ndarray = HALVES) -> None:
    write_mask(desk.store.proposals.mask_path(desk.ids[0]), mask, desk.session.settings.classes)
    desk.store.proposals.put(desk.ids[0], FROM_STROKES)
    desk.session.proposals_changed.emit([desk.ids[0]])
    desk.qtbot.waitUntil(lambda: desk.page.showing.prediction is not None, timeout=5000)


def settle(desk: Desk) -> None:
    desk.qtbot.waitUntil(lambda: not desk.canvas.huge_edits.is_running, timeout=5000)


def hint(desk: Desk) -> str:
    return desk.page.status.hint.text()


def test_a_stroke_that_is_painted_while_accepting_is_worked_out_stays_and_comes_first(
    desk: Desk, gate: threading.Event
) -> None:
    desk.key(Qt.Key.Key_A, SHIFT)
    assert "Accepting" in hint(desk) and "Esc" in hint(desk)
    desk.page.choices.choose_class(2)
    desk.drag((40, 50), (60, 50))
    stroke = desk.mask()
    assert set(np.unique(stroke)) == {2, UNLABELLED}
    gate.set()
    settle(desk)
    assert np.array_equal(desk.mask(), np.where(stroke == 2, 2, HALVES))
    assert not desk.store.proposals.is_open(desk.ids[0])
    desk.key(Qt.Key.Key_Z, CTRL)
    assert np.array_equal(desk.mask(), stroke)
    assert desk.store.proposals.is_open(desk.ids[0])
    desk.key(Qt.Key.Key_Z, CTRL | SHIFT)
    assert not desk.store.proposals.is_open(desk.ids[0])


def test_escape_gives_an_acceptance_up_and_the_proposal_stays(desk: Desk, gate: threading.Event) -> None:
    desk.key(Qt.Key.Key_A, SHIFT)
    desk.key(Qt.Key.Key_Escape)
    gate.set()
    settle(desk)
    assert (desk.mask() == UNLABELLED).all()
    assert desk.store.proposals.is_open(desk.ids[0])
    desk.key(Qt.Key.Key_A, SHIFT)
    settle(desk)
    assert np.array_equal(desk.mask(), HALVES)
    assert hint(desk) == "Accepted."


def test_an_acceptance_goes_on_while_the_next_item_is_looked_at(desk: Desk, gate: threading.Event) -> None:
    desk.key(Qt.Key.Key_A, SHIFT)
    desk.open(desk.ids[1])
    gate.set()
    settle(desk)
    assert hint(desk) == "frame_000.png: Accepted."
    assert (desk.mask() == UNLABELLED).all()
    desk.open(desk.ids[0])
    assert np.array_equal(desk.mask(), HALVES)
    assert desk.page.showing.prediction is None


def test_accepting_twice_in_a_hurry_is_accepting_once(desk: Desk, gate: threading.Event) -> None:
    desk.key(Qt.Key.Key_A, SHIFT)
    desk.key(Qt.Key.Key_A, SHIFT)
    gate.set()
    settle(desk)
    assert np.array_equal(desk.mask(), HALVES)
    desk.key(Qt.Key.Key_Z, CTRL)
    assert (desk.mask() == UNLABELLED).all()
    assert desk.store.proposals.is_open(desk.ids[0])


def test_a_newer_proposal_is_not_closed_by_the_acceptance_of_the_one_before(desk: Desk, gate: threading.Event) -> None:
    desk.key(Qt.Key.Key_A, SHIFT)
    propose(desk, 1 - HALVES)
    gate.set()
    settle(desk)
    assert np.array_equal(desk.mask(), HALVES)
    assert desk.store.proposals.is_open(desk.ids[0])


def test_a_class_and_a_region_are_accepted_in_the_order_of_the_keys(
    desk: Desk, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.page.choices.choose_class(1)
    desk.key(Qt.Key.Key_A, CTRL | SHIFT)
    monkeypatch.setattr(desk.canvas, "pixel_under_cursor", lambda: (80, 20))
    desk.key(Qt.Key.Key_A)
    gate.set()
    settle(desk)
    assert np.array_equal(desk.mask(), HALVES)
    desk.key(Qt.Key.Key_Z, CTRL)
    assert np.array_equal(desk.mask(), np.where(HALVES == 1, 1, UNLABELLED))
    desk.key(Qt.Key.Key_Z, CTRL)
    assert (desk.mask() == UNLABELLED).all()


def test_what_is_locked_keeps_its_pixels_and_the_proposal_stays_open(desk: Desk, gate: threading.Event) -> None:
    gate.set()
    desk.page.choices.choose_class(2)
    desk.drag((10, 50), (150, 50))
    painted = desk.mask()
    propose(desk, np.where(painted == 2, HALVES, UNLABELLED))
    desk.page.choices.proposals.set_replaces(True)
    desk.page.choices.locks.toggle(2)
    desk.key(Qt.Key.Key_A, SHIFT)
    settle(desk)
    assert np.array_equal(desk.mask(), painted)
    assert hint(desk) == "What would change is locked."
    assert desk.store.proposals.is_open(desk.ids[0])


def test_the_frame_before_is_copied_after_the_stroke_that_is_painted_meanwhile(
    desk: Desk, gate: threading.Event
) -> None:
    desk.page.choices.choose_class(1)
    desk.drag((30, 50), (120, 50))
    before = desk.mask()
    desk.open(desk.ids[1])
    desk.key(Qt.Key.Key_C, ALT)
    desk.qtbot.waitUntil(lambda: desk.canvas.huge_edits.is_running, timeout=5000)
    desk.page.choices.choose_class(2)
    desk.drag((80, 20), (80, 80))
    own = desk.mask()
    gate.set()
    settle(desk)
    assert hint(desk) == "Copied from frame_000.png."
    assert np.array_equal(desk.mask(), np.where(own == UNLABELLED, before, own))
    desk.key(Qt.Key.Key_Z, CTRL)
    assert np.array_equal(desk.mask(), own)


def test_closing_the_page_finishes_what_was_accepted(desk: Desk, gate: threading.Event) -> None:
    desk.key(Qt.Key.Key_A, SHIFT)
    gate.set()
    desk.page.shut_down()
    assert np.array_equal(desk.mask(), HALVES)
    assert not desk.store.proposals.is_open(desk.ids[0])
