"""A run seen from the Train page, from the press of the button to its end, whatever that is."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QPushButton, QToolButton, QWidget

from studio.core.events import EpochAdded, Failed, Finished, Progress, RateLowered, WentBack
from studio.core.kept_state import STATE_FILE
from studio.core.outcome import OutcomeKind
from studio.core.recipe import Precision
from studio.ui import run_control

from .conftest import STEPS_AN_EPOCH, Desk, epoch_end, loss_at, samples, stage, started, step, training


def press(desk: Desk, name: str) -> None:
    button = desk.page.findChild(QPushButton, name) or desk.page.findChild(QToolButton, name)
    assert button is not None and button.isVisible() and button.isEnabled(), name
    desk.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_pressing_train_draws_what_the_run_says(desk: Desk) -> None:
    press(desk, "train_button")
    run = desk.wait_for_run()
    run.say(*training(2))
    plot = desk.page.view.curves.batch_loss
    desk.wait(lambda: plot.keys != [] and len(plot.data("0001 raw")[0]) == 10)
    x, y = plot.data("0001 raw")
    assert x.tolist() == list(range(1, 11))
    assert np.allclose(y, [loss_at(n) for n in range(1, 11)])
    desk.wait_for_plots()
    epochs, valid = desk.page.view.curves.epoch_loss.data("0001 valid")
    assert (epochs.tolist(), valid.tolist()) == ([1, 2], [1.2, 0.6])
    assert desk.page.view.curves.metrics.data("0001 Pixel accuracy")[1].tolist() == pytest.approx([0.6, 0.7])
    assert desk.page.view.curves.rates.data("0001 rate 1")[1].tolist() == pytest.approx([1e-3] * 10)
    assert desk.page.view.curves.rates.data("0001 momentum")[1].tolist() == pytest.approx([0.9] * 10)
    assert run.start.reserve_cores == 1


def test_the_first_batch_alone_is_seen_on_the_plot(desk: Desk) -> None:
    press(desk, "train_button")
    run = desk.wait_for_run()
    run.say(started(), stage())
    plot = desk.page.view.curves.batch_loss
    desk.wait(lambda: plot.keys != [])
    assert not _blue(plot.canvas)
    run.say(step(1))
    desk.wait(lambda: _blue(plot.canvas))


def _blue(widget: QWidget) -> bool:
    """Whether anything on a widget is as blue as the first curve."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    pixels = rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).astype(int)
    return bool((pixels[..., 2] - pixels[..., 0] > 60).any())


def test_a_run_that_goes_back_says_so_and_its_curves_go_on_from_there(desk: Desk) -> None:
    press(desk, "train_button")
    run = desk.wait_for_run()
    run.say(started(), stage(), *[step(n) for n in range(1, 9)])
    plot, bar = desk.page.view.curves.batch_loss, desk.page.view.outcome
    desk.wait(lambda: plot.keys != [] and len(plot.data("0001 raw")[0]) == 8)
    run.say(
        WentBack(sentence="It went back.", step=8, to_step=5, rate_divisor=3, returns=1, most_returns=3),
        stage(),
        step(6),
    )
    desk.wait(lambda: bar.isVisible() and plot.data("0001 raw")[0].tolist() == [1, 2, 3, 4, 5, 6])
    assert bar.sentence.text() == "Run 0001: It went back."
    assert not bar.remedy.isVisible()
    assert "went back once, rates ÷ 3" in desk.page.view.header.facts.text()


def test_the_line_over_the_plots_says_what_goes_on(desk: Desk) -> None:
    press(desk, "train_button")
    run = desk.wait_for_run()
    header = desk.page.view.header
    run.say(started(), stage(), Progress(what="Reading images", done=3, total=12))
    desk.wait(lambda: header.title.text() == "Run 0001: Reading images 3 of 12")
    run.say(*[step(n) for n in range(1, 7)])
    desk.wait(lambda: header.title.text() == "Run 0001: Training epoch 2 of 2")
    assert "123 images a second" in header.facts.text()
    assert "45\N{NO-BREAK SPACE}s left" in header.facts.text()
    assert "from scratch" in header.facts.text()
    assert header.toolTip() == "From scratch: this is a test."
    assert "CPU, float32" in header.facts.text()
    assert header.bar.value() == 600
    run.say(replace(step(7), images_per_second=1.2))
    desk.wait(lambda: header.facts.text().startswith("1 image a second"))


def test_the_line_over_the_plots_says_what_each_class_weighs(desk: Desk) -> None:
    press(desk, "train_button")
    run = desk.wait_for_run()
    run.say(replace(started(), class_weights={"Sky": 0.4, "Road": 2.5}), stage())
    header = desk.page.view.header
    desk.wait(lambda: "classes weighed" in header.facts.text())
    assert header.toolTip() == "From scratch: this is a test. Classes weigh: Sky 0.4, Road 2.5."


def test_groups_that_share_one_rate_are_drawn_as_one_curve(desk: Desk) -> None:
    press(desk, "train_button")
    run = desk.wait_for_run()
    run.say(started(), stage(), *[replace(step(n), lrs=[2e-3, 2e-3, 2e-3]) for n in range(1, 4)])
    rates = desk.page.view.curves.rates
    desk.wait(lambda: rates.legend.plain_text() == "rate 0.002  momentum 0.9")
    run.say(replace(step(4), lrs=[1e-4, 1e-3, 2e-3]))
    desk.wait(lambda: rates.legend.plain_text() == "head 0.002  middle 0.001  first layers 1e-4  momentum 0.9")


def test_values_of_the_last_batch_stand_in_the_legend(desk: Desk) -> None:
    press(desk, "train_button")
    desk.wait_for_run().say(*training(2))
    legend = desk.page.view.curves.epoch_loss.legend
    desk.wait(lambda: legend.plain_text() == "train 0.5  valid 0.6")


def test_stop_and_keep_ends_the_run_and_says_that_it_is_kept(desk: Desk) -> None:
    press(desk, "train_button")
    run = desk.wait_for_run()
    run.say(*training(1))
    desk.wait(lambda: desk.control.history.step_count == 5)
    press(desk, "stop_run")
    desk.wait_for_idle()
    bar = desk.page.view.outcome
    assert bar.isVisible()
    assert "what was learnt is kept" in bar.sentence.text()
    desk.wait(lambda: (o := desk.store.run("0001").outcome) is not None and o.kind is OutcomeKind.STOPPED)


def test_pause_gives_way_to_continue_and_back(desk: Desk) -> None:
    press(desk, "train_button")
    run = desk.wait_for_run()
    run.say(started(), stage(), step(1))
    desk.wait(lambda: desk.control.history.step_count == 1)
    press(desk, "pause_run")
    desk.wait(lambda: desk.control.state == "paused")
    pause = desk.page.findChild(QToolButton, "pause_run")
    assert pause.text() == "Continue"
    assert desk.page.view.header.title.text() == "Run 0001: Paused in epoch 1"
    press(desk, "pause_run")
    desk.wait(lambda: desk.control.state == "running")
    assert pause.text() == "Pause"


def test_the_rate_is_lowered_from_here_and_the_line_over_the_plots_says_so(desk: Desk) -> None:
    press(desk, "train_button")
    run = desk.wait_for_run()
    lower = desk.page.findChild(QToolButton, "lower_rate_run")
    assert (lower.text(), lower.isEnabled()) == ("Rate ÷ 3", False)
    run.say(started(), stage(), step(1))
    desk.wait(lower.isEnabled)
    press(desk, "lower_rate_run")
    desk.wait(lambda: "rates ÷ 3" in desk.page.view.header.facts.text())
    press(desk, "lower_rate_run")
    desk.wait(lambda: "rates ÷ 9" in desk.page.view.header.facts.text())
    said = [event for event in desk.store.run_events("0001") if isinstance(event, RateLowered)]
    assert [(event.step, event.divisor, event.rate_divisor) for event in said] == [(1, 3, 3), (1, 3, 9)]


def test_one_more_epoch_is_counted_at_once_also_in_a_pause(desk: Desk) -> None:
    press(desk, "train_button")
    run = desk.wait_for_run()
    run.say(started(epochs=2), stage(epochs=2), *[step(n) for n in range(1, 6)])
    header = desk.page.view.header
    desk.wait(lambda: header.title.text() == "Run 0001: Training epoch 1 of 2")
    press(desk, "pause_run")
    desk.wait(lambda: desk.control.state == "paused")
    press(desk, "add_epoch_run")
    desk.wait(lambda: header.bar.value() == round(1000 * 5 / 15))
    press(desk, "pause_run")
    desk.wait(lambda: header.title.text() == "Run 0001: Training epoch 1 of 3")
    assert [e.total_epochs for e in desk.store.run_events("0001") if isinstance(e, EpochAdded)] == [3]


def test_a_run_that_trains_nothing_now_cannot_be_steered(desk: Desk) -> None:
    buttons = [desk.page.findChild(QToolButton, name) for name in ("lower_rate_run", "add_epoch_run")]
    press(desk, "train_button")
    run = desk.wait_for_run()
    run.say(*training(2))
    desk.wait(lambda: all(button.isEnabled() for button in buttons))
    run.say(Progress(what="scoring", done=1, total=12))
    desk.wait(lambda: not any(button.isEnabled() for button in buttons))
    run.say(Finished(outcome=OutcomeKind.FINISHED, seconds=1))
    run.end()
    desk.wait_for_idle()
    assert not any(button.isVisible() for button in buttons)
    press(desk, "find_rate_button")
    desk.wait_for_run(2).say(started(purpose="lr-find"))
    desk.wait(lambda: desk.control.history.started is not None)
    assert not any(button.isEnabled() for button in buttons)


def test_a_killed_worker_is_named_and_one_click_resumes_it(desk: Desk) -> None:
    press(desk, "train_button")
    run = desk.wait_for_run()
    run.say(*training(2)[:-3])
    (run.folder / STATE_FILE).write_bytes(b"state")
    run.end(-9)
    bar = desk.page.view.outcome
    desk.wait(bar.isVisible, seconds=2)
    assert "SIGKILL" in bar.sentence.text()
    assert bar.remedy.text() == "Resume"
    assert desk.store.item_ids() != []
    desk.qtbot.mouseClick(bar.remedy, Qt.MouseButton.LeftButton)
    again = desk.wait_for_run(2)
    assert again.start.resume
    assert again.folder == run.folder
    again.say(started(resumed_at=STEPS_AN_EPOCH), stage(), step(6), step(7))
    desk.wait(lambda: desk.control.history.steps.tolist() == [1, 2, 3, 4, 5, 6, 7])
    assert [record.id for record in desk.store.runs()] == ["0001"]
    assert desk.store.run("0001").outcome is None


def test_a_full_memory_is_answered_with_half_the_batch(desk: Desk) -> None:
    desk.page.draft.set_stage(0, batch_size=8)
    press(desk, "train_button")
    run = desk.wait_for_run()
    run.say(started(), Failed(outcome=OutcomeKind.OUT_OF_MEMORY, sentence="The GPU's memory ran out."))
    run.end(1)
    bar = desk.page.view.outcome
    desk.wait(bar.isVisible)
    assert bar.remedy.text() == "Halve the batch and start again"
    desk.qtbot.mouseClick(bar.remedy, Qt.MouseButton.LeftButton)
    desk.wait_for_run(2)
    assert desk.store.run("0002").spec.stages[0].batch_size == 4
    assert desk.page.recipe.form.stages.cards[0].batch_size.value() == 4


def ended_badly(desk: Desk, kind: OutcomeKind, *, device: str = "CPU", precision: str = "float32") -> None:
    """A run of eight items a batch, with a checkpoint, that failed."""
    press(desk, "train_button")
    run = desk.wait_for_run()
    (run.folder / STATE_FILE).write_bytes(b"state")
    begun = replace(started(), device=device, precision=precision)
    run.say(begun, stage(), step(1), Failed(outcome=kind, sentence="That went wrong."))
    run.end(1)
    desk.wait(desk.page.view.outcome.isVisible)


def offered(desk: Desk) -> dict[str, QPushButton]:
    return {button.text(): button for button in desk.page.view.outcome.remedies if button.isVisible()}


def test_a_full_memory_may_be_answered_with_the_same_batch_in_parts(desk: Desk) -> None:
    desk.page.draft.set_stage(0, batch_size=8)
    ended_badly(desk, OutcomeKind.OUT_OF_MEMORY)
    assert list(offered(desk)) == ["Halve the batch and start again", "Same batch in 2 parts"]
    desk.qtbot.mouseClick(offered(desk)["Same batch in 2 parts"], Qt.MouseButton.LeftButton)
    desk.wait_for_run(2)
    spec = desk.store.run("0002").spec
    assert (spec.parts, spec.stages[0].batch_size) == (2, 8)


def test_a_full_memory_of_a_gpu_in_float32_may_be_answered_with_half_precision(desk: Desk) -> None:
    desk.page.draft.set_precision(Precision.FLOAT32)
    ended_badly(desk, OutcomeKind.OUT_OF_MEMORY, device="cuda (a GPU)")
    desk.qtbot.mouseClick(offered(desk)["Half precision"], Qt.MouseButton.LeftButton)
    desk.wait_for_run(2)
    assert desk.store.run("0002").spec.precision is Precision.AUTO


def test_a_loss_that_is_no_number_may_be_answered_by_going_back_to_the_checkpoint(desk: Desk) -> None:
    ended_badly(desk, OutcomeKind.DIVERGED)
    assert list(offered(desk)) == ["Lower the rate and start again", "Back to the checkpoint, rate ÷ 3"]
    desk.qtbot.mouseClick(offered(desk)["Back to the checkpoint, rate ÷ 3"], Qt.MouseButton.LeftButton)
    again = desk.wait_for_run(2)
    assert again.start.resume
    assert again.folder.name == "0001"
    assert [e.rate_divisor for e in desk.store.run_events("0001") if isinstance(e, RateLowered)] == [3]


def test_half_precision_that_came_to_no_number_may_be_answered_with_full(desk: Desk) -> None:
    ended_badly(desk, OutcomeKind.DIVERGED, device="cuda (a GPU)", precision="fp16")
    desk.qtbot.mouseClick(offered(desk)["Full precision"], Qt.MouseButton.LeftButton)
    desk.wait_for_run(2)
    assert desk.store.run("0002").spec.precision is Precision.FLOAT32


def test_a_diverged_run_is_answered_with_a_tenth_of_the_rate(desk: Desk) -> None:
    desk.page.draft.set_rate(0, high=0.5)
    press(desk, "train_button")
    run = desk.wait_for_run()
    run.say(started(), Failed(outcome=OutcomeKind.DIVERGED, sentence="The loss is no longer a number."))
    run.end(1)
    bar = desk.page.view.outcome
    desk.wait(bar.isVisible)
    desk.qtbot.mouseClick(bar.remedy, Qt.MouseButton.LeftButton)
    desk.wait_for_run(2)
    assert desk.store.run("0002").spec.stages[0].lr.high == pytest.approx(0.05)
    assert desk.page.recipe.form.stages.cards[0].high.text() == "0.05"


def test_the_traceback_of_a_crash_opens_on_demand(desk: Desk) -> None:
    press(desk, "train_button")
    run = desk.wait_for_run()
    run.end(1, log="Traceback (most recent call last):\n  File x\nValueError: seven is not eight")
    bar = desk.page.view.outcome
    desk.wait(bar.isVisible)
    assert not bar.log.isVisible()
    press(desk, "outcome_details")
    assert bar.log.isVisible()
    assert "seven is not eight" in bar.log.toPlainText()


def test_a_second_run_is_refused_in_a_sentence_while_one_is_going(desk: Desk) -> None:
    desk.page.start_training()
    desk.wait_for_run()
    said: list[str] = []
    desk.control.failed.connect(said.append)
    desk.control.submit(desk.page.draft.spec)
    assert said == ["Run 0001 is still going; stop it, or wait for its end, before starting another."]
    assert desk.page.view.outcome.sentence.text() == said[0]
    assert len(desk.engine.runs) == 1


def test_stop_before_the_process_is_there_stops_it_as_soon_as_it_is(desk: Desk) -> None:
    desk.page.start_training()
    desk.control.stop()
    desk.wait(lambda: len(desk.engine.runs) == 1)
    desk.wait_for_idle()
    assert desk.engine.runs[0].outcome is not None
    assert desk.engine.runs[0].outcome.kind is OutcomeKind.STOPPED


def test_twenty_thousand_events_at_once_are_passed_on_in_bounded_turns_and_all_arrive(desk: Desk) -> None:
    desk.page.start_training()
    run = desk.wait_for_run()
    turns: list[int] = []
    desk.control.events.connect(lambda events: turns.append(len(events)))
    count = 20_000
    run.say(started(epochs=4000), stage(epochs=4000), *[step(n) for n in range(1, count - 1)])
    desk.wait(lambda: sum(turns) == count, seconds=30)
    assert max(turns) <= run_control.EVENTS_A_TURN
    plot = desk.page.view.curves.batch_loss
    desk.wait(lambda: len(plot.data("0001 raw")[0]) == count - 2, seconds=30)
    x, y = plot.data("0001 smoothed")
    assert x[-1] == count - 2
    drawn = plot.items_by_key["0001 smoothed"].getData()[0]
    assert drawn[-1] > 0.99 * count
    assert len(drawn) < 6000
    assert y[12_345] == pytest.approx(loss_at(12_346) + 0.01)
    assert desk.page.view.header.title.text() == "Run 0001: Training epoch 4000 of 4000"


def test_the_epochs_are_played_from_the_first_to_the_last(desk: Desk) -> None:
    desk.page.start_training()
    run = desk.wait_for_run()
    run.say(*training(1))
    for epoch in (1, 2, 3):
        run.say(epoch_end(epoch), samples(run.folder, desk.store, epoch, epoch - 1))
    strip = desk.page.view.samples
    desk.wait(lambda: strip.shown_epoch == 3 and all(tile.sample is not None for tile in strip.tiles))
    seen: list[int | None] = []
    strip.slider.valueChanged.connect(lambda _value: seen.append(strip.shown_epoch))
    desk.qtbot.mouseClick(strip.play, Qt.MouseButton.LeftButton)
    assert strip.play.isChecked()
    desk.wait(lambda: not strip.play.isChecked())
    assert seen == [1, 2, 3]


def test_the_same_four_items_are_shown_after_every_epoch_and_the_slider_goes_back(desk: Desk) -> None:
    desk.page.start_training()
    run = desk.wait_for_run()
    run.say(*training(1), samples(run.folder, desk.store, 1, 0))
    strip = desk.page.view.samples
    desk.wait(lambda: all(tile.sample is not None for tile in strip.tiles))
    first = _colour(desk, 0)
    run.say(epoch_end(2), samples(run.folder, desk.store, 2, 1))
    desk.wait(lambda: strip.shown_epoch == 2 and _colour(desk, 0) != first)
    assert [tile.sample.name for tile in strip.tiles] == [f"street_{i:02d}.png" for i in range(4)]
    assert strip.epoch_label.text() == "Epoch 2 of 2"
    strip.slider.setFocus()
    desk.qtbot.keyClick(strip.slider, Qt.Key.Key_Left)
    desk.wait(lambda: strip.shown_epoch == 1 and _colour(desk, 0) == first)
    run.say(epoch_end(3), samples(run.folder, desk.store, 3, 2))
    desk.wait(lambda: strip.slider.maximum() == 2)
    assert strip.shown_epoch == 1


def test_a_double_click_on_a_sample_opens_the_item_in_the_editor(desk: Desk) -> None:
    desk.page.start_training()
    run = desk.wait_for_run()
    run.say(*training(1), samples(run.folder, desk.store, 1, 0))
    tile = desk.page.view.samples.tiles[1]
    desk.wait(lambda: tile.sample is not None)
    pages: list[str] = []
    desk.session.page_requested.connect(pages.append)
    desk.qtbot.mouseDClick(tile, Qt.MouseButton.LeftButton)
    assert desk.session.current_item == tile.sample.item
    assert desk.session.overlay is not None and desk.session.overlay.run == "0001"
    assert pages == ["label"]


def test_a_run_that_ended_is_called_so_before_that_is_written_down(desk: Desk) -> None:
    desk.page.start_training()
    run = desk.wait_for_run()
    said: list[tuple[str, str]] = []
    desk.control.ended.connect(
        lambda record, _outcome: said.append(
            (
                desk.page.view.header.title.text(),
                desk.page.runs.model.index_of(record.id).data(Qt.ItemDataRole.ToolTipRole),
            )
        )
    )
    run.say(*training(2), Finished(outcome=OutcomeKind.FINISHED, seconds=75.0))
    run.end()
    desk.wait(lambda: bool(said))
    ((title, tip),) = said
    assert title.endswith(", finished")
    assert "no end recorded" not in tip


def test_a_finished_run_offers_its_review(desk: Desk) -> None:
    desk.page.start_training()
    run = desk.wait_for_run()
    (run.folder / "scores.jsonl").write_bytes(b"")
    run.say(*training(2), Finished(outcome=OutcomeKind.FINISHED, seconds=75.0))
    run.end()
    bar = desk.page.view.outcome
    desk.wait(bar.isVisible)
    assert bar.sentence.text() == "Run 0001: Finished in 1 min 15 s."
    reviewed: list[str] = []
    desk.wait(lambda: desk.store.run("0001").outcome is not None)
    desk.session.run_review_asked.connect(reviewed.append)
    pages: list[str] = []
    desk.session.page_requested.connect(pages.append)
    press(desk, "review_run")
    assert (pages, reviewed) == (["review"], ["0001"])


def test_what_a_run_does_is_said_in_a_few_words_for_the_windows_header(desk: Desk) -> None:
    said: list[str] = []
    desk.control.state_changed.connect(said.append)
    desk.page.start_training()
    run = desk.wait_for_run()
    run.say(*training(2))
    desk.wait(lambda: "Epoch 2 of 2" in said)
    run.say(Finished(outcome=OutcomeKind.FINISHED, seconds=1.0))
    run.end()
    desk.wait_for_idle()
    assert said[0] == "Preparing…"
    assert said[-1] == ""


def _colour(desk: Desk, tile: int) -> str:
    predicted = desk.page.view.samples.tiles[tile].sample.predicted
    return predicted.pixelColor(3, 3).name()
