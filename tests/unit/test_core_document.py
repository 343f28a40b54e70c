"""Documents: painting and placing as edits, undo and redo, and what listeners hear."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from studio.core.document import History, Leap, MaskDocument, PointsDocument, TagsDocument
from studio.core.edits import Edit, MaskEdit, PointsEdit
from studio.core.errors import CannotWrite
from studio.core.items import Item, LabelState, Split
from studio.core.points import Keypoint, Points, Visibility
from studio.core.protection import Protection
from studio.core.raster import Rect
from studio.core.sweep import Sweep
from studio.core.tags import Tags
from studio.core.timeline import net_of
from tests.unit.polygons import fill_polygon

ITEM = Item(id=7, name="f.png", path=Path("f.png"), split=Split.TRAIN, state=LabelState.UNLABELLED)


class ListJournal:
    """A journal in memory: a list of edits and a place in it. `full` plays a disk without space."""

    def __init__(self) -> None:
        self.edits: list[Edit] = []
        self.place = 0
        self.full = False

    def history(self) -> History:
        return History(
            item=ITEM,
            head=self.place,
            undo_text=self.edits[self.place - 1].what if self.place else None,
            redo_text=self.edits[self.place].what if self.place < len(self.edits) else None,
            is_labelled=self.place > 0,
        )

    def commit(self, item_id: int, edit: Edit, head: int) -> History:
        assert (item_id, head) == (ITEM.id, self.place)
        if self.full:
            raise CannotWrite(Path("studio.db"), "no space left")
        self.edits[self.place :] = [edit]
        self.place += 1
        return self.history()

    def undo(self, item_id: int, head: int) -> tuple[Edit, History] | None:
        assert (item_id, head) == (ITEM.id, self.place)
        if self.place == 0:
            return None
        self.place -= 1
        return self.edits[self.place], self.history()

    def redo(self, item_id: int, head: int) -> tuple[Edit, History] | None:
        assert (item_id, head) == (ITEM.id, self.place)
        if self.place == len(self.edits):
            return None
        self.place += 1
        return self.edits[self.place - 1], self.history()

    def leap(self, head: int, target: int) -> Leap | None:
        net = net_of(reversed(self.edits[target:head]), self.edits[head:target], "history")
        return Leap(head, target, net) if net is not None else None

    def jump(self, item_id: int, leap: Leap) -> History:
        assert (item_id, leap.head) == (ITEM.id, self.place)
        self.place = leap.target
        return self.history()


@pytest.fixture
def journal() -> ListJournal:
    return ListJournal()


@pytest.fixture
def document(journal: ListJournal) -> MaskDocument:
    return MaskDocument(np.full((300, 400), 255, np.uint8), journal, journal.history())


@pytest.fixture
def placed(journal: ListJournal) -> PointsDocument:
    return PointsDocument(Points(), (400, 300), journal, journal.history())


def test_a_stroke_of_many_events_is_one_edit_and_paints_what_each_event_swept(
    document: MaskDocument, journal: ListJournal
) -> None:
    expected = document.mask.copy()
    document.begin("brush stroke")
    places = [(10.0, 10.0), (60.0, 80.0), (200.0, 90.0), (390.0, 290.0)]
    for a, b in pairwise(places):
        document.brush(a, b, 24, 1)
        Sweep.even(a, b, 24).paint(expected, 1)
        assert np.array_equal(document.mask, expected)
    assert document.commit()

    assert len(journal.edits) == 1
    assert document.undo_text == "brush stroke"
    document.undo()
    assert (document.mask == 255).all()
    document.redo()
    assert np.array_equal(document.mask, expected)


def test_an_edit_keeps_only_tiles_in_which_a_pixel_changed(document: MaskDocument, journal: ListJournal) -> None:
    document.begin("eraser")
    document.brush((50, 50), (350, 50), 30, 255)  # erases nothing: it was unlabelled
    document.brush((10, 10), (10, 10), 5, 1)
    document.commit()
    (edit,) = journal.edits
    assert [p.rect for p in edit.patches] == [Rect(0, 0, 128, 128)]  # type: ignore[union-attr]


def test_an_edit_that_changes_nothing_leaves_no_trace(document: MaskDocument, journal: ListJournal) -> None:
    document.begin("eraser")
    document.brush((50, 50), (350, 50), 30, 255)
    assert not document.commit()
    assert not document.commit()
    assert journal.edits == []
    assert not document.can_undo


def test_cancel_gives_the_pixels_back_and_says_where(document: MaskDocument, journal: ListJournal) -> None:
    document.brush((50, 50), (60, 60), 10, 0)
    before = document.mask.copy()
    dirty: list[Rect] = []
    document.begin("brush stroke")
    document.brush((0, 0), (399, 299), 30, 1)
    document.changed.connect(dirty.append)
    document.cancel()
    assert np.array_equal(document.mask, before)
    assert dirty == [Rect(0, 0, 400, 300)]
    assert len(journal.edits) == 1
    document.cancel()
    assert len(dirty) == 1


def test_painting_outside_of_an_edit_makes_one_of_its_own(document: MaskDocument, journal: ListJournal) -> None:
    document.brush((10, 10), (20, 20), 8, 1)
    document.polygon([(100, 100), (200, 100), (150, 200)], 2)
    document.fill(0, 299, 0)
    assert [edit.what for edit in journal.edits] == ["brush stroke", "polygon", "fill"]
    expected = np.full((300, 400), 255, np.uint8)
    Sweep.even((10, 10), (20, 20), 8).paint(expected, 1)
    fill_polygon(expected, [(100, 100), (200, 100), (150, 200)], 2)
    expected[expected == 255] = 0
    assert np.array_equal(document.mask, expected)


def test_a_fill_that_would_change_nothing_makes_no_edit(document: MaskDocument, journal: ListJournal) -> None:
    document.fill(5, 5, 255)
    document.fill(-1, 5, 1)
    document.fill(5, 300, 1)
    document.polygon([(900, 900), (950, 900), (950, 950)], 1)
    document.brush((900, 900), (950, 950), 10, 1)
    assert journal.edits == []
    assert not document.is_editing


def test_listeners_hear_what_to_redraw(document: MaskDocument) -> None:
    dirty: list[Rect] = []
    document.changed.connect(dirty.append)
    document.brush((100, 100), (110, 100), 10, 1)
    (rect,) = dirty
    ys, xs = np.nonzero(document.mask == 1)
    assert rect.x <= xs.min() and rect.right > xs.max() and rect.y <= ys.min() and rect.bottom > ys.max()
    assert rect.width < 30 and rect.height < 20
    document.undo()
    assert dirty[1] == Rect(0, 0, 128, 128)


def test_listeners_hear_when_undo_and_redo_become_possible(document: MaskDocument) -> None:
    heard: list[tuple[bool, bool, str, str]] = []
    document.history_changed.connect(
        lambda: heard.append((document.can_undo, document.can_redo, document.undo_text, document.redo_text))
    )
    document.brush((10, 10), (20, 20), 8, 1)
    document.undo()
    document.redo()
    stroke = "brush stroke"
    assert heard == [(True, False, stroke, ""), (False, True, "", stroke), (True, False, stroke, "")]
    assert document.is_labelled


def test_undo_at_the_beginning_and_redo_at_the_end_do_nothing(document: MaskDocument, placed: PointsDocument) -> None:
    assert document.undo() is None
    assert document.redo() is None
    assert placed.undo() is None
    assert placed.redo() is None


def test_undo_in_the_middle_of_a_stroke_takes_that_stroke_back(document: MaskDocument) -> None:
    document.begin("brush stroke")
    document.brush((10, 10), (20, 20), 8, 1)
    document.undo()
    assert (document.mask == 255).all()
    assert document.can_redo
    assert not document.is_editing


def test_beginning_again_commits_the_edit_that_was_open(document: MaskDocument, journal: ListJournal) -> None:
    document.begin("brush stroke")
    document.brush((10, 10), (20, 20), 8, 1)
    document.begin("eraser")
    document.brush((10, 10), (12, 12), 8, 255)
    document.commit()
    assert [edit.what for edit in journal.edits] == ["brush stroke", "eraser"]


def test_a_stroke_that_the_journal_refuses_stays_and_comes_along_with_the_next(
    document: MaskDocument, journal: ListJournal
) -> None:
    journal.full = True
    document.begin("brush stroke")
    document.brush((10, 10), (20, 20), 8, 1)
    with pytest.raises(CannotWrite):
        document.commit()
    journal.full = False
    document.begin("brush stroke")
    document.brush((200, 200), (220, 220), 8, 1)
    assert document.commit()

    assert len(journal.edits) == 1
    assert document.mask[15, 15] == 1
    document.undo()
    assert (document.mask == 255).all()


def test_cancelling_the_stroke_after_a_refused_one_leaves_that_alone(
    document: MaskDocument, journal: ListJournal
) -> None:
    journal.full = True
    document.begin("brush stroke")
    document.brush((10, 10), (20, 20), 8, 1)
    with pytest.raises(CannotWrite):
        document.commit()
    refused = document.mask.copy()
    document.begin("brush stroke")
    document.brush((15, 15), (220, 220), 8, 2)
    document.cancel()
    assert np.array_equal(document.mask, refused)
    journal.full = False
    assert document.commit()
    assert len(journal.edits) == 1
    document.undo()
    assert (document.mask == 255).all()


def test_a_refused_stroke_can_be_cancelled(document: MaskDocument, journal: ListJournal) -> None:
    journal.full = True
    with pytest.raises(CannotWrite):
        document.brush((10, 10), (20, 20), 8, 1)
    document.cancel()
    journal.full = False
    assert (document.mask == 255).all()
    document.begin("brush stroke")
    assert not document.commit()


def test_replacing_the_mask_is_one_edit_and_leaves_protected_values_alone(document: MaskDocument) -> None:
    document.brush((50, 50), (60, 60), 20, 2)
    protected = document.mask == 2
    new = np.zeros((300, 400), np.uint8)
    new[100:] = 1
    assert document.replace(new, "accepted prediction", keep={2})
    assert np.array_equal(document.mask, np.where(protected, 2, new))
    assert not document.replace(document.mask.copy(), "again")
    document.undo()
    assert np.array_equal(document.mask, np.where(protected, 2, 255))


def test_replacing_by_another_size_is_refused(document: MaskDocument) -> None:
    with pytest.raises(ValueError, match="shape"):
        document.replace(np.zeros((3, 4), np.uint8), "wrong")


def test_nobody_else_can_write_the_mask(document: MaskDocument) -> None:
    with pytest.raises(ValueError, match="read-only"):
        document.mask[0, 0] = 1
    assert document.size == (400, 300)


def test_touching_outside_of_the_mask_is_harmless(document: MaskDocument) -> None:
    document.begin("nothing")
    document.touch(Rect(-50, -50, 20, 20))
    document.touch(Rect(390, 290, 50, 50))
    assert not document.commit()


def test_a_point_is_placed_moved_hidden_and_removed_each_as_one_edit(
    placed: PointsDocument, journal: ListJournal
) -> None:
    placed.place(Keypoint(index=1, x=10.5, y=20.5))
    placed.move(1, 30.0, 40.0)
    placed.set_visibility(1, Visibility.HIDDEN)
    assert placed.points.get(1) == Keypoint(index=1, x=30.0, y=40.0, visibility=Visibility.HIDDEN)
    placed.remove(1)
    assert placed.points == Points()
    assert [edit.what for edit in journal.edits] == [
        "placing a point",
        "moving a point",
        "visibility",
        "removing a point",
    ]

    placed.undo()
    placed.undo()
    assert placed.points.get(1) == Keypoint(index=1, x=30.0, y=40.0)
    placed.redo()
    assert placed.points.get(1) == Keypoint(index=1, x=30.0, y=40.0, visibility=Visibility.HIDDEN)


def test_a_drag_is_one_edit(placed: PointsDocument, journal: ListJournal) -> None:
    placed.place(Keypoint(index=0, x=0, y=0))
    heard: list[Points] = []
    placed.changed.connect(lambda: heard.append(placed.points))
    placed.begin("drag")
    for x in range(1, 6):
        placed.move(0, float(x), 2.0)
    assert placed.is_editing
    assert placed.commit()
    assert len(journal.edits) == 2
    assert len(heard) == 5
    placed.undo()
    assert placed.points.get(0) == Keypoint(index=0, x=0, y=0)


def test_a_drag_can_be_cancelled(placed: PointsDocument, journal: ListJournal) -> None:
    placed.place(Keypoint(index=0, x=0, y=0))
    placed.begin("drag")
    placed.move(0, 9, 9)
    placed.cancel()
    assert placed.points.get(0) == Keypoint(index=0, x=0, y=0)
    placed.cancel()
    assert len(journal.edits) == 1
    assert not placed.is_editing


def test_a_drag_that_comes_back_to_its_place_leaves_no_trace(placed: PointsDocument, journal: ListJournal) -> None:
    placed.place(Keypoint(index=0, x=0, y=0))
    placed.begin("drag")
    placed.move(0, 9, 9)
    placed.move(0, 0, 0)
    assert not placed.commit()
    assert len(journal.edits) == 1
    placed.place(Keypoint(index=0, x=0, y=0))
    assert len(journal.edits) == 1


def test_a_point_that_is_not_placed_cannot_be_moved(placed: PointsDocument) -> None:
    with pytest.raises(KeyError, match="not placed"):
        placed.move(3, 1, 1)
    with pytest.raises(KeyError, match="not placed"):
        placed.set_visibility(3, Visibility.ABSENT)


def test_points_that_the_journal_refuses_come_along_with_the_next(placed: PointsDocument, journal: ListJournal) -> None:
    journal.full = True
    with pytest.raises(CannotWrite):
        placed.place(Keypoint(index=0, x=1, y=1))
    assert placed.points.get(0) is not None
    journal.full = False
    placed.begin("placing a point")
    placed.place(Keypoint(index=1, x=2, y=2))
    assert placed.commit()
    placed.undo()
    assert placed.points == Points()


def test_cancelling_the_drag_after_refused_points_leaves_those_alone(
    placed: PointsDocument, journal: ListJournal
) -> None:
    journal.full = True
    with pytest.raises(CannotWrite):
        placed.place(Keypoint(index=0, x=50, y=60))
    refused = placed.points
    placed.begin("drag")
    placed.move(0, 70, 80)
    placed.cancel()
    assert placed.points == refused
    journal.full = False
    assert placed.commit()
    assert journal.edits[-1].new == refused  # type: ignore[union-attr]


def test_cancelling_a_choice_after_refused_tags_leaves_those_alone(journal: ListJournal) -> None:
    document = TagsDocument(None, journal, journal.history())
    journal.full = True
    with pytest.raises(CannotWrite):
        document.choose(2)
    document.begin("tags")
    document.toggle(5)
    document.cancel()
    assert document.tags == Tags((2,))
    journal.full = False
    assert document.commit()
    document.undo()
    assert document.tags is None


def test_refused_points_can_be_cancelled(placed: PointsDocument, journal: ListJournal) -> None:
    journal.full = True
    with pytest.raises(CannotWrite):
        placed.place(Keypoint(index=0, x=1, y=1))
    placed.cancel()
    assert placed.points == Points()
    journal.full = False
    assert placed.replace(Points((Keypoint(index=2, x=5, y=5),)), "accepted prediction")
    assert placed.undo_text == "accepted prediction"


def test_beginning_a_drag_commits_the_one_that_was_open(placed: PointsDocument, journal: ListJournal) -> None:
    placed.begin("drag")
    placed.place(Keypoint(index=0, x=1, y=1))
    placed.begin("drag")
    assert len(journal.edits) == 1


def test_an_edit_that_the_store_made_reaches_the_picture_and_who_listens(
    document: MaskDocument, journal: ListJournal
) -> None:
    dirty: list[Rect] = []
    document.changed.connect(dirty.append)
    document.adopt(MaskEdit.between(document.mask, document.mask, "nothing"), journal.history())
    assert dirty == []
    new = document.mask.copy()
    new[5, 5] = 1
    document.adopt(MaskEdit.between(document.mask, new, "accepted prediction"), journal.history())
    assert np.array_equal(document.mask, new)
    assert dirty == [Rect(0, 0, 128, 128)]


def test_adopted_points_are_told_once_and_only_when_they_differ(placed: PointsDocument, journal: ListJournal) -> None:
    heard: list[Points] = []
    placed.changed.connect(lambda: heard.append(placed.points))
    new = Points((Keypoint(index=0, x=1, y=2),))
    placed.adopt(PointsEdit("accepted prediction", Points(), new), journal.history())
    placed.adopt(PointsEdit("accepted prediction", Points(), new), journal.history())
    assert heard == [new]


def test_a_locked_class_is_never_painted_over_nor_erased(document: MaskDocument, journal: ListJournal) -> None:
    document.fill(0, 0, 0)
    document.polygon([(50, 50), (150, 50), (150, 150), (50, 150)], 1)
    document.protection = Protection(frozenset({1}))
    document.brush((0, 100), (399, 100), 40, 2)
    document.brush((100, 0), (100, 299), 40, 255)
    document.replace(np.full((300, 400), 2, np.uint8), "accepting the prediction")
    assert (document.mask[50:150, 50:150] == 1).all()
    assert np.count_nonzero(document.mask == 2) == 300 * 400 - 100 * 100
    document.undo()
    document.undo()
    assert (document.mask != 1).any()


def test_over_unlabelled_only_labels_stay_and_can_still_be_erased(document: MaskDocument) -> None:
    document.brush((50, 50), (150, 50), 20, 1)
    before = document.mask.copy()
    document.protection = Protection(only_unlabelled=True)
    document.brush((100, 0), (100, 100), 20, 2)
    assert (document.mask[before == 1] == 1).all()
    assert (document.mask == 2).any()
    document.brush((100, 50), (100, 50), 6, 255)
    assert document.mask[50, 100] == 255


def test_an_edit_that_met_nothing_but_protected_pixels_says_so(document: MaskDocument, journal: ListJournal) -> None:
    held: list[int] = []
    document.held_back.connect(held.append)
    document.fill(0, 0, 1)
    document.protection = Protection(frozenset({1}))
    document.brush((50, 50), (60, 60), 9, 2)
    assert held == [1] and len(journal.edits) == 1
    document.brush((50, 50), (60, 60), 9, 1)  # it has that class already
    assert held == [1]


def test_many_values_are_painted_at_once(document: MaskDocument) -> None:
    values = np.arange(100, dtype=np.uint8).reshape(10, 10)
    region = values % 3 == 0
    document.paint(Rect(20, 30, 10, 10), region, values)
    assert np.array_equal(document.mask[30:40, 20:30], np.where(region, values, 255))


def test_a_jump_shows_any_state_of_the_past_and_of_the_future(document: MaskDocument, journal: ListJournal) -> None:
    rng = np.random.default_rng(3)
    masks = [document.mask.copy()]
    for number in range(12):
        a, b = rng.random((2, 2)) * (400, 300)
        document.brush(tuple(a), tuple(b), 30, number % 3)
        masks.append(document.mask.copy())
    for target in (3, 11, 0, 12, 7):
        document.go_to(target)
        assert document.head == target
        assert np.array_equal(document.mask, masks[target])
    assert document.go_to(7) is None
    document.undo()
    assert np.array_equal(document.mask, masks[6])


def test_points_jump_too(placed: PointsDocument, journal: ListJournal) -> None:
    for index in range(4):
        placed.place(Keypoint(index=index, x=index, y=index, visibility=Visibility.VISIBLE))
    placed.go_to(1)
    assert len(placed.points.placed) == 1
    placed.go_to(3)
    assert len(placed.points.placed) == 3
    assert placed.can_redo
