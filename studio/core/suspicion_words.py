"""A suspected label in words."""

from __future__ import annotations

from studio.core.review import ItemScore, mistake_in_words
from studio.core.settings import TAG_TASKS, ProjectSettings, Task
from studio.core.suspicions import Suspicion


def doubt_in_words(suspicion: Suspicion, score: ItemScore, settings: ProjectSettings) -> str:
    """What should be otherwise: `ants → bees`, `haze missing`, `sky → building` or
    `left eye, nose`. `score` is the run's of the same item; empty where nothing in particular is doubted."""
    names = {c.id: c.name for c in settings.known_classes}
    if settings.task in TAG_TASKS:
        return ", ".join(mistake_in_words(label, proposed, names) for label, proposed, _ in score.confusion)
    if settings.task is Task.KEYPOINTS:
        return ", ".join(settings.keypoints[index].name for index in suspicion.points)
    seen = dict.fromkeys(mistake_in_words(r.label, r.proposed, names) for r in suspicion.regions)
    return ", ".join(seen)
