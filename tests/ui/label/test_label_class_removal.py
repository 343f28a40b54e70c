"""Removing a class: every label that had it says something else afterwards, and nothing is lost for good."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from studio.core.classes import UNLABELLED
from studio.core.settings import Task
from studio.core.tags import Tags
from studio.store import Store

SKY, ROAD, CAR = 0, 1, 2


def paint(desk, item, class_id, y):
    desk.open(item)
    desk.page.choices.choose_class(class_id)
    desk.page.choices.set_brush_size(9)
    desk.drag((10, y), (140, y))


def menu_of(desk, row) -> QMenu:
    panel = desk.page.classes or desk.page.tags
    return panel.menu_of(panel.model.classes[row])


def choose(menu, *path):
    """Go down a menu by the words of its entries."""
    above = menu
    for number, words in enumerate(path):
        action = next((a for a in menu.actions() if a.text() == words), None)
        assert action is not None, f"{words} is not among {[a.text() for a in menu.actions()]}"
        if number + 1 < len(path):
            menu = action.menu()
        else:
            action.trigger()
    above.close()


def names(desk):
    return [c.name for c in desk.session.settings.classes]


@pytest.fixture
def desk(make_desk):
    desk = make_desk()
    for row, item in enumerate(desk.ids[:2]):
        paint(desk, item, CAR, 20 + row)
        paint(desk, item, ROAD, 70)
    return desk


def test_an_unused_class_goes_at_once_and_its_number_is_never_used_again(desk):
    choose(menu_of(desk, 3), "Remove")
    assert names(desk) == ["sky", "road", "car"]
    QTest.mouseClick(desk.page.classes.add_button, Qt.MouseButton.LeftButton)
    assert [c.id for c in desk.session.settings.classes] == [0, 1, 2, 4]


def test_the_pixels_of_a_removed_class_go_to_another_in_every_item(desk):
    before = {}
    for item in desk.ids[:2]:
        desk.open(item)
        before[item] = desk.mask()
    choose(menu_of(desk, CAR), "Remove", "Give what it was to", "road")
    desk.qtbot.waitUntil(lambda: names(desk) == ["sky", "road", "void"], timeout=5000)
    for item in desk.ids[:2]:
        desk.open(item)
        assert np.array_equal(desk.mask(), np.where(before[item] == CAR, ROAD, before[item]))
        desk.trigger("undo")
        assert np.array_equal(desk.mask(), before[item])


def test_the_pixels_of_a_removed_class_can_be_left_unlabelled(desk):
    desk.open(desk.ids[0])
    before = desk.mask()
    choose(menu_of(desk, CAR), "Remove", "Leave unlabelled what it was")
    desk.qtbot.waitUntil(lambda: "car" not in names(desk), timeout=5000)
    assert np.array_equal(desk.mask(), np.where(before == CAR, UNLABELLED, before))
    assert desk.page.choices.class_id in (SKY, ROAD, 3)


def test_the_menu_says_how_many_items_have_the_class(desk):
    menu = menu_of(desk, CAR)
    remove = next(a for a in menu.actions() if a.text() == "Remove").menu()
    assert remove.actions()[0].text() == "2 items have it:"


def test_a_removed_class_comes_back_with_its_pixels_after_undo(desk):
    desk.open(desk.ids[0])
    before = desk.mask()
    choose(menu_of(desk, CAR), "Remove", "Leave unlabelled what it was")
    desk.qtbot.waitUntil(lambda: "car" not in names(desk), timeout=5000)
    desk.trigger("undo")
    assert np.array_equal(desk.mask(), before)
    choose(menu_of(desk, 0), "Bring back", "car")
    assert [(c.id, c.name) for c in desk.session.settings.classes][-1] == (CAR, "car")


def test_a_project_with_a_removed_class_opens_again_and_its_labels_are_whole(desk):
    desk.open(desk.ids[0])
    before = desk.mask()
    choose(menu_of(desk, CAR), "Remove", "Leave unlabelled what it was")
    desk.qtbot.waitUntil(lambda: "car" not in names(desk), timeout=5000)
    desk.trigger("undo")  # the class is gone, and these pixels say it again
    desk.store.flush()
    with Store.open(desk.store.root) as again:
        assert np.array_equal(again.read_mask(desk.ids[0]), before)
        assert [c.name for c in again.settings.retired] == ["car"]


def test_an_item_that_is_being_painted_keeps_the_class_and_the_person_is_told(desk):
    said = []
    desk.session.message.connect(lambda sentence, _tone: said.append(sentence))
    desk.open(desk.ids[0])
    menu = menu_of(desk, CAR)
    desk.press(30, 90)
    choose(menu, "Remove", "Leave unlabelled what it was")
    desk.qtbot.waitUntil(lambda: any("still has car" in sentence for sentence in said), timeout=5000)
    desk.release(30, 90)
    assert "car" in names(desk)
    assert (desk.mask() == CAR).any()


@pytest.mark.parametrize(("into", "left"), [(None, None), ("dog", Tags((1,)))])
def test_a_removed_tag_goes_from_every_item(make_desk, into, left):
    desk = make_desk(task=Task.SINGLE_LABEL, classes=("cat", "dog"))
    desk.store.tags.replace({desk.ids[0]: Tags((0,)), desk.ids[1]: Tags((1,))}, "test")
    path = ("Give what it was to", into) if into else ("Leave unlabelled what it was",)
    choose(menu_of(desk, 0), "Remove", *path)
    desk.qtbot.waitUntil(lambda: names(desk) == ["dog"], timeout=5000)
    assert desk.store.tags.of(desk.ids[:2]) == {desk.ids[0]: left, desk.ids[1]: Tags((1,))}
