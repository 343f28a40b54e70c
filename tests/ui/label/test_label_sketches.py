"""What was begun and not painted when the project was closed is there when it is opened again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import Qt

from studio.core.classes import UNLABELLED
from studio.core.edge_outline import EdgeOutline
from studio.core.sketches import Sketch, read_sketches, write_sketches
from tests.ui.label.conftest import HEIGHT, WIDTH, Desk, desk_on


@pytest.fixture
def reopen(qtbot):
    """Close the page of a desk, and open the project again."""
    opened: list[Desk] = []

    def again(desk: Desk) -> Desk:
        desk.page.shut_down()
        desk.page.close()
        new = desk_on(desk.store, desk.ids, qtbot)
        opened.append(new)
        return new

    yield again
    for desk in opened:
        desk.page.shut_down()
        desk.page.close()


def test_a_polygon_waits_for_the_next_session(make_desk, reopen: Callable[[Desk], Desk]) -> None:
    desk = make_desk()
    desk.open(desk.ids[1])
    desk.page.choices.choose_class(1)
    desk.trigger("tool_polygon")
    for corner in ((20, 20), (100, 20), (100, 80)):
        desk.click(*corner)
    desk.open(desk.ids[0])
    desk = reopen(desk)
    assert "frame_001.png" in desk.page.status.hint.text()
    desk.page.choices.choose_class(2)
    desk.trigger("tool_polygon")
    assert desk.canvas.tool.corners == []  # it belongs to another item
    desk.open(desk.ids[1])
    assert len(desk.canvas.tool.corners) == 3
    desk.click(20, 80)
    desk.key(Qt.Key.Key_Return)
    mask = desk.mask()
    assert mask[70, 30] == 2
    assert set(np.unique(mask)) == {2, UNLABELLED}
    desk = reopen(desk)
    assert "outline" not in desk.page.status.hint.text()
    desk.trigger("tool_polygon")
    desk.open(desk.ids[1])
    assert desk.canvas.tool.corners == []


@pytest.mark.parametrize("tool", ["lasso", "rectangle", "ellipse"])
@pytest.mark.parametrize("button", [Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton])
def test_a_shape_that_was_dragged_is_kept_at_once_and_waits_for_the_next_session(
    make_desk, reopen: Callable[[Desk], Desk], tool: str, button: Qt.MouseButton
) -> None:
    desk = make_desk()
    desk.page.choices.choose_class(2)
    desk.trigger("tool_rectangle")
    desk.drag((10, 10), (80, 50), (150, 90))
    desk.key(Qt.Key.Key_Return)
    desk.page.choices.choose_class(1)
    desk.trigger(f"tool_{tool}")
    desk.drag((30, 20), (110, 20), (110, 80), button=button)
    desk.qtbot.waitUntil(lambda: desk.ids[0] in read_sketches(desk.store.root).get(tool, {}), timeout=8000)
    desk = reopen(desk)
    assert set(np.unique(desk.mask())) == {2, UNLABELLED}
    desk.page.choices.choose_class(1)
    assert desk.canvas.tool.name == tool
    desk.key(Qt.Key.Key_Return)
    mask = desk.mask()
    assert mask[40, 90] == (1 if button is Qt.MouseButton.LeftButton else UNLABELLED)
    assert mask[85, 20] == 2
    desk.qtbot.waitUntil(lambda: not read_sketches(desk.store.root), timeout=8000)


@pytest.mark.parametrize("tool", ["polygon", "lasso", "rectangle", "ellipse"])
def test_a_sketch_that_is_no_outline_is_passed_over(make_desk, tool: str) -> None:
    desk = make_desk()
    points = () if tool == "polygon" else ((20.0, 20.0), (20.0, 60.0))
    desk.page.shut_down()
    write_sketches(desk.store.root, {tool: {desk.ids[0]: Sketch(points)}})
    desk = desk_on(desk.store, desk.ids, desk.qtbot)
    desk.trigger(f"tool_{tool}")
    assert not desk.canvas.tool.is_busy
    desk.page.shut_down()
    desk.page.close()


def test_the_scissors_outline_waits_for_the_next_session(make_desk, reopen: Callable[[Desk], Desk]) -> None:
    desk = make_desk()
    desk.page.choices.choose_class(1)
    desk.trigger("tool_scissors")
    for corner in ((20, 20), (100, 20), (100, 80)):
        desk.click(*corner)
    desk = reopen(desk)
    desk.page.choices.choose_class(1)
    desk.trigger("tool_scissors")
    desk.key(Qt.Key.Key_Return)
    desk.qtbot.waitUntil(lambda: bool((desk.mask() == 1).any()), timeout=8000)
    assert desk.mask()[30, 90] == 1


def test_a_cut_out_waits_for_the_next_session_with_its_strokes(make_desk, reopen: Callable[[Desk], Desk]) -> None:
    desk = make_desk(draw=block)
    desk.page.choices.choose_class(1)
    desk.page.choices.set_brush_size(9)
    desk.trigger("tool_grabcut")
    desk.drag((40, 20), (80, 50), (120, 80))
    desk.qtbot.waitUntil(lambda: desk.canvas.tool.selection is not None, timeout=20_000)
    desk.drag((70, 40), (80, 40))
    desk = reopen(desk)
    desk.page.choices.choose_class(1)
    desk.trigger("tool_grabcut")
    tool = desk.canvas.tool
    desk.qtbot.waitUntil(lambda: tool.selection is not None, timeout=20_000)
    assert len(next(iter(tool.waiting().values())).strokes) == 1
    desk.key(Qt.Key.Key_Return)
    desk.qtbot.waitUntil(lambda: not tool.is_busy, timeout=20_000)
    assert desk.mask()[50, 80] == 1


def block() -> np.ndarray:
    """An orange block on blue."""
    picture = np.full((HEIGHT, WIDTH, 3), (60, 90, 150), np.uint8)
    picture[30:70, 55:105] = (215, 140, 60)
    return picture


def test_what_is_being_drawn_is_kept_before_anything_is_closed(make_desk) -> None:
    desk = make_desk()
    desk.page.choices.choose_class(1)
    desk.trigger("tool_polygon")
    for corner in ((20, 20), (100, 20), (100, 80)):
        desk.click(*corner)
    desk.move(90, 60)

    def kept() -> int:
        waiting = read_sketches(desk.store.root).get("polygon", {})
        return len(waiting[desk.ids[0]].points) if desk.ids[0] in waiting else 0

    desk.qtbot.waitUntil(lambda: kept() == 3, timeout=8000)
    desk.key(Qt.Key.Key_Return)
    desk.move(95, 65)
    desk.qtbot.waitUntil(lambda: kept() == 0, timeout=8000)


def test_an_outline_of_anchors_keeps_its_ways() -> None:
    ways = [[(0.0, 0.0), (1.0, 3.0), (5.0, 5.0)]]
    outline = EdgeOutline.of([(0.0, 0.0), (5.0, 5.0), (9.0, 1.0)], ways)
    assert outline.anchors == [(0.0, 0.0), (5.0, 5.0), (9.0, 1.0)]
    assert outline.path() == [(0.0, 0.0), (1.0, 3.0), (5.0, 5.0), (9.0, 1.0)]
    assert outline.wants_map_of == (5.0, 5.0)


def test_a_spoilt_file_is_no_sketches_and_none_leave_no_file(tmp_path) -> None:
    sketches = {"polygon": {3: Sketch(((1.0, 2.5), (3.0, 4.0)), erase=True)}}
    write_sketches(tmp_path, sketches)
    assert read_sketches(tmp_path) == sketches
    file = next(tmp_path.rglob("*.json"))
    file.write_text("{")
    assert read_sketches(tmp_path) == {}
    write_sketches(tmp_path, {})
    assert not file.exists()
