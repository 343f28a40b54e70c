"""Removing a class: every label that had it says something else afterwards, and nothing is lost for good."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from studio.core.classes import UNLABELLED
from studio.core.errors import RegionTooLarge
from studio.core.items import Split
from studio.core.recipe import RunSpec, Stage
from studio.core.resizing import Resize, frame_of
from studio.core.settings import Task
from studio.core.snapshot import decode_snapshot
from studio.core.tags import Tags
from studio.export import export_project
from studio.ml.tasks.base import Original
from studio.ml.tasks.segmentation import IGNORED, Segmentation
from studio.store import Store
from studio.ui.label import class_removal
from studio.ui.session import Overlay

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


def unnoticed_undo(desk, item):
    """The label has its removed class again, and the window does not hear of it."""
    desk.store.open_document(item).undo()
    desk.store.flush()
    desk.session.save_settings(desk.session.settings.without_class(CAR))


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


def test_undo_brings_the_class_back_with_the_pixels_and_says_so(desk):
    said = []
    desk.session.message.connect(lambda sentence, _tone: said.append(sentence))
    desk.open(desk.ids[0])
    before, classes = desk.mask(), desk.session.settings.classes
    choose(menu_of(desk, CAR), "Remove", "Leave unlabelled what it was")
    desk.qtbot.waitUntil(lambda: "car" not in names(desk), timeout=5000)
    desk.trigger("undo")
    assert np.array_equal(desk.mask(), before)
    assert desk.session.settings.classes == classes
    assert said[-1] == "The class car is back, because 1 item has it again."


def test_a_class_that_is_brought_back_has_its_place_and_its_key_again(desk):
    classes = desk.session.settings.classes
    choose(menu_of(desk, CAR), "Remove", "Leave unlabelled what it was")
    desk.qtbot.waitUntil(lambda: "car" not in names(desk), timeout=5000)
    choose(menu_of(desk, 0), "Bring back", "car")
    assert desk.session.settings.classes == classes


def test_a_label_that_has_a_removed_class_again_is_read_whole_without_the_window(desk):
    desk.open(desk.ids[0])
    before = desk.mask()
    choose(menu_of(desk, CAR), "Remove", "Leave unlabelled what it was")
    desk.qtbot.waitUntil(lambda: "car" not in names(desk), timeout=5000)
    unnoticed_undo(desk, desk.ids[0])
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


def test_a_removal_that_fails_stops_there_and_the_next_one_is_not_mixed_up_with_it(make_desk, monkeypatch):
    desk = make_desk(12)
    said = []
    desk.session.message.connect(lambda sentence, _tone: said.append(sentence))
    for item in desk.ids:
        paint(desk, item, CAR, 20)
        paint(desk, item, ROAD, 70)
    seek, broken = class_removal.edit_of_parts, iter([True])

    def failing(*arguments):
        if next(broken, False):
            raise RegionTooLarge("one step", "so much of it has borders")
        return seek(*arguments)

    monkeypatch.setattr(class_removal, "edit_of_parts", failing)
    choose(menu_of(desk, CAR), "Remove", "Leave unlabelled what it was")
    desk.qtbot.waitUntil(lambda: any("car is not removed" in sentence for sentence in said), timeout=5000)
    choose(menu_of(desk, ROAD), "Remove", "Leave unlabelled what it was")
    desk.qtbot.waitUntil(lambda: any("road is removed" in sentence for sentence in said), timeout=5000)
    assert names(desk) == ["sky", "car", "void"]
    assert desk.store.items_with_class(CAR) == desk.ids
    assert desk.store.items_with_class(ROAD) == []


def test_tags_that_are_given_while_a_class_goes_are_kept(make_desk, monkeypatch):
    desk = make_desk(task=Task.MULTI_LABEL, classes=("cat", "dog"))
    item = desk.ids[0]
    desk.store.tags.replace({item: Tags((1,))}, "test")
    work = class_removal._without_tag

    def interrupted(tags, **options):
        tags.replace({item: Tags((0, 1))}, "somebody else")
        return work(tags, **options)

    monkeypatch.setattr(class_removal, "_without_tag", interrupted)
    choose(menu_of(desk, 1), "Remove", "Leave unlabelled what it was")
    desk.qtbot.waitUntil(lambda: names(desk) == ["cat"], timeout=5000)
    assert desk.store.tags.of([item]) == {item: Tags((0,))}


def test_a_run_trains_on_a_label_that_shows_a_removed_class_again(desk):
    choose(menu_of(desk, CAR), "Remove", "Leave unlabelled what it was")
    desk.qtbot.waitUntil(lambda: "car" not in names(desk), timeout=5000)
    desk.store.set_split(desk.ids[1:2], Split.VALID)
    unnoticed_undo(desk, desk.ids[0])
    spec = RunSpec(task=Task.SEGMENTATION, stages=(Stage(epochs=1, height=32, width=32),))
    folder = desk.store.create_run(spec).folder
    snapshot = decode_snapshot((folder / "snapshot.json").read_bytes())
    shown = next(item for item in snapshot.items if item.id == desk.ids[0])
    frame = frame_of(Resize.SQUISH, (160, 100), height=100, width=160)
    original = Original(item=shown, frame=frame, folder=folder)
    target = Segmentation(snapshot).read_target(original)
    mask = desk.store.read_mask(desk.ids[0])
    assert (target[mask == CAR] == IGNORED).all()
    assert (mask == CAR).any()
    assert (target[mask == ROAD] != IGNORED).all()


def test_an_export_leaves_a_removed_class_out_and_says_where(desk, tmp_path):
    choose(menu_of(desk, CAR), "Remove", "Leave unlabelled what it was")
    desk.qtbot.waitUntil(lambda: "car" not in names(desk), timeout=5000)
    unnoticed_undo(desk, desk.ids[0])
    for format_name in ("coco", "yolo", "labelme", "masks"):
        report = export_project(desk.store, tmp_path / format_name, format_name=format_name)
        assert any("1 item has a class that was removed" in sentence for sentence in report.problems), format_name
    found = json.loads(next((tmp_path / "coco").rglob("*.json")).read_text())
    assert {each["category_id"] for each in found["annotations"]} <= {each["id"] for each in found["categories"]}


def test_no_two_classes_get_one_name_by_way_of_a_removed_one(desk):
    said = []
    desk.session.message.connect(lambda sentence, _tone: said.append(sentence))
    choose(menu_of(desk, 3), "Remove")
    model = desk.page.classes.model
    assert not model.setData(model.index(0), "Void")
    assert "bring it back" in said[-1]
    assert names(desk) == ["sky", "road", "car"]


def test_the_only_class_can_be_brought_back_from_the_empty_list(make_desk):
    desk = make_desk(classes=("sky",))
    choose(menu_of(desk, 0), "Remove")
    button = desk.page.classes.back_button
    assert button.isVisible()
    button.menu().aboutToShow.emit()
    choose(button.menu(), "sky")
    assert names(desk) == ["sky"]
    assert desk.page.classes.list.isVisible()


def test_the_removal_of_a_class_is_no_correction_of_what_is_shown(desk, monkeypatch):
    noted = []
    monkeypatch.setattr(desk.page.showing, "_note_edited", lambda *told: noted.append(told))
    desk.open(desk.ids[0])
    desk.session.overlay = Overlay(run="0001", item=desk.ids[0])
    choose(menu_of(desk, CAR), "Remove", "Leave unlabelled what it was")
    desk.qtbot.waitUntil(lambda: "car" not in names(desk), timeout=5000)
    assert noted == []
    desk.page.choices.choose_class(ROAD)
    desk.drag((10, 50), (60, 50))
    assert len(noted) == 1
