"""Changes of what a project asks for: keypoints added, deleted and brought back, links, templates."""

from __future__ import annotations

from msgspec.structs import replace

from studio.core.classes import distinct_color
from studio.core.keypoint_pairs import paired
from studio.core.point_templates import PointsTemplate
from studio.core.points import KeypointName
from studio.core.settings import ProjectSettings


def with_keypoint_added(settings: ProjectSettings) -> ProjectSettings:
    """A new keypoint at the end, called “point N”."""
    index = len(settings.keypoints)
    taken = {k.name.lower() for k in settings.keypoints}
    name = next(f"point {n}" for n in range(index + 1, 2 * index + 3) if f"point {n}" not in taken)
    return replace(settings, keypoints=(*settings.keypoints, KeypointName(name=name, color=distinct_color(index))))


def with_keypoint_retired(settings: ProjectSettings, index: int, *, retired: bool = True) -> ProjectSettings:
    """The keypoint is asked for no more, or again. Its placed points and its links stay; a retired one lets go of its
    mirror partner."""
    keypoints = paired(settings.keypoints, index, None) if retired else settings.keypoints
    changed = tuple(replace(k, retired=retired) if i == index else k for i, k in enumerate(keypoints))
    return replace(settings, keypoints=changed)


def with_link_toggled(settings: ProjectSettings, first: int, second: int) -> ProjectSettings:
    """Two keypoints linked, or no longer where they were; one alone is never linked with itself."""
    if first == second:
        return settings
    others = tuple(link for link in settings.links if set(link) != {first, second})
    if len(others) < len(settings.links):
        return replace(settings, links=others)
    return replace(settings, links=(*settings.links, (min(first, second), max(first, second))))


def are_linked(settings: ProjectSettings, first: int, second: int) -> bool:
    return any(set(link) == {first, second} for link in settings.links)


def with_template(settings: ProjectSettings, template: PointsTemplate) -> ProjectSettings:
    """One more template; a number is added to a name that another one has."""
    taken = {t.name for t in settings.templates}
    names = (template.name, *(f"{template.name} ({n})" for n in range(2, len(taken) + 3)))
    name = next(name for name in names if name not in taken)
    return replace(settings, templates=(*settings.templates, replace(template, name=name)))


def without_template(settings: ProjectSettings, name: str) -> ProjectSettings:
    return replace(settings, templates=tuple(t for t in settings.templates if t.name != name))
