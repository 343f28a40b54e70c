"""Labels from neighbouring frames: copied from the one before, and filled in between two that a person labelled."""

from __future__ import annotations

import numpy as np
from PIL import Image
from PySide6.QtCore import Qt

from studio.core.classes import UNLABELLED

ALT, SHIFT = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier


def paint(desk, class_id, *points, size=20):
    desk.page.choices.choose_class(class_id)
    desk.page.choices.set_brush_size(size)
    desk.drag(*points)


def hold_cursor_at(desk, monkeypatch, pixel):
    monkeypatch.setattr(desk.canvas, "pixel_under_cursor", lambda: pixel)


def hint_with(desk, words):
    """The hint, once it has these words."""
    desk.qtbot.waitUntil(lambda: words in desk.page.status.hint.text(), timeout=4000)
    return desk.page.status.hint.text()


def label(desk, item):
    desk.store.flush()
    path = desk.store.label_path(item)
    return np.array(Image.open(path)) if path.exists() else None


def test_the_label_of_the_frame_before_goes_onto_unlabelled_pixels(make_desk):
    desk = make_desk()
    paint(desk, 1, (40, 50), (120, 50))
    before = desk.mask()
    desk.open(desk.ids[1])
    paint(desk, 2, (80, 20), (80, 80))
    own = desk.mask()
    desk.key(Qt.Key.Key_C, ALT)
    assert hint_with(desk, "Copied from frame_000.png")
    assert np.array_equal(desk.mask(), np.where(own == UNLABELLED, before, own))
    desk.key(Qt.Key.Key_C, ALT | SHIFT)
    desk.qtbot.waitUntil(lambda: desk.mask()[50, 80] == 1, timeout=4000)
    assert np.array_equal(desk.mask(), np.where(before == UNLABELLED, own, before))
    desk.trigger("undo")
    desk.trigger("undo")
    assert np.array_equal(desk.mask(), own)


def test_only_the_class_under_the_cursor_is_copied(make_desk, monkeypatch):
    desk = make_desk()
    paint(desk, 1, (40, 30), (120, 30))
    paint(desk, 2, (40, 70), (120, 70))
    before = desk.mask()
    desk.open(desk.ids[1])
    hold_cursor_at(desk, monkeypatch, (80, 70))
    desk.key(Qt.Key.Key_X, ALT)
    assert hint_with(desk, "Copied")
    assert np.array_equal(desk.mask(), np.where(before == 2, 2, UNLABELLED))


def test_what_cannot_be_copied_is_said(make_desk):
    desk = make_desk()
    desk.key(Qt.Key.Key_C, ALT)
    assert hint_with(desk, "no frame before")
    desk.open(desk.ids[1])
    desk.key(Qt.Key.Key_C, ALT)
    assert hint_with(desk, "frame_000.png has no label")
    desk.store.import_annotations([(desk.ids[0], np.zeros((40, 60), np.uint8))])
    desk.key(Qt.Key.Key_C, ALT)
    assert hint_with(desk, "60×40")


def test_the_frame_before_is_the_projects_even_when_the_list_does_not_show_it(make_desk):
    desk = make_desk()
    paint(desk, 1, (40, 30), (120, 30))
    before = desk.mask()
    desk.open(desk.ids[1])
    desk.page.items.filter_bar.search.setText("frame_001")
    desk.qtbot.waitUntil(lambda: list(desk.page.items.model.ids) == [desk.ids[1]], timeout=4000)
    desk.key(Qt.Key.Key_C, ALT)
    assert hint_with(desk, "Copied from frame_000.png")
    assert np.array_equal(desk.mask(), before)


def test_a_frame_without_a_free_pixel_is_told_so(make_desk):
    desk = make_desk()
    paint(desk, 1, (40, 30), (120, 30))
    desk.store.import_annotations([(desk.ids[1], np.zeros((100, 160), np.uint8))])
    desk.open(desk.ids[1])
    desk.key(Qt.Key.Key_C, ALT)
    assert hint_with(desk, "This frame has no unlabelled pixel left; Alt+Shift+C")


def test_a_region_is_filled_in_between_two_frames(make_desk, monkeypatch):
    desk = make_desk(5)
    told = []
    desk.session.message.connect(lambda sentence, _tone: told.append(sentence))
    paint(desk, 1, (40.5, 50.5), (40.5, 50.5), size=21)
    desk.open(desk.ids[2])
    paint(desk, 2, (70, 50), (70, 50), size=10)
    desk.open(desk.ids[4])
    paint(desk, 1, (100.5, 50.5), (100.5, 50.5), size=21)
    paint(desk, 1, (20.5, 80.5), (20.5, 80.5), size=11)  # another thing of the same class
    hold_cursor_at(desk, monkeypatch, (100, 50))
    desk.key(Qt.Key.Key_J)
    desk.qtbot.waitUntil(lambda: any("filled in on 3 of 3" in sentence for sentence in told), timeout=5000)
    rows, columns = np.mgrid[:100, :160] + 0.5
    for number, x in ((1, 55.5), (2, 70.5), (3, 85.5)):
        mask = label(desk, desk.ids[number])
        disc = np.hypot(columns - x, rows - 50.5) <= 10.5
        road = mask == 1
        if number == 2:  # what was labelled there stays
            assert (mask == 2).sum() > 60
            road |= mask == 2
        assert (road & disc).sum() / (road | disc).sum() > 0.9
    desk.open(desk.ids[1])
    assert desk.canvas.document.undo_text == "interpolation"
    desk.trigger("undo")
    assert (desk.mask() == UNLABELLED).all()


def test_frames_that_have_the_class_by_hand_end_the_gap(make_desk, monkeypatch):
    desk = make_desk(3)
    paint(desk, 1, (40, 50), (40, 50))
    desk.open(desk.ids[1])
    paint(desk, 1, (60, 50), (60, 50))
    own = desk.mask()
    desk.open(desk.ids[2])
    paint(desk, 1, (80, 50), (80, 50))
    hold_cursor_at(desk, monkeypatch, (80, 50))
    desk.key(Qt.Key.Key_J)
    assert hint_with(desk, "No other frame")
    assert np.array_equal(label(desk, desk.ids[1]), own)
    hold_cursor_at(desk, monkeypatch, (5, 5))
    desk.key(Qt.Key.Key_J)
    assert hint_with(desk, "Point at a region")
