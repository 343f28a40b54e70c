"""The whole window by keyboard: the command palette, the sheet of keys, keys that a person has changed."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QMenu,
    QSlider,
    QWidget,
)
from pytestqt.qtbot import QtBot

from studio.core.classes import make_classes
from studio.core.items import NewItem
from studio.core.settings import ProjectSettings, Task
from studio.store import Store
from studio.ui.keyboard.key_sheet import KeySheet
from studio.ui.keyboard.key_table import ACTION, KEYS
from studio.ui.keyboard.palette import Palette
from studio.ui.keyboard.search import fit
from studio.ui.label.choices import ToolName
from studio.ui.label.side_panel import SidePanel
from studio.ui.main_window import MainWindow

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
    names = ["Accept the Whole Prediction", "Actual Pixels", "Map"]
    assert max(names, key=lambda name: fit("ap", name) or -1) in names[:2]
    assert (fit("awp", names[0]) or 0) > 20


@pytest.fixture(autouse=True)
def settings_of_this_test(tmp_path: Path) -> None:
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path / "settings"))


Open = Callable[[], MainWindow]


@pytest.fixture
def open_window(tmp_path: Path, qtbot: QtBot) -> Iterator[Open]:
    """Opens the window on a small project, as often as it is asked for; the last one is closed at the end."""
    Image.new("RGB", (64, 48), "gray").save(tmp_path / "a.png")
    settings = ProjectSettings(name="desk", task=Task.SEGMENTATION, classes=tuple(make_classes(["sky", "road"])))
    with Store.create(tmp_path / "project", settings) as store:
        store.add_items([NewItem(name="a.png", path=tmp_path / "a.png")])
    windows: list[MainWindow] = []

    def make() -> MainWindow:
        for window in windows:
            window.close()
        window = MainWindow()
        qtbot.addWidget(window)
        window.resize(1280, 720)
        window.show()
        window.open_folder(tmp_path / "project")
        qtbot.waitUntil(lambda: canvas_of(window).document is not None)
        canvas_of(window).setFocus()
        windows.append(window)
        return window

    yield make
    windows[-1].close()


def canvas_of(window: MainWindow):
    assert window.workspace is not None
    return window.workspace.label_page.canvas


def tool_of(window: MainWindow) -> ToolName:
    return canvas_of(window).choices.tool


def press(window: MainWindow, key: Qt.Key, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(window.focusWidget() or window, key, keys)


def open_palette(window: MainWindow) -> Palette:
    press(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    palette = window.findChild(Palette)
    assert palette is not None and palette.isVisible()
    return palette


def open_sheet(window: MainWindow) -> KeySheet:
    QTest.keyClicks(window.focusWidget() or window, "?")
    sheet = window.findChild(KeySheet)
    assert sheet is not None and sheet.isVisible()
    return sheet


def select_row(sheet: KeySheet, action: str) -> None:
    model = sheet.table.model()
    row = next(row for row in range(model.rowCount()) if model.index(row, ACTION).data() == action)
    sheet.table.setFocus()
    sheet.table.setCurrentIndex(model.index(row, ACTION))


def change_key(sheet: KeySheet, action: str, key: Qt.Key) -> None:
    select_row(sheet, action)
    QTest.keyClick(sheet.table, Qt.Key.Key_Return)
    editor = sheet.table.viewport().findChild(QWidget, "", Qt.FindChildOption.FindDirectChildrenOnly)
    assert editor is not None
    QTest.keyClick(editor, key)


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
    assert {"Brush", "Undo", "Fit the Picture", "Find a Command"} <= shown


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
    for page in ("label", "train", "review"):
        assert window.workspace is not None
        window.workspace.show_page(page)
        keys = [key.toString() for _menu, action in window._all_actions() for key in action.shortcuts()]
        assert sorted(keys) == sorted(set(keys)), page


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


def test_tool_tips_name_the_changed_key(open_window: Open) -> None:
    window = open_window()
    sheet = open_sheet(window)
    change_key(sheet, "Fill", Qt.Key.Key_F8)
    fill = next(action for _menu, action in window._all_actions() if action.objectName() == "tool_fill")
    assert fill.toolTip() == "Fill (F8)"
    assert fill.shortcut() == QKeySequence("F8")


def test_every_control_that_the_keyboard_reaches_has_a_name_for_screen_readers(open_window: Open) -> None:
    window = open_window()
    kinds = (QAbstractButton, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit)
    for page in ("label", "train", "review"):
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


def test_usages_tips_and_hints_name_the_keys_that_the_person_chose(open_window: Open) -> None:
    window = open_window()
    assert window.workspace is not None
    page = window.workspace.label_page
    slider = next((s for s in page.options.findChildren(QSlider) if s.accessibleName() == "Brush size"), None)
    assert slider is not None and "[ and ]" in slider.toolTip()
    assert "[ ]: size" in page.status.hint.text()
    change_key(open_sheet(window), "Larger Brush", Qt.Key.Key_F8)
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
    for action in ("Round or Square Brush", "Larger Brush"):
        select_row(sheet, action)
        QTest.keyClick(sheet.table, Qt.Key.Key_Delete)
    assert "shape" not in page.status.hint.text() and "right-drag erases" in page.status.hint.text()
    slider = next((s for s in page.options.findChildren(QSlider) if s.accessibleName() == "Brush size"), None)
    assert slider is not None and slider.toolTip() == "Brush size"
    assert page.keyed.fill("Press {brush_shape}, {not_an_action}") == "Press “Round or Square Brush”, {not_an_action}"


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
    assert met == sorted(met) and set(met) == set(range(len(parts)))


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
