"""What a person sees of the look at the data, and that a click mends it."""

from __future__ import annotations

import shutil

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QWidget

from studio.core.items import LabelState, Split
from studio.core.masks import write_mask
from studio.store import ItemFilter, Store
from tests.ui.train.conftest import CLASSES, Desk


def click(parent: QWidget, name: str) -> None:
    button = parent.findChild(QAbstractButton, name)
    assert button is not None and button.isVisible(), name
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def look(desk: Desk) -> None:
    click(desk.page, "check_data_button")
    desk.wait(lambda: "to look at" in desk.page.data_panel.said.text() or "Nothing" in desk.page.data_panel.said.text())


def copy_into_validation(store: Store) -> tuple[int, int]:
    """The picture of the first training item under the name of the first validation item."""
    items = store.items(store.item_ids())
    valid = next(item for item in items if item.split is Split.VALID)
    train = next(item for item in items if item.split is Split.TRAIN)
    shutil.copy(train.path, valid.path)
    return valid.id, train.id


def test_a_copy_in_validation_is_found_moved_and_put_back(desk: Desk) -> None:
    valid, _ = copy_into_validation(desk.store)
    look(desk)
    panel = desk.page.data_panel
    (card,) = [card for card in panel.cards if "nearly the same" in card.sentence.text()]
    assert panel.isVisible()
    click(card, "finding_fix_0")
    desk.wait(lambda: card.sentence.text() == "1 item is in the train split now.")
    assert desk.store.item(valid).split is Split.TRAIN
    click(card, "finding_back")
    desk.wait(lambda: "nearly the same" in card.sentence.text())
    assert desk.store.item(valid).split is Split.VALID


def test_its_items_are_shown_one_after_the_other(desk: Desk) -> None:
    pair = copy_into_validation(desk.store)
    look(desk)
    opened: list[int] = []
    desk.session.item_opened.connect(opened.append)
    card = next(card for card in desk.page.data_panel.cards if "nearly the same" in card.sentence.text())
    for _ in range(3):
        click(card, "finding_show")
    assert opened == [pair[0], pair[1], pair[0]]


def test_the_recipe_says_what_the_labels_alone_tell(desk: Desk) -> None:
    """A class that only training items have shows beside the button without a click, and goes when it is mended."""
    for item in desk.store.items(desk.store.item_ids()):
        if item.split is Split.VALID:
            repaint(desk.store, item.id)
    desk.session.items_changed.emit([])
    button = desk.page.recipe.check_data
    desk.wait(lambda: button.text() == "Check the data: 2 findings")
    desk.store.set_split([item.id for item in desk.store.items(desk.store.item_ids())[-2:]], Split.VALID)
    desk.session.items_changed.emit([])
    desk.wait(lambda: button.text() == "Check the data")


def repaint(store: Store, item: int) -> None:
    """Another program writes a mask that is one class all over."""
    write_mask(store.label_path(item), np.zeros((48, 64), np.uint8), CLASSES)
    store.open_document(item)


def test_it_says_what_was_looked_at(desk: Desk) -> None:
    look(desk)
    labelled = desk.store.item_ids(ItemFilter(states=(LabelState.LABELLED,), splits=(Split.TRAIN, Split.VALID)))
    looked_at = desk.page.data_panel.looked_at
    assert looked_at.isVisible() and looked_at.text().startswith(f"Looked at {len(labelled)} pictures with labels")


def test_escape_and_train_bring_the_plots_back(desk: Desk) -> None:
    look(desk)
    QTest.keyClick(desk.page.data_panel.close_button, Qt.Key.Key_Escape)
    assert desk.page.view.isVisible()
    look(desk)
    click(desk.page, "train_button")
    desk.wait_for_run()
    assert desk.page.view.isVisible()


def test_nothing_is_looked_at_while_the_page_is_hidden(desk: Desk) -> None:
    """Somebody labels on another page, and each label would cost a count."""
    desk.page.hide()
    glances: list[object] = []
    desk.page.data.glanced.connect(glances.append)
    desk.session.items_changed.emit([])
    desk.qtbot.wait(1200)
    assert glances == []
    desk.page.show()
    desk.wait(lambda: len(glances) == 1)


def test_the_end_of_a_look_takes_the_focus_from_nobody(desk: Desk) -> None:
    click(desk.page, "check_data_button")
    desk.page.recipe.form.note.setFocus()
    desk.wait(lambda: not desk.page.data_panel.bar.isVisible())
    assert desk.page.recipe.form.note.hasFocus()


def test_what_a_run_will_take_is_told_and_follows_the_recipe(desk: Desk) -> None:
    look(desk)
    said = desk.page.data_panel.estimate
    desk.wait(lambda: "of memory, an estimate by the network's size" in said.text())
    assert said.isVisible()
    epochs = sum(stage.epochs for stage in desk.page.draft.stages)
    assert f"how long {epochs} epochs take" in said.text()
    desk.page.draft.set_stage(0, epochs=desk.page.draft.stages[0].epochs + 3)
    desk.wait(lambda: f"how long {epochs + 3} epochs take" in said.text())
