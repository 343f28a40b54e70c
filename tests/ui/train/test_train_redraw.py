"""While a run goes on, the window is never asked for more than a plot at a time, and never too often."""

from __future__ import annotations

import itertools
import time

from PySide6.QtCore import QObject, QTimer
from pytestqt.qtbot import QtBot

from studio.core.events import Finished
from studio.core.outcome import OutcomeKind
from studio.ui.engine_bridge import BATCHES_PER_SECOND
from studio.ui.run_control import EVENTS_A_TURN
from studio.ui.train.redraw import LEAST_REST_MS, Redraw

from .conftest import Desk, epoch_end, stage, started, step, training


def test_each_job_has_a_turn_of_its_own_and_others_come_in_between(qtbot: QtBot) -> None:
    parent, seen = QObject(), list[str]()
    heart = QTimer(parent, interval=0)
    heart.timeout.connect(lambda: seen.append("beat"))
    redraw = Redraw(lambda: [lambda: seen.append("first"), lambda: seen.append("second")], parent)
    redraw.ask()
    with qtbot.waitSignal(redraw.done, timeout=5000):
        heart.start()
    assert "beat" in seen[seen.index("first") : seen.index("second")]


def test_a_thousand_wishes_are_one_redraw_and_those_during_it_one_more(qtbot: QtBot) -> None:
    parent, drawn = QObject(), list[float]()
    redraw = Redraw(
        lambda: [lambda: (drawn.append(time.monotonic()), redraw.ask() if len(drawn) == 1 else None)], parent
    )
    for _ in range(1000):
        redraw.ask()
    qtbot.waitUntil(lambda: len(drawn) == 2, timeout=5000)
    qtbot.wait(3 * LEAST_REST_MS)
    assert len(drawn) == 2
    assert drawn[1] - drawn[0] >= 0.9 * LEAST_REST_MS / 1000


def test_a_whole_run_costs_a_bounded_number_of_batches_and_redraws(desk: Desk) -> None:
    """A watchdog counts over the whole run; how long the longest gap was is measured by `make bench`."""
    batches, redraws, turns = list[int](), list[None](), list[float]()
    desk.control.events.connect(lambda events: batches.append(len(events)))
    desk.page.display.redraw.done.connect(lambda: redraws.append(None))
    watchdog = QTimer(desk.page, interval=0)
    watchdog.timeout.connect(lambda: turns.append(time.monotonic()))
    desk.page.start_training()
    run = desk.wait_for_run()
    watchdog.start()
    began = time.monotonic()
    run.say(started(epochs=10), stage(epochs=10))
    for first in range(1, 3001, 30):
        run.say(*[step(n, epoch=1 + n // 301) for n in range(first, first + 30)])
        desk.qtbot.wait(5)
    run.say(epoch_end(1), Finished(outcome=OutcomeKind.FINISHED, seconds=1.0))
    run.end()
    desk.wait_for_idle()
    plot = desk.page.view.curves.batch_loss
    desk.wait(lambda: len(plot.data("0001 raw")[0]) == 3000)
    watchdog.stop()
    took = time.monotonic() - began
    assert sum(batches) == 3004
    assert max(batches) <= EVENTS_A_TURN
    assert len(batches) <= took * BATCHES_PER_SECOND * 2 + 3
    assert 1 <= len(redraws) <= took * 1000 / LEAST_REST_MS + 2
    assert len(turns) > len(redraws), "the event loop went round between the redraws"


def test_plots_that_are_resized_together_are_painted_in_turns_and_end_up_as_if_painted_at_once(desk: Desk) -> None:
    desk.page.start_training()
    desk.wait_for_run().say(*training(2))
    curves = desk.page.view.curves
    desk.wait(lambda: desk.control.history.step_count == 10)
    desk.wait_for_plots()
    desk.page.resize(1500, 900)
    desk.wait(lambda: curves.turns.is_idle and not curves.shows_one)
    seen = list[str]()
    watched = {plot.canvas.viewport(): str(i) for i, plot in enumerate(curves.plots)}
    heart = QTimer(desk.page, interval=0)
    heart.timeout.connect(lambda: seen.append("|"))
    curves.turns.taken.connect(lambda widget: seen.append(watched[widget]))
    heart.start()
    desk.page.view.card.show()
    desk.page.resize(1500, 860)
    desk.wait(lambda: {"0", "1", "2", "3"} <= set(seen) and curves.turns.is_idle)
    heart.stop()
    assert all(len(turn) <= 1 for turn in "".join(seen).split("|")), "one plot at most is painted in a turn"
    for plot in curves.plots:
        shown = plot.canvas.grab().toImage()
        plot.canvas.viewport().repaint()
        assert plot.canvas.grab().toImage() == shown
        drawn = {shown.pixelColor(x, shown.height() // 2).name() for x in range(0, shown.width(), 2)}
        assert len(drawn) > 1, "there is something in it"


def test_another_run_is_drawn_a_plot_a_turn(desk: Desk) -> None:
    for _ in range(2):
        desk.page.start_training()
        run = desk.wait_for_run(len(desk.engine.runs) + 1)
        run.say(*training(2), Finished(outcome=OutcomeKind.FINISHED, seconds=1.0))
        run.end()
        desk.wait_for_idle()
    desk.wait(lambda: desk.page.display.redraw.is_idle and desk.page.view.curves.batch_loss.keys[0] == "0002 raw")
    plots = desk.page.view.curves.plots
    seen = [[plot.keys for plot in plots]]
    heart = QTimer(desk.page, interval=0)
    heart.timeout.connect(lambda: seen.append([plot.keys for plot in plots]))
    heart.start()
    desk.page.runs.select(["0001"])
    desk.wait(lambda: all(plot.keys and all(key.startswith("0001") for key in plot.keys) for plot in plots))
    heart.stop()
    seen.append([plot.keys for plot in plots])
    changed = [
        sum(one != other for one, other in zip(before, after, strict=True))
        for before, after in itertools.pairwise(seen)
    ]
    assert sum(changed) == len(plots)
    assert max(changed) == 1, "mouse and keys come to their turn between two plots"


def test_after_a_long_rest_the_first_wish_is_granted_within_a_few_turns(qtbot: QtBot) -> None:
    """The first point of a run waits for nothing."""
    parent, seen = QObject(), list[str]()
    redraw = Redraw(lambda: [lambda: seen.append("drawn")], parent)
    heart = QTimer(parent, interval=0)
    heart.timeout.connect(lambda: seen.append("beat"))
    heart.start()
    redraw.ask()
    qtbot.waitUntil(lambda: "drawn" in seen, timeout=5000)
    heart.stop()
    assert seen.index("drawn") <= 5
