"""The whole window by keyboard: the command palette, the sheet of keys, keys that a person has changed."""

from __future__ import annotations

import string
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QMenu,
    QWidget,
)
from pytestqt.qtbot import QtBot

from studio.ui.keyboard.key_table import ACTION
from studio.ui.keyboard.search import fit
from studio.ui.label.choices import ToolName
from studio.ui.label.side_panel import SidePanel
from studio.ui.main_window import MainWindow
from studio.ui.session import Page
from tests.ui.keyboard.conftest import Open, canvas_of, open_palette, open_sheet, press, tool_of

words = st.text(string.ascii_letters + " ", min_size=1, max_size=30)


@given(name=words, data=st.data())
def test_any_letters_of_a_name_in_their_order_find_it(name: str, data: st.DataObject) -> None:
    picked = data.draw(st.lists(st.sampled_from(range(len(name))), unique=True, min_size=1).map(sorted))
    assert fit("".join(name[place] for place in picked), name) is not None


@given(typed=st.text(string.ascii_lowercase, min_size=1, max_size=6), name=words)
def test_letters_that_a_name_lacks_do_not_find_it(typed: str, name: str) -> None:
    places = iter(name.casefold())
    assert (fit(typed, name) is not None) == all(letter in places for letter in typed)


def test_the_starts_of_words_count_most() -> None:
    names = ["Accept the whole prediction", "Actual pixels", "Map"]
    assert max(names, key=lambda name: fit("ap", name) or -1) in names[:2]
    assert (fit("awp", names[0]) or 0) > 20


def test_a_few_letters_and_enter_do_what_is_wanted_and_the_canvas_has_the_keys_again(open_window: Open) -> None:
    window = open_window()
    palette = open_palette(window)
    QTest.keyClicks(palette.search, "fill")
    QTest.keyClick(palette.search, Qt.Key.Key_Return)
    assert tool_of(window) is ToolName.FILL
    assert not palette.isVisible()
    assert canvas_of(window).hasFocus()


def test_letters_that_nothing_has_are_answered_in_words(open_window: Open) -> None:
    window = open_window()
    palette = open_palette(window)
    QTest.keyClicks(palette.search, "qqqq")
    assert palette.model.rowCount() == 0
    QTest.keyClick(palette.search, Qt.Key.Key_Return)
    assert palette.isVisible()
    QTest.keyClick(palette.search, Qt.Key.Key_Escape)
    assert not palette.isVisible()
    assert canvas_of(window).hasFocus()


def test_what_was_done_last_comes_first_the_next_time(open_window: Open) -> None:
    window = open_window()
    palette = open_palette(window)
    QTest.keyClicks(palette.search, "eraser")
    QTest.keyClick(palette.search, Qt.Key.Key_Return)
    palette = open_palette(window)
    assert str(palette.model.index(0).data()).startswith("Eraser")


def test_what_cannot_be_done_now_is_shown_last_and_not_done(open_window: Open) -> None:
    window = open_window()
    palette = open_palette(window)
    QTest.keyClicks(palette.search, "accept the whole prediction")
    QTest.keyClick(palette.search, Qt.Key.Key_Return)
    assert palette.isVisible()


def test_every_action_with_a_key_stands_in_a_menu_the_palette_and_the_sheet(open_window: Open) -> None:
    window = open_window()
    in_menus = {action for _menu, action in window._all_actions()}
    everywhere = {action for action in window.findChildren(QAction) if action.shortcuts() and action.objectName()}
    assert everywhere <= in_menus
    sheet = open_sheet(window)
    model = sheet.table.model()
    shown = {model.index(row, ACTION).data() for row in range(model.rowCount())}
    assert {"Brush", "Undo", "Fit the picture", "Find a command"} <= shown


def test_every_menu_is_parted_by_lines_and_fits_a_small_screen(open_window: Open) -> None:
    for menu in (action.menu() for action in open_window().menuBar().actions()):
        assert isinstance(menu, QMenu)
        texts = [action.text() for action in menu.actions()]
        assert "" not in (texts[0], texts[-1]), menu.title()
        lines = [number for number, text in enumerate(texts) if not text]
        assert all(after - before > 1 for before, after in pairwise(lines)), menu.title()
        assert menu.sizeHint().height() < 700, menu.title()


def test_no_two_actions_of_a_page_share_a_key(open_window: Open) -> None:
    window = open_window()
    for page in Page:
        assert window.workspace is not None
        window.workspace.show_page(page)
        keys = [key.toString() for _menu, action in window._all_actions() for key in action.shortcuts()]
        assert sorted(keys) == sorted(set(keys)), page


def test_every_control_that_the_keyboard_reaches_has_a_name_for_screen_readers(open_window: Open) -> None:
    window = open_window()
    kinds = (QAbstractButton, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit)
    for page in Page:
        assert window.workspace is not None
        window.workspace.show_page(page)
        nameless = [
            f"{type(widget).__name__} in {type(widget.parentWidget()).__name__}"
            for widget in window.findChildren(QWidget)
            if isinstance(widget, kinds)
            and widget.isVisible()
            and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
            and not isinstance(widget.parentWidget(), QAbstractSpinBox | QComboBox)
            and not (widget.accessibleName() or (isinstance(widget, QAbstractButton) and widget.text()))
        ]
        assert nameless == [], page


def test_tab_goes_through_the_whole_page_in_the_order_in_which_it_is_seen(open_window: Open) -> None:
    window = open_window()
    assert window.workspace is not None
    page = window.workspace.label_page
    page.canvas.setFocus()
    reached: list[QWidget] = []
    while page.canvas not in reached and len(reached) < 100:
        widget = QApplication.focusWidget()
        assert widget is not None
        QTest.keyClick(widget, Qt.Key.Key_Tab)
        after = QApplication.focusWidget()
        assert after is not None
        reached.append(after)
    side = page.findChild(SidePanel)
    assert side is not None
    parts = [page.status, side, window.header, page.items, page.options, page.tool_bar, page.canvas]
    met = [next((n for n, part in enumerate(parts) if part is w or part.isAncestorOf(w)), None) for w in reached]
    assert met == sorted(met, key=lambda n: -1 if n is None else n) and set(met) == set(range(len(parts)))


@pytest.mark.parametrize("over", [open_palette, open_sheet])
def test_what_lies_over_the_window_goes_with_the_project_that_it_is_about(
    open_window: Open, qtbot: QtBot, over: Callable[[MainWindow], QWidget]
) -> None:
    window = open_window()
    above = over(window)
    assert window.workspace is not None
    with qtbot.waitSignal(window.workspace.destroyed):
        window.shut_down()
    assert not above.isVisible()


def test_the_palette_can_be_opened_from_a_field_that_ends_when_it_is_left(open_window: Open, qtbot: QtBot) -> None:
    window = open_window()
    assert window.workspace is not None
    classes = window.workspace.label_page.classes
    assert classes is not None
    classes.list.edit(classes.list.currentIndex())
    field = window.focusWidget()
    assert isinstance(field, QLineEdit)
    with qtbot.waitSignal(field.destroyed):
        palette = open_palette(window)
    press(window, Qt.Key.Key_Escape)
    assert not palette.isVisible()


@pytest.mark.parametrize("other", [False, True], ids=["complaint", "another sentence"])
def test_a_complaint_about_a_name_goes_with_the_rename_that_succeeds(open_window: Open, other: bool) -> None:
    window = open_window()
    assert window.workspace is not None
    classes = window.workspace.label_page.classes
    assert classes is not None

    def rename(name: str) -> None:
        classes.list.setFocus()
        QTest.keyClick(classes.list, Qt.Key.Key_F2)
        editor = QApplication.focusWidget()
        assert isinstance(editor, QLineEdit)
        editor.selectAll()
        QTest.keyClicks(editor, name)
        QTest.keyClick(editor, Qt.Key.Key_Return)
        QApplication.processEvents()

    rename("road")
    assert "a class called road already" in window.messages.text()
    if other:
        window.messages.say("Something else.")
    rename("street")
    assert [c.name for c in classes.model.classes] == ["street", "road"]
    assert window.messages.text() == ("Something else." if other else "")
