"""The item list: filters, moving on, and a hundred thousand rows that cost nothing until they are looked at."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from studio.core.items import Item, LabelState, Split
from studio.ui.widgets.item_list import ITEM_ROLE, PROPOSED_ROLE, ItemListModel

SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


def listed(desk) -> list[str]:
    return [item.name for item in desk.store.items(desk.page.items.model.ids)]


def choose(combo, data) -> None:
    combo.setCurrentIndex(combo.findData(data))


def select(desk, *rows: int) -> None:
    view = desk.page.items.list
    for row in rows:
        view.selectionModel().select(desk.page.items.model.index(row), QItemSelectionModel.SelectionFlag.Select)


def test_names_are_listed_in_natural_order_and_counted(make_desk):
    desk = make_desk(names=["b10.png", "b9.png", "a.png"])
    assert listed(desk) == ["a.png", "b9.png", "b10.png"]
    assert desk.page.items.counts.text() == "3 items · 0 labelled"


def test_typing_filters_by_name(make_desk):
    desk = make_desk(names=["left_1.png", "left_2.png", "right_1.png"])
    QTest.keyClicks(desk.page.items.filter_bar.search, "left")
    desk.qtbot.waitUntil(lambda: len(desk.page.items.model.ids) == 2)
    assert listed(desk) == ["left_1.png", "left_2.png"]
    assert desk.page.items.counts.text() == "2 of 3 · 0 labelled"


def test_letters_typed_into_the_search_do_not_change_the_tool(make_desk):
    desk = make_desk()
    QTest.keyClicks(desk.page.items.filter_bar.search, "ep1")
    assert desk.page.choices.tool == "brush"
    assert desk.page.items.filter_bar.search.text() == "ep1"


def test_state_split_and_class_filter_together(make_desk):
    desk = make_desk(4)
    for item, class_id in zip(desk.ids[:3], (0, 1, 1), strict=True):
        desk.open(item)
        desk.page.choices.choose_class(class_id)
        desk.drag((20, 20), (100, 20))
    desk.store.set_split([desk.ids[2]], Split.VALID)
    bar = desk.page.items.filter_bar
    choose(bar.state, LabelState.LABELLED)
    assert list(desk.page.items.model.ids) == desk.ids[:3]
    choose(bar.label_class, 1)
    assert list(desk.page.items.model.ids) == desk.ids[1:3]
    choose(bar.split, Split.VALID)
    assert list(desk.page.items.model.ids) == [desk.ids[2]]
    choose(bar.state, LabelState.UNLABELLED)
    assert list(desk.page.items.model.ids) == []


def test_a_filter_without_a_result_says_so_and_offers_all_items(make_desk):
    desk = make_desk()
    choose(desk.page.items.filter_bar.state, LabelState.LEFT_OUT)
    button = desk.page.items.findChild(QPushButton, "show_all_items")
    assert button.isVisible()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert list(desk.page.items.model.ids) == desk.ids


def test_keys_go_to_the_next_and_the_previous_item(make_desk):
    desk = make_desk()
    for key, keys, expected in (
        (Qt.Key.Key_N, Qt.KeyboardModifier.NoModifier, 1),
        (Qt.Key.Key_PageDown, Qt.KeyboardModifier.NoModifier, 2),
        (Qt.Key.Key_PageDown, Qt.KeyboardModifier.NoModifier, 2),
        (Qt.Key.Key_N, SHIFT, 1),
        (Qt.Key.Key_Left, CTRL, 0),
    ):
        desk.key(key, keys)
        desk.wait_for(desk.ids[expected])
        assert desk.page.items.list.currentIndex().row() == expected


def test_u_goes_to_the_next_unlabelled_item(make_desk):
    desk = make_desk(4)
    desk.open(desk.ids[1])
    desk.drag((20, 20), (100, 20))
    desk.open(desk.ids[0])
    desk.key(Qt.Key.Key_U)
    desk.wait_for(desk.ids[2])
    desk.key(Qt.Key.Key_U)
    desk.key(Qt.Key.Key_U)
    assert desk.session.current_item == desk.ids[0]


def test_a_click_in_the_list_opens_the_item(make_desk):
    desk = make_desk()
    view = desk.page.items.list
    place = view.visualRect(desk.page.items.model.index(2)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    desk.wait_for(desk.ids[2])


def test_a_painted_item_turns_labelled_in_the_list(make_desk):
    desk = make_desk()
    model = desk.page.items.model
    desk.drag((20, 20), (100, 20))
    assert model.item(0).state is LabelState.LABELLED
    desk.qtbot.waitUntil(lambda: desk.page.items.counts.text() == "3 items · 1 labelled")


def test_many_selected_items_change_split_and_are_left_out_at_once(make_desk):
    desk = make_desk(5)
    select(desk, 1, 2, 3)
    desk.page.items.move_selected(Split.TEST)
    desk.page.items.leave_out_selected(True)
    items = desk.store.items(desk.ids)
    assert [item.split for item in items] == [Split.TEST] * 4 + [Split.TRAIN]
    assert [item.state for item in items] == [LabelState.LEFT_OUT] * 4 + [LabelState.UNLABELLED]
    desk.page.items.leave_out_selected(False)
    assert desk.store.item(desk.ids[2]).state is LabelState.UNLABELLED


def test_a_project_without_items_says_so_and_offers_to_add_some(make_desk):
    desk = make_desk(0)
    asked = []
    desk.page.add_images_requested.connect(lambda: asked.append(True))
    button = desk.page.findChild(QPushButton, "add_images")
    assert button.isVisible()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert asked == [True]


def test_a_picture_that_cannot_be_read_is_said_in_its_place_and_the_rest_goes_on(make_desk, tmp_path):
    desk = make_desk(14)
    for number, data in ((10, b""), (11, (tmp_path / "pictures" / "frame_011.png").read_bytes()[:900])):
        (tmp_path / "pictures" / f"frame_0{number}.png").write_bytes(data)
    for number in (10, 11):
        desk.session.open_item(desk.ids[number])
        sentence = f"frame_0{number}.png cannot be read"
        desk.qtbot.waitUntil(lambda wanted=sentence: wanted in desk.canvas.accessibleDescription(), timeout=5000)
        assert desk.canvas.document is None
    desk.open(desk.ids[0])
    desk.drag((20, 20), (100, 20))
    assert (desk.mask() == 0).any()


def test_a_broken_picture_has_a_sign_in_the_list_and_the_others_their_thumbnail(make_desk, tmp_path):
    desk = make_desk(2, names=["a.png", "b.png"])
    thumbnails = desk.page.items.thumbnails
    desk.qtbot.waitUntil(lambda: thumbnails.get(desk.ids[0], tmp_path / "pictures" / "a.png") is not None)
    (tmp_path / "pictures" / "b.png").write_bytes(b"no picture")
    thumbnails.forget(desk.ids[1])
    desk.qtbot.waitUntil(
        lambda: (
            thumbnails.get(desk.ids[1], tmp_path / "pictures" / "b.png") is None and thumbnails.is_broken(desk.ids[1])
        )
    )


class CountingStore:
    def __init__(self) -> None:
        self.fetched = 0

    def items(self, ids: list[int]) -> list[Item]:
        self.fetched += len(ids)
        return [
            Item(id=i, name=f"{i:06}.jpg", path=None, split=Split.TRAIN, state=LabelState.UNLABELLED)  # type: ignore[arg-type]
            for i in ids
        ]


def test_a_hundred_thousand_rows_are_fetched_only_where_one_looks(qtbot):
    store = CountingStore()
    model = ItemListModel(store.items)
    model.set_ids(list(range(100_000)))
    assert model.rowCount() == 100_000 and store.fetched == 0
    for row in range(50_000, 50_030):
        assert model.index(row).data(ITEM_ROLE).id == row
    assert store.fetched <= 128


def test_whose_proposal_waits_is_asked_for_many_rows_at_once(qtbot):
    asked: list[list[int]] = []
    model = ItemListModel(CountingStore().items, proposed=lambda ids: asked.append(ids) or {50_007})
    model.set_ids(list(range(100_000)))
    assert [row for row in range(50_000, 50_030) if model.index(row).data(PROPOSED_ROLE)] == [50_007]
    assert len(asked) == 1


def test_scrolling_through_all_rows_keeps_a_bounded_number_of_them(qtbot):
    store = CountingStore()
    model = ItemListModel(store.items)
    model.set_ids(list(range(100_000)))
    tracemalloc.start()
    for row in range(0, 100_000, 16):
        model.item(row)
    kept, _peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert store.fetched <= 100_064
    assert kept < 3_000_000


def test_a_changed_item_is_read_anew_and_no_other(qtbot):
    store = CountingStore()
    model = ItemListModel(store.items)
    model.set_ids(list(range(1000)))
    model.item(10), model.item(500)
    before = store.fetched
    with qtbot.waitSignal(model.dataChanged) as changed:
        model.refresh([10])
    assert (changed.args[0].row(), changed.args[1].row()) == (10, 10)
    model.item(10), model.item(500)
    assert store.fetched - before == 64


@pytest.mark.parametrize("count", [1, 63, 64, 65])
def test_the_last_page_of_rows_may_be_short(qtbot, count):
    model = ItemListModel(CountingStore().items)
    model.set_ids(list(range(count)))
    assert [model.item(row).id for row in range(count)] == list(np.arange(count))
