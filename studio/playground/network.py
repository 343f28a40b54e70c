"""A multilayer perceptron from one number to one number: forward, gradients by hand, and the units one by one."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST_LAYERS: Final = 4
MOST_UNITS: Final = 64

BLOCK: Final = 54
"""Places that are computed at once. OpenBLAS shares products of more than 2 ** 18 multiplications out among threads,
which for matrices as small as these costs many times the work itself; 54 × 64 × 64 are less."""


class Activation(enum.StrEnum):
    NONE = "none"
    RELU = "ReLU"
    SIGMOID = "sigmoid"
    TANH = "tanh"


@dataclass(frozen=True, kw_only=True)
class NetworkSize:
    """`layers` hidden layers of `units` units each."""

    layers: int = 1
    units: int = 16
    activation: Activation = Activation.RELU

    def __post_init__(self) -> None:
        if not 1 <= self.layers <= MOST_LAYERS or not 1 <= self.units <= MOST_UNITS:
            raise ValueError(f"{self.layers} layers of {self.units} units cannot be shown")


@dataclass(frozen=True)
class _Bend:
    """An activation, and its slope as a function of what came in and what came out."""

    value: Callable[[Floats], Floats]
    slope: Callable[[Floats, Floats], Floats]


def _sigmoid(z: Floats) -> Floats:
    return 0.5 * (1 + np.tanh(0.5 * z))  # overflows nowhere


_BENDS: Final[dict[Activation, _Bend]] = {
    Activation.NONE: _Bend(lambda z: z, lambda z, _a: np.ones_like(z)),
    Activation.RELU: _Bend(lambda z: np.maximum(z, 0), lambda z, _a: (z > 0).astype(z.dtype)),
    Activation.SIGMOID: _Bend(_sigmoid, lambda _z, a: a * (1 - a)),
    Activation.TANH: _Bend(np.tanh, lambda _z, a: 1 - a * a),
}

_STEEPNESS: Final = {Activation.NONE: 1.0, Activation.RELU: 1.5, Activation.SIGMOID: 8.0, Activation.TANH: 4.0}
"""Of the first layer's units, so that each turns within the picture and not only at its edges."""


class CurveNetwork:
    """`weights[i]` is (inputs, outputs), `biases[i]` (outputs,); what goes in and comes out is one number each."""

    def __init__(self, size: NetworkSize, *, seed: int = 0) -> None:
        """The first layer's units turn at places spread over [-1, 1]; the others begin as Glorot and Bengio (2010) or,
        before ReLU, He and others (2015) would have them."""
        self.size = size
        self._bend = _BENDS[size.activation]
        random = np.random.default_rng(seed)
        widths = [1, *[size.units] * size.layers, 1]
        places = random.permutation(np.linspace(-1, 1, size.units + 2)[1:-1])
        slopes = (
            random.choice([-1.0, 1.0], size.units) * _STEEPNESS[size.activation] * random.uniform(0.7, 1.3, size.units)
        )
        self.weights: list[Floats] = [slopes[None]]
        self.biases: list[Floats] = [-slopes * places]
        gain = 2.0 if size.activation is Activation.RELU else 1.0
        for fan_in, fan_out in pairwise(widths[1:]):
            self.weights.append(random.normal(0, np.sqrt(gain / fan_in), (fan_in, fan_out)))
            self.biases.append(np.zeros(fan_out))

    @property
    def parameters(self) -> list[Floats]:
        """Arrays that an optimizer changes in place, in the order of `gradients`."""
        return [*self.weights, *self.biases]

    def __call__(self, x: Floats) -> Floats:
        """(n,) → (n,)."""
        return self._forward(x)[1][-1].ravel()

    def gradients(self, x: Floats, y: Floats) -> tuple[float, list[Floats]]:
        """The mean squared error on (n,) places and values, and its gradient by each of the `parameters`."""
        before, after = self._forward(x)
        error = after[-1] - y.reshape(after[-1].shape)
        loss = float(np.mean(error**2))
        by_weights: list[Floats] = []
        by_biases: list[Floats] = []
        back = 2 * error / len(x)
        for layer in range(len(self.weights) - 1, -1, -1):
            by_weights.append((after[layer].transpose(0, 2, 1) @ back).sum(0))
            by_biases.append(back.sum((0, 1)))
            if layer:
                back = (back @ self.weights[layer].T) * self._bend.slope(before[layer - 1], after[layer])
        return loss, [*by_weights[::-1], *by_biases[::-1]]

    def contributions(self, x: Floats) -> Floats:
        """What each unit of the last hidden layer adds to the output: (units, n)."""
        last = self._forward(x)[1][-2]
        return (last.reshape(-1, last.shape[-1]) * self.weights[-1][:, 0]).T

    def bends(self) -> Floats:
        """Where the first layer's units turn: those places that lie in [-1, 1], from left to right."""
        slopes = self.weights[0][0]
        moving = np.abs(slopes) > 1e-9
        places = -self.biases[0][moving] / slopes[moving]
        return np.sort(places[np.abs(places) <= 1])

    def pieces(self, x: Floats) -> int:
        """In how many straight pieces a ReLU network's output falls: a new one begins wherever a unit switches on or
        off. Of several layers as far as the ascending places (n,) can tell them apart."""
        if self.size.layers == 1:
            return 1 + len(self.bends())
        before, _ = self._forward(x)
        switched = np.concatenate([layer.reshape(len(x), -1) > 0 for layer in before[:-1]], axis=1)
        return 1 + int((switched[1:] != switched[:-1]).any(1).sum())

    def silent(self, x: Floats) -> int:
        """How many units of all layers are 0 at every place (n,), as a ReLU that has died is."""
        _, after = self._forward(x)
        return sum(int((layer == 0).all((0, 1)).sum()) for layer in after[1:-1])

    def _forward(self, x: Floats) -> tuple[list[Floats], list[Floats]]:
        """Each layer's values before its activation, and after it with `x` as the first: (blocks, places, units)."""
        rows = BLOCK if len(x) % BLOCK == 0 else len(x)
        before: list[Floats] = []
        after: list[Floats] = [x.reshape(-1, rows, 1)]
        last = len(self.weights) - 1
        for layer, (weights, biases) in enumerate(zip(self.weights, self.biases, strict=True)):
            before.append(after[-1] @ weights + biases)
            after.append(before[-1] if layer == last else self._bend.value(before[-1]))
        return before, after


class Adam:
    """Kingma and Ba (2015), with bias correction; changes the arrays in place."""

    def __init__(self, parameters: list[Floats], *, rate: float) -> None:
        self.rate = rate
        self._parameters = parameters
        self._first = [np.zeros_like(p) for p in parameters]
        self._second = [np.zeros_like(p) for p in parameters]
        self._step = 0

    def step(self, gradients: list[Floats]) -> None:
        self._step += 1
        rate = self.rate * np.sqrt(1 - 0.999**self._step) / (1 - 0.9**self._step)
        for i, gradient in enumerate(gradients):
            self._first[i] += 0.1 * (gradient - self._first[i])
            self._second[i] += 0.001 * (gradient * gradient - self._second[i])
            self._parameters[i] -= rate * self._first[i] / (np.sqrt(self._second[i]) + 1e-8)
