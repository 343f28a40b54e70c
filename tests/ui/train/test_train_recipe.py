"""Each control of the recipe's form, worked with mouse and keys, lands in the recipe that the engine gets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QToolButton,
    QToolTip,
    QWidget,
)
from pytestqt.qtbot import QtBot

from studio.core.architectures import Architecture, offered_encoders
from studio.core.cards.changes import changed_recipe
from studio.core.cards.stage_changes import DoubleBatch
from studio.core.events import BatchFound, BatchTried, Finished
from studio.core.items import Split
from studio.core.outcome import OutcomeKind
from studio.core.recipe import (
    Encoder,
    FineTune,
    LearningRate,
    OnDivergence,
    OnMemory,
    Precision,
    Purpose,
    RunSpec,
    Stage,
)
from studio.core.resizing import Resize
from studio.core.schedules import OneCycle
from studio.core.settings import Task
from studio.engine import FakeEngine
from studio.ui.run_history import RunHistory
from studio.ui.train.rates import number_text, rate_text, read_rate
from studio.ui.train.recipe_form import RecipeForm
from studio.ui.train.summary import LabelledItems, duration, pace_of, summary_sentence

from .conftest import Desk, make_project, open_desk, started, training

STAGE = Stage(epochs=1, height=32, width=64)

FIELDS = {
    "epochs": ("7", lambda spec: spec.stages[0].epochs, 7),
    "batch_size": ("3", lambda spec: spec.stages[0].batch_size, 3),
    "height": ("64", lambda spec: spec.stages[0].height, 64),
    "width": ("160", lambda spec: spec.stages[0].width, 160),
    "rotate": ("15", lambda spec: spec.augment.rotate, 15.0),
    "zoom": ("25", lambda spec: spec.augment.zoom, 0.25),
    "warp": ("20", lambda spec: spec.augment.warp, 0.2),
    "lighting": ("35", lambda spec: spec.augment.lighting, 0.35),
    "weight_decay": ("0.2", lambda spec: spec.weight_decay, 0.2),
    "seed": ("1234", lambda spec: spec.seed, 1234),
}


def field(desk: Desk, name: str, kind: type[QWidget] = QWidget) -> QWidget:
    found = desk.page.recipe.findChild(kind, name)
    assert found is not None, name
    return found


def type_over(desk: Desk, widget: QWidget, text: str) -> None:
    widget.setFocus()
    target = widget.lineEdit() if isinstance(widget, QAbstractSpinBox) else widget
    target.selectAll()
    desk.qtbot.keyClicks(widget, text)


def choose(desk: Desk, name: str, text: str) -> None:
    """Pick an entry of a combo box with the keyboard."""
    box = field(desk, name, QComboBox)
    wanted = next(i for i in range(box.count()) if box.itemText(i).startswith(text))
    box.setFocus()
    while box.currentIndex() != wanted:
        desk.qtbot.keyClick(box, Qt.Key.Key_Down if box.currentIndex() < wanted else Qt.Key.Key_Up)


def tick(desk: Desk, name: str) -> None:
    box = field(desk, name, QCheckBox)
    desk.qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))


def train(desk: Desk) -> RunSpec:
    """Press Train and read the recipe that the engine was given, from the run's folder."""
    desk.qtbot.keyClick(desk.page, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    run = desk.wait_for_run()
    return desk.store.run(run.folder.name).spec


@pytest.mark.parametrize("name", FIELDS)
def test_a_number_typed_into_a_field_is_what_the_run_gets(desk: Desk, name: str) -> None:
    text, read, value = FIELDS[name]
    type_over(desk, field(desk, name), text)
    assert read(train(desk)) == pytest.approx(value)


def test_choices_ticks_and_the_note_are_what_the_run_gets(desk: Desk) -> None:
    before = desk.page.draft.spec
    choose(desk, "encoder", "ResNet-34")
    choose(desk, "start_from", "Random weights")
    choose(desk, "precision", "float32")
    choose(desk, "on_divergence", "Go back")
    choose(desk, "on_memory", "Half precision")
    choose(desk, "resize", "Pad")
    tick(desk, "flip")
    tick(desk, "frozen")
    type_over(desk, field(desk, "note", QLineEdit), "a first try")
    spec = train(desk)
    assert spec.model.encoder == Encoder.RESNET34
    assert not spec.model.pretrained
    assert spec.precision is Precision.FLOAT32
    assert spec.on_divergence is OnDivergence.GO_BACK
    assert spec.on_memory is OnMemory.PRECISION
    assert spec.resize is Resize.PAD
    assert spec.augment.flip is not before.augment.flip
    assert spec.stages[0].frozen
    assert spec.note == "a first try"


def test_model_and_encoder_offer_only_what_goes_together(desk: Desk) -> None:
    encoder = field(desk, "encoder", QComboBox)
    assert encoder.count() == len(offered_encoders(Architecture.UNET))
    choose(desk, "encoder", "ResNet-34")
    choose(desk, "architecture", "LR-ASPP")
    assert [encoder.itemText(i) for i in range(encoder.count())] == ["MobileNetV3", "mobilenet_v3_small"]
    choose(desk, "encoder", "mobilenet_v3_small")
    spec = train(desk)
    assert (spec.architecture, spec.model.encoder) == (Architecture.LRASPP, "mobilenet_v3_small")


def test_an_encoder_that_fits_stays_when_the_model_changes(desk: Desk) -> None:
    choose(desk, "encoder", "ResNet-50")
    choose(desk, "architecture", "DeepLabV3")
    assert field(desk, "encoder", QComboBox).currentText() == "ResNet-50"
    choose(desk, "architecture", "U-Net")
    assert desk.page.draft.spec.model.encoder == "resnet50"
    assert field(desk, "encoder", QComboBox).count() == len(offered_encoders(Architecture.UNET))


def test_an_encoder_of_timm_is_what_the_run_gets_and_stays_when_the_model_changes(desk: Desk) -> None:
    pytest.importorskip("timm")
    choose(desk, "encoder", "timm/convnext_atto")
    choose(desk, "architecture", "U-Net, wide")
    spec = train(desk)
    assert (spec.architecture, spec.model.encoder) == (Architecture.DYNAMIC_UNET, "timm/convnext_atto")


def test_an_encoder_whose_package_is_missing_says_how_to_get_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.core.architectures.is_installed", lambda module: False)
    desk.page.draft.set_encoder("timm/any_other")
    assert field(desk, "encoder", QComboBox).currentText() == "timm/any_other"
    assert "run `pip install timm`" in field(desk, "recipe_problem", QLabel).text()


def test_rates_typed_for_the_head_and_the_early_layers_are_what_the_run_gets(desk: Desk) -> None:
    card = desk.page.recipe.form.stages.cards[0]
    type_over(desk, card.high, "2e-3")
    tick(desk, "discriminative")
    assert card.low.isVisible()
    assert card.low.text() == "2e-4"
    type_over(desk, card.low, "1e-5")
    assert train(desk).stages[0].lr == LearningRate(high=2e-3, low=1e-5, discriminative=True)


def test_a_tick_alone_asks_for_a_tenth_of_the_rate_in_the_early_layers(desk: Desk) -> None:
    tick(desk, "discriminative")
    rate = train(desk).stages[0].lr
    assert rate.discriminative
    assert rate.low is None


def test_what_is_no_rate_is_marked_and_replaced_by_the_last_good_one(desk: Desk) -> None:
    card = desk.page.recipe.form.stages.cards[0]
    type_over(desk, card.high, "fast")
    assert card.high.property("wrong")
    card.epochs.setFocus()
    assert card.high.text() == "1e-3"
    assert not card.high.property("wrong")
    assert desk.page.draft.spec.stages[0].lr.high == 1e-3


def test_a_rate_out_of_range_is_told_with_the_one_that_stays(desk: Desk) -> None:
    card = desk.page.recipe.form.stages.cards[0]
    type_over(desk, card.high, "1e5")
    card.epochs.setFocus()
    assert QToolTip.text() == "1e5 is no rate from 1e-08 to 10; 1e-3 stays."
    assert desk.page.draft.spec.stages[0].lr.high == 1e-3


def test_a_digit_that_would_leave_a_numbers_range_is_refused_in_words(desk: Desk) -> None:
    card = desk.page.recipe.form.stages.cards[0]
    card.epochs.setFocus()
    card.epochs.selectAll()
    desk.qtbot.keyClicks(card.epochs, "100000")
    assert card.epochs.value() == 10_000
    assert QToolTip.text().endswith("takes 1 to 10,000.")


def test_up_and_down_move_a_rate_by_a_tenth_of_a_power_of_ten(desk: Desk) -> None:
    card = desk.page.recipe.form.stages.cards[0]
    card.high.setFocus()
    for _ in range(10):
        desk.qtbot.keyClick(card.high, Qt.Key.Key_Up)
    assert desk.page.draft.spec.stages[0].lr.high == pytest.approx(1e-2, rel=0.02)


def test_stages_are_added_doubled_and_deleted_with_the_mouse(desk: Desk) -> None:
    form = desk.page.recipe.form.stages
    first = desk.page.draft.stages[0]
    desk.qtbot.mouseClick(field(desk, "add_double_stage", QPushButton), Qt.MouseButton.LeftButton)
    assert len(form.cards) == 2
    desk.qtbot.mouseClick(form.cards[1].duplicate, Qt.MouseButton.LeftButton)
    desk.qtbot.mouseClick(form.cards[0].remove, Qt.MouseButton.LeftButton)
    stages = train(desk).stages
    assert [(s.height, s.width, s.batch_size) for s in stages] == [
        (2 * first.height, 2 * first.width, max(1, first.batch_size // 2))
    ] * 2


def test_no_part_of_the_recipe_is_a_window_of_its_own_for_a_moment(desk: Desk) -> None:
    seen: list[str] = []

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
                seen.append(watched.objectName() or type(watched).__name__)
            return False

    watch = Watch()
    app = QApplication.instance()
    assert app is not None
    app.installEventFilter(watch)
    desk.page.draft.add_stage()
    form = RecipeForm(desk.page.draft, Task.SEGMENTATION)
    app.removeEventFilter(watch)
    form.deleteLater()
    assert seen == []


def test_the_last_stage_cannot_be_deleted(desk: Desk) -> None:
    card = desk.page.recipe.form.stages.cards[0]
    assert not card.remove.isEnabled()
    desk.page.draft.remove_stage(0)
    assert len(desk.page.draft.stages) == 1


def test_a_wheel_over_a_field_without_focus_changes_nothing(desk: Desk) -> None:
    card = desk.page.recipe.form.stages.cards[0]
    desk.page.setFocus()
    before = desk.page.draft.spec
    for widget in (card.epochs, field(desk, "encoder", QComboBox)):
        _wheel(widget)
    assert desk.page.draft.spec == before


def test_a_run_that_is_there_can_be_the_start_of_the_next(desk: Desk) -> None:
    desk.page.draft.set_encoder(Encoder.RESNET34)
    train(desk)
    run = desk.engine.runs[0]
    (run.folder / "model.safetensors").write_bytes(b"")
    run.say(*training(1), Finished(outcome=OutcomeKind.FINISHED, seconds=1.0))
    run.end()
    desk.wait(lambda: desk.store.run("0001").outcome is not None and not desk.control.is_busy)
    choose(desk, "start_from", "ImageNet weights")
    desk.page.draft.set_encoder(Encoder.RESNET18)
    desk.wait(lambda: field(desk, "start_from", QComboBox).count() == 3)
    choose(desk, "start_from", "Run 0001")
    assert not field(desk, "encoder", QComboBox).isEnabled()
    desk.page.start_training()
    desk.wait_for_run(2)
    spec = desk.store.run("0002").spec
    assert (spec.parent, spec.model.encoder) == ("0001", Encoder.RESNET34)


def test_a_proposed_fine_tuning_starts_at_once_and_fills_the_form(desk: Desk) -> None:
    train(desk)
    run = desk.engine.runs[0]
    (run.folder / "model.safetensors").write_bytes(b"")
    run.say(*training(1), Finished(outcome=OutcomeKind.FINISHED, seconds=1.0))
    run.end()
    desk.wait_for_idle()
    ids = tuple(desk.store.item_ids()[:2])
    spec = replace(desk.page.draft.spec, parent="0001", fine_tune=FineTune(corrections=ids))
    desk.session.propose_run(spec)
    desk.wait_for_run(2)
    banner = desk.page.recipe.form.banner
    assert banner.isVisible()
    assert banner.text.text() == "Fine-tune on 2 corrections of run 0001"
    assert desk.store.run("0002").spec.fine_tune == FineTune(corrections=ids)
    desk.engine.runs[1].stop()
    desk.wait_for_idle()
    type_over(desk, field(desk, "replay"), "80")
    desk.qtbot.keyClick(desk.page, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    desk.wait_for_run(3)
    again = desk.store.run("0003").spec.fine_tune
    assert again is not None and again.replay == pytest.approx(0.8)
    desk.engine.runs[2].stop()
    desk.wait_for_idle()
    desk.qtbot.mouseClick(banner.drop, Qt.MouseButton.LeftButton)
    assert not banner.isVisible()
    assert desk.page.draft.spec.fine_tune is None


def test_the_summary_counts_labelled_items_and_knows_the_time_from_earlier_runs(desk: Desk) -> None:
    desk.page.draft.set_stage(0, epochs=3)
    summary = field(desk, "recipe_summary", QLabel)
    assert summary.text() == "8 train / 4 valid items, 3 epochs"
    train(desk)
    run = desk.engine.runs[0]
    run.say(*training(2), Finished(outcome=OutcomeKind.FINISHED, seconds=1.0))
    run.end()
    desk.wait(lambda: "about" in summary.text())


def test_the_expected_time_follows_images_pixels_and_epochs() -> None:
    spec = RunSpec(task=Task.SEGMENTATION, stages=(replace(STAGE, epochs=4),))
    pace = pace_of(spec, RunHistory.of(training(3)))
    assert pace is not None
    same = LabelledItems(train=8, valid=4)
    assert summary_sentence(spec, same, pace).endswith("about\N{NO-BREAK SPACE}8\N{NO-BREAK SPACE}s")
    doubled = replace(spec, stages=(replace(STAGE, epochs=4, height=64, width=128),))
    assert summary_sentence(doubled, same, pace).endswith("about\N{NO-BREAK SPACE}30\N{NO-BREAK SPACE}s")


def test_without_labels_the_page_says_what_to_do_and_train_waits(tmp_path: Path, qtbot: QtBot) -> None:
    project = make_project(tmp_path / "project", tmp_path / "pictures", labelled=False)
    for desk in _opened(project, qtbot):
        assert field(desk, "recipe_problem", QLabel).text() == (
            "No item has a label yet: label some on the Label page first."
        )
        assert not field(desk, "train_button", QPushButton).isEnabled()
        assert desk.page.view.empty.text().startswith("Nothing to train on yet")
        desk.page.start_training()
        assert desk.engine.runs == []


def test_without_validation_labels_only_the_rate_finder_can_start(desk: Desk) -> None:
    desk.store.set_split(desk.store.item_ids(), Split.TRAIN)
    desk.session.items_changed.emit([])
    problem = field(desk, "recipe_problem", QLabel)
    desk.wait(lambda: "No labelled item is in the valid split" in problem.text())
    assert not field(desk, "train_button", QPushButton).isEnabled()
    assert field(desk, "find_rate_button", QPushButton).isEnabled()


def test_the_form_opens_with_the_last_recipe_and_gives_the_recommended_one_back(project: Path, qtbot: QtBot) -> None:
    for desk in _opened(project, qtbot):
        desk.page.draft.set_stage(0, epochs=77)
        train(desk)
    for desk in _opened(project, qtbot):
        assert desk.page.recipe.form.stages.cards[0].epochs.value() == 77
        action = next(a for a in desk.page.actions() if a.objectName() == "train_defaults")
        action.trigger()
        assert desk.page.recipe.form.stages.cards[0].epochs.value() == 40


def test_the_rate_finder_gets_the_selected_stage_alone(desk: Desk) -> None:
    desk.page.draft.double_size(0)
    second = desk.page.draft.stages[1]
    card = desk.page.recipe.form.stages.cards[1]
    desk.qtbot.mouseClick(card, Qt.MouseButton.LeftButton, pos=QPoint(60, 14))
    desk.qtbot.keyClick(desk.page, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    desk.wait_for_run()
    spec = desk.store.run("0001").spec
    assert spec.purpose is Purpose.LR_FIND
    assert spec.stages == (second,)


def test_a_batch_size_is_looked_for_and_put_into_its_stage(desk: Desk) -> None:
    desk.page.draft.double_size(0)
    first, second = desk.page.draft.stages
    card = desk.page.recipe.form.stages.cards[0]
    desk.qtbot.mouseClick(card.propose_batch, Qt.MouseButton.LeftButton)
    run = desk.wait_for_run()
    spec = desk.store.run("0001").spec
    assert (spec.purpose, spec.stages) == (Purpose.PROBE, (first,))
    assert not card.propose_batch.isEnabled(), "one run at a time"
    desk.page.draft.select(1)
    run.say(started(purpose="probe-batch"))
    run.say(BatchTried(batch_size=64, fits=True, images_per_second=50), BatchFound(batch_size=32, sentence="It is 32."))
    desk.wait(lambda: desk.page.draft.stages[0].batch_size == 32)
    assert desk.page.draft.stages[1] == second
    assert card.batch_size.value() == 32
    run.say(Finished(outcome=OutcomeKind.FINISHED, seconds=3))
    run.end()
    desk.wait_for_idle()
    desk.wait(card.propose_batch.isEnabled)
    desk.wait(lambda: desk.store.runs() == [])
    desk.wait(lambda: desk.page.shown.all_records == [])


def test_a_proposal_for_a_stage_that_changed_meanwhile_is_only_told(desk: Desk) -> None:
    before = desk.page.draft.stages[0].batch_size
    next(a for a in desk.page.actions() if a.objectName() == "train_propose_batch").trigger()
    run = desk.wait_for_run()
    desk.page.draft.set_stage(0, height=256)
    told: list[str] = []
    desk.session.message.connect(lambda sentence, *_: told.append(sentence))
    run.say(started(purpose="probe-batch"), BatchFound(batch_size=64, sentence="It is 64."))
    desk.wait(lambda: told == ["It is 64."])
    assert desk.page.draft.stages[0].batch_size == before


@pytest.mark.parametrize(
    ("rate", "text"), [(1e-3, "1e-3"), (2.5e-4, "2.5e-4"), (0.01, "0.01"), (1.0, "1"), (1.234e-7, "1.23e-7")]
)
def test_rates_are_written_short_and_read_back(rate: float, text: str) -> None:
    assert rate_text(rate) == text
    assert read_rate(text) == pytest.approx(rate, rel=1e-2)


@pytest.mark.parametrize("text", ["", "fast", "-1", "0", "nan", "inf", "1e9"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_rate(text)


def test_durations_are_as_exact_as_an_estimate_can_be() -> None:
    said = [duration(seconds).replace("\N{NO-BREAK SPACE}", " ") for seconds in (0.2, 7, 43, 100, 4000, 8000)]
    assert said == ["1 s", "7 s", "45 s", "2 min", "67 min", "2 h 13 min"]


def test_every_action_has_a_name_a_text_and_its_menu(desk: Desk) -> None:
    for action in desk.page.actions():
        assert action.objectName().startswith("train_")
        assert action.text()
        assert action.property("menu") == "Train"


def _opened(project: Path, qtbot: QtBot) -> Iterator[Desk]:
    yield from open_desk(project, qtbot, FakeEngine(hold=True))


def _wheel(widget: QWidget) -> None:
    middle = QPointF(widget.width() / 2, widget.height() / 2)
    event = QWheelEvent(
        middle,
        QPointF(widget.mapToGlobal(middle.toPoint())),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)


ODD_NUMBERS = {
    "epochs": "20000",
    "batch_size": "8192",
    "height": "9000",
    "weight_decay": "1e-5",
    "clip_norm": "2000.50",
    "rotate": "12.5°",
    "zoom": "12.5 %",
    "lighting": "150 %",
    "parts": "2048",
    "early_stop": "5000 epochs",
    "div": "12.345",
    "momentum_peak": "0.9995",
    "seed": "1099511627776",
}
"""What recipes of files and cards may hold and no person types: as a field shows it."""


def odd_recipe(spec: RunSpec) -> RunSpec:
    cycle = OneCycle(div=12.345, momenta=(0.95, 0.9995, 0.95))
    stage = Stage(epochs=20_000, height=9000, width=64, batch_size=8192, schedule=cycle)
    augment = replace(spec.augment, rotate=12.5, zoom=0.125, lighting=1.5)
    spec = replace(spec, stages=(stage,), augment=augment, weight_decay=1e-5, seed=2**40)
    return replace(spec, clip_norm=2000.5, parts=2048, early_stop=5000)


@pytest.mark.parametrize("name", ODD_NUMBERS)
def test_a_field_shows_the_number_that_the_recipe_has(desk: Desk, name: str) -> None:
    odd = odd_recipe(desk.page.draft.spec)
    desk.page.draft.load(odd)
    found = field(desk, name)
    assert isinstance(found, QAbstractSpinBox)
    assert found.text() == ODD_NUMBERS[name]
    found.setFocus()
    found.interpretText()
    desk.page.recipe.form.commit_edits()
    desk.page.recipe.setFocus()
    assert desk.page.draft.spec == odd, "looking at a field changes nothing"


def test_a_small_decimal_can_be_typed_as_rates_are(desk: Desk) -> None:
    decay = field(desk, "weight_decay")
    type_over(desk, decay, "1e-5")
    assert desk.page.draft.spec.weight_decay == 1e-5
    type_over(desk, decay, "0,00025")
    desk.qtbot.keyClick(decay, Qt.Key.Key_Return)
    assert desk.page.draft.spec.weight_decay == 0.00025
    assert isinstance(decay, QAbstractSpinBox)
    assert decay.text() == "0.00025"


def test_twice_the_batch_again_and_again_is_what_the_form_shows(desk: Desk) -> None:
    batch = field(desk, "batch_size", QAbstractSpinBox)
    for _ in range(12):
        desk.page.draft.load(changed_recipe(DoubleBatch(), desk.page.draft.spec) or desk.page.draft.spec)
    assert isinstance(batch, QAbstractSpinBox)
    assert batch.text() == str(desk.page.draft.spec.stages[0].batch_size)


@given(value=st.floats(1e-9, 1e9), decimals=st.integers(0, 4))
def test_a_number_is_told_to_six_digits_or_exactly(value: float, decimals: int) -> None:
    assert float(number_text(value, decimals)) == pytest.approx(value, rel=1e-5)


@pytest.mark.parametrize("name", ["check_data_button", "augmented_button", "schedule_fold"])
def test_flat_buttons_have_their_whole_frame_under_the_mouse(desk: Desk, name: str) -> None:
    button = field(desk, name, QToolButton)
    button.setAttribute(Qt.WidgetAttribute.WA_UnderMouse)
    picture = button.grab().toImage()
    middle, right = picture.height() // 2, picture.width() - 1
    assert picture.pixelColor(0, middle) == picture.pixelColor(right, middle)
    assert picture.pixelColor(0, middle) != picture.pixelColor(2, middle)
