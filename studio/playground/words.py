"""What is seen on the playground, in sentences: what kind of function the network is, and how near it has come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from studio.core.counting import counted
from studio.playground.curves import Curve, borders
from studio.playground.network import Activation, NetworkSize
from studio.playground.training import Snapshot

_NEAR: Final = 2e-3
"""A mean squared error at which the eye sees hardly a difference."""


def in_words(snapshot: Snapshot) -> str:
    if snapshot.diverged:
        return "The error is no number any more: the steps were too long. Choose a lower rate and begin again."
    kind = {
        Activation.NONE: _of_lines,
        Activation.RELU: _of_pieces,
        Activation.SIGMOID: _of_steps,
        Activation.TANH: _of_steps,
    }[snapshot.size.activation]
    return f"{kind(snapshot)} {_of_classes(snapshot)}".strip()


def _of_lines(snapshot: Snapshot) -> str:
    layers = snapshot.size.layers
    deep = f"{layers} layers bend nothing" if layers > 1 else "one layer bends nothing, and more would not either"
    return (
        f"Without an activation a layer is a line, and a line of a line is a line: {deep}. No network of this kind "
        f"comes below the best line's error of {snapshot.line_error:.3g}; this one is at {snapshot.error:.3g}."
    )


def _of_pieces(snapshot: Snapshot) -> str:
    size, pieces = snapshot.size, snapshot.pieces
    if size.layers == 1:
        bending = counted(len(snapshot.bends), "of them bends", "of them bend")
        words = f"{counted(size.units, 'unit')}, and {bending} inside the picture: {counted(pieces, 'straight piece')}."
    else:
        words = (
            f"{size.layers} layers of {counted(size.units, 'unit')} make {counted(pieces, 'straight piece')}: "
            "a layer bends anew what the one before has bent."
        )
    if snapshot.silent:
        words += f" {counted(snapshot.silent, 'unit is', 'units are')} zero everywhere and can learn no more."
    return f"{words} {_how_near(snapshot)}"


def _of_steps(snapshot: Snapshot) -> str:
    size = snapshot.size
    where = "0 to 1" if size.activation is Activation.SIGMOID else "-1 to 1"
    words = f"Each unit is a soft step from {where}; two of them make a bump, and enough bumps make any curve."
    return f"{words} {_how_near(snapshot)}"


def _how_near(snapshot: Snapshot) -> str:
    if snapshot.error <= _NEAR:
        return "The curve is reached: enough bends come as near to any curve as one likes."
    if snapshot.error >= snapshot.line_error:
        return "So far a straight line would do better."
    if snapshot.is_resting:
        return "It will come no nearer with these units; give it more of them, or another layer."
    return f"It errs by {snapshot.error:.3g}, the best line by {snapshot.line_error:.3g}."


def _of_classes(snapshot: Snapshot) -> str:
    """Above zero one class, below it the other: the strips at the bottom."""
    wanted, has = borders(snapshot.target), borders(snapshot.output)
    if snapshot.size.activation is Activation.NONE and wanted > 1:
        return f"As a classifier it has one border at most, and what you drew has {wanted}."
    if snapshot.size.activation is not Activation.NONE and wanted > 1 and has == wanted:
        return f"As a classifier it has found all {wanted} borders, which no line could."
    return ""


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """Something to try, and what is to be seen in it."""

    title: str
    text: str
    curve: Curve
    size: NetworkSize


EXPERIMENTS: Final = (
    Experiment(
        title="A line of a line is a line",
        text="Four layers and no activation. Watch it lie down on the dashed line and stay there, however long it "
        "trains.",
        curve=Curve.SINE,
        size=NetworkSize(layers=4, units=16, activation=Activation.NONE),
    ),
    Experiment(
        title="Three bends make a tent",
        text="A ReLU is zero to one side and a slope to the other. Three of them make a tent; two cannot.",
        curve=Curve.BUMP,
        size=NetworkSize(layers=1, units=3, activation=Activation.RELU),
    ),
    Experiment(
        title="Enough bends for any curve",
        text="This is universal approximation: one hidden layer is enough if it is wide enough. Take units away to see "
        "the pieces grow, or draw a curve of your own.",
        curve=Curve.SINE,
        size=NetworkSize(layers=1, units=32, activation=Activation.RELU),
    ),
    Experiment(
        title="Depth folds",
        text="Three layers of eight have as many units as one layer of 24, and many more pieces: every layer folds "
        "what is folded already.",
        curve=Curve.ZIGZAG,
        size=NetworkSize(layers=3, units=8, activation=Activation.RELU),
    ),
    Experiment(
        title="What a linear classifier cannot tell",
        text="Above zero is one class, below it the other. A bump has the one class in the middle of the other, and a "
        "line has one border only.",
        curve=Curve.BUMP,
        size=NetworkSize(layers=1, units=16, activation=Activation.NONE),
    ),
    Experiment(
        title="Soft steps",
        text="A sigmoid goes from one height to another and stays there. A step needs one of them; a slope needs many.",
        curve=Curve.STEP,
        size=NetworkSize(layers=1, units=4, activation=Activation.SIGMOID),
    ),
)
