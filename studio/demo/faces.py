"""People turning their heads before a camera: pictures with the exact places of three keypoints."""

from __future__ import annotations

import dataclasses
import math
import random
from typing import Final

import cv2
import numpy as np

from studio.core.points import Keypoint, Points, Visibility
from studio.demo.canvas import Canvas, Color, mix, shade

WIDTH: Final = 240
HEIGHT: Final = 180
FRAMES: Final = 18
"""Frames of one person."""

KEYPOINTS: Final = (("face centre", "#2ec4b6"), ("nose", "#ff9f1c"), ("mouth", "#e71d73"))
"""None of them has a left or a right, so that mirroring a picture changes no name."""

_SKINS: Final[tuple[Color, ...]] = ((246, 212, 186), (230, 182, 146), (194, 140, 104), (142, 96, 70), (98, 66, 50))
_HAIRS: Final[tuple[Color, ...]] = (
    (44, 34, 30),
    (94, 62, 40),
    (170, 122, 66),
    (214, 180, 112),
    (150, 60, 36),
    (176, 176, 182),
)
_CLOTHES: Final[tuple[Color, ...]] = (
    (52, 96, 150),
    (166, 56, 66),
    (70, 122, 92),
    (212, 166, 70),
    (92, 72, 128),
    (60, 64, 74),
    (224, 222, 214),
)
_ROOMS: Final[tuple[tuple[Color, Color], ...]] = (
    ((206, 196, 178), (156, 142, 122)),
    ((168, 190, 196), (104, 128, 140)),
    ((214, 186, 170), (150, 112, 100)),
    ((178, 192, 160), (112, 132, 104)),
    ((150, 146, 168), (88, 84, 110)),
)
_TALL: Final = 1.28
"""How much higher than wide a head is."""


@dataclasses.dataclass(frozen=True)
class Sitter:
    """One person and the room behind them; the same through all frames."""

    seed: int
    skin: Color
    hair: Color
    clothes: Color
    room: tuple[Color, Color]
    size: float
    style: int
    glasses: bool
    beard: bool
    scarf: Color | None
    light: float


@dataclasses.dataclass(frozen=True)
class Portrait:
    """`picture` (HEIGHT, WIDTH, 3) uint8 RGB; the points lie where the head was drawn, to a fraction of a pixel."""

    picture: np.ndarray
    points: Points


@dataclasses.dataclass(frozen=True)
class Head:
    """An ellipsoid `r` wide and `_TALL`·r high, turned by `yaw` and `pitch` and leaning by `roll`, all in radians."""

    x: float
    y: float
    r: float
    yaw: float
    pitch: float
    roll: float

    def see(self, longitude: float, latitude: float, *, out: float = 1.0) -> tuple[float, float]:
        """Where a place on the head appears; degrees from the middle of the face, `out` times its radius."""
        across = math.radians(longitude) + self.yaw
        up = math.radians(latitude) + self.pitch
        return self.place(out * math.sin(across) * math.cos(up), -out * math.sin(up))

    def place(self, across: float, down: float) -> tuple[float, float]:
        """A place in the picture plane, in head sizes from the head's middle."""
        x, y = across * self.r, down * self.r * _TALL
        cos, sin = math.cos(self.roll), math.sin(self.roll)
        return self.x + x * cos - y * sin, self.y + x * sin + y * cos

    def shows(self, longitude: float) -> bool:
        return abs(math.radians(longitude) + self.yaw) < math.radians(78)

    def narrow(self, longitude: float) -> float:
        """How much narrower something on the head looks for being turned away."""
        return max(0.15, math.cos(math.radians(longitude) + self.yaw))

    @property
    def lean(self) -> float:
        return math.degrees(self.roll)


def make_sitter(seed: int) -> Sitter:
    dice = random.Random(seed)
    return Sitter(
        seed=seed,
        skin=dice.choice(_SKINS),
        hair=dice.choice(_HAIRS),
        clothes=dice.choice(_CLOTHES),
        room=dice.choice(_ROOMS),
        size=dice.uniform(25, 33),
        style=(0, 2, 1, 0, 1, 3, 2)[seed % 7],
        glasses=dice.random() < 0.3,
        beard=dice.random() < 0.25,
        scarf=dice.choice(_CLOTHES) if dice.random() < 0.3 else None,
        light=dice.choice((-1.0, -0.6, 0.6, 1.0)),
    )


def draw_portrait(sitter: Sitter, frame: int) -> Portrait:
    dice = random.Random(sitter.seed * 1000 + frame)
    turn = 2 * math.pi * frame / FRAMES
    phase = sitter.seed % 7
    head = Head(
        x=WIDTH / 2 + 46 * math.sin(turn + phase) + dice.uniform(-9, 9),
        y=HEIGHT * 0.43 + 15 * math.sin(2 * turn + phase) + dice.uniform(-6, 6),
        r=sitter.size * (1 + 0.1 * math.sin(turn)) * dice.uniform(0.97, 1.03),
        yaw=math.radians(42) * math.sin(turn * 2 + 1.3 * phase) + dice.uniform(-0.1, 0.1),
        pitch=math.radians(14) * math.sin(turn + 2.1 * phase) + dice.uniform(-0.05, 0.05),
        roll=math.radians(12) * math.sin(turn * 3 + phase),
    )
    canvas = Canvas(WIDTH, HEIGHT)
    _room(canvas, sitter)
    _body(canvas, sitter, head)
    _head(canvas, sitter, head)
    _features(canvas, sitter, head)
    hidden = sitter.scarf is not None and frame % 3 == 0
    if hidden and sitter.scarf is not None:
        _scarf_over_mouth(canvas, head, sitter.scarf)
    places = (head.place(0, 0), head.see(0, -10, out=1.16), head.see(0, -38, out=1.0))
    points = tuple(
        Keypoint(index=i, x=x, y=y, visibility=Visibility.HIDDEN if i == 2 and hidden else Visibility.VISIBLE)
        for i, (x, y) in enumerate(places)
    )
    return Portrait(_develop(canvas.picture(), sitter, frame), Points(points))


def _room(canvas: Canvas, sitter: Sitter) -> None:
    """A wall with a window and shelves, out of focus."""
    dice = random.Random(sitter.seed)
    wall, corner = sitter.room
    canvas.gradient(0, HEIGHT, mix(wall, (255, 255, 255), 0.2), corner)
    left = dice.uniform(4, 30)
    canvas.polygon(_box(left, 14, 62, 84), (238, 240, 236))
    canvas.polygon(_box(left + 4, 18, 54, 76), (170, 208, 236))
    canvas.ellipse((left + 18, 84), (22, 12), (110, 150, 96))
    canvas.polygon(_box(left + 29, 14, 4, 84), (238, 240, 236))
    for shelf in range(3):
        top = 28 + 38 * shelf
        x = 160.0
        while x < WIDTH - 8:
            width, height = dice.uniform(4, 9), dice.uniform(18, 27)
            book = dice.choice(_CLOTHES)
            canvas.polygon(_box(x, top + 28 - height, width, height), mix(book, wall, 0.25))
            x += width + dice.choice((0.6, 0.6, 5.0))
        canvas.polygon(_box(154, top + 28, WIDTH - 154, 4), shade(corner, 0.8))
    if dice.random() < 0.5:
        canvas.pixels[:] = canvas.pixels[:, ::-1]
    canvas.pixels[:] = cv2.GaussianBlur(canvas.pixels, (0, 0), 7)


def _box(x: float, y: float, width: float, height: float) -> list[tuple[float, float]]:
    return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]


def _body(canvas: Canvas, sitter: Sitter, head: Head) -> None:
    r = head.r
    chest = (head.x * 0.8 + WIDTH / 10, head.y + 2.75 * r)
    if sitter.style == 2:  # long hair falls behind the shoulders
        canvas.ellipse(head.place(0, 0.55), (1.25 * r, 1.75 * r), shade(sitter.hair, 0.8), angle=head.lean)
    for width, color in ((2.15 * r, shade(sitter.clothes, 0.86)), (1.95 * r, sitter.clothes)):
        x = chest[0] + (2.15 * r - width) * sitter.light
        canvas.ellipse((x, chest[1]), (width, 1.25 * r), color)
        canvas.polygon(_box(x - width, chest[1], 2 * width, HEIGHT), color)
    neck = shade(sitter.skin, 0.78)
    x, y = head.place(0, 0.7)
    canvas.polygon(
        [
            (x - 0.45 * r, y),
            (x + 0.45 * r, y),
            (chest[0] + 0.62 * r, chest[1] - r),
            (chest[0] - 0.62 * r, chest[1] - r),
        ],
        neck,
    )
    canvas.ellipse((chest[0], chest[1] - 1.08 * r), (0.62 * r, 0.3 * r), neck)
    if sitter.scarf:
        canvas.ellipse((chest[0], chest[1] - 1.12 * r), (0.95 * r, 0.42 * r), shade(sitter.scarf, 0.9))
        canvas.ellipse((chest[0], chest[1] - 1.2 * r), (0.9 * r, 0.3 * r), sitter.scarf)


def _head(canvas: Canvas, sitter: Sitter, head: Head) -> None:
    r, lean = head.r, head.lean
    if sitter.style != 3:
        canvas.ellipse(
            head.place(-0.12 * math.sin(head.yaw), -0.13),
            (1.13 * r, 1.12 * r * _TALL),
            shade(sitter.hair, 0.85),
            angle=lean,
        )
    for side in (-1, 1):
        away = side * math.cos(head.yaw) * 0.98 - 0.32 * math.sin(head.yaw)
        if side * head.yaw < 0.6:
            canvas.ellipse(head.place(away, 0.04), (0.17 * r, 0.28 * r), shade(sitter.skin, 0.86), angle=lean)
    canvas.ellipse(head.place(0, 0), (r, r * _TALL), shade(sitter.skin, 0.82), angle=lean)
    for step in range(1, 5):
        shift = 0.045 * step * sitter.light
        size = 1 - 0.055 * step
        canvas.ellipse(
            head.place(shift, -0.015 * step),
            (size * r, size * r * _TALL),
            shade(sitter.skin, 0.82 + 0.06 * step),
            angle=lean,
        )
    if sitter.beard:
        _beard(canvas, sitter, head)


def _beard(canvas: Canvas, sitter: Sitter, head: Head) -> None:
    jaw = [head.place(math.cos(t) * 0.99, math.sin(t) * 0.99) for t in np.linspace(0.12, math.pi - 0.12, 24)]
    inner = [
        head.see(longitude, -26 + 6 * math.cos(math.radians(longitude * 2)), out=1.0) for longitude in range(-56, 57, 8)
    ]
    canvas.polygon([*jaw, *inner], shade(sitter.hair, 0.9))


def _features(canvas: Canvas, sitter: Sitter, head: Head) -> None:
    r, lean = head.r, head.lean
    for longitude in (-24, 24):
        if not head.shows(longitude):
            continue
        x, y = head.see(longitude, 9)
        width = 0.2 * r * head.narrow(longitude)
        canvas.ellipse((x, y), (width * 1.25, 0.15 * r), shade(sitter.skin, 0.8), angle=lean)
        canvas.ellipse((x, y), (width, 0.105 * r), (246, 246, 244), angle=lean)
        canvas.ellipse(head.see(longitude + 4, 8.5), (width * 0.5, 0.1 * r), (70, 52, 40), angle=lean)
        brow = [head.see(longitude + d, 21 + 3 * math.cos(math.radians(d * 6))) for d in (-13, -5, 5, 13)]
        canvas.line(brow, 0.08 * r, shade(sitter.hair, 0.75))
    _nose(canvas, sitter, head)
    lips = mix(sitter.skin, (176, 60, 70), 0.55)
    mouth = [head.see(longitude, -38 + 5 * (longitude / 20) ** 2) for longitude in (-19, -10, 0, 10, 19)]
    canvas.line(mouth, 0.13 * r, lips)
    canvas.line(mouth, 0.035 * r, shade(lips, 0.55))
    if sitter.style != 3:
        _fringe(canvas, sitter, head)
    if sitter.glasses:
        frame = (34, 34, 40)
        for longitude in (-24, 24):
            ring = [
                head.see(longitude + 15 * math.cos(t), 9 + 12 * math.sin(t), out=1.03) for t in np.linspace(0, 6.3, 20)
            ]
            canvas.line(ring, 0.055 * r, frame)
        canvas.line([head.see(-9, 10, out=1.03), head.see(9, 10, out=1.03)], 0.055 * r, frame)


def _nose(canvas: Canvas, sitter: Sitter, head: Head) -> None:
    r = head.r
    tip, bridge = head.see(0, -10, out=1.16), head.see(0, 10)
    shadow = shade(sitter.skin, 0.76)
    wings = (head.see(-9, -15), head.see(9, -15))
    canvas.polygon([bridge, *wings], shade(sitter.skin, 0.92))
    canvas.polygon([bridge, wings[0 if sitter.light > 0 else 1], tip], shadow)
    canvas.ellipse(tip, (0.14 * r, 0.12 * r), shade(sitter.skin, 0.97), angle=head.lean)
    for wing in wings:
        canvas.ellipse(wing, (0.06 * r, 0.05 * r), shadow)


def _fringe(canvas: Canvas, sitter: Sitter, head: Head) -> None:
    """The hair that shows from the front: the top of the head down to a hairline that turns with the face."""
    top = [head.place(1.1 * math.cos(t), 1.1 * math.sin(t)) for t in np.linspace(math.pi + 0.1, 2 * math.pi - 0.1, 24)]
    height = (34, 42, 30)[sitter.style]
    wave = (4, 9, 2)[sitter.style]
    line = [
        head.see(longitude, height + wave * math.cos(math.radians(3 * longitude + 40 * sitter.style)), out=1.02)
        for longitude in range(66, -67, -6)
    ]
    canvas.polygon([*top, *line], sitter.hair)
    canvas.line(
        [head.place(0.75 * math.cos(t), 0.95 * math.sin(t)) for t in np.linspace(4.1, 5.2, 10)],
        0.1 * head.r,
        shade(sitter.hair, 1.3),
    )


def _scarf_over_mouth(canvas: Canvas, head: Head, scarf: Color) -> None:
    upper = [head.see(longitude, -24 - 4 * math.cos(math.radians(longitude))) for longitude in range(-85, 86, 10)]
    lower = [head.place(1.12 * math.cos(t), 1.12 * math.sin(t)) for t in np.linspace(0.15, math.pi - 0.15, 24)]
    canvas.polygon([*upper, *lower], scarf)
    for down in (0.72, 0.92):
        canvas.line(
            [head.place(across, down - 0.12 * across * across) for across in (-0.7, -0.3, 0.1, 0.5, 0.72)],
            0.05 * head.r,
            shade(scarf, 0.82),
        )


def _develop(picture: np.ndarray, sitter: Sitter, frame: int) -> np.ndarray:
    """Light from one side, a vignette and the camera's noise."""
    dice = np.random.default_rng(sitter.seed * 1000 + frame)
    rows = np.linspace(-1, 1, HEIGHT, dtype=np.float32)[:, None]
    columns = np.linspace(-1, 1, WIDTH, dtype=np.float32)[None]
    light = 1.04 + 0.1 * sitter.light * columns - 0.09 * (rows**2 + columns**2)
    pixels = picture.astype(np.float32) * light[..., None] + dice.normal(0, 3.0, picture.shape).astype(np.float32)
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
