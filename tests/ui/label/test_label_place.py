"""A project opens where it was left: on the item and with the class of the last time, also after a crash."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from studio.core.last_place import read_place
from studio.core.settings import Task
from studio.ui.label import LabelPage
from studio.ui.session import Session
from tests.ui.label.conftest import Desk, Make, desk_on

Reopen = Callable[[Desk], Desk]


@pytest.fixture
def reopen(qtbot: QtBot) -> Iterator[Reopen]:
    """Close the page of a desk, and open the project again."""
    opened: list[Desk] = []

    def again(desk: Desk) -> Desk:
        desk.page.shut_down()
        desk.page.close()
        opened.append(desk_on(desk.store, desk.ids, qtbot))
        return opened[-1]

    yield again
    for desk in opened:
        desk.page.shut_down()
        desk.page.close()


def go_on(desk: Desk, steps: int) -> None:
    for _ in range(steps):
        row = desk.page.items.list.currentIndex().row()
        QTest.keyClick(desk.page.items.list, Qt.Key.Key_Down)
        desk.wait_for(desk.page.items.model.ids[row + 1])


def click_class(desk: Desk, row: int) -> None:
    classes = desk.page.classes.list
    place = classes.visualRect(classes.model().index(row, 0))
    QTest.mouseClick(classes.viewport(), Qt.MouseButton.LeftButton, pos=place.center())


def test_a_project_opens_on_the_item_and_with_the_class_that_were_left(make_desk: Make, reopen: Reopen) -> None:
    desk = make_desk()
    go_on(desk, 2)
    click_class(desk, 2)
    desk = reopen(desk)
    assert desk.session.current_item == desk.ids[2] and desk.page.items.list.currentIndex().row() == 2
    assert desk.page.choices.class_id == 2 and desk.page.classes.list.currentIndex().row() == 2


def test_a_crash_forgets_neither_and_an_outline_gets_the_class_it_was_begun_in(make_desk: Make, qtbot: QtBot) -> None:
    desk = make_desk()
    go_on(desk, 1)
    click_class(desk, 1)
    desk.trigger("tool_polygon")
    for corner in ((20, 20), (100, 20), (100, 80)):
        desk.click(*corner)
    desk.move(90, 60)
    qtbot.waitUntil((desk.store.root / ".cache" / "outlines.json").exists, timeout=8000)
    qtbot.waitUntil(lambda: read_place(desk.store.root).class_id == 1, timeout=8000)
    after = desk_on(desk.store, desk.ids, qtbot)  # the page before was never told that it ends
    assert after.session.current_item == desk.ids[1]
    after.key(Qt.Key.Key_Return)
    assert after.mask()[30, 90] == 1
    after.page.shut_down()
    after.page.close()


def test_no_other_item_is_opened_on_the_way_and_the_row_is_in_sight(make_desk: Make, qtbot: QtBot) -> None:
    desk = make_desk(60, classes=[f"class {n}" for n in range(60)])
    QTest.keyClick(desk.page.items.list, Qt.Key.Key_End)
    QTest.keyClick(desk.page.classes.list, Qt.Key.Key_End)
    desk.page.shut_down()
    session, opened = Session(desk.store), list[int]()
    session.item_opened.connect(opened.append)
    page = LabelPage(session)
    qtbot.addWidget(page)
    page.apply_window_args()
    page.resize(1200, 760)
    page.show()
    again = Desk(desk.store, session, page, desk.ids, qtbot)
    again.wait_for(desk.ids[-1])
    assert opened == [desk.ids[-1]]
    for view in (page.items.list, page.classes.list):
        assert view.currentIndex().row() == 59
        qtbot.waitUntil(
            lambda view=view: view.viewport().rect().contains(view.visualRect(view.currentIndex())), timeout=3000
        )
    page.shut_down()
    page.close()


def test_the_command_line_wins(make_desk: Make, qtbot: QtBot) -> None:
    desk = make_desk()
    go_on(desk, 2)
    click_class(desk, 2)
    desk.page.shut_down()
    session = Session(desk.store)
    page = LabelPage(session)
    qtbot.addWidget(page)
    page.apply_window_args(class_name="Road", item_id=desk.ids[1])
    assert (session.current_item, page.choices.class_id) == (desk.ids[1], 1)
    page.shut_down()


@pytest.mark.parametrize(
    "kept",
    [
        b"",
        b"{",
        b'{"item": "two"}',
        b'{"item": 77, "class_id": 77}',
        b'{"item": -1}',
        b'{"item": 99999999999999999999}',
    ],
)
def test_what_is_spoilt_or_gone_is_passed_over(make_desk: Make, kept: bytes) -> None:
    desk = make_desk()
    go_on(desk, 1)
    desk.page.shut_down()
    desk.page.close()
    (desk.store.root / ".cache" / "place.json").write_bytes(kept)
    again = desk_on(desk.store, desk.ids, desk.qtbot)
    assert again.session.current_item == desk.ids[0] and again.page.choices.class_id == 0
    again.page.shut_down()
    again.page.close()


def test_a_class_that_is_gone_leaves_the_first_chosen(make_desk: Make) -> None:
    desk = make_desk()
    click_class(desk, 3)
    desk.page.shut_down()
    desk.store.save_settings(msgspec.structs.replace(desk.store.settings, classes=desk.store.settings.classes[:3]))
    desk = desk_on(desk.store, desk.ids, desk.qtbot)
    assert desk.page.choices.class_id == 0
    desk.page.shut_down()
    desk.page.close()


def test_keypoints_open_where_they_were_left_too(make_desk: Make, reopen: Reopen) -> None:
    desk = make_desk(task=Task.KEYPOINTS)
    go_on(desk, 1)
    assert reopen(desk).session.current_item == desk.ids[1]
