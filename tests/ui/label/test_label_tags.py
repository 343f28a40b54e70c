"""Labels of whole pictures: keys, clicks, marks, chips, going on by itself, and many items as one action."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from studio.core.classes import make_classes
from studio.core.errors import CannotWrite
from studio.core.items import Split
from studio.core.recipe import RunSpec, Stage
from studio.core.review import SCORES_FILE, Decision, ItemScore, encode_score
from studio.core.settings import Task
from studio.core.tags import NONE_OF_THEM, PredictedTags, Tags
from studio.ui.keyboard.catalogue import Catalogue
from studio.ui.label.swatch_list import BADGE_ROLE, MARK_ROLE
from studio.ui.label.tagging.keys import tag_keys
from studio.ui.session import Overlay, Page
from tests.ui.label.conftest import Desk, Make

Key, Ctrl, Shift = Qt.Key, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
WEATHER = ("clear", "haze", "cloudy")


@pytest.fixture
def multi(make_desk: Make) -> Desk:
    return make_desk(4, task=Task.MULTI_LABEL, classes=WEATHER)


@pytest.fixture
def single(make_desk: Make) -> Desk:
    return make_desk(4, task=Task.SINGLE_LABEL, classes=WEATHER)


def tags(desk: Desk, number: int = 0) -> Tags | None:
    return desk.store.read_tags(desk.ids[number])


def marks(desk: Desk) -> list[int]:
    panel = desk.page.tags
    assert panel is not None
    return [panel.model.index(row).data(MARK_ROLE) for row in range(len(panel.model.classes))]


def select(desk: Desk, rows: Sequence[int]) -> None:
    """Click the first, then Ctrl+click the others in the item list."""
    view = desk.page.items.list
    for number, row in enumerate(rows):
        place = view.visualRect(desk.page.items.model.index(row)).center()
        QTest.mouseClick(
            view.viewport(), Qt.MouseButton.LeftButton, Ctrl if number else Qt.KeyboardModifier.NoModifier, place
        )
    desk.wait_for(desk.ids[rows[-1]])
    QApplication.processEvents()


def test_number_keys_add_tags_and_take_them_away(multi: Desk) -> None:
    multi.key(Key.Key_1)
    multi.key(Key.Key_3)
    assert tags(multi) == Tags((0, 2))
    assert marks(multi) == [2, 0, 2]
    multi.key(Key.Key_1)
    assert tags(multi) == Tags((2,))
    multi.key(Key.Key_Z, Ctrl)
    multi.key(Key.Key_Z, Ctrl)
    assert tags(multi) == Tags((0,))
    multi.key(Key.Key_Z, Ctrl | Shift)
    assert tags(multi) == Tags((0, 2))


def test_zero_says_none_of_them_and_backspace_takes_back_what_was_said(multi: Desk) -> None:
    multi.key(Key.Key_0)
    assert tags(multi) == NONE_OF_THEM
    assert multi.store.item(multi.ids[0]).state == "labelled"
    multi.key(Key.Key_Backspace)
    assert tags(multi) is None
    assert multi.store.item(multi.ids[0]).state == "unlabelled"


def test_a_click_on_a_class_gives_it(multi: Desk) -> None:
    panel = multi.page.tags
    assert panel is not None
    place = panel.list.visualRect(panel.model.index(1)).center()
    QTest.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert tags(multi) == Tags((1,))


def test_chips_lie_in_the_corner_of_the_picture_and_go_with_the_label(multi: Desk) -> None:
    def corner() -> bytes:
        QApplication.processEvents()
        image = multi.canvas.grab().toImage().copy(0, 0, 300, 44)
        return bytes(image.constBits())

    empty = corner()
    multi.key(Key.Key_1)
    tagged = corner()
    assert tagged != empty
    multi.key(Key.Key_O)
    hidden = corner()
    assert hidden not in (tagged, empty)
    multi.key(Key.Key_O)
    assert corner() == tagged


def test_choosing_the_only_class_goes_on_to_the_next_item(single: Desk) -> None:
    for key in (Key.Key_1, Key.Key_2, Key.Key_3):
        shown = single.session.current_item
        single.key(key)
        assert single.session.current_item != shown
        single.wait_for(single.session.current_item or 0)
    single.key(Key.Key_1)
    assert [tags(single, n) for n in range(4)] == [Tags((0,)), Tags((1,)), Tags((2,)), Tags((0,))]
    assert "last item" in single.page.status.hint.toolTip() + single.page.status.hint.text()


def test_undo_right_after_going_on_takes_the_class_back_and_shows_its_item_again(single: Desk) -> None:
    single.key(Key.Key_1)
    assert single.session.current_item == single.ids[1]
    single.key(Key.Key_Z, Ctrl)
    assert single.session.current_item == single.ids[0]
    assert tags(single) is None
    single.key(Key.Key_Z, Ctrl | Shift)
    assert tags(single) == Tags((0,))
    assert single.session.current_item == single.ids[1]
    single.key(Key.Key_Z, Ctrl)
    assert tags(single) is None
    single.key(Key.Key_2)
    single.key(Key.Key_N)
    single.key(Key.Key_Z, Ctrl)  # on an item further on it means that item alone
    assert tags(single) == Tags((1,))


def test_undo_goes_back_along_all_the_items_that_were_chosen_for(single: Desk) -> None:
    for key in (Key.Key_1, Key.Key_2, Key.Key_3):
        single.key(key)
    single.key(Key.Key_1)  # the last item, which leads nowhere
    for left in (3, 2, 1, 0):
        single.key(Key.Key_Z, Ctrl)
        assert [tags(single, n) is not None for n in range(4)] == [n < left for n in range(4)]
        assert single.session.current_item == single.ids[min(left, 3)]
    for done in (1, 2, 3):
        single.key(Key.Key_Y, Ctrl)
        assert [tags(single, n) is not None for n in range(4)] == [n < done for n in range(4)]
        assert single.session.current_item == single.ids[done]


def test_undo_goes_past_a_choice_that_changed_nothing(single: Desk) -> None:
    single.key(Key.Key_1)
    single.key(Key.Key_3)
    single.open(single.ids[0])
    single.key(Key.Key_2)
    single.key(Key.Key_3)  # what it was already
    assert single.session.current_item == single.ids[2]
    single.key(Key.Key_Z, Ctrl)
    assert [tags(single, n) for n in range(2)] == [Tags((0,)), Tags((2,))]
    assert single.session.current_item == single.ids[0]


def test_choosing_for_an_unlabelled_item_goes_on_to_the_next_that_is_unlabelled_too(single: Desk) -> None:
    single.open(single.ids[1])
    single.key(Key.Key_1)
    assert single.session.current_item == single.ids[2]
    single.open(single.ids[0])
    single.key(Key.Key_1)
    assert single.session.current_item == single.ids[2]
    single.key(Key.Key_Z, Ctrl)
    assert single.session.current_item == single.ids[0]
    assert [tags(single, n) for n in range(2)] == [None, Tags((0,))]


def test_where_nothing_unlabelled_follows_choosing_stays_and_says_so(single: Desk) -> None:
    single.open(single.ids[3])
    single.key(Key.Key_1)
    single.open(single.ids[2])
    single.key(Key.Key_2)
    assert single.session.current_item == single.ids[2]
    hint = single.page.status.hint
    assert hint.text() == "No unlabelled item follows in the list; U goes to the ones before."
    single.key(Key.Key_U)
    single.key(Key.Key_1)
    single.key(Key.Key_1)
    assert single.session.current_item == single.ids[1]
    assert hint.text() == "Every item that the filter lets through is labelled."


def test_choosing_for_labelled_items_goes_through_them_one_by_one(single: Desk) -> None:
    for key in (Key.Key_1, Key.Key_1, Key.Key_1):
        single.key(key)
    single.open(single.ids[0])
    single.key(Key.Key_2)
    assert single.session.current_item == single.ids[1]
    single.key(Key.Key_3)
    assert single.session.current_item == single.ids[2]
    assert [tags(single, n) for n in range(3)] == [Tags((1,)), Tags((2,)), Tags((0,))]


def test_what_could_not_be_taken_back_can_be_taken_back_later(single: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    single.key(Key.Key_1)
    with monkeypatch.context() as broken:

        def refuse(_edits: object) -> list[int]:
            raise CannotWrite(single.store.root, "the disk is full")

        broken.setattr(single.store.tags, "undo", refuse)
        single.key(Key.Key_Z, Ctrl)
        assert "disk is full" in single.page.notice.sentence.text()
    assert tags(single) == Tags((0,))
    single.key(Key.Key_Z, Ctrl)
    assert tags(single) is None
    assert single.session.current_item == single.ids[0]


def test_redo_after_an_older_step_was_undone_means_that_step(single: Desk) -> None:
    single.key(Key.Key_1)
    single.open(single.ids[0])
    single.key(Key.Key_2)
    single.key(Key.Key_Z, Ctrl)
    single.key(Key.Key_Z, Ctrl)  # the first choice, which is the item's own by now
    assert tags(single) is None
    single.key(Key.Key_Y, Ctrl)
    assert tags(single) == Tags((0,))
    assert single.session.current_item == single.ids[0]
    single.key(Key.Key_Y, Ctrl)
    assert tags(single) == Tags((1,))


def test_whoever_came_from_review_stays_after_choosing_and_esc_goes_back(single: Desk) -> None:
    item = single.ids[1]
    single.session.open_item(item, Overlay(run="0001", item=item, came_from=Page.REVIEW))
    single.wait_for(item)
    single.key(Key.Key_2)
    assert tags(single, 1) == Tags((1,))
    assert single.session.current_item == item
    with single.qtbot.waitSignal(single.session.page_requested) as asked:
        single.key(Key.Key_Escape)
    assert asked.args == [Page.REVIEW]
    single.open(item)
    single.key(Key.Key_3)
    assert single.session.current_item == single.ids[2]


def test_going_on_can_be_switched_off_and_stays_off(single: Desk) -> None:
    panel = single.page.tags
    assert panel is not None
    panel.advance.click()
    single.key(Key.Key_1)
    single.key(Key.Key_2)
    assert single.session.current_item == single.ids[0]
    assert tags(single) == Tags((1,))
    assert marks(single) == [0, 2, 0]
    action = next(a for a in single.page.actions() if a.objectName() == "tag_advance")
    assert not action.isChecked()
    single.trigger("tag_advance")
    assert panel.advance.isChecked()


def test_a_key_tags_all_selected_items_and_undo_takes_it_back_from_all(multi: Desk) -> None:
    multi.open(multi.ids[1])
    multi.key(Key.Key_1)
    select(multi, (0, 1, 2))
    assert marks(multi) == [1, 0, 0]
    multi.key(Key.Key_1)
    assert [tags(multi, n) for n in range(4)] == [Tags((0,)), Tags((0,)), Tags((0,)), None]
    assert marks(multi) == [2, 0, 0]
    assert "3 items are clear now, 1 of them were before" in multi.page.status.hint.text()
    multi.key(Key.Key_Z, Ctrl)
    assert [tags(multi, n) for n in range(4)] == [None, Tags((0,)), None, None]
    multi.key(Key.Key_Y, Ctrl)
    assert [tags(multi, n) for n in range(4)] == [Tags((0,)), Tags((0,)), Tags((0,)), None]
    multi.key(Key.Key_1)
    assert [tags(multi, n) for n in range(3)] == [NONE_OF_THEM] * 3


def test_after_going_elsewhere_undo_means_the_shown_item_alone(multi: Desk) -> None:
    select(multi, (0, 1))
    multi.key(Key.Key_2)
    multi.open(multi.ids[0])
    multi.key(Key.Key_Z, Ctrl)
    assert [tags(multi, n) for n in range(2)] == [None, Tags((1,))]


def test_undo_on_one_of_many_items_says_that_the_others_stay(multi: Desk) -> None:
    select(multi, (0, 1, 2))
    multi.key(Key.Key_2)
    select(multi, (1,))
    multi.key(Key.Key_1)
    multi.key(Key.Key_Z, Ctrl)
    assert "only" not in multi.page.status.hint.text()  # that step was taken here alone
    multi.key(Key.Key_Z, Ctrl)
    assert [tags(multi, n) for n in range(3)] == [Tags((1,)), None, Tags((1,))]
    assert multi.page.status.hint.text() == "Taken back on this item only; 2 other items stay as they are."


def test_hundreds_of_items_are_tagged_beside_the_window(make_desk: Make) -> None:
    desk = make_desk(2, task=Task.MULTI_LABEL, classes=WEATHER)
    from studio.core.items import NewItem

    desk.store.add_items(NewItem(name=f"more/{n}.png", path=desk.store.root / f"{n}.png") for n in range(400))
    desk.page.items.reload()
    QTest.keyClick(desk.canvas, Key.Key_A, Ctrl)
    tagging = desk.page.label_actions.tagging
    assert tagging is not None
    desk.qtbot.waitUntil(lambda: tagging.number == 402)
    desk.key(Key.Key_3)
    desk.key(Key.Key_2)  # while that goes on, nothing else is labelled
    desk.qtbot.waitUntil(lambda: not tagging.is_busy and marks(desk) == [0, 0, 2], timeout=10_000)
    ids = desk.store.item_ids()
    assert set(desk.store.tags.of(ids).values()) == {Tags((2,))}
    document = desk.page.showing.document
    assert document is not None and document.is_labelled
    desk.key(Key.Key_Z, Ctrl)
    desk.qtbot.waitUntil(lambda: not tagging.is_busy and marks(desk) == [0, 0, 0], timeout=10_000)
    assert set(desk.store.tags.of(ids).values()) == {None}


def test_all_selected_items_change_their_split_or_are_left_out(make_desk: Make) -> None:
    desk = make_desk(4)
    select(desk, (0, 2))
    desk.trigger("move_to_valid")
    desk.trigger("leave_out")
    items = desk.store.items(desk.ids)
    assert [item.split.value for item in items] == ["valid", "train", "valid", "train"]
    assert [item.state.value for item in items] == ["left out", "unlabelled", "left out", "unlabelled"]
    assert desk.page.status.hint.text() == "2 items are left out of every run now."
    desk.trigger("take_back_in")
    assert desk.store.item(desk.ids[0]).state == "unlabelled"


def test_more_classes_than_digits_get_letters_that_no_action_has(make_desk: Make) -> None:
    names = [f"class {n}" for n in range(8)] + ["mud", "water", "zebra", "fog"]
    desk = make_desk(2, task=Task.MULTI_LABEL, classes=names)
    panel = desk.page.tags
    assert panel is not None
    badges = {c.name: panel.model.index(row).data(BADGE_ROLE) for row, c in enumerate(panel.model.classes)}
    assert badges["mud"] == "9" and badges["water"] == "W"
    assert badges["zebra"] not in desk.page.label_actions.reserved_keys | {""}
    desk.key(Key.Key_W)
    assert tags(desk) == Tags((9,))


def test_keys_never_meet() -> None:
    keys = tag_keys(make_classes([f"name {n}" for n in range(60)]), ["N", "0", "A"])
    assert len(set(keys.values())) == len(keys) == 9 + 24
    assert not {"N", "A", "0"} & set(keys.values())


def test_a_class_is_found_by_its_letters(multi: Desk) -> None:
    multi.key(Key.Key_Slash)
    panel = multi.page.tags
    assert panel is not None and panel.search.hasFocus()
    QTest.keyClicks(panel.search, "hz")
    assert panel.list.isRowHidden(0) and not panel.list.isRowHidden(1)
    QTest.keyClick(panel.search, Key.Key_Return)
    assert tags(multi) == Tags((1,))
    assert multi.canvas.hasFocus() and not panel.list.isRowHidden(0)
    multi.key(Key.Key_Slash)
    QTest.keyClick(panel.search, Key.Key_Down)
    QTest.keyClick(panel.search, Key.Key_Return)
    assert tags(multi) == Tags((0, 1))
    multi.key(Key.Key_Slash)
    QTest.keyClick(panel.search, Key.Key_Escape)
    assert multi.canvas.hasFocus()


def test_a_class_that_is_added_has_a_key_at_once(multi: Desk) -> None:
    panel = multi.page.tags
    assert panel is not None
    panel.add()
    multi.canvas.setFocus()
    multi.key(Key.Key_4)
    assert tags(multi) == Tags((3,))


def test_only_what_means_something_is_offered(multi: Desk) -> None:
    offered = {
        entry.action.objectName() for entry in Catalogue(lambda: [("", a) for a in multi.page.actions()]).entries
    }
    assert {"tag_none", "tag_clear", "tag_find", "select_all_items", "fit", "zoom_in", "overlay"} <= offered
    assert not {"propose_here", "accept_here", "next_view", "smaller_brush", "tag_advance"} & offered
    multi.key(Key.Key_D)  # goes round between views that there are none of
    assert multi.page.choices.view == "label"


def test_what_a_run_says_stands_above_the_picture_and_one_key_takes_it_over(multi: Desk) -> None:
    store, (first, second, *_) = multi.store, multi.ids
    store.tags.replace(dict.fromkeys(multi.ids, Tags((0,))), "by hand")
    store.set_split([second], Split.VALID)
    stage = Stage(epochs=1, height=32, width=32)
    record = store.create_run(RunSpec(task=Task.MULTI_LABEL, stages=(stage,)))
    said = PredictedTags(tags=Tags((1, 2)), shares=((1, 0.9), (2, 0.41), (0, 0.05)))
    name = store.item(first).name
    score = ItemScore(
        item=first, name=name, split=Split.TRAIN, revision=1, loss=1.0, error=3.0, tags=said, label=Tags((0,))
    )
    (record.folder / SCORES_FILE).write_bytes(encode_score(score))
    store.review.load_scores(record.id)
    multi.session.open_item(first, Overlay(run=record.id, item=first))
    bar = multi.page.options
    multi.qtbot.waitUntil(lambda: bar.run_label.text() == "Run 0001: haze 90 %, cloudy 41 %", timeout=10_000)
    assert not any(button.isVisible() for button in bar.view_buttons.values())
    multi.key(Key.Key_A, Shift)
    assert tags(multi) == Tags((1, 2))
    assert [(c.item, c.decision) for c in store.review.corrections(record.id)] == [(first, Decision.EDITED)]
    multi.key(Key.Key_Z, Ctrl)
    assert tags(multi) == Tags((0,))


def test_a_picture_that_cannot_be_read_is_labelled_all_the_same(make_desk: Make) -> None:
    single = make_desk(7, task=Task.SINGLE_LABEL, classes=WEATHER)
    single.store.item(single.ids[6]).path.write_bytes(b"no picture")
    single.session.open_item(single.ids[6])
    single.qtbot.waitUntil(lambda: "cannot be read" in single.canvas.accessibleDescription(), timeout=5000)
    single.key(Key.Key_2)
    assert tags(single, 6) == Tags((1,))


def test_what_is_proposed_for_a_picture_that_cannot_be_read_is_accepted_all_the_same(make_desk: Make) -> None:
    single = make_desk(7, task=Task.SINGLE_LABEL, classes=WEATHER)
    item = single.ids[6]
    single.store.item(item).path.write_bytes(b"no picture")
    said = PredictedTags(tags=Tags((1,)), shares=((1, 0.9), (0, 0.1)))
    single.store.proposals.put(item, "0001", tags=said, uncertainty=0.5)
    single.session.open_item(item)
    single.qtbot.waitUntil(single.page.queue.proposed.isVisible, timeout=5000)
    single.qtbot.waitUntil(lambda: "cannot be read" in single.canvas.accessibleDescription(), timeout=5000)
    single.key(Key.Key_A, Shift)
    assert tags(single, 6) == Tags((1,))
