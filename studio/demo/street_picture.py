"""A street as a camera on the road sees it, with the exact class of every pixel."""

from __future__ import annotations

import dataclasses
import itertools
import math
import random
from collections.abc import Callable
from typing import Final

import cv2
import numpy as np

from studio.demo.canvas import Canvas, Color, mix, shade
from studio.demo.street_objects import Camera, draw_building, draw_car, draw_person, draw_sign, draw_tree
from studio.demo.street_world import FACADE, LENGTH, ROAD_HALF, Street

WIDTH: Final = 240
HEIGHT: Final = 180
STEP: Final = 1.1
"""How many metres the camera drives from frame to frame."""

CLASSES: Final = (
    ("sky", "#6fb1e8"),
    ("building", "#a8745c"),
    ("road", "#7d5ba6"),
    ("pavement", "#e58fc4"),
    ("tree", "#5fa83c"),
    ("car", "#3f6fe0"),
    ("pedestrian", "#e5484d"),
    ("sign", "#f2c037"),
)
"""Name and colour by class id; none of them is void, every pixel belongs to one."""

SKY, BUILDING, ROAD, PAVEMENT_ID, TREE, CAR, PEDESTRIAN, SIGN = range(len(CLASSES))

_GRAIN: Final = (1.0, 5.0, 5.5, 4.0, 13.0, 2.5, 3.0, 2.5)
"""How rough each class looks, as a standard deviation of brightness."""


@dataclasses.dataclass(frozen=True)
class Scene:
    """`picture` (HEIGHT, WIDTH, 3) uint8 RGB, `mask` (HEIGHT, WIDTH) uint8."""

    picture: np.ndarray
    mask: np.ndarray


def draw_scene(street: Street, frame: int, *, seed: int) -> Scene:
    """Frame number `frame` of a drive along the street; `seed` makes the grain."""
    camera = Camera(WIDTH, HEIGHT, x=street.camera_x, z=frame * STEP, weather=street.weather)
    canvas = Canvas(WIDTH, HEIGHT)
    _sky(canvas, camera, street)
    _ground(canvas, camera, street)
    for _, draw in sorted(_things(canvas, camera, street, frame), key=lambda thing: -thing[0]):
        draw()
    mask = canvas.mask()
    return Scene(_develop(canvas.picture(), mask, street, seed=seed), mask)


def _sky(canvas: Canvas, camera: Camera, street: Street) -> None:
    weather = street.weather
    canvas.gradient(0, camera.horizon, weather.zenith, weather.haze)
    canvas.gradient(camera.horizon, HEIGHT, weather.haze, weather.haze)
    sun = (WIDTH * (0.5 + 0.42 * weather.sun), camera.horizon * (0.3 + 0.3 * abs(weather.sun)))
    if weather.clouds < 0.6:
        for radius, share in ((15, 0.25), (10, 0.5), (6, 1.0)):
            canvas.ellipse(sun, (radius, radius), mix(weather.haze, (255, 250, 226), share))
    dice = random.Random(street.camera_x)
    white = mix(weather.haze, (255, 255, 255), 0.55)
    for _ in range(round(weather.clouds * 12)):
        x, y = dice.uniform(-10, WIDTH + 10), dice.uniform(4, camera.horizon * 0.75)
        for _ in range(5):
            puff = dice.uniform(5, 13)
            canvas.ellipse(
                (x + dice.uniform(-18, 18), y + dice.uniform(-2, 2)),
                (puff, puff * 0.36),
                mix(white, weather.zenith, dice.uniform(0.0, 0.3)),
            )


def _ground(canvas: Canvas, camera: Camera, street: Street) -> None:
    near, far = camera.z + 0.9, camera.z + 400
    for side in (-1, 1):
        _strip(canvas, camera, side * ROAD_HALF, side * (FACADE + 40), near, far, street.paving, PAVEMENT_ID)
    _strip(canvas, camera, -ROAD_HALF, ROAD_HALF, near, far, street.asphalt, ROAD)
    first = math.floor(camera.z / 1.6)
    for n in range(first, first + 34):
        z = n * 1.6
        for side in (-1, 1):
            joint = shade(street.paving, 0.86)
            _strip(canvas, camera, side * ROAD_HALF, side * (FACADE + 1.5), z, z + 0.06, joint, None)
    for side in (-1, 1):
        _strip(canvas, camera, side * ROAD_HALF, side * (ROAD_HALF + 0.22), near, far, shade(street.paving, 1.12), None)
        _strip(canvas, camera, side * (ROAD_HALF - 0.12), side * ROAD_HALF, near, far, shade(street.asphalt, 0.7), None)
    first = math.floor(camera.z / 6)
    for n in range(first, first + 16):
        _strip(canvas, camera, -0.09, 0.09, n * 6.0, n * 6.0 + 3, (232, 230, 220), None)
    for crossing in (34.0, 88.0):
        for stripe in range(-6, 7, 2):
            x = stripe * 0.5
            _strip(canvas, camera, x, x + 0.5, crossing, crossing + 3, (236, 234, 226), None)


def _strip(
    canvas: Canvas,
    camera: Camera,
    left: float,
    right: float,
    near: float,
    far: float,
    color: Color,
    class_id: int | None,
) -> None:
    """A rectangle lying on the ground, in bands that fade with the distance."""
    near = max(near, camera.z + 0.9)
    cuts = [z for z in (4, 8, 14, 22, 34, 55, 90) if near < camera.z + z < far]
    edges = [near, *(camera.z + z for z in cuts), far]
    for start, end in itertools.pairwise(edges):
        if end > start:
            corners = [(left, 0.0, start), (right, 0.0, start), (right, 0.0, end), (left, 0.0, end)]
            canvas.polygon([camera.see(*corner) for corner in corners], camera.tone(color, (start + end) / 2), class_id)


def _things(canvas: Canvas, camera: Camera, street: Street, frame: int) -> list[tuple[float, Callable[[], None]]]:
    """How far away each thing is, and how it is drawn; only what lies before the camera."""
    things: list[tuple[float, Callable[[], None]]] = []

    def add(z: float, draw: Callable[[], None], *, beyond: float = 1.6) -> None:
        if beyond < z - camera.z < LENGTH:
            things.append((z, draw))

    for house in street.buildings:
        if house.far > camera.z + 1.5:
            # By its far end: what stands before the house is drawn over it.
            things.append((house.far, lambda house=house: draw_building(canvas, camera, house, BUILDING)))
    for tree in street.trees:
        add(tree.z, lambda tree=tree: draw_tree(canvas, camera, tree, TREE))
    for car in street.cars:
        z = car.z + car.speed * frame
        add(z, lambda car=car, z=z: draw_car(canvas, camera, dataclasses.replace(car, z=z), CAR), beyond=2.6)
    for person in street.people:
        z = person.z + person.speed * frame
        add(
            z,
            lambda person=person, z=z: draw_person(
                canvas, camera, dataclasses.replace(person, z=z, phase=person.phase + frame * 0.9), PEDESTRIAN
            ),
            beyond=2.2,
        )
    for sign in street.signs:
        add(sign.z, lambda sign=sign: draw_sign(canvas, camera, sign, SIGN))
    return things


def _develop(picture: np.ndarray, mask: np.ndarray, street: Street, *, seed: int) -> np.ndarray:
    """Grain by class, the light of the hour, a vignette and the camera's noise."""
    dice = np.random.default_rng(seed)
    pixels = picture.astype(np.float32)
    coarse = cv2.resize(dice.normal(0, 1, (HEIGHT // 2, WIDTH // 2)).astype(np.float32), (WIDTH, HEIGHT))
    grain = (coarse + dice.normal(0, 0.6, (HEIGHT, WIDTH)).astype(np.float32)) * np.asarray(_GRAIN, np.float32)[mask]
    pixels += grain[..., None]
    pixels *= np.asarray(street.weather.light, np.float32)
    rows = np.linspace(-1, 1, HEIGHT, dtype=np.float32)[:, None]
    columns = np.linspace(-1, 1, WIDTH, dtype=np.float32)[None]
    pixels *= (1.1 - 0.12 * (rows**2 + columns**2))[..., None]
    pixels += dice.normal(0, 2.2, pixels.shape).astype(np.float32)
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
