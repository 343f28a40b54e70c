"""A made-up street: what stands where, in metres. Seeded, so that the same number is always the same street."""

from __future__ import annotations

import dataclasses
import random
from typing import Final

from studio.demo.canvas import Color

ROAD_HALF: Final = 3.6
PAVEMENT: Final = 2.6
FACADE: Final = ROAD_HALF + PAVEMENT
LENGTH: Final = 130.0

_WALLS: Final[tuple[Color, ...]] = (
    (196, 122, 92),
    (222, 190, 148),
    (160, 84, 70),
    (206, 206, 196),
    (168, 152, 132),
    (226, 168, 110),
    (138, 120, 118),
    (190, 176, 160),
)
_PAINTS: Final[tuple[Color, ...]] = (
    (196, 40, 40),
    (32, 76, 156),
    (236, 236, 232),
    (42, 44, 52),
    (226, 178, 46),
    (52, 122, 98),
    (150, 156, 166),
    (214, 108, 44),
)
_CLOTHES: Final[tuple[Color, ...]] = (
    (214, 60, 84),
    (40, 90, 170),
    (240, 200, 70),
    (70, 150, 110),
    (120, 70, 140),
    (236, 236, 236),
    (236, 130, 50),
)
_SKIN: Final[tuple[Color, ...]] = ((241, 205, 176), (214, 164, 126), (158, 108, 78), (104, 70, 52))


@dataclasses.dataclass(frozen=True)
class Weather:
    """`haze` is the colour that far things fade to, `light` a factor for each channel, `sun` −1 … 1 from which side."""

    name: str
    zenith: Color
    haze: Color
    light: Color
    sun: float
    clouds: float
    lamps: bool = False


WEATHERS: Final = (
    Weather("noon", (74, 138, 214), (206, 224, 238), (1.0, 1.0, 1.0), 0.5, 0.5),
    Weather("evening", (92, 108, 176), (250, 196, 142), (1.06, 0.92, 0.78), -0.9, 0.35),
    Weather("overcast", (168, 176, 186), (206, 210, 214), (0.88, 0.9, 0.94), 0.1, 0.9),
    Weather("morning", (126, 176, 224), (246, 232, 206), (1.03, 0.99, 0.9), 0.9, 0.2),
    Weather("dusk", (48, 52, 104), (188, 128, 138), (0.78, 0.72, 0.86), -0.4, 0.4, lamps=True),
)


@dataclasses.dataclass(frozen=True)
class Building:
    """`side` −1 is left of the road, 1 right; from `near` to `far` along the road."""

    side: int
    near: float
    far: float
    height: float
    setback: float
    wall: Color
    roof: Color
    shop: Color | None
    gable: bool
    lit: int


@dataclasses.dataclass(frozen=True)
class Tree:
    x: float
    z: float
    height: float
    leaves: Color
    shape: int


@dataclasses.dataclass(frozen=True)
class Car:
    """`speed` in metres a frame along the road; `towards` shows its front."""

    x: float
    z: float
    paint: Color
    speed: float
    towards: bool
    van: bool


@dataclasses.dataclass(frozen=True)
class Person:
    x: float
    z: float
    height: float
    top: Color
    legs: Color
    skin: Color
    speed: float
    phase: float


@dataclasses.dataclass(frozen=True)
class Sign:
    x: float
    z: float
    kind: int


@dataclasses.dataclass(frozen=True)
class Street:
    weather: Weather
    asphalt: Color
    paving: Color
    camera_x: float
    buildings: tuple[Building, ...]
    trees: tuple[Tree, ...]
    cars: tuple[Car, ...]
    people: tuple[Person, ...]
    signs: tuple[Sign, ...]


def make_street(seed: int, weather: Weather) -> Street:
    dice = random.Random(seed)
    gray = dice.uniform(84, 108)
    pale = dice.uniform(168, 196)
    return Street(
        weather=weather,
        asphalt=(gray, gray * 1.0, gray * 1.04),
        paving=(pale, pale * 0.97, pale * 0.91),
        camera_x=dice.uniform(1.1, 1.9),
        buildings=tuple(b for side in (-1, 1) for b in _row_of_houses(dice, side)),
        trees=tuple(t for side in (-1, 1) for t in _avenue(dice, side)),
        cars=(*_parked(dice), *_moving(dice)),
        people=tuple(_person(dice) for _ in range(16)),
        signs=tuple(_sign(dice, z) for z in range(9, int(LENGTH), 13)),
    )


def _row_of_houses(dice: random.Random, side: int) -> list[Building]:
    houses = []
    z = -6.0 + dice.uniform(0, 5)
    while z < LENGTH:
        length = dice.uniform(7, 14)
        houses.append(
            Building(
                side=side,
                near=z,
                far=z + length,
                height=dice.choice((4.5, 6.5, 8.0, 10.5, 13.0)) * dice.uniform(0.92, 1.08),
                setback=dice.choice((0.0, 0.0, 0.4, 1.4)),
                wall=dice.choice(_WALLS),
                roof=dice.choice(((126, 62, 50), (84, 80, 84), (110, 84, 66))),
                shop=dice.choice(_PAINTS) if dice.random() < 0.35 else None,
                gable=dice.random() < 0.5,
                lit=dice.randrange(1 << 16),
            )
        )
        z += length + (dice.uniform(2.5, 6) if dice.random() < 0.3 else 0)
    return houses


def _avenue(dice: random.Random, side: int) -> list[Tree]:
    greens = ((72, 124, 52), (94, 140, 58), (58, 104, 62), (132, 148, 62), (176, 124, 52))
    leaves = dice.choice(greens)
    spacing = dice.uniform(8, 15)
    return [
        Tree(
            x=side * (ROAD_HALF + dice.uniform(0.7, 1.1)),
            z=z * spacing + dice.uniform(-1.5, 1.5),
            height=dice.uniform(4.2, 6.6),
            leaves=(
                leaves[0] + dice.uniform(-12, 12),
                leaves[1] + dice.uniform(-12, 12),
                leaves[2] + dice.uniform(-8, 8),
            ),
            shape=dice.randrange(1 << 16),
        )
        for z in range(1, int(LENGTH / spacing))
        if dice.random() < 0.8
    ]


def _parked(dice: random.Random) -> list[Car]:
    cars = []
    for side in (-1, 1):
        z = dice.uniform(4, 12)
        while z < LENGTH:
            if dice.random() < 0.55:
                cars.append(
                    Car(
                        x=side * (ROAD_HALF - 1.0),
                        z=z,
                        paint=dice.choice(_PAINTS),
                        speed=0.0,
                        towards=side < 0,
                        van=dice.random() < 0.2,
                    )
                )
            z += dice.uniform(5.6, 11)
    return cars


def _moving(dice: random.Random) -> list[Car]:
    coming = [Car(-1.0, 22 + 34 * n + dice.uniform(0, 16), dice.choice(_PAINTS), -0.5, True, False) for n in range(4)]
    ahead = Car(1.4, dice.uniform(13, 22), dice.choice(_PAINTS), dice.uniform(0.95, 1.2), False, dice.random() < 0.3)
    return [*coming, ahead]


def _person(dice: random.Random) -> Person:
    side = dice.choice((-1, 1))
    crossing = dice.random() < 0.12
    return Person(
        x=dice.uniform(-2, 2) if crossing else side * (ROAD_HALF + dice.uniform(0.5, 2.1)),
        z=dice.uniform(5, LENGTH * 0.6),
        height=dice.uniform(1.5, 1.92) if dice.random() < 0.85 else dice.uniform(1.05, 1.3),
        top=dice.choice(_CLOTHES),
        legs=dice.choice(((44, 52, 78), (60, 56, 54), (108, 92, 74), (36, 36, 40))),
        skin=dice.choice(_SKIN),
        speed=dice.choice((-0.12, 0.12, 0.0)),
        phase=dice.uniform(0, 6.28),
    )


def _sign(dice: random.Random, z: float) -> Sign:
    side = dice.choice((-1, 1, 1))
    return Sign(x=side * (ROAD_HALF + dice.uniform(0.25, 0.5)), z=z + dice.uniform(-3, 3), kind=dice.randrange(5))
