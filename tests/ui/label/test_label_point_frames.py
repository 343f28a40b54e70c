"""Points from neighbouring frames, and templates: real keys and drags, and what the project has afterwards."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import Qt

from studio.core.points import Keypoint, Points, Visibility
from studio.core.settings import Task
from studio.store import Store
from studio.store.settings_file import read_settings
from studio.ui.label import point_filling

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
PLACES = ((30, 30), (60, 40), (90, 50))


@pytest.fixture
def desk(make_desk):
    return make_desk(6, task=Task.KEYPOINTS)


def points_of(desk, number: int) -> Points:
    return desk.store.read_points(desk.ids[number]) or Points()


def give(desk, number: int, *points: Keypoint) -> None:
    desk.store.replace_points({desk.ids[number]: Points().updated(points)}, "made up")
    desk.session.items_changed.emit([desk.ids[number]])


def hints(desk) -> list[str]:
    said: list[str] = []
    desk.canvas.hinted.connect(said.append)
    return said


def hint_with(desk, said: list[str], words: str) -> str:
    """The last hint, once it has these words."""
    desk.qtbot.waitUntil(lambda: bool(said) and words in said[-1], timeout=5000)
    return said[-1]


def test_c_copies_what_is_missing_as_one_edit(desk):
    give(desk, 0, Keypoint(index=0, x=10, y=10), Keypoint(index=1, x=20, y=20, visibility=Visibility.HIDDEN))
    desk.open(desk.ids[1])
    desk.click(80, 50)
    own = points_of(desk, 1).get(0)
    desk.key(Qt.Key.Key_C)
    assert points_of(desk, 1) == Points((own, Keypoint(index=1, x=20, y=20, visibility=Visibility.HIDDEN)))
    desk.key(Qt.Key.Key_Z, CTRL)
    assert points_of(desk, 1) == Points((own,))


def test_shift_c_replaces_everything(desk):
    give(desk, 0, Keypoint(index=1, x=20, y=20))
    desk.open(desk.ids[1])
    desk.click(80, 50)
    desk.key(Qt.Key.Key_C, SHIFT)
    assert points_of(desk, 1) == Points((Keypoint(index=1, x=20, y=20),))


def test_where_there_is_nothing_to_copy_that_is_said(desk):
    said = hints(desk)
    desk.key(Qt.Key.Key_C)
    desk.open(desk.ids[1])
    desk.key(Qt.Key.Key_C)
    assert said[0] == "There is no item before this one in its sequence."
    assert said[1] == "frame_000.png has no points to copy."
    assert points_of(desk, 1) == Points()


def test_j_fills_the_gap_with_an_edit_an_item_and_says_how_many(desk, tmp_path):
    give(desk, 0, Keypoint(index=0, x=10, y=10), Keypoint(index=1, x=50, y=50))
    give(desk, 4, Keypoint(index=0, x=50, y=90, visibility=Visibility.HIDDEN))
    said = hints(desk)
    desk.open(desk.ids[2])
    desk.key(Qt.Key.Key_J)
    hint_with(desk, said, "filled in")
    assert [points_of(desk, n).placed for n in (1, 2, 3)] == [
        (Keypoint(index=0, x=20, y=30),),
        (Keypoint(index=0, x=30, y=50),),
        (Keypoint(index=0, x=40, y=70, visibility=Visibility.HIDDEN),),
    ]
    assert points_of(desk, 5) == Points()
    assert said[-1] == "3 items filled in between frame_000.png and frame_004.png; each can be undone."
    desk.key(Qt.Key.Key_Z, CTRL)
    assert points_of(desk, 2) == Points()
    assert points_of(desk, 3).placed
    desk.page.shut_down()
    desk.page.close()
    desk.store.close()
    with Store.open(tmp_path / "project") as again:
        document = again.open_document(desk.ids[3])
        document.undo()
        assert again.read_points(desk.ids[3]) == Points()
        assert again.read_points(desk.ids[1]) == Points((Keypoint(index=0, x=20, y=30),))


def test_shift_j_fills_every_gap_and_leaves_labelled_items_alone(desk):
    for number, x in ((0, 0), (2, 20), (5, 80)):
        give(desk, number, Keypoint(index=0, x=x, y=10))
    said = hints(desk)
    desk.key(Qt.Key.Key_J, SHIFT)
    hint_with(desk, said, "filled in")
    assert [points_of(desk, n).get(0).x for n in range(6)] == [0, 10, 20, 40, 60, 80]


def test_many_items_are_filled_in_slices_and_one_that_is_labelled_meanwhile_keeps_its_point(make_desk, monkeypatch):
    monkeypatch.setattr(point_filling, "_SLICE", 2)
    desk = make_desk(8, task=Task.KEYPOINTS)
    give(desk, 0, Keypoint(index=0, x=0, y=10))
    give(desk, 7, Keypoint(index=0, x=70, y=10))
    looked, gate, find = threading.Event(), threading.Event(), point_filling.find_filling

    def found_late(*args, **options):
        found = find(*args, **options)
        looked.set()
        gate.wait(60)
        return found

    monkeypatch.setattr(point_filling, "find_filling", found_late)
    said = hints(desk)
    desk.open(desk.ids[1])
    desk.key(Qt.Key.Key_J)
    assert said[-1].startswith("Looking for gaps")
    assert looked.wait(60)
    desk.open(desk.ids[3])
    desk.click(80, 50)
    own = points_of(desk, 3)
    gate.set()
    assert hint_with(desk, said, "filled in").startswith("5 items filled in")
    assert points_of(desk, 3) == own
    assert [points_of(desk, n).get(0).x for n in (1, 2, 4, 5, 6)] == [10, 20, 40, 50, 60]
    desk.open(desk.ids[5])
    desk.key(Qt.Key.Key_Z, CTRL)
    assert points_of(desk, 5) == Points()
    assert points_of(desk, 4).placed


def test_closing_the_page_gives_the_points_that_are_on_their_way(make_desk, monkeypatch):
    desk = make_desk(6, task=Task.KEYPOINTS)
    give(desk, 0, Keypoint(index=0, x=0, y=10))
    give(desk, 5, Keypoint(index=0, x=50, y=10))
    monkeypatch.setattr(point_filling, "_SLICE", 1)
    given: list[int] = []
    desk.session.items_changed.connect(given.extend)
    desk.open(desk.ids[1])
    desk.key(Qt.Key.Key_J)
    desk.qtbot.waitUntil(lambda: bool(given), timeout=5000)
    desk.page.shut_down()
    assert [points_of(desk, n).get(0).x for n in range(6)] == [0, 10, 20, 30, 40, 50]


def test_a_sequence_ends_where_another_group_begins(make_desk):
    desk = make_desk(5, task=Task.KEYPOINTS, groups=["a", "a", "a", "b", "b"])
    give(desk, 0, Keypoint(index=0, x=0, y=10))
    give(desk, 4, Keypoint(index=0, x=80, y=10))
    said = hints(desk)
    desk.open(desk.ids[1])
    desk.key(Qt.Key.Key_J)
    assert hint_with(desk, said, "There is nothing to fill")
    desk.open(desk.ids[3])
    desk.key(Qt.Key.Key_C)
    assert said[-1] == "There is no item before this one in its sequence."
    assert [points_of(desk, n) for n in (1, 2, 3)] == [Points()] * 3


def test_one_drag_places_a_saved_shape_in_its_box(desk):
    for x, y in PLACES:
        desk.click(x, y)
    desk.key(Qt.Key.Key_T, SHIFT)
    desk.open(desk.ids[1])
    desk.key(Qt.Key.Key_T)
    desk.drag((20, 20), (60, 60), (80, 80))
    points = points_of(desk, 1)
    assert [p.index for p in points.placed] == [0, 1, 2]
    for point, (x, y) in zip(points.placed, ((20, 20), (50, 50), (80, 80)), strict=True):
        assert (point.x, point.y) == pytest.approx((x, y), abs=0.4)
    desk.key(Qt.Key.Key_Z, CTRL)
    assert points_of(desk, 1) == Points()


def test_shift_keeps_the_shape_of_the_template(desk):
    for x, y in PLACES:
        desk.click(x, y)
    desk.key(Qt.Key.Key_T, SHIFT)
    desk.key(Qt.Key.Key_T)
    desk.open(desk.ids[1])
    desk.press(20, 20, keys=SHIFT)
    desk.move_with(SHIFT, 80, 25)
    desk.release(80, 25)
    points = points_of(desk, 1)
    first, last = points.get(0), points.get(2)
    assert (last.x - first.x) / (last.y - first.y) == pytest.approx(3, abs=0.1)


def test_the_template_tool_adjusts_points_and_goes_on_to_the_next_instance(desk):
    for x, y in PLACES:
        desk.click(x, y)
    desk.key(Qt.Key.Key_T, SHIFT)
    desk.key(Qt.Key.Key_S)
    desk.key(Qt.Key.Key_T)
    desk.drag((10, 60), (60, 90))
    assert points_of(desk, 0).instances == (0, 1)
    desk.drag((10, 60), (20, 70))
    assert points_of(desk, 0).get(0, 1).x == pytest.approx(20, abs=0.4)
    assert points_of(desk, 0).get(2, 1).x == pytest.approx(60, abs=0.4)


def test_without_several_instances_a_second_drag_moves_the_shape(desk):
    for x, y in PLACES:
        desk.click(x, y)
    desk.key(Qt.Key.Key_T, SHIFT)
    desk.key(Qt.Key.Key_T)
    desk.drag((10, 60), (60, 90))
    assert points_of(desk, 0).instances == (0,)
    assert points_of(desk, 0).get(0).x == pytest.approx(10, abs=0.4)


def test_escape_gives_a_box_up(desk):
    for x, y in PLACES:
        desk.click(x, y)
    desk.key(Qt.Key.Key_T, SHIFT)
    desk.key(Qt.Key.Key_T)
    before = points_of(desk, 0)
    desk.press(100, 60)
    desk.move(150, 90)
    desk.key(Qt.Key.Key_Escape)
    desk.release(150, 90)
    assert points_of(desk, 0) == before


def test_templates_are_kept_with_the_project_chosen_and_deleted(desk, tmp_path):
    give(desk, 0, *(Keypoint(index=i, x=10 * i, y=10 * i) for i in range(3)))
    give(desk, 1, *(Keypoint(index=i, x=10 * i, y=10 * i * i) for i in range(3)))
    desk.trigger("save_mean_template")
    desk.qtbot.waitUntil(lambda: len(desk.session.settings.templates) == 1, timeout=5000)
    desk.trigger("save_template")
    names = [t.name for t in read_settings(tmp_path / "project").templates]
    assert names == ["Mean shape", "As in frame_000"]
    (group,) = desk.page.options.groups
    group.box.setCurrentIndex(0)
    group.box.activated.emit(0)
    assert desk.page.choices.points.template == "Mean shape"
    desk.trigger("delete_template")
    assert [t.name for t in desk.session.settings.templates] == ["As in frame_000"]


def test_without_a_template_the_tool_says_how_to_get_one(desk):
    said = hints(desk)
    desk.key(Qt.Key.Key_T)
    desk.drag((10, 10), (50, 50))
    assert "Shift+T" in said[-1]
    assert points_of(desk, 0) == Points()
