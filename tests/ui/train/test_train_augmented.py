"""What a person sees of augmented samples, and what the process that draws them is asked for."""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget
from pytestqt.qtbot import QtBot

from studio.core.events import Augmented, AugmentedSample, Failed, Finished, Warned
from studio.core.items import Split
from studio.core.masks import write_mask
from studio.core.outcome import OutcomeKind
from studio.core.points import Keypoint, KeypointName, Points
from studio.core.recipe import Purpose, RunSpec, decode_spec
from studio.core.run_lock import holding_run
from studio.core.settings import ProjectSettings, Task
from studio.core.snapshot import SNAPSHOT_FILE, Snapshot, decode_snapshot
from studio.engine import FakeEngine, FakeRun
from studio.store import Store
from studio.ui.train.augmented.folders import LOOKS_FOLDER
from studio.ui.train.augmented.look import LookState
from studio.ui.train.augmented.places import places_for
from tests.ui.train.conftest import CLASSES, Desk, make_project, open_desk

desk_on = contextlib.contextmanager(open_desk)

ROLLS = 8
WIDTH, HEIGHT = 64, 48
SKY, ROAD = CLASSES[0], CLASSES[1]


def click(parent: QWidget, name: str) -> None:
    button = parent.findChild(QAbstractButton, name)
    assert button is not None and button.isVisible() and button.isEnabled(), name
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def press(desk: Desk, key: Qt.Key) -> None:
    QTest.keyClick(desk.page.augmented_panel.grid, key)


def look_runs(desk: Desk) -> list[FakeRun]:
    return [run for run in desk.engine.runs if LOOKS_FOLDER.name in run.folder.parts]


def spec_of(run: FakeRun) -> RunSpec:
    return decode_spec((run.folder / "recipe.json").read_bytes())


def snapshot_of(run: FakeRun) -> Snapshot:
    return decode_snapshot((run.folder / SNAPSHOT_FILE).read_bytes())


def open_look(desk: Desk, number: int = 1) -> FakeRun:
    """Ask for samples by the button in the recipe and wait until a process is asked to draw them."""
    click(desk.page.recipe, "augmented_button")
    return wait_for_look(desk, number)


def wait_for_look(desk: Desk, number: int) -> FakeRun:
    desk.wait(lambda: len(look_runs(desk)) == number)
    return look_runs(desk)[-1]


def grey(level: int) -> np.ndarray:
    return np.full((HEIGHT, WIDTH, 3), level, np.uint8)


def roll_event(run: FakeRun, roll: int, *, level: int, rolls: int = ROLLS, points: Points | None = None) -> Augmented:
    """Pictures of one grey level; of masks the left half is sky and nobody says anything about the rest."""
    folder = run.folder / "augmented"
    folder.mkdir(exist_ok=True)
    samples: list[AugmentedSample] = []
    for item in snapshot_of(run).items:
        name = f"augmented/{roll}-{item.id}"
        Image.fromarray(grey(level)).save(run.folder / f"{name}.png")
        mask = None
        if points is None:
            ids = np.full((HEIGHT, WIDTH), 255, np.uint8)
            ids[:, : WIDTH // 2] = SKY.id
            mask = f"{name}-mask.png"
            write_mask(run.folder / mask, ids, CLASSES)
        samples.append(AugmentedSample(item=item.id, name=item.name, picture=f"{name}.png", mask=mask, points=points))
    return Augmented(roll=roll, rolls=rolls, samples=samples)


def draw(run: FakeRun, levels: list[int], *, rolls: int = ROLLS, points: Points | None = None) -> None:
    for number, level in enumerate(levels, start=1):
        run.say(roll_event(run, number, level=level, rolls=rolls, points=points))


def finish(run: FakeRun) -> None:
    run.say(Finished(outcome=OutcomeKind.FINISHED, seconds=1.0))
    run.end()


def color_at(desk: Desk, across: float, down: float, *, tile: int = 0) -> tuple[int, int, int]:
    """What the screen shows at a place in a tile's picture, given in shares of its sides."""
    grid = desk.page.augmented_panel.grid
    place = grid.places.picture_of(tile)
    image = grid.grab().toImage()
    ratio = image.devicePixelRatio()
    x, y = place.left() + across * place.width(), place.top() + down * place.height()
    color = image.pixelColor(int(x * ratio), int(y * ratio))
    return color.red(), color.green(), color.blue()


def wait_for_level(desk: Desk, level: int) -> None:
    """The right half of the first picture shows this grey."""
    grid = desk.page.augmented_panel.grid
    desk.wait(lambda: bool(grid.samples) and color_at(desk, 0.8, 0.5) == (level, level, level))


def wait_for_message(desk: Desk, sentence: str) -> None:
    """In the place of samples."""
    grid = desk.page.augmented_panel.grid
    desk.wait(lambda: grid.message == sentence and not grid.samples)


def test_the_samples_are_shown_with_their_masks_which_a_tick_takes_away(desk: Desk) -> None:
    run = open_look(desk)
    draw(run, [100])
    wait_for_level(desk, 100)
    sky = tuple(int(SKY.color[i : i + 2], 16) for i in (1, 3, 5))
    mixed = [round(0.5 * 100 + 0.5 * channel) for channel in sky]
    np.testing.assert_allclose(color_at(desk, 0.2, 0.5), mixed, atol=2)
    np.testing.assert_allclose(color_at(desk, 0.2, 0.5, tile=7), mixed, atol=2)
    click(desk.page, "augmented_labels")
    assert color_at(desk, 0.2, 0.5) == (100, 100, 100)
    assert "8 training items" in desk.page.augmented_panel.said.text()


def test_the_key_shows_the_next_roll_and_more_are_drawn_before_they_run_out(desk: Desk) -> None:
    run = open_look(desk)
    levels = [20 * number for number in range(1, ROLLS + 1)]
    draw(run, levels)
    finish(run)
    for level in levels[:5]:
        wait_for_level(desk, level)
        press(desk, Qt.Key.Key_R)
    second = wait_for_look(desk, 2)
    assert spec_of(second).seed != spec_of(run).seed
    draw(second, [11])
    for level in (*levels[5:], 11):
        wait_for_level(desk, level)
        click(desk.page, "augmented_again")
    desk.wait(lambda: not run.folder.exists())


def test_the_next_roll_is_there_before_it_is_asked_for(desk: Desk) -> None:
    run = open_look(desk)
    draw(run, [50, 90])
    wait_for_level(desk, 50)
    desk.wait(lambda: desk.page.augmented.next_is_read)
    press(desk, Qt.Key.Key_R)
    assert color_at(desk, 0.8, 0.5) == (90, 90, 90)


def test_somebody_faster_than_the_process_sees_the_roll_when_it_comes(desk: Desk) -> None:
    run = open_look(desk)
    draw(run, [50])
    wait_for_level(desk, 50)
    press(desk, Qt.Key.Key_R)
    assert desk.page.augmented.state is LookState.DRAWING
    run.say(roll_event(run, 2, level=200))
    wait_for_level(desk, 200)


def test_a_changed_recipe_is_drawn_anew_with_what_was_changed(desk: Desk) -> None:
    first = open_look(desk)
    draw(first, [60])
    wait_for_level(desk, 60)
    desk.page.recipe.form.rotate.setValue(25)
    desk.page.recipe.form.zoom.setValue(15)
    second = wait_for_look(desk, 2)
    spec = spec_of(second)
    assert (spec.augment.rotate, spec.augment.zoom) == (25, 0.15)
    assert spec.purpose is Purpose.LOOK
    assert first.outcome is not None
    draw(second, [120])
    wait_for_level(desk, 120)
    assert "turned by up to 25°" in desk.page.augmented_panel.said.text()
    desk.wait(lambda: not first.folder.exists())
    desk.page.draft.set_stage(0, height=64, width=96)
    stage = spec_of(wait_for_look(desk, 3)).stages[0]
    assert (stage.height, stage.width) == (64, 96)


def test_what_the_process_gets_are_training_items_with_their_labels_and_no_run_is_listed(desk: Desk) -> None:
    run = open_look(desk)
    snapshot = snapshot_of(run)
    train = [i.id for i in desk.store.items(desk.store.item_ids()) if i.split is Split.TRAIN]
    assert [item.id for item in snapshot.items] == train
    assert all((run.folder / str(item.mask)).is_file() for item in snapshot.items)
    assert run.folder.is_relative_to(desk.store.root / LOOKS_FOLDER)
    assert desk.store.runs() == []
    desk.wait(lambda: desk.engine.is_warm)


def test_a_click_opens_the_item_on_the_label_page(desk: Desk) -> None:
    run = open_look(desk)
    draw(run, [60])
    wait_for_level(desk, 60)
    opened: list[int] = []
    pages: list[str] = []
    desk.session.item_opened.connect(opened.append)
    desk.session.page_requested.connect(pages.append)
    grid = desk.page.augmented_panel.grid
    QTest.mouseClick(grid, Qt.MouseButton.LeftButton, pos=grid.places.picture_of(2).center())
    press(desk, Qt.Key.Key_Right)
    press(desk, Qt.Key.Key_Return)
    wanted = [item.id for item in snapshot_of(run).items[2:4]]
    assert opened == wanted
    assert pages == ["label", "label"]


def test_escape_and_train_bring_the_plots_back(desk: Desk) -> None:
    run = open_look(desk)
    draw(run, [60])
    wait_for_level(desk, 60)
    press(desk, Qt.Key.Key_Escape)
    assert desk.page.view.isVisible()
    click(desk.page.recipe, "augmented_button")
    wait_for_level(desk, 60)
    click(desk.page, "train_button")
    desk.wait(lambda: desk.control.record is not None)
    assert desk.page.view.isVisible()
    assert run.outcome is not None, "the run has the processor to itself"


def test_while_a_run_is_going_the_samples_wait_for_its_end(desk: Desk) -> None:
    click(desk.page, "train_button")
    desk.wait(lambda: len(desk.engine.runs) == 1 and desk.control.state == "running")
    click(desk.page.recipe, "augmented_button")
    panel = desk.page.augmented_panel
    assert panel.grid.message == "A run is going; the samples are drawn when it has ended."
    assert not look_runs(desk)
    desk.engine.runs[0].stop()
    run = wait_for_look(desk, 1)
    draw(run, [60])
    wait_for_level(desk, 60)


def test_an_error_is_a_sentence_and_rolling_again_tries_again(desk: Desk) -> None:
    run = open_look(desk)
    run.say(Failed(outcome=OutcomeKind.BAD_INPUT, sentence="street_04.png has a mask of another size."))
    run.end(2)
    wait_for_message(desk, "street_04.png has a mask of another size.")
    press(desk, Qt.Key.Key_R)
    again = wait_for_look(desk, 2)
    again.say(Warned(sentence="street_05.png cannot be read."))
    draw(again, [60])
    wait_for_level(desk, 60)
    assert desk.page.augmented_panel.warning.text() == "street_05.png cannot be read."


def test_without_labels_there_is_a_sentence_and_with_the_first_the_samples(tmp_path: Path, qtbot: QtBot) -> None:
    root = make_project(tmp_path / "project", tmp_path / "pictures", labelled=False)
    with desk_on(root, qtbot, FakeEngine(hold=True)) as desk:
        click(desk.page.recipe, "augmented_button")
        wait_for_message(desk, "No labelled item is in the train split; label some or move some into it.")
        ids = desk.store.item_ids()
        desk.store.import_annotations([(ids[-1], np.zeros((HEIGHT, WIDTH), np.uint8))])
        desk.session.items_changed.emit([ids[-1]])
        assert [item.id for item in snapshot_of(wait_for_look(desk, 1)).items] == [ids[-1]]


def test_new_labels_are_drawn_when_somebody_looks_again(desk: Desk) -> None:
    first = open_look(desk)
    draw(first, [60])
    wait_for_level(desk, 60)
    press(desk, Qt.Key.Key_Escape)
    item = snapshot_of(first).items[0]
    desk.store.set_left_out([item.id], True)
    desk.session.items_changed.emit([item.id])
    second = open_look(desk, 2)
    assert item.id not in [frozen.id for frozen in snapshot_of(second).items]


def test_points_are_shown_where_the_event_says(tmp_path: Path, qtbot: QtBot) -> None:
    root = tmp_path / "project"
    make_project(root, tmp_path / "pictures", labelled=False)
    settings = ProjectSettings(
        name="Heads",
        task=Task.KEYPOINTS,
        keypoints=(KeypointName(name="nose", color="#ff0000"), KeypointName(name="chin", color="#0000ff")),
        links=((0, 1),),
    )
    with Store.open(root) as store:
        store.save_settings(settings)
    with Store.open(root) as store:
        item = store.item_ids()[-1]
        store.import_annotations([(item, Points((Keypoint(index=0, x=5, y=5),)))])
    with desk_on(root, qtbot, FakeEngine(hold=True)) as desk:
        run = open_look(desk)
        placed = Points((Keypoint(index=0, x=0.25 * WIDTH, y=12), Keypoint(index=1, x=0.75 * WIDTH, y=12)))
        draw(run, [100], points=placed)
        wait_for_level(desk, 100)
        assert color_at(desk, 0.25, 0.25) == (255, 0, 0)
        assert color_at(desk, 0.75, 0.25) == (0, 0, 255)
        assert min(color_at(desk, 0.5, 0.25)) > 150, "the skeleton's link"
        click(desk.page, "augmented_labels")
        assert color_at(desk, 0.25, 0.25) == (100, 100, 100)


@given(st.integers(200, 2000), st.integers(150, 1500), st.integers(32, 1000), st.integers(32, 1000), st.integers(1, 12))
def test_pictures_of_any_shape_lie_side_by_side_with_their_names_below(
    width: int, height: int, picture_width: int, picture_height: int, count: int
) -> None:
    places = places_for(QRect(3, 3, width, height), QSize(picture_width, picture_height), count, caption=10)
    tiles = [places.tile(number) for number in range(count)]
    assert all(places.area.contains(tile) for tile in tiles)
    assert not any(a.intersects(b) for i, a in enumerate(tiles) for b in tiles[:i])
    for number, tile in enumerate(tiles):
        picture = places.picture_of(number)
        assert tile.height() - picture.height() == 10
        assert picture.width() / picture.height() == pytest.approx(
            picture_width / picture_height, rel=1.5 / min(picture.width(), picture.height())
        )
        assert places.at(tile.center().x(), tile.center().y()) == number
    assert places.at(0, 0) is None


def test_a_mixed_picture_says_the_shares_of_its_classes_also_where_they_have_no_room(desk: Desk) -> None:
    run = open_look(desk)
    event = roll_event(run, 1, level=60)
    mixed = [
        msgspec.structs.replace(sample, mask=None, shares=((ROAD.id, 0.7), (SKY.id, 0.3))) for sample in event.samples
    ]
    run.say(msgspec.structs.replace(event, samples=mixed))
    wait_for_level(desk, 60)
    grid = desk.page.augmented_panel.grid
    QTest.mouseMove(grid, grid.places.picture_of(1).center())
    desk.wait(lambda: "Road 70 %, Sky 30 %" in grid.toolTip())
    assert grid.toolTip().startswith(event.samples[1].name)
    assert max(color_at(desk, 0.5, 0.95)) < 60, "a dark strip below the words"


def test_the_arrows_choose_a_sample_and_other_keys_do_nothing(desk: Desk) -> None:
    run = open_look(desk)
    draw(run, [60])
    wait_for_level(desk, 60)
    opened: list[int] = []
    grid = desk.page.augmented_panel.grid
    grid.opened.connect(opened.append)
    columns = grid.places.columns
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Up, Qt.Key.Key_Up):
        press(desk, key)
        press(desk, Qt.Key.Key_Return)
    QApplication.sendEvent(grid, QKeyEvent(QEvent.Type.KeyPress, 0x7ABC, Qt.KeyboardModifier.NoModifier))
    ids = [item.id for item in snapshot_of(run).items]
    assert opened == [ids[n] for n in (columns, columns + 1, columns, 0, 0)]


def test_the_files_go_with_the_page_and_those_of_a_crash_with_the_next_look(project: Path, qtbot: QtBot) -> None:
    looks = project / LOOKS_FOLDER
    left_over = looks / "1-1"
    left_over.mkdir(parents=True)
    (left_over / "worker.lock").touch()
    held = looks / "2-2"
    held.mkdir()
    with holding_run(held), desk_on(project, qtbot, FakeEngine(hold=True)) as desk:
        run = open_look(desk)
        draw(run, [60])
        wait_for_level(desk, 60)
        assert not left_over.exists()
        assert held.exists(), "another window's"
    assert not run.folder.exists()
    assert [path.name for path in looks.iterdir()] == ["2-2"]
