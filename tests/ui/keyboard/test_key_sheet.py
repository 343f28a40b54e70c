"""The sheet of keys: changing them, taking them away, and getting them back."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QSlider,
    QWidget,
)
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from studio.ui.keyboard.key_sheet import KeySheet
from studio.ui.keyboard.key_table import ACTION, KEYS, MENU
from studio.ui.label.choices import ToolName
from studio.ui.label.swatch_list import BADGE_ROLE
from studio.ui.session import Page
from tests.ui.keyboard.conftest import Open, canvas_of, change_key, open_sheet, press, select_row, tool_of


def test_a_changed_key_works_at_once_and_after_a_restart_and_the_old_one_does_not(open_window: Open) -> None:
    window = open_window()
    sheet = open_sheet(window)
    change_key(sheet, "Fill", Qt.Key.Key_F8)
    QTest.keyClick(sheet, Qt.Key.Key_Escape)
    for shown in (lambda: window, open_window):
        desk = shown()
        press(desk, Qt.Key.Key_B)
        press(desk, Qt.Key.Key_G)
        assert tool_of(desk) is ToolName.BRUSH
        press(desk, Qt.Key.Key_F8)
        assert tool_of(desk) is ToolName.FILL


def test_a_key_that_another_action_has_is_taken_from_it_in_words_and_given_back_on_reset(open_window: Open) -> None:
    window = open_window()
    sheet = open_sheet(window)
    change_key(sheet, "Fill", Qt.Key.Key_E)
    assert sheet.told.text() == "Fill has E now. Eraser lost it."
    sheet.reset_button.click()
    QTest.keyClick(sheet, Qt.Key.Key_Escape)
    press(window, Qt.Key.Key_E)
    assert tool_of(window) is ToolName.ERASER
    press(window, Qt.Key.Key_G)
    assert tool_of(window) is ToolName.FILL


def test_delete_takes_a_key_away_and_backspace_brings_it_back(open_window: Open) -> None:
    window = open_window()
    sheet = open_sheet(window)
    select_row(sheet, "Brush")
    QTest.keyClick(sheet.table, Qt.Key.Key_Delete)
    assert sheet.table.currentIndex().siblingAtColumn(KEYS).data() == ""
    QTest.keyClick(sheet.table, Qt.Key.Key_Backspace)
    assert sheet.table.currentIndex().siblingAtColumn(KEYS).data() == "B"


def test_keys_that_come_back_are_taken_from_whoever_has_them_now_in_words(open_window: Open) -> None:
    window = open_window()
    sheet = open_sheet(window)
    change_key(sheet, "Fill", Qt.Key.Key_F8)
    change_key(sheet, "Eraser", Qt.Key.Key_G)
    select_row(sheet, "Fill")
    QTest.keyClick(sheet.table, Qt.Key.Key_Backspace)
    assert sheet.told.text() == "Fill has its own keys again: G. Eraser lost it."
    QTest.keyClick(sheet, Qt.Key.Key_Escape)
    for desk in (lambda: window, open_window):
        shown = desk()
        press(shown, Qt.Key.Key_B)
        press(shown, Qt.Key.Key_G)
        assert tool_of(shown) is ToolName.FILL


def test_reset_all_resets_what_is_on_other_pages_too(open_window: Open) -> None:
    window = open_window()
    change_key(open_sheet(window), "Fill", Qt.Key.Key_F8)
    assert window.workspace is not None
    press(window, Qt.Key.Key_Escape)
    window.workspace.show_page(Page.TRAIN)
    sheet = open_sheet(window)
    QTest.mouseClick(sheet.reset_button, Qt.MouseButton.LeftButton)
    assert "on every page" in sheet.told.text()
    QTest.keyClick(sheet, Qt.Key.Key_Escape)
    window.workspace.show_page(Page.LABEL)
    for desk in (lambda: window, open_window):
        shown = desk()
        canvas_of(shown).setFocus()
        press(shown, Qt.Key.Key_B)
        press(shown, Qt.Key.Key_F8)
        assert tool_of(shown) is ToolName.BRUSH
        press(shown, Qt.Key.Key_G)
        assert tool_of(shown) is ToolName.FILL


def editor_in(sheet: KeySheet) -> QWidget | None:
    return sheet.table.viewport().findChild(QWidget, "", Qt.FindChildOption.FindDirectChildrenOnly)


def double_click(sheet: KeySheet, row: int, column: int) -> None:
    index = sheet.table.model().index(row, column)
    sheet.table.scrollTo(index)
    place = sheet.table.visualRect(index).center()
    for click in (QTest.mouseClick, QTest.mouseDClick):
        click(sheet.table.viewport(), Qt.MouseButton.LeftButton, pos=place)


@pytest.mark.parametrize("column", [MENU, ACTION, KEYS])
def test_a_double_click_anywhere_on_a_row_waits_for_its_new_key(open_window: Open, column: int) -> None:
    window = open_window()
    sheet = open_sheet(window)
    select_row(sheet, "Fill")
    double_click(sheet, sheet.table.currentIndex().row(), column)
    editor = editor_in(sheet)
    assert editor is not None
    QTest.keyClick(editor, Qt.Key.Key_F8)
    assert sheet.told.text() == "Fill has F8 now."


def test_what_the_mouse_does_cannot_be_edited(open_window: Open) -> None:
    sheet = open_sheet(open_window())
    last = sheet.table.model().rowCount() - 1
    double_click(sheet, last, KEYS)
    QTest.keyClick(sheet.table, Qt.Key.Key_Return)
    assert editor_in(sheet) is None


def test_a_row_that_waits_for_a_key_keeps_its_own_when_it_is_left_without_one(open_window: Open, qtbot: QtBot) -> None:
    sheet = open_sheet(open_window())
    for key in (Qt.Key.Key_Escape, Qt.Key.Key_Tab, None):
        select_row(sheet, "Fill")
        QTest.keyClick(sheet.table, Qt.Key.Key_Return)
        editor = editor_in(sheet)
        assert editor is not None
        if key is None:
            QTest.mouseClick(sheet.search, Qt.MouseButton.LeftButton)
        else:
            QTest.keyClick(QApplication.focusWidget() or editor, key)
        qtbot.waitUntil(lambda gone=editor: not isValid(gone))
        assert sheet.table.currentIndex().siblingAtColumn(KEYS).data() == "G"
        assert sheet.isVisible()


def test_a_sheet_that_is_opened_again_is_searched_anew_by_typing(open_window: Open) -> None:
    window = open_window()
    sheet = open_sheet(window)
    QTest.keyClicks(sheet.search, "fill")
    QTest.keyClick(sheet, Qt.Key.Key_Escape)
    sheet = open_sheet(window)
    QTest.keyClicks(sheet.search, "eraser")
    assert sheet.search.text() == "eraser"


def test_a_classs_key_that_an_action_took_picks_the_class_again_after_a_reset(open_window: Open) -> None:
    window = open_window()
    choices = canvas_of(window).choices
    sheet = open_sheet(window)
    change_key(sheet, "Fill", Qt.Key.Key_2)
    QTest.keyClick(sheet, Qt.Key.Key_Escape)
    before = choices.class_id
    press(window, Qt.Key.Key_2)
    assert (tool_of(window), choices.class_id) == (ToolName.FILL, before)
    sheet = open_sheet(window)
    sheet.reset_button.click()
    QTest.keyClick(sheet, Qt.Key.Key_Escape)
    press(window, Qt.Key.Key_2)
    assert choices.class_id == 1


def test_a_classs_key_that_an_action_takes_is_said_to_be_lost_and_leaves_the_list(open_window: Open) -> None:
    window = open_window()
    assert window.workspace is not None
    classes = window.workspace.label_page.classes
    assert classes is not None
    road = classes.model.index(1)
    assert (road.data(BADGE_ROLE), road.data(Qt.ItemDataRole.ToolTipRole)) == ("2", "road (id 1), key 2")
    sheet = open_sheet(window)
    change_key(sheet, "Brush", Qt.Key.Key_2)
    assert sheet.told.text() == "Brush has 2 now. The class road lost it."
    assert (road.data(BADGE_ROLE), road.data(Qt.ItemDataRole.ToolTipRole)) == ("", "road (id 1)")
    select_row(sheet, "Brush")
    QTest.keyClick(sheet.table, Qt.Key.Key_Backspace)
    assert road.data(BADGE_ROLE) == "2"


def test_a_class_that_is_to_have_an_actions_key_waits_for_it_in_words(open_window: Open) -> None:
    window = open_window()
    assert window.workspace is not None
    classes = window.workspace.label_page.classes
    assert classes is not None
    change_key(open_sheet(window), "Brush", Qt.Key.Key_5)
    classes.model.give_key(0, "5")
    assert "5 stays the key of an action" in window.messages.text()
    assert classes.model.index(0).data(BADGE_ROLE) == ""


def test_tool_tips_name_the_changed_key(open_window: Open) -> None:
    window = open_window()
    sheet = open_sheet(window)
    change_key(sheet, "Fill", Qt.Key.Key_F8)
    fill = next(action for _menu, action in window._all_actions() if action.objectName() == "tool_fill")
    assert fill.toolTip() == "Fill (F8)"
    assert fill.shortcut() == QKeySequence("F8")


def test_usages_tips_and_hints_name_the_keys_that_the_person_chose(open_window: Open) -> None:
    window = open_window()
    assert window.workspace is not None
    page = window.workspace.label_page
    slider = next((s for s in page.options.findChildren(QSlider) if s.accessibleName() == "Brush size"), None)
    assert slider is not None and "[ and ]" in slider.toolTip()
    assert "[ ]: size" in page.status.hint.text()
    change_key(open_sheet(window), "Larger brush", Qt.Key.Key_F8)
    assert "[ F8: size" in page.status.hint.text() and "[ and F8" in slider.toolTip()
    page.canvas.hint("Press {larger_brush}.")
    assert page.status.hint.text() == "Press F8."
    again = open_window().workspace
    assert again is not None
    assert "[ F8: size" in again.label_page.status.hint.text()


def test_what_has_no_key_is_not_named_by_one(open_window: Open) -> None:
    window = open_window()
    assert window.workspace is not None
    page = window.workspace.label_page
    sheet = open_sheet(window)
    for action in ("Round or square brush", "Larger brush"):
        select_row(sheet, action)
        QTest.keyClick(sheet.table, Qt.Key.Key_Delete)
    assert "shape" not in page.status.hint.text() and "right-drag erases" in page.status.hint.text()
    slider = next((s for s in page.options.findChildren(QSlider) if s.accessibleName() == "Brush size"), None)
    assert slider is not None and slider.toolTip() == "Brush size"
    assert page.keyed.fill("Press {brush_shape}, {not_an_action}") == "Press “Round or square brush”, {not_an_action}"
