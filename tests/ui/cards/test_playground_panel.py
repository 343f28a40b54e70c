"""The playground in the window: drawn with the mouse, trained only while it shows, and told in a sentence."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from studio.playground.curves import PLACES, POINTS, Curve, values_of
from studio.playground.network import Activation, NetworkSize
from studio.playground.words import EXPERIMENTS
from studio.ui.cards.page import CardsPage, CardsTab
from studio.ui.cards.playground.panel import PlaygroundPanel
from studio.ui.theme import ThemeMode, theme


@pytest.fixture
def panel(cards: CardsPage, qtbot: QtBot) -> PlaygroundPanel:
    QTest.keyClick(cards, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert cards.tab is CardsTab.PLAYGROUND
    wait(qtbot, lambda: cards.playground.snapshot is not None)
    return cards.playground


def wait(qtbot: QtBot, holds: Callable[[], bool]) -> None:
    qtbot.waitUntil(holds, timeout=20_000)


def click(widget: QWidget) -> None:
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def size_of(panel: PlaygroundPanel) -> NetworkSize:
    assert panel.snapshot is not None
    return panel.snapshot.size


def step_of(panel: PlaygroundPanel) -> int:
    assert panel.snapshot is not None
    return panel.snapshot.step


def test_it_trains_only_while_it_is_shown_and_goes_on_where_it_stopped(
    cards: CardsPage, panel: PlaygroundPanel, qtbot: QtBot
) -> None:
    wait(qtbot, lambda: panel.snapshot is not None and panel.snapshot.step > 20)
    cards.show_tab(CardsTab.DECK)
    assert not panel.trainer.is_running
    assert panel.snapshot is not None
    stopped = panel.snapshot.step
    QTest.qWait(100)
    assert panel.snapshot.step == stopped
    cards.show_tab(CardsTab.PLAYGROUND)
    assert panel.trainer.is_running
    wait(qtbot, lambda: panel.snapshot is not None and panel.snapshot.step > stopped)
    cards.hide()
    assert not panel.trainer.is_running


def test_a_curve_drawn_with_the_mouse_is_the_one_that_is_learnt(panel: PlaygroundPanel, qtbot: QtBot) -> None:
    canvas = panel.canvas
    before = canvas.target.copy()
    start, end = (canvas.place(x, y).toPoint() for x, y in ((-0.5, 0.8), (0.5, -0.4)))
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(canvas, (start + end) / 2)
    QTest.mouseMove(canvas, end)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=end)
    QTest.mouseMove(canvas, QPoint(5, 5))  # nothing is drawn without the button
    inside = (PLACES > -0.48) & (PLACES < 0.48)
    assert canvas.target[inside] == pytest.approx(0.2 - 1.2 * PLACES[inside], abs=0.03)
    assert np.array_equal(canvas.target[PLACES < -0.55], before[PLACES < -0.55])
    wait(qtbot, lambda: panel.snapshot is not None and np.array_equal(panel.snapshot.target, canvas.target))
    assert not any(button.isChecked() for button in panel.controls.curves.buttons.values())


def test_the_arrow_keys_draw_as_well(panel: PlaygroundPanel, qtbot: QtBot) -> None:
    canvas = panel.canvas
    before = canvas.target.copy()
    canvas.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Up):
        QTest.keyClick(canvas, key)
    there = np.abs(PLACES - 0.2) < 0.04
    at = float(np.interp(0.2, PLACES, before))
    assert canvas.target[there] == pytest.approx(at + 0.3, abs=0.01)
    assert np.array_equal(canvas.target[PLACES < 0.1], before[PLACES < 0.1])
    wait(qtbot, lambda: panel.snapshot is not None and np.array_equal(panel.snapshot.target, canvas.target))
    for _ in range(40):
        QTest.keyClick(canvas, Qt.Key.Key_Down)
    assert canvas.target[there] == pytest.approx(-1.15)


def test_beside_the_picture_a_stroke_stays_at_its_edge(panel: PlaygroundPanel) -> None:
    canvas = panel.canvas
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=canvas.place(0, 0).toPoint())
    QTest.mouseMove(canvas, QPoint(canvas.width() + 50, -50))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(canvas.width() + 50, -50))
    assert canvas.target[-1] == pytest.approx(1.15)
    assert np.abs(canvas.target).max() <= 1.15


def test_each_control_reaches_the_network(panel: PlaygroundPanel, qtbot: QtBot) -> None:
    controls = panel.controls
    click(controls.activations.buttons[Activation.TANH])
    wait(qtbot, lambda: size_of(panel).activation is Activation.TANH)
    controls.layers.setFocus()
    QTest.keyClick(controls.layers, Qt.Key.Key_Up)
    wait(qtbot, lambda: size_of(panel).layers == 2)
    assert not controls.show_units.isEnabled()
    controls.slider.setValue(5)
    wait(qtbot, lambda: size_of(panel).units == 5)
    assert controls.units.value() == 5
    QTest.keyClick(controls.units, Qt.Key.Key_Up)
    wait(qtbot, lambda: size_of(panel).units == 6)
    assert controls.slider.value() == 6
    click(controls.curves.buttons[Curve.STEP])
    wait(
        qtbot,
        lambda: panel.snapshot is not None and np.array_equal(panel.snapshot.target, values_of(Curve.STEP)),
    )
    controls.rates.setCurrentIndex(0)
    controls.rates.activated.emit(0)
    panel.trainer.stop()
    assert panel.trainer._training._optimizer.rate == 0.001


def test_begin_again_takes_other_first_weights(panel: PlaygroundPanel, qtbot: QtBot) -> None:
    panel.trainer.stop()
    first = panel.trainer._training.network.biases[0].copy()
    panel.trainer.start()
    QTest.keyClick(panel, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    panel.trainer.stop()
    other = panel.trainer._training.network.biases[0]
    assert other.shape == first.shape
    assert not np.array_equal(other, first)


def test_an_experiment_sets_everything_and_says_what_is_to_be_seen(panel: PlaygroundPanel, qtbot: QtBot) -> None:
    click(panel.controls.experiments[0])
    wait(qtbot, lambda: panel.snapshot is not None and size_of(panel) == EXPERIMENTS[0].size)
    assert panel.controls.explained.text() == EXPERIMENTS[0].text
    assert panel.controls.activations.buttons[Activation.NONE].isChecked()
    assert panel.controls.layers.value() == 4
    assert panel.sentence.text().startswith("Without an activation a layer is a line")
    assert "error" in panel.numbers.text()


def test_a_line_stays_a_line_on_the_screen(panel: PlaygroundPanel, qtbot: QtBot) -> None:
    theme().apply(ThemeMode.LIGHT)
    click(panel.controls.experiments[0])
    wait(qtbot, lambda: size_of(panel) == EXPERIMENTS[0].size and step_of(panel) > 200)
    panel.trainer.stop()
    assert panel.snapshot is not None
    image = panel.canvas.grab().toImage()
    accent = theme().color("accent")
    found = [
        (x, y)
        for x in range(30, panel.canvas.width() - 30, 7)
        for y in range(40, panel.canvas.height() - 60)
        if _is(image.pixelColor(x, y), accent)
    ]
    columns = np.array(found, float)
    assert len({x for x, _ in found}) > 20
    fitted = np.polyval(np.polyfit(columns[:, 0], columns[:, 1], 1), columns[:, 0])
    assert np.abs(fitted - columns[:, 1]).max() < 3


def test_what_was_wished_while_it_was_hidden_holds_when_it_shows(
    cards: CardsPage, panel: PlaygroundPanel, qtbot: QtBot
) -> None:
    cards.show_tab(CardsTab.DECK)
    panel.trainer.learn(np.zeros(POINTS))
    cards.show_tab(CardsTab.PLAYGROUND)
    wait(qtbot, lambda: panel.snapshot is not None and not panel.snapshot.target.any())


@pytest.mark.usefixtures("panel")
def test_the_decks_keys_do_nothing_beside_the_playground_and_search_goes_back(cards: CardsPage) -> None:
    enabled = {action.objectName(): action.isEnabled() for action in cards.actions()}
    assert not enabled["cards_apply"]
    assert not enabled["cards_shuffle"]
    assert enabled["playground_restart"]
    QTest.keyClick(cards, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert cards.tab is CardsTab.DECK
    assert cards.deck.search.hasFocus()
    enabled = {action.objectName(): action.isEnabled() for action in cards.actions()}
    assert enabled["cards_shuffle"]
    assert not enabled["playground_restart"]


def _is(color: QColor, other: QColor) -> bool:
    pairs = zip(color.getRgb()[:3], other.getRgb()[:3], strict=True)
    return all(abs(int(one) - int(two)) < 12 for one, two in pairs)
