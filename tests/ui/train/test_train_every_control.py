"""Every control of the recipe, whoever added it: the mouse moves it, and the worker's recipe has what it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from PIL import Image
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
from pytestqt.qtbot import QtBot

from studio.core.classes import make_classes
from studio.core.events import Finished
from studio.core.items import NewItem, Split
from studio.core.outcome import OutcomeKind
from studio.core.recipe import FineTune, RunSpec, Stage, decode_spec
from studio.core.schedules import FlatCosine
from studio.core.settings import ProjectSettings, Task
from studio.core.tags import Tags
from studio.engine import FakeEngine
from studio.store import Store
from studio.ui.train.fields import Choice, DecimalField, RateField, Tick, WholeField
from studio.ui.train.fold import Fold
from studio.ui.train.rates import low_rate, read_rate
from studio.ui.train.recipe_draft import RecipeDraft
from studio.ui.train.recipe_form import RecipeForm

from .conftest import Desk, open_desk, training

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support grabbing the keyboard")

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(autouse=True)
def clicks_follow_each_other_at_once() -> Iterator[None]:
    """A list that a click has opened takes no other click for as long as that could be a double click."""
    before = QApplication.doubleClickInterval()
    QApplication.setDoubleClickInterval(1)
    yield
    QApplication.setDoubleClickInterval(before)


def arrow(field: QAbstractSpinBox, which: QStyle.SubControl) -> QPoint:
    option = QStyleOptionSpinBox()
    field.initStyleOption(option)
    return field.style().subControlRect(QStyle.ComplexControl.CC_SpinBox, option, which, field).center()


def spun(desk: Desk, field: QSpinBox | QDoubleSpinBox) -> None:
    up = field.value() < field.maximum()
    place = arrow(field, QStyle.SubControl.SC_SpinBoxUp if up else QStyle.SubControl.SC_SpinBoxDown)
    desk.qtbot.mouseClick(field, LEFT, pos=place)


def chosen(desk: Desk, field: Choice) -> None:
    """The entry after the present one, or before the last, from the list that a click opens."""
    wanted = field.currentIndex() + (1 if field.currentIndex() + 1 < field.count() else -1)
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


READS: dict[str, Callable[[RunSpec], Any]] = {
    "architecture": lambda spec: spec.architecture,
    "encoder": lambda spec: spec.model.encoder,
    "start_from": lambda spec: spec.parent or ("imagenet" if spec.model.pretrained else "scratch"),
    "epochs": lambda spec: spec.stages[0].epochs,
    "batch_size": lambda spec: spec.stages[0].batch_size,
    "height": lambda spec: spec.stages[0].height,
    "width": lambda spec: spec.stages[0].width,
    "rate": lambda spec: spec.stages[0].lr.high,
    "low_rate": lambda spec: low_rate(spec.stages[0].lr),
    "discriminative": lambda spec: low_rate(spec.stages[0].lr) is not None,
    "frozen": lambda spec: spec.stages[0].frozen,
    "schedule": lambda spec: type(spec.stages[0].schedule),
    "pct_start": lambda spec: 100 * spec.stages[0].schedule.pct_start,
    "div": lambda spec: spec.stages[0].schedule.div,
    "div_final": lambda spec: spec.stages[0].schedule.div_final,
    "momentum_start": lambda spec: spec.stages[0].schedule.momenta[0],
    "momentum_peak": lambda spec: spec.stages[0].schedule.momenta[1],
    "momentum_end": lambda spec: spec.stages[0].schedule.momenta[2],
    "momentum": lambda spec: spec.stages[0].schedule.momentum,
    "flip": lambda spec: spec.augment.flip,
    "flip_vertical": lambda spec: spec.augment.flip_vertical,
    "rotate": lambda spec: spec.augment.rotate,
    "zoom": lambda spec: 100 * spec.augment.zoom,
    "warp": lambda spec: 100 * spec.augment.warp,
    "lighting": lambda spec: 100 * spec.augment.lighting,
    "clip_norm": lambda spec: spec.clip_norm or 0,
    "early_stop": lambda spec: spec.early_stop or 0,
    "replay": lambda spec: 100 * spec.fine_tune.replay,
    "weight": lambda spec: spec.fine_tune.weight,
}
"""What the recipe has of a control, in the control's unit. The others are called as their field of the recipe is."""


def recipe_has(spec: RunSpec, name: str) -> Any:
    return READS[name](spec) if name in READS else getattr(spec, name)


def shown(field: QWidget) -> Any:
    if isinstance(field, WholeField | DecimalField):
        return pytest.approx(field.value())
    if isinstance(field, RateField):
        return pytest.approx(read_rate(field.text()), rel=1e-2)
    if isinstance(field, Choice):
        return field.value
    assert isinstance(field, Tick)
    return field.isChecked()


def controls(form: RecipeForm) -> list[QWidget]:
    kinds = (WholeField, DecimalField, RateField, Choice, Tick)
    return [field for kind in kinds for field in form.findChildren(kind) if field.isVisible() and field.isEnabled()]


def unfold_all(desk: Desk, form: RecipeForm) -> None:
    for fold in form.findChildren(Fold):
        if not fold.line.isChecked():
            desk.qtbot.mouseClick(fold.line, LEFT)


def check_each(desk: Desk, form: RecipeForm, draft: RecipeDraft) -> list[str]:
    """Move each control alone, from the same recipe; the names of those that were moved."""
    unfold_all(desk, form)
    original = draft.spec
    names = [field.objectName() for field in controls(form)]
    tried: list[str] = []
    for number, name in enumerate(names):
        field = controls(form)[number]
        assert field.objectName() == name
        if isinstance(field, Choice) and field.count() < 2:
            continue
        moved(desk, field)
        form.commit_edits()
        assert recipe_has(draft.spec, name) == shown(field), name
        assert recipe_has(draft.spec, name) != recipe_has(original, name), name
        draft.load(original)
        tried.append(name)
    return tried


def test_each_control_that_the_mouse_moves_changes_its_own_field_of_the_recipe(desk: Desk) -> None:
    assert len(check_each(desk, desk.page.recipe.form, desk.page.draft)) > 25


def test_the_controls_of_classes_and_of_corrections_change_their_own_fields_too(desk: Desk) -> None:
    corrections = FineTune(corrections=(1, 2), replay=0.5, weight=3.0)
    stages = (Stage(epochs=2, height=64, width=64, schedule=FlatCosine()),)
    spec = RunSpec(task=Task.SINGLE_LABEL, stages=stages, parent="0001", fine_tune=corrections)
    draft = RecipeDraft(spec)
    form = RecipeForm(draft, spec.task)
    desk.qtbot.addWidget(form)
    form.resize(300, 700)
    with desk.qtbot.waitActive(form, timeout=5000):
        form.show()
        form.activateWindow()
    assert {"mixup", "replay", "weight", "momentum"} <= set(check_each(desk, form, draft))


def move_all(desk: Desk) -> None:
    """Each control once, one on top of the other; some appear by the move of another."""
    form = desk.page.recipe.form
    unfold_all(desk, form)
    for name in [field.objectName() for field in controls(form)]:
        field = next((field for field in controls(form) if field.objectName() == name), None)
        if field is not None and not (isinstance(field, Choice) and field.count() < 2):
            moved(desk, field)
    form.commit_edits()


def received_on_train(desk: Desk, number: int = 1) -> RunSpec:
    desk.qtbot.mouseClick(desk.page.recipe.train, LEFT)
    return decode_spec((desk.wait_for_run(number).folder / "recipe.json").read_bytes())


def test_what_the_mouse_has_moved_is_the_recipe_that_the_worker_received(desk: Desk) -> None:
    move_all(desk)
    received = received_on_train(desk)
    told = {field.objectName(): shown(field) for field in controls(desk.page.recipe.form)}
    assert {name: recipe_has(received, name) for name in told} == told
    assert received == desk.page.draft.spec


def test_the_worker_of_classes_receives_the_mixing_and_all_else_that_the_mouse_has_moved(
    tmp_path: Path, qtbot: QtBot
) -> None:
    for desk in open_desk(project_of_classes(tmp_path), qtbot, FakeEngine(hold=True)):
        before = desk.page.draft.spec
        move_all(desk)
        received = received_on_train(desk)
        told = {field.objectName(): shown(field) for field in controls(desk.page.recipe.form)}
        assert "mixup" in told
        assert received.mixup != before.mixup
        assert {name: recipe_has(received, name) for name in told} == told


def test_the_worker_of_corrections_receives_what_the_mouse_has_moved_in_the_banner(desk: Desk) -> None:
    received_on_train(desk)
    run = desk.engine.runs[0]
    (run.folder / "model.safetensors").write_bytes(b"")
    run.say(*training(1), Finished(outcome=OutcomeKind.FINISHED, seconds=1.0))
    run.end()
    desk.wait_for_idle()
    desk.wait(lambda: desk.page.recipe.form.findChild(Choice, "start_from").count() > 2)
    corrections = FineTune(corrections=tuple(desk.store.item_ids()[:2]), replay=0.5, weight=3.0)
    desk.page.draft.load(replace(desk.page.draft.spec, parent=run.folder.name, fine_tune=corrections))
    banner = desk.page.recipe.form.banner
    for field in (banner.replay, banner.weight):
        moved(desk, field)
    told = banner.replay.value() / 100, banner.weight.value()
    received = received_on_train(desk, 2).fine_tune
    assert received is not None
    assert (received.replay, received.weight) == pytest.approx(told)
    assert (received.replay, received.weight) != (corrections.replay, corrections.weight)
    assert received.corrections == corrections.corrections


def project_of_classes(folder: Path) -> Path:
    """Twelve small pictures of two classes, four of them for validation."""
    root, classes = folder / "classes", make_classes(["Cat", "Dog"])
    settings = ProjectSettings(name="Animals", task=Task.SINGLE_LABEL, classes=tuple(classes))
    items: list[NewItem] = []
    for number in range(12):
        path = folder / f"{number:02d}.png"
        Image.new("RGB", (64, 48), (20 * number, 90, 90)).save(path)
        items.append(NewItem(name=path.name, path=path, split=Split.VALID if number < 4 else Split.TRAIN))
    with Store.create(root, settings) as store:
        ids = store.add_items(items)
        store.import_annotations((item, Tags((classes[number % 2].id,))) for number, item in enumerate(ids))
        store.flush()
    return root
