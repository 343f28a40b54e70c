"""What can be said of a street scene as a whole: its weather, and what is to be seen in it."""

from __future__ import annotations

import dataclasses
import random
from typing import Final

import numpy as np
from numpy.typing import NDArray

from studio.core.arrays import Mask
from studio.core.settings import Task
from studio.core.tags import Tags
from studio.demo.street_picture import BUILDING, CAR, TREE
from studio.demo.street_world import WEATHERS, Street

SEEN: Final = {"trees": (TREE, 0.06), "houses": (BUILDING, 0.08), "car": (CAR, 0.05)}
"""By tag the class of the mask, and from what share of the picture on it is one: what is smaller a person may well
overlook. Pedestrians and signs are none: they are a few pixels at the size at which a processor trains, and a network
from scratch hardly tells scenes with them from others."""

_CLEARED: Final = 0.35
"""How many of the things that can be seen are cleared away nevertheless, so that there are enough scenes without."""


def plain_street(street: Street, mask: Mask, dice: random.Random) -> Street:
    """The street without what covers too little of the scene's `mask` to be a tag, and without some of the rest.

    So a scene shows each thing plainly or not at all. Were some of them just over the share and some just under it,
    many mistakes in the labels would be none in anybody's eyes, and much of what looks like one would be right.
    """
    shares = _shares(mask)
    kept = {i for i, least in SEEN.values() if shares[i] >= least and dice.random() >= _CLEARED}
    return dataclasses.replace(
        street,
        trees=street.trees if TREE in kept else (),
        buildings=street.buildings if BUILDING in kept else (),
        cars=street.cars if CAR in kept else (),
    )


def tag_names(task: Task) -> list[str]:
    """Of a single label the weathers; of tags also the things that some scenes have and others have not."""
    weathers = [weather.name for weather in WEATHERS]
    return weathers if task is Task.SINGLE_LABEL else [*weathers, *SEEN]


def scene_tags(task: Task, mask: Mask, weather: int) -> Tags:
    """`weather` by its place among the weathers."""
    if task is Task.SINGLE_LABEL:
        return Tags((weather,))
    shares = _shares(mask)
    seen = [place for place, (class_id, least) in enumerate(SEEN.values()) if shares[class_id] >= least]
    return Tags.of((weather, *(len(WEATHERS) + place for place in seen)))


def _shares(mask: Mask) -> NDArray[np.float64]:
    return np.bincount(mask.ravel(), minlength=256) / mask.size


def spoil_tags(task: Task, tags: Tags, dice: random.Random) -> tuple[Tags, str]:
    """Another weather, or one of the things forgotten or made up; and what was done, in words."""
    names = tag_names(task)
    if task is Task.SINGLE_LABEL:
        wrong = dice.choice([i for i in range(len(names)) if i not in tags.ids])
        return Tags((wrong,)), f"{names[tags.ids[0]]} called {names[wrong]}"
    changed = dice.randrange(len(WEATHERS), len(names))
    return tags.toggled(changed), f"{names[changed]} {'forgotten' if changed in tags.ids else 'made up'}"
