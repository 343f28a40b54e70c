"""The stages' timeline, worked with the real mouse and keys: what is done there is the recipe that the engine gets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QHelpEvent, QImage
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QToolTip
from pytestqt.qtbot import QtBot

from studio.core.recipe import LearningRate, RunSpec, Stage
from studio.core.settings import Task
from studio.engine import FakeEngine
from studio.ui.theme import ThemeMode, theme
from studio.ui.train.recipe_draft import RecipeDraft
from studio.ui.train.stage_timeline import StageTimeline

from .conftest import Desk, make_project, open_desk
from .test_train_recipe import choose, field, train, type_over

LEFT = Qt.MouseButton.LeftButton
STAGES = (
    Stage(epochs=4, height=64, width=64, batch_size=16, frozen=True, lr=LearningRate(high=1e-2)),
    Stage(epochs=6, height=64, width=64, batch_size=16, lr=LearningRate(high=2e-3, discriminative=True)),
    Stage(epochs=2, height=128, width=128, batch_size=4),
)


@pytest.fixture
def timeline(desk: Desk) -> StageTimeline:
    desk.page.draft.load(replace(desk.page.draft.spec, stages=STAGES))
    cards = desk.page.recipe.form.stages.cards
    desk.wait(lambda: cards[2].y() > cards[1].geometry().bottom() > cards[0].geometry().bottom())
    return desk.page.recipe.header.timeline


def middle(timeline: StageTimeline, index: int) -> QPoint:
    return timeline.block(index).center().toPoint()


def edge(timeline: StageTimeline, index: int) -> QPoint:
    block = timeline.block(index)
    return QPoint(round(block.right()), round(block.center().y()))


def drag(desk: Desk, timeline: StageTimeline, start: QPoint, *way: QPoint, let_go: bool = True) -> None:
    desk.qtbot.mousePress(timeline, LEFT, pos=start)
    for point in way:
        desk.qtbot.mouseMove(timeline, point)
        QApplication.processEvents()
    if let_go:
        desk.qtbot.mouseRelease(timeline, LEFT, pos=way[-1])


def order(stages: Sequence[Stage]) -> list[int]:
    return [STAGES.index(stage) for stage in stages]


def test_a_click_selects_the_stage_that_the_rate_finder_works_on(desk: Desk, timeline: StageTimeline) -> None:
    desk.qtbot.mouseClick(timeline, LEFT, pos=middle(timeline, 2))
    assert desk.page.recipe.form.stages.cards[2].property("selected")
    desk.qtbot.keyClick(desk.page, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    desk.wait_for_run()
    assert desk.store.run("0001").spec.stages == (STAGES[2],)


def test_the_card_of_a_block_that_is_clicked_comes_into_view(desk: Desk, timeline: StageTimeline) -> None:
    card = desk.page.recipe.form.stages.cards[2]
    assert card.visibleRegion().boundingRect().height() < card.height()
    desk.qtbot.mouseClick(timeline, LEFT, pos=middle(timeline, 2))
    assert card.visibleRegion().boundingRect().height() == card.height()


def test_a_block_dragged_to_another_place_is_trained_there(desk: Desk, timeline: StageTimeline) -> None:
    start, end = middle(timeline, 2), middle(timeline, 0) - QPoint(8, 0)
    drag(desk, timeline, start, (start + end) / 2, end)
    assert desk.page.draft.selected == 0
    assert order(train(desk).stages) == [2, 0, 1]


def test_the_right_edge_dragged_is_more_or_fewer_epochs(desk: Desk, timeline: StageTimeline) -> None:
    an_epoch = timeline.block(1).width() / 6
    start = edge(timeline, 1)
    drag(desk, timeline, start, start + QPoint(round(an_epoch), 0), start + QPoint(round(3 * an_epoch), 0))
    first = edge(timeline, 0)
    drag(desk, timeline, first, first - QPoint(400, 0))
    assert [stage.epochs for stage in train(desk).stages] == [1, 9, 2]


def test_a_drag_writes_the_number_beside_the_edge_and_changes_nothing_until_it_is_let_go(
    desk: Desk, timeline: StageTimeline
) -> None:
    start = edge(timeline, 0)
    before = painted(timeline)
    drag(desk, timeline, start, start + QPoint(60, 0), let_go=False)
    during = painted(timeline)
    accent = theme().color("accent").rgb()
    assert count_of(during, accent) > count_of(before, accent) + 200  # the bubble
    assert desk.page.draft.stages == STAGES
    desk.qtbot.keyClick(timeline, Qt.Key.Key_Escape)
    desk.qtbot.mouseRelease(timeline, LEFT, pos=start + QPoint(60, 0))
    assert train(desk).stages == STAGES


def test_a_click_that_trembles_moves_nothing(desk: Desk, timeline: StageTimeline) -> None:
    start = middle(timeline, 0)
    drag(desk, timeline, start, start + QPoint(2, 1))
    assert desk.page.draft.stages == STAGES


def test_arrows_select_and_with_alt_they_move(desk: Desk, timeline: StageTimeline) -> None:
    timeline.setFocus()
    desk.qtbot.keyClick(timeline, Qt.Key.Key_End)
    desk.qtbot.keyClick(timeline, Qt.Key.Key_Left)
    assert desk.page.draft.selected == 1
    desk.qtbot.keyClick(timeline, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    desk.qtbot.keyClick(timeline, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert desk.page.draft.selected == 0
    desk.qtbot.keyClick(timeline, Qt.Key.Key_Right)
    assert desk.page.draft.selected == 1
    assert order(train(desk).stages) == [1, 0, 2]


def test_keys_change_epochs_duplicate_and_delete(desk: Desk, timeline: StageTimeline) -> None:
    timeline.setFocus()
    for key in (Qt.Key.Key_Plus, Qt.Key.Key_Plus, Qt.Key.Key_Minus):
        desk.qtbot.keyClick(timeline, key)
    desk.qtbot.keyClick(timeline, Qt.Key.Key_Right)
    desk.qtbot.keyClick(timeline, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    desk.qtbot.keyClick(timeline, Qt.Key.Key_End)
    desk.qtbot.keyClick(timeline, Qt.Key.Key_Delete)
    assert train(desk).stages == (replace(STAGES[0], epochs=5), STAGES[1], STAGES[1])


def test_a_stage_is_doubled_by_a_key(desk: Desk, timeline: StageTimeline) -> None:
    timeline.setFocus()
    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    desk.qtbot.keyClick(timeline, Qt.Key.Key_D, control | shift)
    assert train(desk).stages == (STAGES[0], replace(STAGES[0], height=128, width=128, batch_size=8), *STAGES[1:])


@pytest.mark.parametrize(
    ("task", "stage", "size"),
    [
        (Task.SEGMENTATION, Stage(epochs=1, height=4096, width=5000), "images at 4096×5000"),
        (Task.TEXT, Stage(epochs=1, height=1, width=600), "texts of up to 600 tokens"),
    ],
)
def test_where_there_is_no_size_twice_as_large_that_is_said(task: Task, stage: Stage, size: str) -> None:
    draft = RecipeDraft(RunSpec(task=task, stages=(stage,)))
    said: list[str] = []
    draft.told.connect(said.append)
    draft.double_size(0)
    assert draft.stages == (stage,)
    assert said == [f"There is no size twice as large as {size}."]


def test_the_last_stage_is_not_deleted_by_a_key(desk: Desk, timeline: StageTimeline) -> None:
    timeline.setFocus()
    for _ in range(5):
        desk.qtbot.keyClick(timeline, Qt.Key.Key_Delete)
    assert len(desk.page.draft.stages) == 1


def test_a_tip_says_what_the_stage_under_the_mouse_is(timeline: StageTimeline) -> None:
    point = middle(timeline, 1)
    QApplication.sendEvent(timeline, QHelpEvent(QEvent.Type.ToolTip, point, timeline.mapToGlobal(point)))
    assert QToolTip.text().startswith(
        "Stage 2: 6 epochs of images at 64×64, 16 a batch, the whole network, at a rate of 2e-4 to 2e-3."
    )


@pytest.mark.parametrize("mode", [ThemeMode.LIGHT, ThemeMode.DARK])
def test_what_learns_and_the_size_can_be_seen(desk: Desk, timeline: StageTimeline, mode: ThemeMode) -> None:
    theme().apply(mode)
    picture = painted(timeline)

    def color(index: int, share: float) -> int:
        block = timeline.block(index)
        return picture.pixel(round(block.right()) - 4, round(block.top() + share * block.height()))

    frozen, whole, large = (color(i, 0.85) for i in range(3))
    assert frozen != whole == large
    assert color(1, 0.3) == theme().color("base").rgb()  # half the sides: half as high
    assert color(2, 0.3) == large


def test_many_stages_scroll_sideways_to_the_one_that_is_selected(desk: Desk, timeline: StageTimeline) -> None:
    timeline.setFocus()
    for _ in range(9):
        desk.qtbot.keyClick(timeline, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    desk.qtbot.keyClick(timeline, Qt.Key.Key_End)

    def is_seen() -> bool:
        return timeline.visibleRegion().contains(middle(timeline, 11))

    desk.wait(is_seen)
    desk.qtbot.keyClick(timeline, Qt.Key.Key_Home)
    desk.wait(lambda: timeline.visibleRegion().contains(middle(timeline, 0)) and not is_seen())


def test_ctrl_z_takes_back_what_was_done_to_the_recipe_and_gives_it_again(desk: Desk, timeline: StageTimeline) -> None:
    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    undo = next(action for action in desk.page.actions() if action.objectName() == "train_undo_recipe")
    timeline.setFocus()
    desk.qtbot.keyClick(timeline, Qt.Key.Key_Delete)
    choose(desk, "precision", "float32")
    desk.qtbot.keyClick(desk.page, Qt.Key.Key_Z, control)
    desk.qtbot.keyClick(desk.page, Qt.Key.Key_Z, control)
    assert desk.page.draft.stages == STAGES
    assert undo.isEnabled()  # the test's own loading
    desk.qtbot.keyClick(desk.page, Qt.Key.Key_Z, control | shift)
    assert desk.page.draft.stages == STAGES[1:]
    assert train(desk).precision == "auto"


def test_ctrl_z_in_a_number_field_takes_back_what_was_typed_there(desk: Desk, timeline: StageTimeline) -> None:
    card = desk.page.recipe.form.stages.cards[0]
    for widget, text, read in (
        (card.epochs, "125", card.epochs.text),
        (card.high, "3e-4", card.high.text),
    ):
        before = read()
        type_over(desk, widget, text)
        assert read() == text
        desk.qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        assert read() == before
    type_over(desk, field(desk, "note", QLineEdit), "a word")
    assert train(desk).stages == STAGES


def painted(timeline: StageTimeline) -> QImage:
    return timeline.grab().toImage()


def count_of(picture: QImage, color: int) -> int:
    return sum(picture.pixel(x, y) == color for x in range(picture.width()) for y in range(picture.height()))


def test_one_click_lets_the_pictures_grow_and_says_what_it_did(tmp_path: Path, qtbot: QtBot) -> None:
    project = make_project(tmp_path / "project", tmp_path / "pictures", size=(160, 160))
    for desk in open_desk(project, qtbot, FakeEngine(hold=True)):
        said: list[str] = []
        desk.session.message.connect(lambda sentence, _tone, said=said: said.append(sentence))
        button = field(desk, "grow_stages", QPushButton)
        assert button.text() == "Grow 64 → 128"
        desk.page.recipe.form.stages.grow.setFocus()
        desk.qtbot.mouseClick(button, LEFT)
        assert said[-1].startswith("4 stages, 64 → 128: at each the head first, then the whole network")
        assert said[-1].endswith("the same 40 epochs in all. Larger ones are left out, the pictures have 160×160.")
        desk.qtbot.mouseClick(button, LEFT)
        assert said[-1] == "The recipe has these stages already."
        stages = train(desk).stages
        assert [(s.height, s.width, s.frozen, s.epochs) for s in stages] == [
            (64, 64, True, 10),
            (64, 64, False, 10),
            (128, 128, True, 10),
            (128, 128, False, 10),
        ]
        desk.qtbot.keyClick(desk.page, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        assert len(desk.page.draft.stages) == 1


def test_pictures_that_are_small_already_cannot_grow(desk: Desk) -> None:
    button = field(desk, "grow_stages", QPushButton)
    assert not button.isEnabled()
    assert button.toolTip() == "The pictures are too small to begin with smaller ones"
