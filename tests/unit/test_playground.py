"""The playground's network: gradients against differences, what lines can never do, and what enough bends can."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from studio.playground.curves import PLACES, POINTS, Curve, best_line, borders, draw_stroke, values_of
from studio.playground.network import Activation, Adam, CurveNetwork, NetworkSize
from studio.playground.training import MOST_STEPS, CurveTraining
from studio.playground.words import EXPERIMENTS, Experiment, in_words

CURVED = [Curve.STEP, Curve.BUMP, Curve.SINE, Curve.ZIGZAG]


def trained(size: NetworkSize, curve: Curve, steps: int, *, rate: float = 0.01, seed: int = 0) -> CurveTraining:
    training = CurveTraining(size, values_of(curve), rate=rate, seed=seed)
    training.advance(steps)
    return training


@pytest.mark.parametrize("activation", Activation)
@pytest.mark.parametrize("layers", [1, 2, 4])
def test_gradients_are_those_of_small_differences(activation: Activation, layers: int) -> None:
    network = CurveNetwork(NetworkSize(layers=layers, units=5, activation=activation), seed=3)
    x, y = np.linspace(-0.93, 0.97, 21), np.sin(np.linspace(-3, 3, 21))
    _, gradients = network.gradients(x, y)
    for parameter, gradient in zip(network.parameters, gradients, strict=True):
        assert gradient.shape == parameter.shape
        for place in np.ndindex(parameter.shape):
            kept, losses = parameter[place], []
            for change in (1e-6, -1e-6):
                parameter[place] = kept + change
                losses.append(float(np.mean((network(x) - y) ** 2)))
            parameter[place] = kept
            assert gradient[place] == pytest.approx((losses[0] - losses[1]) / 2e-6, rel=1e-4, abs=1e-8)


def test_blocks_of_places_change_neither_the_output_nor_the_gradient() -> None:
    network = CurveNetwork(NetworkSize(layers=2, units=7))
    y = values_of(Curve.SINE)
    assert network(PLACES) == pytest.approx(np.array([network(PLACES[i : i + 1])[0] for i in range(POINTS)]))
    whole = network.gradients(PLACES, y)
    halves = [network.gradients(PLACES[part], y[part]) for part in (slice(0, 81), slice(81, None))]
    assert whole[0] == pytest.approx(np.mean([loss for loss, _ in halves]))
    for i, gradient in enumerate(whole[1]):
        assert gradient == pytest.approx((halves[0][1][i] + halves[1][1][i]) / 2)


def test_adam_makes_the_steps_of_the_paper() -> None:
    """Three steps on one weight, worked out by hand with the formulas of the paper."""
    weight, rate = np.array([1.0]), 0.1
    adam = Adam([weight], rate=rate)
    expected, first, second = 1.0, 0.0, 0.0
    for t, gradient in enumerate((0.5, -0.2, 0.9), 1):
        adam.step([np.array([gradient])])
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        expected -= rate * (first / (1 - 0.9**t)) / (np.sqrt(second / (1 - 0.999**t)) + 1e-8)
    assert weight[0] == pytest.approx(expected, rel=1e-5)


# ---------------------------------------------------------------------------------------------------- what it shows
@pytest.mark.parametrize("curve", CURVED)
@pytest.mark.parametrize("layers", [1, 3])
def test_without_an_activation_it_never_beats_the_best_line_and_comes_to_it(curve: Curve, layers: int) -> None:
    y = values_of(curve)
    design = np.stack([PLACES, np.ones(POINTS)], 1)
    (residual,) = np.linalg.lstsq(design, y, rcond=None)[1]
    training = CurveTraining(NetworkSize(layers=layers, units=8, activation=Activation.NONE), y, rate=0.01)
    for _ in range(6):
        training.advance(100)
        snapshot = training.snapshot()
        assert snapshot.error >= residual / POINTS - 1e-9
        bends = np.diff(snapshot.output, 2)
        assert np.abs(bends).max() < 1e-9
    assert snapshot.error == pytest.approx(residual / POINTS, rel=0.02)
    assert snapshot.line_error == pytest.approx(residual / POINTS)


@pytest.mark.parametrize(("curve", "units", "error"), [(Curve.BUMP, 16, 1e-3), (Curve.SINE, 32, 3e-3)])
def test_enough_bends_come_near_a_curve(curve: Curve, units: int, error: float) -> None:
    assert trained(NetworkSize(layers=1, units=units), curve, 2500).snapshot().error < error


def test_more_bends_come_nearer() -> None:
    errors = [trained(NetworkSize(layers=1, units=units), Curve.SINE, 2000).snapshot().error for units in (2, 4, 16)]
    assert errors == sorted(errors, reverse=True)
    assert errors[0] > 20 * errors[-1]


@pytest.mark.parametrize("activation", [Activation.SIGMOID, Activation.TANH])
def test_soft_steps_come_near_a_curve_too(activation: Activation) -> None:
    snapshot = trained(NetworkSize(layers=1, units=24, activation=activation), Curve.BUMP, 2500).snapshot()
    assert snapshot.error < 2e-3 < snapshot.line_error


@pytest.mark.parametrize("layers", [1, 2])
def test_the_output_of_relus_is_straight_but_where_pieces_meet(layers: int) -> None:
    network = CurveNetwork(NetworkSize(layers=layers, units=9), seed=1)
    x = np.linspace(-1, 1, 8001)
    slopes = np.diff(network(x)) / np.diff(x)
    is_new = np.abs(np.diff(slopes)) > 1e-6
    turns = 1 + int((is_new[1:] & ~is_new[:-1]).sum())  # a turn between two places changes the slope twice
    assert network.pieces(x) == turns + is_new[0]
    if layers == 1:
        turning = x[1:-1][is_new]
        assert all(np.abs(network.bends() - place).min() < 1e-3 for place in turning)


def test_layers_multiply_pieces() -> None:
    wide = trained(NetworkSize(layers=1, units=24), Curve.ZIGZAG, 300).snapshot()
    deep = trained(NetworkSize(layers=3, units=8), Curve.ZIGZAG, 300).snapshot()
    assert deep.pieces > wide.pieces


def test_the_units_add_up_to_the_output() -> None:
    training = trained(NetworkSize(layers=2, units=6, activation=Activation.TANH), Curve.SINE, 50)
    snapshot = training.snapshot()
    assert snapshot.contributions.shape == (6, POINTS)
    offset = training.network.biases[-1][0]
    assert snapshot.contributions.sum(0) + offset == pytest.approx(snapshot.output)


def test_a_unit_that_is_zero_everywhere_is_silent() -> None:
    network = CurveNetwork(NetworkSize(layers=1, units=4))
    assert network.silent(PLACES) == 0
    network.biases[0][2] = -100.0
    assert network.silent(PLACES) == 1


# -------------------------------------------------------------------------------------------------------- training
def test_a_snapshot_stays_as_it_was_taken() -> None:
    training = trained(NetworkSize(units=4), Curve.SINE, 10)
    snapshot = training.snapshot()
    kept = snapshot.output.copy()
    training.advance(100)
    assert np.array_equal(snapshot.output, kept)
    assert training.snapshot().step == 110


def test_training_rests_after_a_while_and_goes_on_when_something_changes() -> None:
    training = trained(NetworkSize(units=1), Curve.LINE, 5)
    training._steps_left = 3
    training.advance(10)
    assert training.is_resting
    assert training.step == 8
    training.learn(values_of(Curve.STEP))
    assert not training.is_resting
    training._steps_left = 0
    training.set_rate(0.1)
    assert training._steps_left == MOST_STEPS


def test_steps_that_are_too_long_end_in_a_sentence_and_not_in_a_warning() -> None:
    training = trained(NetworkSize(layers=4, units=16), Curve.SINE, 2000, rate=1e8)
    assert training.diverged
    assert "lower rate" in in_words(training.snapshot())
    training.restart(NetworkSize(units=4), rate=0.01)
    training.advance(5)
    assert not training.diverged


def test_the_same_seed_gives_the_same_network_and_another_one_another() -> None:
    size = NetworkSize(units=5)
    one, same, other = (trained(size, Curve.BUMP, 20, seed=seed).snapshot().output for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_sizes_that_cannot_be_shown_are_refused() -> None:
    for bad in ({"layers": 0}, {"layers": 5}, {"units": 0}, {"units": 65}):
        with pytest.raises(ValueError, match="cannot be shown"):
            NetworkSize(**bad)


# ---------------------------------------------------------------------------------------------------------- curves
@pytest.mark.parametrize("curve", Curve)
def test_ready_made_curves_fit_into_the_picture(curve: Curve) -> None:
    y = values_of(curve)
    assert y.shape == (POINTS,)
    assert np.abs(y).max() <= 1
    line, error = best_line(y)
    assert np.polyfit(PLACES, y, 1) == pytest.approx(np.polyfit(PLACES, line, 1), abs=1e-9)
    assert error == pytest.approx(np.mean((y - line) ** 2))
    assert (error < 1e-12) == (curve is Curve.LINE)


def test_borders_are_counted_where_the_sign_changes() -> None:
    assert [borders(values_of(curve)) for curve in (Curve.LINE, Curve.STEP, Curve.BUMP, Curve.SINE)] == [1, 1, 2, 3]


@settings(max_examples=60, deadline=None)
@given(*(st.floats(-3, 3) for _ in range(4)))
@example(2e-311, 0.5, 0.0, 0.0)
def test_a_stroke_leaves_no_gap_and_nothing_outside_it_changes(x0: float, y0: float, x1: float, y1: float) -> None:
    before = values_of(Curve.SINE)
    drawn = draw_stroke(before, (x0, y0), (x1, y1))
    low, high = min(x0, x1), max(x0, x1)
    spacing = 2 / (POINTS - 1)
    outside = (low - spacing > PLACES) | (high + spacing < PLACES)
    assert np.array_equal(drawn[outside & (PLACES > -1) & (PLACES < 1)], before[outside & (PLACES > -1) & (PLACES < 1)])
    assert np.abs(drawn).max() <= 1.15
    if x1 - x0 > 1e-3 and x0 >= -1 and x1 <= 1:
        inside = (x0 <= PLACES) & (x1 >= PLACES)
        wanted = np.clip(np.interp(PLACES[inside], [x0, x1], [y0, y1]), -1.15, 1.15)
        assert drawn[inside] == pytest.approx(wanted, abs=1e-9)


# ----------------------------------------------------------------------------------------------------------- words
def test_the_sentence_tells_what_kind_of_function_is_seen() -> None:
    line = trained(NetworkSize(layers=3, units=4, activation=Activation.NONE), Curve.SINE, 400).snapshot()
    assert in_words(line).startswith("Without an activation a layer is a line")
    assert "3 layers bend nothing" in in_words(line)
    assert "one border at most, and what you drew has 3" in in_words(line)
    pieces = trained(NetworkSize(units=16), Curve.SINE, 2500).snapshot()
    assert f"16 units, and {len(pieces.bends)} of them bend inside the picture" in in_words(pieces)
    assert f"{pieces.pieces} straight pieces" in in_words(pieces)
    assert "found all 3 borders, which no line could" in in_words(pieces)
    new = CurveTraining(NetworkSize(units=1, activation=Activation.TANH), values_of(Curve.ZIGZAG), rate=0.01)
    assert "soft step from -1 to 1" in in_words(new.snapshot())
    assert "a straight line would do better" in in_words(new.snapshot())


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda experiment: experiment.title)
def test_every_experiment_shows_what_it_promises(experiment: Experiment) -> None:
    training = CurveTraining(experiment.size, values_of(experiment.curve), rate=0.01)
    training.advance(2500)
    snapshot = training.snapshot()
    if experiment.size.activation is Activation.NONE:
        assert snapshot.error == pytest.approx(snapshot.line_error, rel=0.02)
    else:
        assert snapshot.error < 0.2 * snapshot.line_error
