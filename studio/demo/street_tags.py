"""What can be said of a street scene as a whole: its weather, and what is to be seen in it."""

from __future__ import annotations

import random
from typing import Final

import numpy as np

from studio.core.arrays import Mask
from studio.core.settings import Task
from studio.core.tags import Tags
from studio.demo.street_picture import CAR, PEDESTRIAN, SIGN, TREE
from studio.demo.street_world import WEATHERS

SEEN: Final = {
    "many trees": (TREE, 0.11),
    "car close by": (CAR, 0.1),
    "pedestrian": (PEDESTRIAN, 0.006),
    "sign": (SIGN, 0.004),
}
"""By tag the class of the mask, and from what share of the picture on it is one: what is smaller a person may well
overlook."""


def tag_names(task: Task) -> list[str]:
    """Of a single label the weathers; of tags also the things that some scenes have and others have not."""
    weathers = [weather.name for weather in WEATHERS]
    return weathers if task is Task.SINGLE_LABEL else [*weathers, *SEEN]


def scene_tags(task: Task, mask: Mask, weather: int) -> Tags:
    """`weather` by its place among the weathers."""
    if task is Task.SINGLE_LABEL:
        return Tags((weather,))
    shares = np.bincount(mask.ravel(), minlength=256) / mask.size
    seen = [place for place, (class_id, least) in enumerate(SEEN.values()) if shares[class_id] >= least]
    return Tags.of((weather, *(len(WEATHERS) + place for place in seen)))


def spoil_tags(task: Task, tags: Tags, dice: random.Random) -> tuple[Tags, str]:
    """Another weather, or one of the things forgotten or made up; and what was done, in words."""
    names = tag_names(task)
    if task is Task.SINGLE_LABEL:
        wrong = dice.choice([i for i in range(len(names)) if i not in tags.ids])
        return Tags((wrong,)), f"{names[tags.ids[0]]} called {names[wrong]}"
    changed = dice.randrange(len(WEATHERS), len(names))
    return tags.toggled(changed), f"{names[changed]} {'forgotten' if changed in tags.ids else 'made up'}"
