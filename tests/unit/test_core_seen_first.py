"""Sweeps of which the screen's rows are painted first: the rest is never seen to be missing."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from studio.core.document import MaskDocument
from studio.core.protection import Protection
from studio.core.sweep import BrushShape, Sweep
from tests.unit.test_core_document import ListJournal

HEIGHT, WIDTH = 700, 900
places = st.tuples(st.floats(-200, WIDTH + 200), st.floats(-200, HEIGHT + 200))
sweeps = st.builds(
    Sweep, places, places, st.floats(1, 500), st.floats(1, 500), st.sampled_from([BrushShape.ROUND, BrushShape.SQUARE])
)
rows = st.builds(lambda start, step: np.arange(start, HEIGHT, step), st.integers(0, 20), st.integers(4, 40))
steps = st.lists(
    st.one_of(
        st.tuples(st.just("sweep"), sweeps, st.integers(0, 3)),
        st.tuples(st.sampled_from(["begin", "commit", "cancel", "undo", "redo", "settle", "read", "refuse"])),
    ),
    min_size=1,
    max_size=12,
)


def fresh() -> tuple[MaskDocument, ListJournal]:
    journal = ListJournal()
    return MaskDocument(np.full((HEIGHT, WIDTH), 255, np.uint8), journal, journal.history()), journal


def act(document: MaskDocument, journal: ListJournal, step: tuple, first: np.ndarray | None) -> None:
    match step:
        case ("sweep", sweep, value):
            document.sweep(sweep, value, first=first)
        case ("begin",):
            document.begin("brush stroke")
        case ("read",):
            assert document.mask.shape == (HEIGHT, WIDTH)
        case ("refuse",):
            _ = document.refused
        case (name,):
            getattr(document, name)()


@given(steps, rows)
def test_painting_seen_rows_first_comes_to_the_same_pixels_edits_and_history(todo: list[tuple], first: np.ndarray):
    (document, journal), (plain, plain_journal) = fresh(), fresh()
    for step in todo:
        act(document, journal, step, first)
        act(plain, plain_journal, step, None)
    assert np.array_equal(document.mask, plain.mask)
    document.commit()
    plain.commit()
    assert len(journal.edits) == len(plain_journal.edits)
    while document.can_undo:
        document.undo()
        plain.undo()
        assert np.array_equal(document.mask, plain.mask)
    assert not plain.can_undo
    assert (document.mask == 255).all()


@given(sweeps, rows)
def test_the_rows_that_are_seen_are_right_at_once(sweep: Sweep, first: np.ndarray):
    document, _ = fresh()
    raw = document.mask
    document.begin("brush stroke")
    document.sweep(sweep, 2, first=first)
    seen = raw[first].copy()
    document.settle()
    assert not document.owes
    assert np.array_equal(raw[first], seen)
    expected = np.full((HEIGHT, WIDTH), 255, np.uint8)
    sweep.paint(expected, 2)
    assert np.array_equal(raw, expected)


def test_only_the_rows_that_are_seen_are_painted_until_somebody_reads():
    document, _ = fresh()
    raw = document.mask
    document.begin("brush stroke")
    document.sweep(Sweep.even((200, 300), (600, 300), 400), 1, first=np.arange(0, HEIGHT, 10))
    assert document.owes
    assert (raw[300, 200:600] == 1).all() and (raw[301] == 255).all()
    assert (document.mask[301, 200:600] == 1).all()


def test_protected_pixels_stay_as_they_are_however_a_sweep_is_seen():
    document, _ = fresh()
    document.sweep(Sweep.even((450, 350), (450, 350), 100), 0)
    document.protection = Protection(locked=frozenset({0}))
    document.sweep(Sweep.even((100, 350), (800, 350), 60), 1, first=np.arange(0, HEIGHT, 10))
    assert (document.mask[350, 402:498] == 0).all() and document.mask[350, 200] == 1
