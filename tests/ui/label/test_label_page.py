"""The page as a whole: classes and their keys, opacity and views, a run's prediction, the window's arguments."""

from __future__ import annotations

import threading
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QColorDialog, QLineEdit, QPushButton

from studio.core.classes import UNLABELLED
from studio.core.errors import CannotWrite
from studio.core.items import Split
from studio.core.masks import write_mask
from studio.core.points import Keypoint, Points
from studio.core.raster import Rect
from studio.core.recipe import RunSpec, Stage
from studio.core.review import Decision, ItemScore, encode_score
from studio.core.settings import Task
from studio.ui.label import LabelPage
from studio.ui.session import Overlay

SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


def color_at(desk, x: float, y: float) -> str:
    desk.canvas.leaveEvent(None)
    return desk.canvas.grab().toImage().pixelColor(desk.at(x, y)).name()


# -- classes ----------------------------------------------------------------------------------------------------------


def test_number_keys_pick_classes(make_desk):
    desk = make_desk()
    desk.key(Qt.Key.Key_3)
    assert desk.page.choices.class_id == 2
    assert desk.page.classes.list.currentIndex().row() == 2
    desk.drag((20, 20), (100, 20))
    assert (desk.mask() == 2).any()


def test_control_and_the_arrows_step_through_the_classes_round_and_round(make_desk):
    desk = make_desk()
    seen = []
    for _ in range(4):
        desk.key(Qt.Key.Key_Down, CTRL)
        seen.append(desk.page.choices.class_id)
    desk.key(Qt.Key.Key_Up, CTRL)
    assert [*seen, desk.page.choices.class_id] == [1, 2, 3, 0, 3]


def test_the_first_class_is_added_with_a_name_and_paints_at_once(make_desk):
    desk = make_desk(classes=())
    button = desk.page.classes.findChild(QPushButton, "add_first_class")
    assert button.isVisible()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    editor = desk.page.classes.list.findChild(QLineEdit)
    QTest.keyClicks(editor, "tram")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    desk.qtbot.waitUntil(lambda: desk.store.settings.classes[0].name == "tram")
    assert [(c.id, c.name, c.key) for c in desk.store.settings.classes] == [(0, "tram", "1")]
    desk.drag((20, 20), (100, 20))
    assert (desk.mask() == 0).any()


def test_a_renamed_class_keeps_its_id_and_no_two_have_one_name(make_desk):
    desk = make_desk()
    model = desk.page.classes.model
    assert model.setData(model.index(1), "street")
    assert not model.setData(model.index(2), "Street")
    assert [(c.id, c.name) for c in desk.store.settings.classes][1:3] == [(1, "street"), (2, "car")]


def test_a_recoloured_class_changes_the_picture_on_the_canvas(make_desk):
    desk = make_desk()
    desk.page.choices.set_opacity(1.0)
    desk.page.choices.set_brush_size(31)
    desk.drag((40, 50), (120, 50))
    desk.page.classes.recolor(desk.store.settings.classes[0])
    dialog = desk.page.classes.findChild(QColorDialog)
    assert not dialog.isModal()
    dialog.setCurrentColor("#12ab34")
    dialog.accept()
    assert desk.store.settings.classes[0].color == "#12ab34"
    assert color_at(desk, 80, 50) == "#12ab34"


def test_a_class_takes_over_a_key_from_another(make_desk):
    desk = make_desk()
    desk.page.classes.model.give_key(3, "1")
    desk.key(Qt.Key.Key_1)
    assert desk.page.choices.class_id == 3
    assert desk.store.settings.classes[0].key == ""


def test_a_class_key_that_a_tool_has_stays_the_tools(make_desk):
    desk = make_desk()
    desk.page.classes.model.change(2, key="e")
    desk.key(Qt.Key.Key_E)
    assert desk.page.choices.tool == "eraser"
    assert desk.page.choices.class_id == 0


# -- what shows -------------------------------------------------------------------------------------------------------


def test_opacity_keys_and_the_switch_change_how_the_label_shows(make_desk):
    desk = make_desk()
    desk.page.choices.set_brush_size(31)
    desk.drag((40, 50), (120, 50))
    painted = color_at(desk, 80, 50)
    desk.key(Qt.Key.Key_Period)
    assert desk.page.choices.opacity == pytest.approx(0.6)
    assert desk.page.options.opacity_slider.value() == 60
    assert color_at(desk, 80, 50) != painted
    desk.key(Qt.Key.Key_O)
    hidden = color_at(desk, 80, 50)
    desk.page.choices.set_opacity(0.0)
    desk.key(Qt.Key.Key_O)
    assert color_at(desk, 80, 50) == hidden


def test_every_action_has_a_name_a_menu_and_a_key_of_its_own(make_desk):
    for task in (Task.SEGMENTATION,):
        actions = make_desk(task=task).page.actions()
        assert {action.property("menu") for action in actions} == {"Edit", "View", "Tools", "Label", "Region"}
        names = [action.objectName() for action in actions]
        assert all(names) and len(set(names)) == len(names)
        keys = [keys.toString() for action in actions for keys in action.shortcuts()]
        assert len(set(keys)) == len(keys)
        assert all(isinstance(action, QAction) and action.shortcut() != QKeySequence() for action in actions)


def test_the_window_arguments_choose_tool_brush_class_and_item(make_desk):
    desk = make_desk()
    desk.page.apply_window_args(tool="eraser", brush_size=77, class_name="Car", item_id=desk.ids[2])
    desk.wait_for(desk.ids[2])
    choices = desk.page.choices
    assert (choices.tool, choices.brush_size, choices.class_id) == ("eraser", 77, 2)


def test_an_argument_that_the_project_does_not_have_is_said(make_desk):
    desk = make_desk()
    said = []
    desk.session.message.connect(lambda sentence, _tone: said.append(sentence))
    desk.page.apply_window_args(tool="point", class_name="zebra")
    assert "no tool called point" in said[0] and "no class called zebra" in said[1]
    assert desk.page.choices.tool == "brush"


def test_a_label_file_that_cannot_be_written_is_said_above_the_canvas(make_desk):
    desk = make_desk()
    thread = threading.Thread(target=lambda: desk.store.last_errors.emit("labels/a.png cannot be written (disk full)."))
    thread.start()
    thread.join()
    desk.qtbot.waitUntil(desk.page.notice.isVisible)
    assert "disk full" in desk.page.notice.sentence.text()


def test_a_stroke_that_the_disk_refuses_is_said_and_written_when_it_can_be(make_desk, monkeypatch):
    desk = make_desk()
    document = desk.canvas.document
    commit = document._journal.commit

    def refuse(*_args):
        raise CannotWrite(desk.store.root / "studio.db", "no space left on device")

    monkeypatch.setattr(document._journal, "commit", refuse)
    desk.drag((20, 20), (100, 20))
    assert "no space left" in desk.page.notice.sentence.text() and desk.page.notice.isVisible()
    assert desk.page.status.saved.text() == "Not saved"
    monkeypatch.setattr(document._journal, "commit", commit)
    desk.open(desk.ids[1])
    kept = desk.store.read_mask(desk.ids[0])
    assert kept is not None and kept[20, 60] == 0


def test_settings_that_cannot_be_written_are_said_and_nothing_changes(make_desk, monkeypatch):
    desk = make_desk()
    said = []
    desk.session.message.connect(lambda sentence, _tone: said.append(sentence))

    def refuse(_settings):
        raise CannotWrite(desk.store.root / "studio.toml", "permission denied")

    monkeypatch.setattr(desk.store, "save_settings", refuse)
    desk.page.classes.add()
    desk.page.classes.model.change(0, name="heaven")
    assert len(said) == 2 and "permission denied" in said[0]
    assert [c.name for c in desk.page.classes.model.classes] == ["sky", "road", "car", "void"]


def test_a_deleted_page_leaves_no_thread_behind(make_desk):
    desk = make_desk()
    before = set(threading.enumerate())
    page = LabelPage(desk.session)
    page.apply_window_args(item_id=desk.ids[1])
    desk.qtbot.waitUntil(lambda: page.canvas.document is not None)
    page.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert set(threading.enumerate()) <= before
    desk.store.last_errors.emit("heard by the page that is left")
    desk.qtbot.waitUntil(desk.page.notice.isVisible)


# -- a run's prediction -----------------------------------------------------------------------------------------------


def run_with(desk, **score) -> str:
    """A run that scored the first item."""
    if not desk.canvas.document.is_labelled:
        raise AssertionError("label the item first")
    spec = RunSpec(task=desk.store.settings.task, stages=(Stage(epochs=1, height=64, width=64),))
    desk.store.set_split([desk.ids[0]], Split.VALID)
    desk.open(desk.ids[1])
    desk.drag((20, 20), (40, 20))
    desk.open(desk.ids[0])
    record = desk.store.create_run(spec)
    mask = score.pop("mask", None)
    if mask is not None:
        (record.folder / "predictions").mkdir()
        write_mask(record.folder / "predictions" / "1.png", mask, desk.store.settings.classes)
        score["mask"] = "predictions/1.png"
    name = desk.store.item(desk.ids[0]).name
    line = ItemScore(item=desk.ids[0], name=name, split=Split.VALID, revision=1, loss=1.0, error=0.5, **score)
    (record.folder / "scores.jsonl").write_bytes(encode_score(line))
    desk.store.review.load_scores(record.id)
    return record.id


@pytest.fixture
def predicted(make_desk):
    """The label says sky above and void below row 80; the prediction says road, with a car in it."""
    desk = make_desk()
    desk.canvas.document.replace(_mask({(0, 80): 0, (80, 100): 3}), "import")
    said = np.ones((100, 160), np.uint8)
    said[20:40, 20:60] = 2
    run = run_with(desk, mask=said)
    desk.session.open_item(desk.ids[0], Overlay(run=run, item=desk.ids[0], focus=Rect(30, 30, 20, 20)))
    desk.qtbot.waitUntil(lambda: desk.page.showing.prediction is not None, timeout=5000)
    desk.page.choices.set_opacity(1.0)
    return desk, run


def _mask(rows: dict[tuple[int, int], int]) -> np.ndarray:
    mask = np.full((100, 160), UNLABELLED, np.uint8)
    for (first, last), value in rows.items():
        mask[first:last] = value
    return mask


def test_d_goes_round_label_prediction_difference(predicted):
    desk, _run = predicted
    colors = [c.color for c in desk.store.settings.classes]
    desk.canvas.fit()
    desk.key(Qt.Key.Key_D)
    assert color_at(desk, 40, 30) == colors[2] and color_at(desk, 100, 60) == colors[1]
    desk.key(Qt.Key.Key_D)
    assert color_at(desk, 100, 60) == colors[1]
    assert color_at(desk, 100, 90) not in colors
    desk.key(Qt.Key.Key_D)
    assert desk.page.choices.view == "label"
    shown = desk.canvas.grab().toImage()
    row = [shown.pixelColor(desk.at(100, 60).x() + i, desk.at(100, 60).y()).name() for i in range(30)]
    assert set(row) == {colors[0], colors[1]}


def test_the_place_to_look_at_is_in_the_middle(predicted):
    desk, _run = predicted
    middle = desk.canvas.viewport.to_image(*(side / 2 for side in desk.canvas.viewport.view))
    assert middle == pytest.approx((40, 40), abs=1)


def test_a_takes_over_the_region_under_the_cursor_and_nothing_else(predicted, monkeypatch):
    desk, run = predicted
    monkeypatch.setattr(desk.canvas, "pixel_under_cursor", lambda: (30, 30))
    desk.key(Qt.Key.Key_A)
    mask = desk.mask()
    assert (mask == 2).sum() == 20 * 40 and (mask[20:40, 20:60] == 2).all()
    assert (mask == 1).sum() == 0
    assert desk.store.review.items(run, [desk.ids[0]])[0].decision is Decision.EDITED
    desk.key(Qt.Key.Key_Z, CTRL)
    assert (desk.mask() == 2).sum() == 0


def test_shift_a_takes_over_the_whole_prediction_but_void_stays(predicted):
    desk, _run = predicted
    desk.key(Qt.Key.Key_A, SHIFT)
    mask = desk.mask()
    assert (mask[80:] == 3).all() and (mask[:80] != 0).all()
    assert (mask == 2).sum() == 20 * 40


def test_painting_under_a_prediction_counts_as_a_correction_of_that_run(predicted):
    desk, run = predicted
    desk.page.choices.choose_class(2)
    desk.drag((30, 30), (40, 30))
    assert [c.item for c in desk.store.review.corrections(run)] == [desk.ids[0]]


def test_a_hidden_prediction_is_out_of_the_way(predicted):
    desk, _run = predicted
    desk.key(Qt.Key.Key_D)
    QTest.mouseClick(desk.page.options.close_button, Qt.MouseButton.LeftButton)
    assert desk.session.overlay is None
    assert color_at(desk, 40, 30) == desk.store.settings.classes[0].color
    assert not desk.page.options.prediction_group.isVisible()


def test_a_predicted_keypoint_is_taken_over_for_the_selected_point(make_desk):
    desk = make_desk(task=Task.KEYPOINTS)
    desk.click(30, 30)
    run = run_with(desk, points=Points((Keypoint(index=0, x=50.0, y=60.0),)))
    desk.session.open_item(desk.ids[0], Overlay(run=run, item=desk.ids[0]))
    desk.qtbot.waitUntil(lambda: desk.page.showing.prediction is not None, timeout=5000)
    desk.page.choices.select_point(0)
    desk.key(Qt.Key.Key_A)
    point = desk.store.read_points(desk.ids[0]).get(0)
    assert (point.x, point.y) == (50.0, 60.0)


def test_a_run_without_a_prediction_for_the_item_says_so(predicted):
    desk, run = predicted
    desk.session.open_item(desk.ids[2], Overlay(run=run, item=desk.ids[2]))
    assert "has no prediction" in desk.page.notice.sentence.text() and desk.page.notice.isVisible()
    desk.session.show_overlay(None)
    assert not desk.page.notice.isVisible(), "nobody wants to see one any more"


def test_what_could_not_be_saved_is_no_longer_said_once_it_is(make_desk, monkeypatch):
    desk = make_desk()
    document = desk.canvas.document
    with monkeypatch.context() as patch:
        patch.setattr(document._journal, "commit", _full_disk)
        desk.drag((20, 20), (100, 20))
        assert desk.page.notice.isVisible()
    desk.drag((20, 60), (100, 60))
    assert desk.page.status.saved.text() == "Saved"
    assert not desk.page.notice.isVisible()


def _full_disk(*_args):
    raise CannotWrite(Path("studio.db"), "no space left on device")


def test_settings_changed_elsewhere_reach_the_page(make_desk):
    desk = make_desk()
    classes = desk.store.settings.classes
    changed = (*classes[:3], msgspec.structs.replace(classes[3], name="ego"))
    desk.session.save_settings(msgspec.structs.replace(desk.store.settings, classes=changed))
    assert desk.page.classes.model.index(3).data() == "ego"
    assert desk.page.items.filter_bar.label_class.findText("ego") > 0
