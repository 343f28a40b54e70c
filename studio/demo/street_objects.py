"""Houses, trees, cars, people and signs, drawn where the camera sees them."""

from __future__ import annotations

import dataclasses
import math
import random
from typing import Final

from studio.demo.canvas import Canvas, Color, mix, shade
from studio.demo.street_world import FACADE, Building, Car, Person, Sign, Tree, Weather

_NEAR: Final = 1.2
_EYE: Final = 1.55
_FADE: Final = 95.0
_WINDOWS_SEEN: Final = 62.0
"""Further away a window is less than a pixel wide."""
_GLASS: Final[Color] = (72, 92, 112)
_LAMP: Final[Color] = (255, 214, 128)


@dataclasses.dataclass(frozen=True)
class Camera:
    """On the road at `x`, `z` metres, `_EYE` above it, looking along it."""

    width: int
    height: int
    x: float
    z: float
    weather: Weather

    @property
    def horizon(self) -> float:
        return self.height * 0.46

    def scale(self, z: float) -> float:
        """Pixels a metre at `z`."""
        return self.width * 0.72 / max(z - self.z, _NEAR)

    def see(self, x: float, y: float, z: float) -> tuple[float, float]:
        """Where a point at `x` metres right of the road's middle, `y` above the ground and `z` along it appears."""
        scale = self.scale(z)
        return self.width / 2 + (x - self.x) * scale, self.horizon + (_EYE - y) * scale

    def tone(self, color: Color, z: float) -> Color:
        """A colour as it looks from here: far things fade into the haze."""
        return mix(color, self.weather.haze, 1 - math.exp(-max(0.0, z - self.z) / _FADE))


def draw_building(canvas: Canvas, camera: Camera, house: Building, class_id: int) -> None:
    """The wall along the road with its windows, the end wall that faces the camera, and a roof."""
    x = house.side * (FACADE + house.setback)
    back = house.side * (FACADE + house.setback + 9)
    near = max(house.near, camera.z + _NEAR)
    lit = 1.0 + 0.16 * camera.weather.sun * -house.side
    middle = (near + house.far) / 2
    if house.near > camera.z + _NEAR:
        _end_wall(canvas, camera, house, x, back, class_id)
    wall = camera.tone(shade(house.wall, lit), middle)
    corners = [(x, 0.0, near), (x, house.height, near), (x, house.height, house.far), (x, 0.0, house.far)]
    canvas.polygon([camera.see(*corner) for corner in corners], wall, class_id)
    cornice = [
        (x, house.height - 0.35, near),
        (x, house.height, near),
        (x, house.height, house.far),
        (x, house.height - 0.35, house.far),
    ]
    canvas.polygon([camera.see(*corner) for corner in cornice], camera.tone(shade(house.roof, lit), middle))
    _windows(canvas, camera, house, x, near)


def _end_wall(canvas: Canvas, camera: Camera, house: Building, x: float, back: float, class_id: int) -> None:
    z, top = house.near, house.height
    wall = camera.tone(shade(house.wall, 0.86), z)
    corners = [(x, 0.0, z), (x, top, z), (back, top, z), (back, 0.0, z)]
    canvas.polygon([camera.see(*corner) for corner in corners], wall, class_id)
    if house.gable:
        gable = [(x, top, z), ((x + back) / 2, top + 2.4, z), (back, top, z)]
        canvas.polygon([camera.see(*corner) for corner in gable], camera.tone(house.roof, z), class_id)


def _windows(canvas: Canvas, camera: Camera, house: Building, x: float, near: float) -> None:
    dice = random.Random(house.lit)
    if house.shop is not None:
        _panel(canvas, camera, x, (0.4, 2.3), (house.near + 0.5, house.far - 0.5), near, _GLASS)
        _panel(canvas, camera, x, (2.3, 2.9), (house.near + 0.2, house.far - 0.2), near, house.shop)
    bottom = 3.6 if house.shop is not None else 0.9
    while bottom + 1.5 < house.height:
        z = house.near + 0.9
        while z + 1.1 < min(house.far, camera.z + _WINDOWS_SEEN):
            if z + 1.1 < near:
                z += 2.1
                continue
            lit = camera.weather.lamps and dice.random() < 0.45
            color = _LAMP if lit else shade(_GLASS, dice.uniform(0.75, 1.3))
            _panel(
                canvas, camera, x, (bottom - 0.1, bottom + 1.45), (z - 0.12, z + 1.17), near, shade(house.wall, 1.22)
            )
            _panel(canvas, camera, x, (bottom, bottom + 1.35), (z, z + 1.05), near, color)
            z += 2.1
        bottom += 2.7


def _panel(
    canvas: Canvas,
    camera: Camera,
    x: float,
    heights: tuple[float, float],
    along: tuple[float, float],
    near: float,
    color: Color,
) -> None:
    """A rectangle on a wall along the road, cut off at `near`."""
    start, end = max(along[0], near), along[1]
    if end <= start:
        return
    corners = [(x, heights[0], start), (x, heights[1], start), (x, heights[1], end), (x, heights[0], end)]
    canvas.polygon([camera.see(*corner) for corner in corners], camera.tone(color, (start + end) / 2))


def draw_tree(canvas: Canvas, camera: Camera, tree: Tree, class_id: int) -> None:
    dice = random.Random(tree.shape)
    scale = camera.scale(tree.z)
    _shadow(canvas, camera, tree.x, tree.z, 1.1)
    trunk = camera.tone((92, 70, 52), tree.z)
    foot, fork = camera.see(tree.x, 0, tree.z), camera.see(tree.x, tree.height * 0.6, tree.z)
    half = 0.14 * scale
    canvas.polygon(
        [
            (foot[0] - half, foot[1]),
            (foot[0] + half, foot[1]),
            (fork[0] + half * 0.6, fork[1]),
            (fork[0] - half * 0.6, fork[1]),
        ],
        trunk,
        class_id,
    )
    sun = camera.weather.sun
    puffs = sorted((dice.uniform(-1, 1), dice.uniform(-1, 1), dice.uniform(0.55, 0.95)) for _ in range(13))
    for x, y, size in sorted(puffs, key=lambda puff: puff[1]):
        center = camera.see(tree.x + x * 0.95, tree.height * 0.74 + y * tree.height * 0.2, tree.z)
        brightness = 0.82 + 0.22 * y + 0.16 * x * sun + dice.uniform(-0.05, 0.05)
        canvas.ellipse(
            center, (size * scale, size * scale * 0.88), camera.tone(shade(tree.leaves, brightness), tree.z), class_id
        )


def draw_car(canvas: Canvas, camera: Camera, car: Car, class_id: int) -> None:
    """A box with a cabin on it: the end that faces the camera, the side that shows, the roof, wheels and lights."""
    near, far = car.z - 2.0, car.z + 2.0
    half, belt, top = 0.88, 0.92, 2.05 if car.van else 1.45
    tone = [camera.tone(shade(car.paint, factor), car.z) for factor in (0.78, 1.0, 1.14, 0.62)]
    glass = camera.tone(_LAMP if camera.weather.lamps and not car.towards else (58, 72, 88), car.z)
    _shadow(canvas, camera, car.x, car.z - 1.6, 1.25)
    side = car.x - half if camera.x < car.x else car.x + half
    dark = camera.tone((30, 30, 34), car.z)
    for z in (near + 0.75, far - 0.75):
        hub = camera.see(side, 0.32, z)
        radius = 0.34 * camera.scale(z)
        canvas.ellipse(hub, (radius * 0.6, radius), dark, class_id)
    _quad(
        canvas,
        camera,
        [(side, 0.22, near), (side, belt, near), (side, belt, far), (side, 0.22, far)],
        tone[0],
        class_id,
    )
    start, end = (near + 0.1, far - 0.2) if car.van else (near + 0.55, far - 1.2)
    inner = half - 0.14
    roof_side = car.x - inner if camera.x < car.x else car.x + inner
    cabin = [
        (side, belt, start - 0.25),
        (roof_side, top, start + 0.15),
        (roof_side, top, end),
        (side, belt, end + 0.55),
    ]
    _quad(canvas, camera, cabin, glass, class_id)
    _quad(canvas, camera, _lying(car.x, inner, top, start, end), tone[2], class_id)
    _quad(canvas, camera, _lying(car.x, half, belt, near, far), tone[2], class_id)  # bonnet and boot
    pane = [
        (car.x - half, belt, start - 0.2),
        (car.x - inner, top, start),
        (car.x + inner, top, start),
        (car.x + half, belt, start - 0.2),
    ]
    _quad(canvas, camera, pane, tone[1], class_id)
    inset = [(x + (car.x - x) * 0.12, y + (1.2 - y) * 0.16, z) for x, y, z in pane]
    _quad(canvas, camera, inset, glass, None)
    for x in (car.x - 0.62, car.x + 0.62):
        _quad(canvas, camera, _upright(x, 0.14, 0, 0.4, near), dark, class_id)
    _face_of_car(canvas, camera, car, near, (half, belt), (tone[1], tone[3]), class_id)


def _face_of_car(
    canvas: Canvas,
    camera: Camera,
    car: Car,
    near: float,
    size: tuple[float, float],
    tone: tuple[Color, Color],
    class_id: int,
) -> None:
    half, belt = size
    _quad(canvas, camera, _upright(car.x, half, 0.24, belt, near), tone[0], class_id)
    _quad(canvas, camera, _upright(car.x, half, 0.24, 0.42, near), tone[1], None)  # the bumper
    scale = camera.scale(near)
    lamp = (255, 246, 214) if car.towards else (226, 44, 40)
    for x in (car.x - 0.66, car.x + 0.66):
        canvas.ellipse(camera.see(x, 0.68, near), (0.15 * scale, 0.1 * scale), camera.tone(lamp, near))
    plate = _upright(car.x, 0.26, 0.46, 0.58, near)
    _quad(canvas, camera, plate, camera.tone((240, 238, 224), near), None)


def _upright(x: float, half: float, low: float, high: float, z: float) -> list[tuple[float, float, float]]:
    """The corners of what faces the camera, `half` to either side of `x`."""
    return [(x - half, low, z), (x - half, high, z), (x + half, high, z), (x + half, low, z)]


def _lying(x: float, half: float, y: float, near: float, far: float) -> list[tuple[float, float, float]]:
    """The corners of what is level, `half` to either side of `x`."""
    return [(x - half, y, near), (x + half, y, near), (x + half, y, far), (x - half, y, far)]


def _quad(
    canvas: Canvas, camera: Camera, corners: list[tuple[float, float, float]], color: Color, class_id: int | None
) -> None:
    canvas.polygon([camera.see(*corner) for corner in corners], color, class_id)


def draw_person(canvas: Canvas, camera: Camera, person: Person, class_id: int) -> None:
    scale = camera.scale(person.z) * person.height / 1.75
    x, ground = camera.see(person.x, 0, person.z)
    _shadow(canvas, camera, person.x, person.z, 0.3)
    top, legs, skin = (camera.tone(color, person.z) for color in (person.top, person.legs, person.skin))
    stride = 0.2 * math.sin(person.phase) if person.speed else 0.08
    hip, shoulder, head = ground - 0.86 * scale, ground - 1.42 * scale, ground - 1.6 * scale
    for swing in (stride, -stride):
        canvas.line([(x, hip), (x + swing * scale, ground - 0.04 * scale)], 0.15 * scale, legs, class_id)
    for swing in (stride * 0.8, -stride * 0.8):
        arm = x + math.copysign(0.2, swing) * scale
        canvas.line([(arm, shoulder), (arm + swing * 0.5 * scale, hip)], 0.1 * scale, shade(top, 0.88), class_id)
    body = [
        (x - 0.21 * scale, shoulder),
        (x + 0.21 * scale, shoulder),
        (x + 0.15 * scale, hip + 0.06 * scale),
        (x - 0.15 * scale, hip + 0.06 * scale),
    ]
    canvas.polygon(body, top, class_id)
    canvas.ellipse((x, shoulder), (0.21 * scale, 0.07 * scale), top, class_id)
    canvas.ellipse((x, head), (0.12 * scale, 0.145 * scale), skin, class_id)
    canvas.ellipse((x, head - 0.06 * scale), (0.13 * scale, 0.1 * scale), camera.tone((58, 42, 34), person.z), class_id)


def draw_sign(canvas: Canvas, camera: Camera, sign: Sign, class_id: int) -> None:
    scale = camera.scale(sign.z)
    foot = camera.see(sign.x, 0, sign.z)
    plate = camera.see(sign.x, 2.35, sign.z)
    post = camera.tone((128, 132, 138), sign.z)
    half = max(0.05 * scale, 0.35)
    canvas.polygon(
        [
            (foot[0] - half, foot[1]),
            (foot[0] + half, foot[1]),
            (plate[0] + half, plate[1]),
            (plate[0] - half, plate[1]),
        ],
        post,
        class_id,
    )
    radius = 0.42 * scale
    red, white, blue = (camera.tone(c, sign.z) for c in ((206, 34, 38), (246, 246, 240), (32, 88, 182)))
    if sign.kind == 0:
        canvas.ellipse(plate, (radius, radius), red, class_id)
        canvas.ellipse(plate, (radius * 0.7, radius * 0.7), white)
    elif sign.kind == 1:
        _corners(canvas, plate, radius * 1.12, 3, -90, red, class_id)
        _corners(canvas, plate, radius * 0.66, 3, -90, white, None)
    elif sign.kind == 2:
        _corners(canvas, plate, radius * 1.15, 4, -45, blue, class_id)
        canvas.ellipse(plate, (radius * 0.3, radius * 0.45), white)
    elif sign.kind == 3:
        _corners(canvas, plate, radius, 8, 22.5, red, class_id)
        canvas.polygon(
            [
                (plate[0] - radius * 0.6, plate[1] - radius * 0.15),
                (plate[0] + radius * 0.6, plate[1] - radius * 0.15),
                (plate[0] + radius * 0.6, plate[1] + radius * 0.15),
                (plate[0] - radius * 0.6, plate[1] + radius * 0.15),
            ],
            white,
        )
    else:
        _corners(canvas, plate, radius * 1.05, 4, 0, camera.tone((244, 190, 32), sign.z), class_id)


def _corners(
    canvas: Canvas,
    center: tuple[float, float],
    radius: float,
    count: int,
    first: float,
    color: Color,
    class_id: int | None,
) -> None:
    """A regular polygon; its first corner lies at `first` degrees."""
    turns = [math.radians(first + 360 * n / count) for n in range(count)]
    canvas.polygon(
        [(center[0] + radius * math.cos(t), center[1] + radius * math.sin(t)) for t in turns], color, class_id
    )


def _shadow(canvas: Canvas, camera: Camera, x: float, z: float, radius: float) -> None:
    """A dark patch on the ground; the ground keeps its class."""
    scale = camera.scale(z)
    center = camera.see(x - 0.35 * camera.weather.sun, 0, z)
    canvas.ellipse(center, (radius * scale, radius * 0.16 * scale), camera.tone((62, 62, 68), z))
