"""Every control of the recipe, whoever added it: the mouse moves it, and the worker's recipe has what it shows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QDoubleSpinBox,
    QSpinBox,
    QStyle,
    QStyleOptionSpinBox,
    QWidget,
)

from studio.core.recipe import decode_spec
from studio.ui.train.fields import Choice, DecimalField, RateField, Tick, WholeField
from studio.ui.train.fold import Fold

from .conftest import Desk

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support grabbing the keyboard")

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(autouse=True)
def clicks_follow_each_other_at_once() -> Iterator[None]:
    """A list that a click has opened takes no other click for as long as that could be a double click."""
    before = QApplication.doubleClickInterval()
    QApplication.setDoubleClickInterval(1)
    yield
    QApplication.setDoubleClickInterval(before)


def unfold_all(desk: Desk) -> None:
    for fold in desk.page.recipe.form.findChildren(Fold):
        if not fold.line.isChecked():
            desk.qtbot.mouseClick(fold.line, LEFT)


def arrow(field: QAbstractSpinBox, which: QStyle.SubControl) -> QPoint:
    option = QStyleOptionSpinBox()
    field.initStyleOption(option)
    return field.style().subControlRect(QStyle.ComplexControl.CC_SpinBox, option, which, field).center()


def spun(desk: Desk, field: QSpinBox | QDoubleSpinBox) -> None:
    up = field.value() < field.maximum()
    place = arrow(field, QStyle.SubControl.SC_SpinBoxUp if up else QStyle.SubControl.SC_SpinBoxDown)
    desk.qtbot.mouseClick(field, LEFT, pos=place)


def chosen(desk: Desk, field: Choice) -> None:
    """The entry after the present one, from the list that a click opens."""
    wanted = (field.currentIndex() + 1) % field.count()
    desk.qtbot.mouseClick(field, LEFT)
    view = field.view()
    desk.wait(view.isVisible)
    desk.qtbot.wait(20)
    place = view.visualRect(field.model().index(wanted, field.modelColumn())).center()
    desk.qtbot.mouseClick(view.viewport(), LEFT, pos=place)
    desk.wait(lambda: not view.isVisible())


def moved(desk: Desk, field: QWidget) -> None:
    if isinstance(field, WholeField | DecimalField):
        spun(desk, field)
    elif isinstance(field, Choice):
        chosen(desk, field)
    elif isinstance(field, Tick):
        desk.qtbot.mouseClick(field, LEFT, pos=QPoint(8, field.height() // 2))
    else:
        desk.qtbot.mouseClick(field, LEFT)
        desk.qtbot.keyClick(field, Qt.Key.Key_Up)


def controls(desk: Desk) -> list[QWidget]:
    form = desk.page.recipe.form
    kinds = (WholeField, DecimalField, RateField, Choice, Tick)
    return [field for kind in kinds for field in form.findChildren(kind) if field.isVisible() and field.isEnabled()]


def test_each_control_that_the_mouse_moves_changes_the_recipe(desk: Desk) -> None:
    unfold_all(desk)
    original = desk.page.draft.spec
    names, idle = [field.objectName() for field in controls(desk)], list[str]()
    for number, name in enumerate(names):
        field = controls(desk)[number]
        assert field.objectName() == name
        if isinstance(field, Choice) and field.count() < 2:
            continue
        moved(desk, field)
        desk.page.recipe.form.commit_edits()
        if desk.page.draft.spec == original:
            idle.append(name)
        desk.page.draft.load(original)
    assert idle == []
    assert len(names) > 25


def test_what_the_mouse_has_moved_is_the_recipe_that_the_worker_received(desk: Desk) -> None:
    unfold_all(desk)
    for name in ("epochs", "batch_size", "flip", "rotate", "weight_decay", "precision", "on_divergence"):
        moved(desk, next(field for field in controls(desk) if field.objectName() == name))
    shown = desk.page.draft.spec
    desk.qtbot.mouseClick(desk.page.recipe.train, LEFT)
    folder = desk.wait_for_run().folder
    received = decode_spec((folder / "recipe.json").read_bytes())
    assert received == shown
